"""Lemmy: communities announce what their people create; people themselves show nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from discover.demo.chance import mix
from discover.demo.dialects.base import AS, EVERYBODY, SECURITY, Dialect, Document, iso
from discover.demo.dialects.numbers import uuid
from discover.demo.exchange import JSON, Answer, Request, document
from discover.demo.people import Account, Host, Post

if TYPE_CHECKING:
    from discover.demo.world import World

_ROOM = 10_000  # post ids of one community
_NEWEST = 50
_NAMES = {
    "en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "it": "Italiano",
    "pt": "Português", "pl": "Polski", "ja": "日本語", "nl": "Nederlands", "ar": "اَلْعَرَبِيَّةُ",
}  # fmt: skip


def _time(seconds: int) -> str:
    return iso(seconds).replace("Z", ".000000Z")


class Lemmy(Dialect):
    software = "lemmy"
    context: ClassVar[Any] = ["https://join-lemmy.org/context.json", AS, SECURITY]

    def uri(self, world: World, host: Host, number: int, username: str) -> str:
        return f"{world.base(host)}/{'u' if number % 3 else 'c'}/{username}"

    def url(self, world: World, account: Account) -> str:
        return self.account_uri(world, account)

    def post_uri(self, world: World, account: Account, post: Post) -> str:
        return f"{world.base(account.host)}/post/{account.number * _ROOM + post.number}"

    def locate(self, world: World, host: Host, path: str, query: str) -> tuple[Account, str] | None:
        del query
        person = path.startswith("/u/")
        found = self.named(world, host, path, "/u/" if person else "/c/")
        if found is None or (found[0].number % 3 != 0) != person:
            return None
        return found

    def answer(self, world: World, host: Host, request: Request) -> Answer | None:
        path = request.path
        if path == "/api/v3/community/list":
            return self._communities(world, host, request)
        if path == "/":
            return self._site(world, host)
        if path.startswith("/post/"):
            number, at = divmod(int(path.removeprefix("/post/")), _ROOM)
            group = world.account(host.first + number)
            if number >= host.size or group.gone:
                return None
            post = world.post(group.index, at)
            return (
                None if post.deleted else document(self.with_context(self.page(world, group, post)))
            )
        found = self.locate(world, host, path, request.query)
        if found is None:
            return None
        account, rest = found
        uri = self.account_uri(world, account)
        if rest == "":
            actor = self._group if account.type == "Group" else self._person
            return document(self.with_context(actor(world, account)))
        if rest == "/outbox":
            return document(self.with_context(self._outbox(world, account)))
        if rest == "/followers" and account.type == "Group":
            return self.counted(f"{uri}/followers", account.followers, "Collection")
        if rest == "/featured" and account.type == "Group":
            return document(self.with_context(self._featured(world, account)))
        return None

    def _person(self, world: World, account: Account) -> Document:
        uri = self.account_uri(world, account)
        return {
            "type": "Service" if account.trait == "bot" else "Person",
            "id": uri,
            "preferredUsername": account.username,
            "name": account.name or None,
            "summary": self.html(world, account, account.bio) or None,
            "source": {"content": account.bio, "mediaType": "text/markdown"},
            "icon": {"type": "Image", "url": self.picture(world, account)["url"]},
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "endpoints": {"sharedInbox": f"{world.base(account.host)}/inbox"},
            "publicKey": self.key(uri),
            "published": _time(account.created),
        }

    def _group(self, world: World, account: Account) -> Document:
        uri = self.account_uri(world, account)
        return {
            "type": "Group",
            "id": uri,
            "preferredUsername": account.username,
            "inbox": f"{uri}/inbox",
            "followers": f"{uri}/followers",
            "publicKey": self.key(uri),
            "name": account.name,
            "summary": self.html(world, account, account.bio) or None,
            "source": {"content": account.bio, "mediaType": "text/markdown"},
            "icon": {"type": "Image", "url": self.picture(world, account)["url"]},
            "sensitive": False,
            "attributedTo": f"{uri}/moderators",
            "postingRestrictedToMods": False,
            "outbox": f"{uri}/outbox",
            "endpoints": {"sharedInbox": f"{world.base(account.host)}/inbox"},
            "featured": f"{uri}/featured",
            "language": [{"identifier": account.language, "name": _NAMES[account.language]}],
            "published": _time(account.created),
            "manuallyApprovesFollowers": account.locked,
            "discoverable": account.discoverable,
        }

    def writer(self, world: World, group: Account, post: Post) -> str:
        """Who of the server's people wrote it into the community."""
        people = [n for n in range(group.host.size) if n % 3]
        if not people:
            return self.account_uri(world, group)
        number = people[mix(world.seed, 72, group.index, post.number) % len(people)]
        return world.index_uri(group.host.first + number)

    def page(self, world: World, group: Account, post: Post) -> Document:
        uri = self.account_uri(world, group)
        page: Document = {
            "type": "Page",
            "id": self.post_uri(world, group, post),
            "attributedTo": self.writer(world, group, post),
            "to": [uri, EVERYBODY],
            "cc": [],
            "name": post.title,
            "content": self.html(world, group, post.text),
            "mediaType": "text/html",
            "source": {"content": post.text, "mediaType": "text/markdown"},
            "attachment": [],
            "sensitive": False,
            "published": _time(post.published),
            "language": {"identifier": post.language, "name": _NAMES[post.language]},
            "audience": uri,
            "tag": [
                {
                    "href": f"{world.base(group.host)}/post/{post.number}",
                    "name": f"#{group.username}",
                    "type": "Hashtag",
                }
            ],
        }
        if post.updated:
            page["updated"] = _time(post.updated)
        page.update(post.overrides)
        return page

    def _announce(self, world: World, group: Account, post: Post) -> Document:
        uri = self.account_uri(world, group)
        base = world.base(group.host)
        page = self.page(world, group, post)
        name = uuid(mix(world.seed, 73, group.index), group.number, post.number)
        create = {
            "actor": page["attributedTo"],
            "to": [EVERYBODY],
            "object": page,
            "cc": [uri],
            "type": "Create",
            "id": f"{base}/activities/create/{name}",
            "audience": uri,
        }
        return {
            "actor": uri,
            "to": [EVERYBODY],
            "object": create,
            "cc": [f"{uri}/followers"],
            "type": "Announce",
            "id": f"{base}/activities/announce/{name}",
        }

    def _outbox(self, world: World, account: Account) -> Document:
        uri = f"{self.account_uri(world, account)}/outbox"
        root: Document = {"type": "OrderedCollection", "id": uri}
        if account.type != "Group":
            return {**root, "totalItems": 0, "orderedItems": []}
        items: list[Document] = []
        for post in world.posts(account):
            if len(items) == _NEWEST:
                break
            items.append(self._announce(world, account, post))
        return {**root, "totalItems": world.last_number(account), "orderedItems": items}

    def _featured(self, world: World, account: Account) -> Document:
        first = next((p for p in world.posts(account) if p.number == 1), None)
        pages = [self.page(world, account, first)] if first else []
        return {
            "type": "OrderedCollection",
            "id": f"{self.account_uri(world, account)}/featured",
            "totalItems": len(pages),
            "orderedItems": pages,
        }

    def _site(self, world: World, host: Host) -> Answer:
        base = world.base(host)
        body = {
            "type": "Application",
            "id": f"{base}/",
            "name": host.title,
            "summary": host.description,
            "inbox": f"{base}/inbox",
            "outbox": f"{base}/site_outbox",
            "publicKey": self.key(f"{base}/"),
        }
        return document(self.with_context(body))

    def _communities(self, world: World, host: Host, request: Request) -> Answer:
        arguments = request.arguments
        limit = min(int(arguments.get("limit", 10)), 50)
        start = (max(1, int(arguments.get("page", 1))) - 1) * limit
        groups = [a for a in world.people(host) if a.type == "Group" and not a.gone]
        groups = [a for a in groups if a.discoverable is not False]
        rows = [
            {
                "community": {
                    "id": account.number + 1,
                    "name": account.username,
                    "title": account.name,
                    "description": account.bio,
                    "removed": False,
                    "published": _time(account.created),
                    "deleted": False,
                    "nsfw": False,
                    "actor_id": self.account_uri(world, account),
                    "local": True,
                    "hidden": False,
                    "posting_restricted_to_mods": False,
                    "visibility": "Public",
                },
                "subscribed": "NotSubscribed",
                "blocked": False,
                "counts": {
                    "community_id": account.number + 1,
                    "subscribers": account.followers,
                    "posts": world.last_number(account),
                },
            }
            for account in groups[start : start + limit]
        ]
        return document({"communities": rows}, JSON)
