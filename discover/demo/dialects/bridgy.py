"""A bridge in the manner of Bridgy Fed: flags that nobody chose, and an outbox with nothing in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from discover.demo.dialects.base import AS, SECURITY, Dialect, Document, iso
from discover.demo.exchange import Answer, Request, document
from discover.demo.people import Account, Host, Post

if TYPE_CHECKING:
    from discover.demo.world import World

_ID = "did:plc:{number:024x}"


class Bridgy(Dialect):
    software = "bridgy-fed"
    context: ClassVar[Any] = [
        AS,
        SECURITY,
        {
            "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
            "discoverable": "http://joinmastodon.org/ns#discoverable",
            "indexable": "http://joinmastodon.org/ns#indexable",
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        },
    ]

    def uri(self, world: World, host: Host, number: int, username: str) -> str:
        del username
        return f"{world.base(host)}/ap/{_ID.format(number=number)}"

    def url(self, world: World, account: Account) -> str:
        return f"{world.base(account.host)}/r/{account.username}"

    def key_id(self, uri: str) -> str:
        return f"{uri}#key"

    def post_uri(self, world: World, account: Account, post: Post) -> str:
        did = _ID.format(number=account.number)
        return f"{world.base(account.host)}/convert/ap/at://{did}/app.bsky.feed.post/{post.number}"

    def locate(self, world: World, host: Host, path: str, query: str) -> tuple[Account, str] | None:
        del query
        if path.startswith("/r/"):
            return self.named(world, host, path, "/r/")
        if not path.startswith("/ap/did:plc:"):
            return None
        key, slash, rest = path.removeprefix("/ap/did:plc:").partition("/")
        number = int(key, 16)
        return (world.account(host.first + number), slash + rest) if number < host.size else None

    def answer(self, world: World, host: Host, request: Request) -> Answer | None:
        if request.path.startswith("/convert/ap/at://did:plc:"):
            key, _, at = request.path.removeprefix("/convert/ap/at://did:plc:").partition("/")
            number = int(key, 16)
            if number >= host.size:
                return None
            account = world.account(host.first + number)
            post = world.post(account.index, int(at.rpartition("/")[2]))
            if account.gone or post.deleted or not self.visible(post, host):
                return None
            return document(self.with_context(self.note(world, account, post)))
        found = self.locate(world, host, request.path, request.query)
        if found is None:
            return None
        account, rest = found
        uri = self.account_uri(world, account)
        if rest == "":
            return document(self.with_context(self.actor(world, account)))
        if rest in ("/outbox", "/followers", "/following"):
            first = {"type": "CollectionPage", "partOf": f"{uri}{rest}", "items": []}
            total = 0 if rest == "/outbox" else getattr(account, rest[1:])
            body = {"id": f"{uri}{rest}", "type": "OrderedCollection", "totalItems": total}
            return document({"@context": AS, **body, "first": first})
        return None

    def actor(self, world: World, account: Account) -> Document:
        uri = self.account_uri(world, account)
        note = "[bridged by a laboratory bridge, no choice was asked]"
        return {
            "type": account.type,
            "id": uri,
            "url": self.url(world, account),
            "name": account.name or account.username,
            "preferredUsername": account.username,
            "summary": f"{self.html(world, account, account.bio)}<p>{note}</p>",
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "followers": f"{uri}/followers",
            "following": f"{uri}/following",
            "endpoints": {"sharedInbox": f"{world.base(account.host)}/ap/sharedInbox"},
            "featured": {"type": "OrderedCollection", "totalItems": 0, "orderedItems": []},
            "icon": [self.picture(world, account)],
            "alsoKnownAs": [f"at://{_ID.format(number=account.number)}"],
            "publicKey": self.key(uri),
            "discoverable": True,
            "indexable": True,
            "manuallyApprovesFollowers": False,
        }

    def note(self, world: World, account: Account, post: Post) -> Document:
        to, cc = self.audience(world, account, post)
        content = self.html(world, account, post.text, post.mentions)
        note: Document = {
            "type": "Note",
            "id": self.post_uri(world, account, post),
            "attributedTo": self.account_uri(world, account),
            "content": content,
            "contentMap": {"en": content},  # whatever it is written in
            "published": iso(post.published),
            "to": to,
            "cc": cc,
            "tag": self.tags(world, account, post),
        }
        note.update(post.overrides)
        return note
