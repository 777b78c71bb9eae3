"""Misskey: opaque ids, pages by until_id, discoverable by default, never indexable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from discover.demo.dialects.base import AS, SECURITY, Dialect, Document, iso_ms
from discover.demo.dialects.numbers import aid, from_aid
from discover.demo.exchange import JSON, Answer, Request, document, redirect
from discover.demo.people import Account, Host, Post

if TYPE_CHECKING:
    from discover.demo.world import World

_TERMS = {
    "Key": "sec:Key",
    "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
    "sensitive": "as:sensitive",
    "Hashtag": "as:Hashtag",
    "quoteUrl": "as:quoteUrl",
    "toot": "http://joinmastodon.org/ns#",
    "featured": "toot:featured",
    "discoverable": "toot:discoverable",
    "schema": "http://schema.org#",
    "PropertyValue": "schema:PropertyValue",
    "value": "schema:value",
    "misskey": "https://misskey-hub.net/ns#",
    "_misskey_content": "misskey:_misskey_content",
    "_misskey_quote": "misskey:_misskey_quote",
    "_misskey_summary": "misskey:_misskey_summary",
    "_misskey_requireSigninToViewContents": "misskey:_misskey_requireSigninToViewContents",
    "isCat": "misskey:isCat",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
}


class Misskey(Dialect):
    software = "misskey"
    context: ClassVar[Any] = [AS, SECURITY, _TERMS]

    def uri(self, world: World, host: Host, number: int, username: str) -> str:
        del username
        return f"{world.base(host)}/users/{aid(1_600_000_000 + host.index, number, 0)}"

    def post_uri(self, world: World, account: Account, post: Post) -> str:
        return f"{world.base(account.host)}/notes/{self._note_id(account, post)}"

    def _note_id(self, account: Account, post: Post) -> str:
        return aid(post.published, account.number, post.number)

    def locate(self, world: World, host: Host, path: str, query: str) -> tuple[Account, str] | None:
        del query
        if path.startswith("/users/"):
            key, slash, rest = path[7:].partition("/")
            number, zero = from_aid(key)
            if zero or number >= host.size:
                return None
            account = world.account(host.first + number)
            return (
                (account, slash + rest) if self.account_uri(world, account).endswith(key) else None
            )
        return self.named(world, host, path, "/@")

    def answer(self, world: World, host: Host, request: Request) -> Answer | None:
        path = request.path
        if path == "/api/users" and request.method == "POST":
            return self._users(world, host, request)
        if path.startswith("/notes/"):
            return self._note(world, host, path.removeprefix("/notes/"))
        found = self.locate(world, host, path, request.query)
        if found is None:
            return None
        account, rest = found
        if rest == "":
            if not request.wants_activity:
                return self.page_for_people(account)
            if path.startswith("/@"):
                return redirect(self.account_uri(world, account))
            return document(self.with_context(self.actor(world, account)))
        uri = self.account_uri(world, account)
        if rest == "/outbox":
            return self._outbox(world, account, request)
        if rest in ("/followers", "/following"):
            return self.counted(f"{uri}{rest}", getattr(account, rest[1:]))
        if rest == "/collections/featured":
            posts = self._pinned(world, account)
            return document(
                self.with_context(
                    {
                        "id": f"{uri}{rest}",
                        "type": "OrderedCollection",
                        "totalItems": len(posts),
                        "orderedItems": [self.note(world, account, post) for post in posts],
                    }
                )
            )
        return None

    def actor(self, world: World, account: Account) -> Document:
        uri = self.account_uri(world, account)
        base = world.base(account.host)
        return {
            "type": account.type,
            "id": uri,
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "followers": f"{uri}/followers",
            "following": f"{uri}/following",
            "featured": f"{uri}/collections/featured",
            "sharedInbox": f"{base}/inbox",
            "endpoints": {"sharedInbox": f"{base}/inbox"},
            "url": self.url(world, account),
            "preferredUsername": account.username,
            "name": account.name or None,
            "summary": self.html(world, account, account.bio) or None,
            "_misskey_summary": account.bio or None,
            "_misskey_followedMessage": None,
            "_misskey_requireSigninToViewContents": account.needs_login,
            "_misskey_makeNotesFollowersOnlyBefore": None,
            "_misskey_makeNotesHiddenBefore": None,
            "icon": {**self.picture(world, account), "sensitive": False, "name": None},
            "image": None,
            "backgroundUrl": None,
            "tag": self.bio_tags(world, account),
            "manuallyApprovesFollowers": account.locked,
            "discoverable": account.discoverable,
            "publicKey": {**self.key(uri), "type": "Key"},
            "isCat": account.number % 5 == 0,
            "attachment": self.property_values(world, account),
            **self.moved(account),
        }

    def note(self, world: World, account: Account, post: Post) -> Document:
        to, cc = self.audience(world, account, post)
        note: Document = {
            "id": self.post_uri(world, account, post),
            "type": "Question" if post.options else "Note",
            "attributedTo": self.account_uri(world, account),
            "summary": post.warning or None,
            "content": self.html(world, account, post.text, post.mentions),
            "_misskey_content": post.text,
            "source": {"content": post.text, "mediaType": "text/x.misskeymarkdown"},
            "published": iso_ms(post.published),
            "to": to,
            "cc": cc,
            "inReplyTo": world.post_uri(world.post(*post.reply_to)) if post.reply_to else None,
            "attachment": self.images(world, account, post),
            "sensitive": bool(post.warning),
            "tag": self.tags(world, account, post),
        }
        if post.options:
            note["oneOf"] = [
                {
                    "type": "Note",
                    "name": option,
                    "replies": {"type": "Collection", "totalItems": (post.number + spot) % 9},
                }
                for spot, option in enumerate(post.options)
            ]
            note["_misskey_votes"] = 0
        note.update(post.overrides)
        return note

    def _activity(self, world: World, account: Account, post: Post) -> Document:
        uri = self.post_uri(world, account, post)
        actor = self.account_uri(world, account)
        to, cc = self.audience(world, account, post)
        if post.boosted is not None:
            return {
                "id": f"{uri}/activity",
                "actor": actor,
                "type": "Announce",
                "published": iso_ms(post.published),
                "to": to,
                "cc": [*cc, world.index_uri(post.boosted[0])],
                "object": world.post_uri(world.post(*post.boosted)),
            }
        return {
            "id": f"{uri}/activity",
            "actor": actor,
            "type": "Create",
            "published": iso_ms(post.published),
            "object": self.note(world, account, post),
            "to": to,
            "cc": cc,
        }

    def _outbox(self, world: World, account: Account, request: Request) -> Answer:
        uri = f"{self.account_uri(world, account)}/outbox"
        arguments = request.arguments
        if arguments.get("page") != "true":
            return document(
                self.with_context(
                    {
                        "id": uri,
                        "type": "OrderedCollection",
                        "totalItems": world.last_number(account),
                        "first": f"{uri}?page=true",
                        "last": f"{uri}?page=true&since_id=000000000000000000000000",
                    }
                )
            )
        number = world.last_number(account)
        if until := arguments.get("until_id"):
            number = min(number, from_aid(until)[1] - 1)
        posts: list[Post] = []
        while number > 0 and len(posts) < self.page_size:
            post = world.post(account.index, number)
            if not post.deleted and self.visible(post, account.host):
                posts.append(post)
            number -= 1
        page: Document = {
            "id": f"{uri}?{request.query}",
            "partOf": uri,
            "type": "OrderedCollectionPage",
            "totalItems": world.last_number(account),
            "orderedItems": [self._activity(world, account, post) for post in posts],
        }
        if posts:  # next is there even when nothing more comes
            page["prev"] = f"{uri}?page=true&since_id={self._note_id(account, posts[0])}"
            page["next"] = f"{uri}?page=true&until_id={self._note_id(account, posts[-1])}"
        return document(self.with_context(page))

    def _pinned(self, world: World, account: Account) -> list[Post]:
        if account.index % 5 or not account.posts:
            return []
        post = world.post(account.index, 1)
        fit = post.boosted is None and not post.deleted and self.visible(post, account.host)
        return [post] if fit else []

    def _note(self, world: World, host: Host, rest: str) -> Answer | None:
        key, _, more = rest.partition("/")
        number, at = from_aid(key)
        if number >= host.size:
            return None
        account = world.account(host.first + number)
        post = world.post(account.index, at)
        if post.deleted or account.gone or not self.visible(post, host):
            return None
        if self._note_id(account, post) != key:
            return None
        whole = more == "activity" or post.boosted is not None
        body = self._activity(world, account, post) if whole else self.note(world, account, post)
        return document(self.with_context(body))

    def _users(self, world: World, host: Host, request: Request) -> Answer:
        """POST /api/users: whom isExplorable lets be listed."""
        order: dict[str, Any] = orjson.loads(request.body or b"{}")
        limit = max(1, min(int(order.get("limit", 10)), 100))
        offset = int(order.get("offset", 0))
        people = [a for a in world.people(host) if a.discoverable is True and not a.gone]
        rows = [self._user(world, account) for account in people[offset : offset + limit]]
        return document(rows, JSON)

    def _user(self, world: World, account: Account) -> Document:
        return {
            "id": self.account_uri(world, account).rpartition("/")[2],
            "name": account.name or None,
            "username": account.username,
            "host": None,
            "avatarUrl": self.picture(world, account)["url"],
            "isBot": account.type == "Service",
            "isCat": account.number % 5 == 0,
            "emojis": {},
            "onlineStatus": "unknown",
            "url": None,
            "uri": None,
            "createdAt": iso_ms(account.created),
            "isLocked": account.locked,
            "isSilenced": False,
            "isSuspended": False,
            "description": account.bio or None,
            "fields": [{"name": name, "value": value} for name, value in account.fields],
            "followersCount": account.followers,
            "followingCount": account.following,
            "notesCount": world.last_number(account),
        }
