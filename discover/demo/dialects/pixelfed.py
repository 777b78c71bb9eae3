"""Pixelfed: pictures, an outbox that only counts, indexable without discoverable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from discover.demo.dialects.base import AS, SECURITY, Dialect, Document, iso
from discover.demo.exchange import Answer, Request, document
from discover.demo.people import Account, Host, Post

if TYPE_CHECKING:
    from discover.demo.world import World

_FIRST_ID = 600_000_000_000_000_000


class Pixelfed(Dialect):
    software = "pixelfed"
    tag_path = "/discover/tags/"
    context: ClassVar[Any] = [
        SECURITY,
        AS,
        {
            "toot": "http://joinmastodon.org/ns#",
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
            "movedTo": {"@id": "as:movedTo", "@type": "@id"},
            "indexable": "toot:indexable",
            "suspended": "toot:suspended",
            "Hashtag": "as:Hashtag",
            "sensitive": "as:sensitive",
        },
    ]

    def uri(self, world: World, host: Host, number: int, username: str) -> str:
        del number
        return f"{world.base(host)}/users/{username}"

    def url(self, world: World, account: Account) -> str:
        return f"{world.base(account.host)}/{account.username}"

    def post_uri(self, world: World, account: Account, post: Post) -> str:
        return f"{world.base(account.host)}/p/{account.username}/{_FIRST_ID + post.number}"

    def locate(self, world: World, host: Host, path: str, query: str) -> tuple[Account, str] | None:
        del query
        if path.startswith(("/p/", "/discover/", "/api/", "/i/")):
            return None
        return self.named(world, host, path, "/users/") or self.named(world, host, path, "/")

    def answer(self, world: World, host: Host, request: Request) -> Answer | None:
        path = request.path
        if path.startswith("/p/"):
            return self._photo(world, host, path)
        if path.startswith("/api/nodeinfo/"):
            from discover.demo.wellknown import nodeinfo_document  # noqa: PLC0415

            return nodeinfo_document(world, host, "2.0")
        found = self.locate(world, host, path, request.query)
        if found is None:
            return None
        account, rest = found
        uri = self.account_uri(world, account)
        if rest == "":
            if not request.wants_activity:
                return self.page_for_people(account)
            return document(self.with_context(self.actor(world, account)))
        if rest == "/outbox":
            return self.counted(f"{uri}/outbox", world.last_number(account))
        if rest in ("/followers", "/following"):
            return self.counted(f"{uri}{rest}", getattr(account, rest[1:]))
        return None

    def actor(self, world: World, account: Account) -> Document:
        uri = self.account_uri(world, account)
        actor: Document = {
            "id": uri,
            "type": "Person",
            "following": f"{uri}/following",
            "followers": f"{uri}/followers",
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "preferredUsername": account.username,
            "name": account.name,
            "summary": self.html(world, account, account.bio),
            "url": self.url(world, account),
            "manuallyApprovesFollowers": account.locked,
            "indexable": account.indexable,
            "published": f"{iso(account.created)[:10]}T00:00:00Z",
            "publicKey": self.key(uri),
            "icon": self.picture(world, account),
            "endpoints": {"sharedInbox": f"{world.base(account.host)}/f/inbox"},
            **self.moved(account),
        }
        if account.suspended:
            actor["suspended"] = True
        return actor

    def note(self, world: World, account: Account, post: Post) -> Document:
        to, cc = self.audience(world, account, post)
        uri = self.post_uri(world, account, post)
        content = self.html(world, account, post.text, post.mentions)
        media = [{**image, "type": "Image"} for image in self.images(world, account, post)]
        note: Document = {
            "id": uri,
            "type": "Note",
            "summary": post.warning or None,
            "content": content,
            "contentMap": {post.language: content},
            "inReplyTo": None,
            "published": iso(post.published).replace("Z", "+00:00"),
            "url": uri,
            "attributedTo": self.account_uri(world, account),
            "to": to,
            "cc": cc,
            "sensitive": bool(post.warning),
            "attachment": media,
            "tag": self.tags(world, account, post),
            "commentsEnabled": True,
        }
        note.update(post.overrides)
        return note

    def _photo(self, world: World, host: Host, path: str) -> Answer | None:
        name, _, key = path.removeprefix("/p/").partition("/")
        account = world.find(host, name)
        if account is None or account.gone:
            return None
        post = world.post(account.index, int(key) - _FIRST_ID)
        if post.deleted or not self.visible(post, host):
            return None
        return document(self.with_context(self.note(world, account, post)))
