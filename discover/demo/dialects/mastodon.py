"""Mastodon: numeric and named ids, Create and Announce, pages by max_id, a public directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from discover.demo.dialects.base import AS, EVERYBODY, SECURITY, Document, iso
from discover.demo.dialects.mastodon_rest import FIRST_ID, STEP, MastodonRest
from discover.demo.exchange import (
    NOT_FOUND,
    Answer,
    Request,
    document,
    error,
)
from discover.demo.people import Account, Host, Post

if TYPE_CHECKING:
    from discover.demo.world import World

_TOOT = {
    "toot": "http://joinmastodon.org/ns#",
    "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
    "featured": {"@id": "toot:featured", "@type": "@id"},
    "featuredTags": {"@id": "toot:featuredTags", "@type": "@id"},
    "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
    "movedTo": {"@id": "as:movedTo", "@type": "@id"},
    "schema": "http://schema.org#",
    "PropertyValue": "schema:PropertyValue",
    "value": "schema:value",
    "discoverable": "toot:discoverable",
    "indexable": "toot:indexable",
    "memorial": "toot:memorial",
    "suspended": "toot:suspended",
    "sensitive": "as:sensitive",
    "Hashtag": "as:Hashtag",
    "votersCount": "toot:votersCount",
    "atomUri": "ostatus:atomUri",
    "conversation": "ostatus:conversation",
    "ostatus": "http://ostatus.org#",
}


class Mastodon(MastodonRest):
    software = "mastodon"
    context: ClassVar[Any] = [AS, SECURITY, _TOOT]

    # --- addresses

    def _numeric(self, host: Host, number: int) -> bool:
        """New accounts of new versions have ids without the name in them."""
        return host.version >= "4.5" and number % 3 == 2

    def uri(self, world: World, host: Host, number: int, username: str) -> str:
        if self._numeric(host, number):
            return f"{world.base(host)}/ap/users/{self.account_id(number)}"
        return f"{world.base(host)}/users/{username}"

    def status_id(self, post: Post) -> int:
        return (post.published * 1000 << 16) | post.number

    def post_uri(self, world: World, account: Account, post: Post) -> str:
        return f"{self.account_uri(world, account)}/statuses/{self.status_id(post)}"

    def post_url(self, world: World, account: Account, post: Post) -> str:
        return f"{self.url(world, account)}/{self.status_id(post)}"

    # --- requests

    def answer(self, world: World, host: Host, request: Request) -> Answer | None:
        path = request.path
        if path == "/actor":
            return self._instance_actor(world, host)
        if path.startswith("/api/"):
            return self.api(world, host, request)
        found = self.locate(world, host, path, request.query)
        if found is None:
            return None
        account, rest = found
        if refusal := self.refuse_suspended(account, rest):
            return refusal
        if rest == "":
            if not request.wants_activity:
                return self.page_for_people(account)
            return document(self.with_context(self.actor(world, account)))
        uri = self.account_uri(world, account)
        if rest == "/outbox":
            return self._outbox(world, account, request)
        if rest in ("/followers", "/following"):
            if "page" in request.arguments:
                return error(403, "This action is not allowed")
            return self.counted(f"{uri}{rest}", getattr(account, rest[1:]))
        if rest == "/collections/featured":
            return document(self.with_context(self._featured(world, account)))
        if rest == "/collections/tags":
            return document(self.with_context(self._featured_tags(world, account)))
        if rest.startswith("/statuses/"):
            return self._status(world, account, rest.removeprefix("/statuses/"))
        return None

    def locate(self, world: World, host: Host, path: str, query: str) -> tuple[Account, str] | None:
        del query
        if path.startswith("/ap/users/"):
            key, slash, rest = path[10:].partition("/")
            number, odd = divmod(int(key) - FIRST_ID, STEP) if key.isdigit() else (0, 1)
            if odd or not 0 <= number < host.size or not self._numeric(host, number):
                return None
            return world.account(host.first + number), slash + rest
        if path.startswith("/users/"):
            found = self.named(world, host, path, "/users/")
            return None if found is None or self._numeric(host, found[0].number) else found
        if (found := self.named(world, host, path, "/@")) is None:
            return None
        account, rest = found
        return account, f"/statuses{rest}" if rest else ""

    # --- documents

    def actor(self, world: World, account: Account) -> Document:
        uri = self.account_uri(world, account)
        base = world.base(account.host)
        hidden = account.suspended
        actor: Document = {
            "id": uri,
            "type": account.type,
            "following": f"{uri}/following",
            "followers": f"{uri}/followers",
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "featured": f"{uri}/collections/featured",
            "featuredTags": f"{uri}/collections/tags",
            "preferredUsername": account.username,
            "name": "" if hidden else account.name,
            "summary": "" if hidden else self.html(world, account, account.bio),
            "url": self.url(world, account),
            "manuallyApprovesFollowers": account.locked,
            "discoverable": account.discoverable,
            "indexable": account.indexable,
            "published": f"{iso(account.created)[:10]}T00:00:00Z",
            "memorial": account.memorial,
            "devices": f"{uri}/collections/devices",
            **self.moved(account),
            "publicKey": self.key(uri),
            "tag": [] if hidden else self.bio_tags(world, account),
            "attachment": [] if hidden else self.property_values(world, account),
            "endpoints": {"sharedInbox": f"{base}/inbox"},
        }
        if account.host.version >= "4.5":
            actor["webfinger"] = account.handle
            actor["interactionPolicy"] = {"canFeature": {"automaticApproval": [EVERYBODY]}}
        if account.host.version < "4.2" or account.indexable is None:
            del actor["indexable"]  # the flag came with 4.2
        if account.discoverable is None:
            del actor["discoverable"]
        if hidden:
            actor["suspended"] = True
        elif account.name:
            actor["icon"] = self.picture(world, account)
        if account.noindex:
            actor["noindex"] = True  # what some forks send
        if account.searchable_by is not None:
            actor["searchableBy"] = list(account.searchable_by)
        return actor

    def note(self, world: World, account: Account, post: Post) -> Document:
        uri = self.post_uri(world, account, post)
        to, cc = self.audience(world, account, post)
        content = self.html(world, account, post.text, post.mentions)
        reply = self._reply_uri(world, post)
        note: Document = {
            "id": uri,
            "type": "Question" if post.options else "Note",
            "summary": post.warning or None,
            "inReplyTo": reply,
            "published": iso(post.published),
            "url": self.post_url(world, account, post),
            "attributedTo": self.account_uri(world, account),
            "to": to,
            "cc": cc,
            "sensitive": bool(post.warning),
            "atomUri": uri,
            "inReplyToAtomUri": reply,
            "conversation": f"tag:{account.host.name},2026:objectId={post.number}:objectType=Conversation",
            "content": content,
            "attachment": self.images(world, account, post),
            "tag": self.tags(world, account, post),
            "replies": {
                "id": f"{uri}/replies",
                "type": "Collection",
                "first": {
                    "type": "CollectionPage",
                    "next": f"{uri}/replies?only_other_accounts=true&page=true",
                    "partOf": f"{uri}/replies",
                    "items": [],
                },
            },
            "likes": {"id": f"{uri}/likes", "type": "Collection", "totalItems": post.number % 23},
            "shares": {"id": f"{uri}/shares", "type": "Collection", "totalItems": post.number % 7},
        }
        if post.language:
            note["contentMap"] = {post.language: content}
        if post.updated:
            note["updated"] = iso(post.updated)
        if post.options:
            self._poll(note, post)
        if post.searchable_by is not None:
            note["searchableBy"] = list(post.searchable_by)
        note.update(post.overrides)
        return note

    def _poll(self, note: Document, post: Post) -> None:
        note["oneOf"] = [
            {
                "type": "Note",
                "name": option,
                "replies": {"type": "Collection", "totalItems": (post.number * 5 + spot) % 17},
            }
            for spot, option in enumerate(post.options)
        ]
        note["endTime"] = iso(post.published + 3 * 86_400)
        note["votersCount"] = post.number % 40

    def _reply_uri(self, world: World, post: Post) -> str | None:
        return world.post_uri(world.post(*post.reply_to)) if post.reply_to else None

    def activity(self, world: World, account: Account, post: Post) -> Document:
        uri = self.post_uri(world, account, post)
        actor = self.account_uri(world, account)
        if post.boosted is not None:
            original = world.post(*post.boosted)
            to, cc = self.audience(world, account, post)
            return {
                "id": f"{uri}/activity",
                "type": "Announce",
                "actor": actor,
                "published": iso(post.published),
                "to": to,
                "cc": [world.index_uri(original.account), *cc],
                "object": world.post_uri(original),
            }
        note = self.note(world, account, post)
        return {
            "id": f"{uri}/activity",
            "type": "Create",
            "actor": actor,
            "published": iso(post.published),
            "to": note["to"],
            "cc": note["cc"],
            "object": note,
        }

    def _outbox(self, world: World, account: Account, request: Request) -> Answer:
        uri = f"{self.account_uri(world, account)}/outbox"
        arguments = request.arguments
        if arguments.get("page") != "true":
            return document(
                {
                    "@context": AS,
                    "id": uri,
                    "type": "OrderedCollection",
                    "totalItems": world.last_number(account),
                    "first": f"{uri}?page=true",
                    "last": f"{uri}?min_id=0&page=true",
                }
            )
        last = world.last_number(account)
        before = arguments.get("max_id", "")
        start = (int(before) & 0xFFFF) - 1 if before.isdigit() else last
        ids: list[int] = []
        items: list[Document] = []
        number = min(start, last) if arguments.get("min_id") != "0" else min(self.page_size, last)
        while number > 0 and len(items) < self.page_size:
            post = world.post(account.index, number)
            if not post.deleted and self.visible(post, account.host):
                ids.append(self.status_id(post))
                items.append(self.activity(world, account, post))
            number -= 1
        page: Document = {
            "id": f"{uri}?{request.query}",
            "type": "OrderedCollectionPage",
            "partOf": uri,
            "orderedItems": items,
        }
        if ids:
            if len(ids) == self.page_size:
                page["next"] = f"{uri}?max_id={ids[-1]}&page=true"
            page["prev"] = f"{uri}?min_id={ids[0]}&page=true"
        return document(self.with_context(page))

    def pinned(self, world: World, account: Account) -> list[Post]:
        """The first public posts of some people are pinned."""
        if account.index % 4 or account.posts < 2:
            return []
        posts = (
            world.post(account.index, number) for number in range(1, min(4, account.posts) + 1)
        )
        fit = [
            p
            for p in posts
            if p.boosted is None and not p.deleted and self.visible(p, account.host)
        ]
        return fit[:2]

    def _featured(self, world: World, account: Account) -> Document:
        notes = [self.note(world, account, post) for post in self.pinned(world, account)]
        return {
            "id": f"{self.account_uri(world, account)}/collections/featured",
            "type": "OrderedCollection",
            "totalItems": len(notes),
            "orderedItems": notes,
        }

    def _featured_tags(self, world: World, account: Account) -> Document:
        return {
            "id": f"{self.account_uri(world, account)}/collections/tags",
            "type": "Collection",
            "totalItems": len(account.tags),
            "items": [self.hashtag(world, account.host, word) for word in account.tags],
        }

    def _status(self, world: World, account: Account, rest: str) -> Answer:
        key, _, more = rest.partition("/")
        number = int(key) & 0xFFFF if key.isdigit() else 0
        if not 1 <= number <= world.last_number(account):
            return NOT_FOUND
        post = world.post(account.index, number)
        if str(self.status_id(post)) != key or post.deleted or not self.visible(post, account.host):
            return NOT_FOUND
        if more == "activity" or post.boosted is not None:
            return document(self.with_context(self.activity(world, account, post)))
        if more == "replies":
            uri = f"{self.post_uri(world, account, post)}/replies"
            return document({"@context": AS, "id": uri, "type": "CollectionPage", "items": []})
        return (
            document(self.with_context(self.note(world, account, post))) if not more else NOT_FOUND
        )

    def _instance_actor(self, world: World, host: Host) -> Answer:
        uri = f"{world.base(host)}/actor"
        actor = {
            "id": uri,
            "type": "Application",
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "preferredUsername": host.name,
            "url": f"{world.base(host)}/about/more?instance_actor=true",
            "manuallyApprovesFollowers": True,
            "publicKey": self.key(uri),
        }
        return document(self.with_context(actor))
