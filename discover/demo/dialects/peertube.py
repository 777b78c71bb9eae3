"""PeerTube: accounts and channels, videos, pages by number. Flags came in 2026 (8.x here)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from discover.demo.chance import mix
from discover.demo.dialects.base import AS, EVERYBODY, SECURITY, Dialect, Document, iso_ms
from discover.demo.dialects.numbers import from_uuid, uuid
from discover.demo.exchange import JSON, Answer, Request, document
from discover.demo.people import Account, Host, Post

if TYPE_CHECKING:
    from discover.demo.world import World

_PAGE = 10
_LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian",
    "pt": "Portuguese", "pl": "Polish", "ja": "Japanese", "nl": "Dutch", "ar": "Arabic",
}  # fmt: skip


class PeerTube(Dialect):
    software = "peertube"
    context: ClassVar[Any] = [
        AS,
        SECURITY,
        {"RsaSignature2017": "https://w3id.org/security#RsaSignature2017"},
        {
            "pt": "https://joinpeertube.org/ns#",
            "sc": "http://schema.org/",
            "Hashtag": "as:Hashtag",
            "sensitive": "as:sensitive",
            "language": "sc:inLanguage",
            "category": "sc:category",
            "uuid": "sc:identifier",
            "views": {"@type": "sc:Number", "@id": "pt:views"},
            "toot": "http://joinmastodon.org/ns#",
            "discoverable": "toot:discoverable",
            "indexable": "toot:indexable",
            "playlists": {"@id": "pt:playlists", "@type": "@id"},
        },
    ]

    def uri(self, world: World, host: Host, number: int, username: str) -> str:
        kind = "video-channels" if number % 2 else "accounts"
        return f"{world.base(host)}/{kind}/{username}"

    def url(self, world: World, account: Account) -> str:
        kind = "c" if account.number % 2 else "a"
        return f"{world.base(account.host)}/{kind}/{account.username}"

    def key_id(self, uri: str) -> str:
        return f"{uri}#main-key"

    def post_uri(self, world: World, account: Account, post: Post) -> str:
        name = uuid(mix(world.seed, 71, account.index), account.number, post.number)
        return f"{world.base(account.host)}/videos/watch/{name}"

    def locate(self, world: World, host: Host, path: str, query: str) -> tuple[Account, str] | None:
        del query
        for prefix, odd in (("/accounts/", 0), ("/video-channels/", 1), ("/a/", 0), ("/c/", 1)):
            found = self.named(world, host, path, prefix)
            if found is not None:
                return found if found[0].number % 2 == odd else None
        return None

    def answer(self, world: World, host: Host, request: Request) -> Answer | None:
        path = request.path
        if path in ("/api/v1/accounts", "/api/v1/video-channels"):
            return self._list(world, host, request, 0 if path.endswith("accounts") else 1)
        if path.startswith("/videos/watch/"):
            number, at = from_uuid(path.removeprefix("/videos/watch/"))
            account = world.account(host.first + number)
            post = world.post(account.index, at)
            if number >= host.size or account.gone or post.deleted:
                return None
            if not self.post_uri(world, account, post).endswith(path):
                return None
            return document(self.with_context(self.video(world, account, post)))
        if path == "/accounts/peertube":
            return self._application(world, host)
        found = self.locate(world, host, path, request.query)
        if found is None:
            return None
        account, rest = found
        if rest == "":
            return document(self.with_context(self.actor(world, account)))
        if rest == "/outbox":
            return self._outbox(world, account, request)
        if rest in ("/followers", "/following"):
            uri = f"{self.account_uri(world, account)}{rest}"
            return self.counted(uri, getattr(account, rest[1:]))
        return None

    def _partner(self, world: World, account: Account) -> Account | None:
        """The channel of an account, the account of a channel."""
        number = account.number ^ 1
        return world.account(account.host.first + number) if number < account.host.size else None

    def actor(self, world: World, account: Account) -> Document:
        uri = self.account_uri(world, account)
        partner = self._partner(world, account)
        actor: Document = {
            "type": account.type if account.type == "Group" else "Person",
            "id": uri,
            "following": f"{uri}/following",
            "followers": f"{uri}/followers",
            "playlists": f"{uri}/playlists",
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "preferredUsername": account.username,
            "url": self.url(world, account),
            "name": account.name or account.username,
            "endpoints": {"sharedInbox": f"{world.base(account.host)}/inbox"},
            "publicKey": self.key(uri),
            "published": iso_ms(account.created),
            "icon": [{**self.picture(world, account), "height": 96, "width": 96}],
            "summary": account.bio or None,
        }
        if account.host.version >= "8":
            actor["discoverable"] = account.discoverable
            actor["indexable"] = account.indexable
        if account.type == "Group" and partner is not None:
            owner = self.account_uri(world, partner)
            actor["attributedTo"] = [{"type": "Person", "id": owner}]
            actor["support"] = None
        return actor

    def video(self, world: World, account: Account, post: Post) -> Document:
        uri = self.post_uri(world, account, post)
        name = uri.rpartition("/")[2]
        channel = self._partner(world, account)
        people = [{"type": "Person", "id": self.account_uri(world, account)}]
        if channel is not None:
            people.append({"type": "Group", "id": self.account_uri(world, channel)})
        base = world.base(account.host)
        video: Document = {
            "type": "Video",
            "id": uri,
            "name": post.title,
            "duration": f"PT{60 + post.number * 37 % 1500}S",
            "uuid": name,
            "tag": [{"type": "Hashtag", "name": tag} for tag in post.tags],
            "category": {"identifier": "15", "name": "Science & Technology"},
            "licence": {"identifier": "2", "name": "Attribution - Share Alike"},
            "language": {
                "identifier": post.language,
                "name": _LANGUAGES.get(post.language, post.language),
            },
            "views": post.number * 17 % 900,
            "sensitive": False,
            "commentsEnabled": True,
            "state": 1,
            "published": iso_ms(post.published),
            "updated": iso_ms(post.updated or post.published),
            "mediaType": "text/markdown",
            "content": post.text,
            "icon": [
                {
                    "type": "Image",
                    "url": f"{base}/media/{account.number}/{post.number}-0.png",
                    "mediaType": "image/png",
                    "width": 160,
                    "height": 120,
                }
            ],
            "url": [
                {"type": "Link", "mediaType": "text/html", "href": uri},
                {"type": "Link", "mediaType": "video/mp4", "href": f"{base}/static/{name}-480.mp4"},
            ],
            "likes": f"{uri}/likes",
            "dislikes": f"{uri}/dislikes",
            "shares": f"{uri}/announces",
            "comments": f"{uri}/comments",
            "attributedTo": people,
            "to": [EVERYBODY],
            "cc": [f"{self.account_uri(world, account)}/followers"],
        }
        video.update(post.overrides)
        return video

    def _outbox(self, world: World, account: Account, request: Request) -> Answer:
        uri = f"{self.account_uri(world, account)}/outbox"
        owner = self._partner(world, account) if account.type == "Group" else account
        total = world.last_number(owner) if owner else 0
        page = int(request.arguments.get("page", 0))
        if page < 1:
            root = {"id": uri, "type": "OrderedCollection", "totalItems": total}
            return document(self.with_context({**root, "first": f"{uri}?page=1"}))
        items = []
        if owner is not None:
            posts = list(world.posts(owner))[(page - 1) * _PAGE : page * _PAGE]
            items = [self._activity(world, account, owner, post) for post in posts]
        body: Document = {
            "id": f"{uri}?{request.query}",
            "type": "OrderedCollectionPage",
            "partOf": uri,
            "orderedItems": items,
            "totalItems": total,
        }
        if page > 1:
            body["prev"] = f"{uri}?page={page - 1}"
        if page * _PAGE < total:
            body["next"] = f"{uri}?page={page + 1}"
        return document(self.with_context(body))

    def _activity(self, world: World, actor: Account, owner: Account, post: Post) -> Document:
        uri = self.post_uri(world, owner, post)
        by = self.account_uri(world, actor)
        sent = {"to": [EVERYBODY], "cc": [f"{by}/followers"]}
        if actor is not owner:
            announce = {"type": "Announce", "id": f"{uri}/announces/{actor.number}", "actor": by}
            return {**announce, "object": uri, **sent}
        video = self.video(world, owner, post)
        return {"type": "Create", "id": f"{uri}/activity", "actor": by, "object": video, **sent}

    def _list(self, world: World, host: Host, request: Request, odd: int) -> Answer:
        arguments = request.arguments
        start = int(arguments.get("start", 0))
        count = min(int(arguments.get("count", 15)), 100)
        rows = [a for a in world.people(host) if a.number % 2 == odd and not a.gone]
        data = [
            {
                "id": account.number + 1,
                "url": self.account_uri(world, account),
                "name": account.username,
                "host": host.handle_host,
                "displayName": account.name,
                "description": account.bio or None,
                "followersCount": account.followers,
                "followingCount": account.following,
                "createdAt": iso_ms(account.created),
            }
            for account in rows[start : start + count]
        ]
        return document({"total": len(rows), "data": data}, JSON)

    def _application(self, world: World, host: Host) -> Answer:
        uri = f"{world.base(host)}/accounts/peertube"
        body = {
            "type": "Application",
            "id": uri,
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "preferredUsername": "peertube",
            "publicKey": self.key(uri),
        }
        return document(self.with_context(body))
