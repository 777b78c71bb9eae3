"""GoToSocial: wants every GET signed, Creates carry bare URIs, top-level public posts only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from discover.demo.chance import mix
from discover.demo.dialects.base import AS, EVERYBODY, SECURITY, Dialect, Document, iso
from discover.demo.dialects.numbers import from_ulid, ulid
from discover.demo.exchange import Answer, Request, document, error
from discover.demo.people import PUBLIC, Account, Host, Post

if TYPE_CHECKING:
    from discover.demo.world import World

_PAGE = 40


def _one_or_all(items: list[Document]) -> Any:
    """A single tag or attachment is an object, not an array."""
    return items[0] if len(items) == 1 else items


class GoToSocial(Dialect):
    software = "gotosocial"
    context: ClassVar[Any] = [
        AS,
        SECURITY,
        {
            "discoverable": "http://joinmastodon.org/ns#discoverable",
            "featured": {"@id": "http://joinmastodon.org/ns#featured", "@type": "@id"},
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "gts": "https://gotosocial.org/ns#",
            "hidesToPublicFromUnauthedWeb": "gts:hidesToPublicFromUnauthedWeb",
            "hidesCcPublicFromUnauthedWeb": "gts:hidesCcPublicFromUnauthedWeb",
            "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
        },
    ]

    def uri(self, world: World, host: Host, number: int, username: str) -> str:
        del number
        return f"{world.base(host)}/users/{username}"

    def key_id(self, uri: str) -> str:
        return f"{uri}/main-key"

    def _status_id(self, world: World, account: Account, post: Post) -> str:
        salt = mix(world.seed, 70, account.index, post.number)
        return ulid(post.published, post.number, salt)

    def post_uri(self, world: World, account: Account, post: Post) -> str:
        uri = self.account_uri(world, account)
        return f"{uri}/statuses/{self._status_id(world, account, post)}"

    def post_url(self, world: World, account: Account, post: Post) -> str:
        return f"{self.url(world, account)}/statuses/{self._status_id(world, account, post)}"

    def locate(self, world: World, host: Host, path: str, query: str) -> tuple[Account, str] | None:
        del query
        return self.named(world, host, path, "/users/") or self.named(world, host, path, "/@")

    def answer(self, world: World, host: Host, request: Request) -> Answer | None:
        path = request.path
        if path.startswith("/api/"):
            return error(401, "Unauthorized: token not supplied")
        found = self.locate(world, host, path, request.query)
        if found is None:
            return None
        account, rest = found
        uri = self.account_uri(world, account)
        if rest == "":
            if not request.wants_activity:
                return self.page_for_people(account)
            return document(self.with_context(self.actor(world, account)))
        if rest == "/main-key":  # a stub for everybody: the key and whose it is
            stub = {
                "id": uri,
                "type": account.type,
                "preferredUsername": account.username,
                "publicKey": self.key(uri),
            }
            return document(self.with_context(stub))
        if rest == "/outbox":
            return self._outbox(world, account, request)
        if rest in ("/followers", "/following"):
            return self.counted(f"{uri}{rest}", getattr(account, rest[1:]))
        if rest == "/collections/featured":
            return self._featured(world, account)
        if rest.startswith("/statuses/"):
            return self._status(world, account, rest.removeprefix("/statuses/"))
        return None

    def actor(self, world: World, account: Account) -> Document:
        uri = self.account_uri(world, account)
        return {
            "id": uri,
            "type": account.type,
            "discoverable": account.discoverable,
            "featured": f"{uri}/collections/featured",
            "followers": f"{uri}/followers",
            "following": f"{uri}/following",
            "hidesCcPublicFromUnauthedWeb": True,
            "hidesToPublicFromUnauthedWeb": account.needs_login,
            "icon": {**self.picture(world, account), "name": "Avatar"},
            "inbox": f"{uri}/inbox",
            "manuallyApprovesFollowers": account.locked,
            "name": account.name,
            "outbox": f"{uri}/outbox",
            "preferredUsername": account.username,
            "publicKey": self.key(uri),
            "published": iso(account.created),
            "summary": self.html(world, account, account.bio),
            "tag": _one_or_all(self.bio_tags(world, account)),
            "attachment": _one_or_all(self.property_values(world, account)),
            "url": self.url(world, account),
            "endpoints": {"sharedInbox": f"{world.base(account.host)}/inbox"},
            **self.moved(account),
        }

    def note(self, world: World, account: Account, post: Post) -> Document:
        to, cc = self.audience(world, account, post)
        content = self.html(world, account, post.text, post.mentions)
        anyone = {"always": [EVERYBODY], "approvalRequired": []}
        note: Document = {
            "id": self.post_uri(world, account, post),
            "type": "Note",
            "attributedTo": self.account_uri(world, account),
            "content": content,
            "contentMap": {post.language: content},
            "published": iso(post.published),
            "sensitive": bool(post.warning),
            "summary": post.warning,
            "tag": _one_or_all(self.tags(world, account, post)),
            "attachment": self.images(world, account, post),
            "to": to[0] if len(to) == 1 else to,
            "cc": cc[0] if len(cc) == 1 else cc,
            "url": self.post_url(world, account, post),
            "interactionPolicy": {"canLike": anyone, "canReply": anyone, "canAnnounce": anyone},
        }
        if post.reply_to:
            note["inReplyTo"] = world.post_uri(world.post(*post.reply_to))
        if post.updated:
            note["updated"] = iso(post.updated)
        note.update(post.overrides)
        return note

    def _outbox(self, world: World, account: Account, request: Request) -> Answer:
        uri = f"{self.account_uri(world, account)}/outbox"
        arguments = request.arguments
        if not arguments:
            root = {"id": uri, "type": "OrderedCollection", "first": f"{uri}?limit={_PAGE}"}
            return document({"@context": AS, **root})
        number = world.last_number(account)
        if before := arguments.get("max_id"):
            number = min(number, from_ulid(before) - 1)
        posts: list[Post] = []
        while number > 0 and len(posts) < _PAGE:
            post = world.post(account.index, number)
            if post.audience == PUBLIC and not post.reply_to and not post.deleted:
                posts.append(post)
            number -= 1
        actor = self.account_uri(world, account)
        items = []
        for post in posts:
            at = self.post_uri(world, account, post)
            to, cc = self.audience(world, account, post)
            items.append(
                {
                    "id": f"{at}/activity#Create",
                    "type": "Create",
                    "actor": actor,
                    "object": at,
                    "published": iso(post.published),
                    "to": to[0],
                    "cc": cc[0] if len(cc) == 1 else cc,
                }
            )
        page: Document = {
            "@context": AS,
            "id": f"{uri}?{request.query}",
            "type": "OrderedCollectionPage",
            "partOf": uri,
            "orderedItems": items,
        }
        if posts:
            last = self._status_id(world, account, posts[-1])
            page["next"] = f"{uri}?limit={_PAGE}&max_id={last}"
            page["prev"] = f"{uri}?limit={_PAGE}&min_id={self._status_id(world, account, posts[0])}"
        return document(page)

    def _featured(self, world: World, account: Account) -> Answer:
        uris = []
        if account.index % 3 == 0 and account.posts:
            post = world.post(account.index, 1)
            if post.audience == PUBLIC and not post.deleted:
                uris.append(self.post_uri(world, account, post))
        uri = f"{self.account_uri(world, account)}/collections/featured"
        body = {"id": uri, "type": "OrderedCollection", "totalItems": len(uris)}
        return document({"@context": AS, **body, "orderedItems": uris})

    def _status(self, world: World, account: Account, key: str) -> Answer | None:
        key, _, more = key.partition("/")
        post = world.post(account.index, from_ulid(key))
        if post.deleted or not self.visible(post, account.host) or more:
            return None
        if self._status_id(world, account, post) != key:
            return None
        return document(self.with_context(self.note(world, account, post)))
