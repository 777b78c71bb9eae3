"""Takahē: the key is literally `toot:discoverable`; ten bare Notes, unpaged; slashes at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from discover.demo.dialects.base import AS, SECURITY, Dialect, Document, iso_ms
from discover.demo.exchange import HTML, Answer, Request, document, redirect
from discover.demo.people import PUBLIC, Account, Host, Post

if TYPE_CHECKING:
    from discover.demo.world import World

_FIRST_ID = 170_000_000_000_000_000
_NEWEST = 10


class Takahe(Dialect):
    software = "takahe"
    context: ClassVar[Any] = [
        AS,
        SECURITY,
        {
            "blurhash": "toot:blurhash",
            "Emoji": "toot:Emoji",
            "featured": {"@id": "toot:featured", "@type": "@id"},
            "Hashtag": "as:Hashtag",
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "sensitive": "as:sensitive",
            "toot": "http://joinmastodon.org/ns#",
        },
    ]

    def uri(self, world: World, host: Host, number: int, username: str) -> str:
        del number
        return f"{world.base(host)}/@{username}@{host.handle_host}/"

    def url(self, world: World, account: Account) -> str:
        return f"{world.base(account.host)}/@{account.username}/"

    def inbox(self, uri: str) -> str:
        return f"{uri}inbox/"

    def post_uri(self, world: World, account: Account, post: Post) -> str:
        return f"{self.account_uri(world, account)}posts/{_FIRST_ID + post.number}/"

    def audience(self, world: World, account: Account, post: Post) -> tuple[list[str], list[str]]:
        to, cc = super().audience(world, account, post)
        wrong, right = "//followers", "/followers/"
        return [u.replace(wrong, right) for u in to], [u.replace(wrong, right) for u in cc]

    def locate(self, world: World, host: Host, path: str, query: str) -> tuple[Account, str] | None:
        del query
        if not path.startswith("/@"):
            return None
        key, slash, rest = path[2:].partition("/")
        name, _, domain = key.partition("@")
        account = world.find(host, name) if domain in ("", host.handle_host) else None
        return (account, (slash + rest).strip("/")) if account else None

    def answer(self, world: World, host: Host, request: Request) -> Answer | None:
        found = self.locate(world, host, request.path, request.query)
        if found is None:
            return None
        account, rest = found
        if not request.path.endswith("/"):
            return redirect(f"{world.base(host)}{request.path}/", 301)
        uri = self.account_uri(world, account)
        if rest == "":
            if not request.wants_activity:
                return self.page_for_people(account)
            return document(self.with_context(self.actor(world, account)))
        if rest == "outbox":
            return document(self.with_context(self._outbox(world, account)))
        if rest in ("followers", "following"):  # a page for people whatever was asked
            text = f"<!doctype html><meta charset=utf-8><title>{rest}</title><h1>{rest}</h1>"
            return Answer(200, text.encode(), HTML)
        if rest == "collections/featured":
            body = {"id": f"{uri}{rest}/", "type": "OrderedCollection", "totalItems": 0}
            return document(self.with_context({**body, "orderedItems": []}))
        if rest.startswith("posts/"):
            post = world.post(account.index, int(rest.removeprefix("posts/")) - _FIRST_ID)
            if post.deleted or not self.visible(post, host):
                return None
            return document(self.with_context(self.note(world, account, post)))
        return None

    def actor(self, world: World, account: Account) -> Document:
        uri = self.account_uri(world, account)
        actor: Document = {
            "id": uri,
            "type": account.type.lower().capitalize(),
            "attachment": [
                {"type": "http://schema.org#PropertyValue", "name": name,
                 "http://schema.org#value": value}
                for name, value in account.fields
            ],
            "endpoints": {"sharedInbox": f"{world.base(account.host)}/inbox/"},
            "featured": f"{uri}collections/featured/",
            "followers": f"{uri}followers/",
            "following": f"{uri}following/",
            "icon": self.picture(world, account),
            "inbox": f"{uri}inbox/",
            "name": account.name or account.username,
            "outbox": f"{uri}outbox/",
            "preferredUsername": account.username,
            "publicKey": self.key(uri),
            "published": iso_ms(account.created),
            "summary": self.html(world, account, account.bio),
            "tag": self.bio_tags(world, account),
            "url": self.url(world, account),
            "toot:discoverable": account.discoverable,
        }  # fmt: skip
        if account.also_known_as:
            actor["alsoKnownAs"] = list(account.also_known_as)
        return actor

    def note(self, world: World, account: Account, post: Post) -> Document:
        to, cc = self.audience(world, account, post)
        content = self.html(world, account, post.text, post.mentions)
        uri = self.post_uri(world, account, post)
        note: Document = {
            "id": uri,
            "type": "Note",
            "attachment": self.images(world, account, post),
            "attributedTo": self.account_uri(world, account),
            "cc": cc,
            "content": content,
            "contentMap": {"und": content},
            "published": iso_ms(post.published),
            "sensitive": bool(post.warning),
            "tag": self.tags(world, account, post),
            "to": "as:Public" if post.audience == PUBLIC else to,
            "url": uri,
        }
        if post.warning:
            note["summary"] = post.warning
        if post.reply_to:
            note["inReplyTo"] = world.post_uri(world.post(*post.reply_to))
        if post.updated:
            note["updated"] = iso_ms(post.updated)
        note.update(post.overrides)
        return note

    def _outbox(self, world: World, account: Account) -> Document:
        notes: list[Document] = []
        for post in world.posts(account):
            if len(notes) == _NEWEST:
                break
            if post.audience == PUBLIC:
                notes.append(self.note(world, account, post))
        return {
            "id": f"{self.account_uri(world, account)}outbox/",
            "type": "OrderedCollection",
            "totalItems": len(notes),
            "orderedItems": notes,
        }
