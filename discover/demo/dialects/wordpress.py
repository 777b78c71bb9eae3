"""WordPress with its ActivityPub plugin: addresses by query, an outbox whose root is a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs

from discover.demo.dialects.base import AS, EVERYBODY, SECURITY, Dialect, Document, iso
from discover.demo.exchange import JSON, Answer, Request, document
from discover.demo.people import Account, Host, Post

if TYPE_CHECKING:
    from discover.demo.world import World

_PAGE = 10
_ROOM = 10_000
_REST = "/wp-json/activitypub/1.0"


class WordPress(Dialect):
    software = "wordpress"
    tag_path = "/tag/"
    context: ClassVar[Any] = [
        AS,
        SECURITY,
        "https://purl.archive.org/socialweb/webfinger",
        {
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "movedTo": {"@id": "as:movedTo", "@type": "@id"},
            "toot": "http://joinmastodon.org/ns#",
            "featured": {"@id": "toot:featured", "@type": "@id"},
            "featuredTags": {"@id": "toot:featuredTags", "@type": "@id"},
            "discoverable": "toot:discoverable",
            "indexable": "toot:indexable",
            "Hashtag": "as:Hashtag",
            "dcterms": "http://purl.org/dc/terms/",
        },
    ]

    def _new(self, host: Host) -> bool:
        return host.version >= "6.8"

    def uri(self, world: World, host: Host, number: int, username: str) -> str:
        base = world.base(host)
        return f"{base}/?author={number + 1}" if self._new(host) else f"{base}/author/{username}/"

    def url(self, world: World, account: Account) -> str:
        return f"{world.base(account.host)}/author/{account.username}/"

    def _rest(self, world: World, account: Account) -> str:
        kind = "actors" if self._new(account.host) else "users"
        return f"{world.base(account.host)}{_REST}/{kind}/{account.number + 1}"

    def post_uri(self, world: World, account: Account, post: Post) -> str:
        return f"{world.base(account.host)}/?p={(account.number + 1) * _ROOM + post.number}"

    def locate(self, world: World, host: Host, path: str, query: str) -> tuple[Account, str] | None:
        number = 0
        if path == "/" and "author" in (arguments := parse_qs(query)):
            number = int(arguments["author"][-1])
            rest = ""
        elif path.startswith("/author/"):
            found = self.named(world, host, path, "/author/")
            return (found[0], "") if found and found[1] in ("", "/") else None
        elif path.startswith("/@"):
            return self.named(world, host, path, "/@")
        else:
            for kind in ("actors", "users"):
                if path.startswith(f"{_REST}/{kind}/"):
                    key, slash, tail = path.removeprefix(f"{_REST}/{kind}/").partition("/")
                    number, rest = int(key), slash + tail
        if not 1 <= number <= host.size:
            return None
        return world.account(host.first + number - 1), rest

    def answer(self, world: World, host: Host, request: Request) -> Answer | None:
        path, arguments = request.path, request.arguments
        if path == "/wp-json/wp/v2/users":
            return self._users(world, host, arguments)
        if path == f"{_REST}/application":
            return self._application(world, host)
        if path.startswith(f"{_REST}/nodeinfo/"):
            from discover.demo.wellknown import nodeinfo_document  # noqa: PLC0415

            return nodeinfo_document(world, host, "2.0")
        if path == "/" and "p" in arguments:
            number, at = divmod(int(arguments["p"]), _ROOM)
            return self._article(world, host, number - 1, at)
        found = self.locate(world, host, path, request.query)
        if found is None:
            return None
        account, rest = found
        if rest == "":
            if not request.wants_activity:
                return self.page_for_people(account)
            return document(self.with_context(self.actor(world, account)))
        root = self._rest(world, account)
        if rest == "/outbox":
            return self._outbox(world, account, request)
        if rest in ("/followers", "/following"):
            return self.counted(f"{root}{rest}", getattr(account, rest[1:]))
        if rest == "/collections/featured":
            body = {"id": f"{root}{rest}", "type": "OrderedCollection", "totalItems": 0}
            return document({"@context": AS, **body, "orderedItems": []})
        if rest == "/collections/tags":
            tags = [self.hashtag(world, host, word) for word in account.tags]
            body = {"id": f"{root}{rest}", "type": "Collection", "totalItems": len(tags)}
            return document({"@context": AS, **body, "items": tags})
        return None

    def actor(self, world: World, account: Account) -> Document:
        uri, root = self.account_uri(world, account), self._rest(world, account)
        return {
            "id": uri,
            "type": "Person",
            "attachment": [
                {
                    "type": "PropertyValue",
                    "name": "Blog",
                    "value": f'<a rel="me" href="{world.base(account.host)}/">{account.host.name}</a>',
                },
                *self.property_values(world, account),
            ],
            "name": account.name or account.username,
            "summary": self.html(world, account, account.bio),
            "url": self.url(world, account),
            "icon": self.picture(world, account),
            "published": iso(account.created),
            "tag": self.bio_tags(world, account),
            "preferredUsername": account.username,
            "inbox": f"{root}/inbox",
            "outbox": f"{root}/outbox",
            "following": f"{root}/following",
            "followers": f"{root}/followers",
            "featured": f"{root}/collections/featured",
            "featuredTags": f"{root}/collections/tags",
            "endpoints": {"sharedInbox": f"{world.base(account.host)}{_REST}/inbox"},
            "publicKey": self.key(uri),
            "manuallyApprovesFollowers": False,
            "discoverable": True,
            "indexable": True,
            "webfinger": account.handle,
            **self.moved(account),
        }

    def article(self, world: World, account: Account, post: Post) -> Document:
        uri = self.post_uri(world, account, post)
        content = self.html(world, account, post.text)
        excerpt = post.text.split("\n\n")[0]
        article: Document = {
            "id": uri,
            "type": "Article",
            "attributedTo": self.account_uri(world, account),
            "name": post.title,
            "nameMap": {post.language: post.title},
            "summary": f"<p>{excerpt}</p>",
            "summaryMap": {post.language: f"<p>{excerpt}</p>"},
            "content": content,
            "contentMap": {post.language: content},
            "published": iso(post.published),
            "url": uri,
            "to": [EVERYBODY],
            "cc": [f"{self._rest(world, account)}/followers"],
            "attachment": [
                {**image, "type": "Image"} for image in self.images(world, account, post)
            ],
            "tag": self.tags(world, account, post),
            "replies": {"id": f"{uri}&replies", "type": "Collection", "items": []},
            "sensitive": bool(post.warning),
        }
        if post.warning:
            article["dcterms"] = {"subject": [post.warning]}
        if post.updated:
            article["updated"] = iso(post.updated)
        article.update(post.overrides)
        return article

    def _article(self, world: World, host: Host, number: int, at: int) -> Answer | None:
        if not 0 <= number < host.size:
            return None
        account = world.account(host.first + number)
        post = world.post(account.index, at)
        if account.gone:
            return None
        if post.deleted:  # FEP-4f05: a Tombstone with 410
            uri = self.post_uri(world, account, post)
            return document({"@context": AS, "id": uri, "type": "Tombstone"}, status=410)
        return document(self.with_context(self.article(world, account, post)))

    def _outbox(self, world: World, account: Account, request: Request) -> Answer:
        """The root is a page already, and says so."""
        uri = f"{self._rest(world, account)}/outbox"
        page = max(1, int(request.arguments.get("page", 1)))
        posts = list(world.posts(account))
        actor = self.account_uri(world, account)
        items = []
        for post in posts[(page - 1) * _PAGE : page * _PAGE]:
            article = self.article(world, account, post)
            items.append(
                {
                    "id": f"{article['id']}#activity-create-{post.published}",
                    "type": "Create",
                    "actor": actor,
                    "published": article["published"],
                    "to": article["to"],
                    "cc": article["cc"],
                    "object": article,
                }
            )
        last = max(1, -(-len(posts) // _PAGE))
        body: Document = {
            "id": f"{uri}?page={page}",
            "generator": "http://wordpress.org/?v=6.8",
            "actor": actor,
            "type": "OrderedCollectionPage",
            "partOf": uri,
            "totalItems": len(posts),
            "orderedItems": items,
            "first": f"{uri}?page=1",
            "last": f"{uri}?page={last}",
        }
        if page < last:
            body["next"] = f"{uri}?page={page + 1}"
        if page > 1:
            body["prev"] = f"{uri}?page={page - 1}"
        return document(self.with_context(body))

    def _users(self, world: World, host: Host, arguments: dict[str, str]) -> Answer:
        size = max(1, min(int(arguments.get("per_page", 10)), 100))
        page = max(1, int(arguments.get("page", 1)))
        people = [a for a in world.people(host) if not a.gone]
        rows = [
            {
                "id": account.number + 1,
                "name": account.name or account.username,
                "url": "",
                "description": account.bio,
                "link": self.url(world, account),
                "slug": account.username,
                "avatar_urls": {"96": self.picture(world, account)["url"]},
            }
            for account in people[(page - 1) * size : page * size]
        ]
        answer = document(rows, JSON)
        answer.headers = [
            ("X-WP-Total", str(len(people))),
            ("X-WP-TotalPages", str(-(-len(people) // size))),
        ]
        return answer

    def _application(self, world: World, host: Host) -> Answer:
        uri = f"{world.base(host)}{_REST}/application"
        body = {
            "id": uri,
            "type": "Application",
            "invisible": True,
            "preferredUsername": "application",
            "inbox": f"{world.base(host)}{_REST}/actors/-1/inbox",
            "outbox": f"{world.base(host)}{_REST}/actors/-1/outbox",
            "discoverable": False,
            "indexable": False,
            "publicKey": self.key(uri),
        }
        return document(self.with_context(body))
