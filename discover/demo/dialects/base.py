"""What all dialects share: the ActivityStreams words, and the parts of documents made of them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from discover.demo.exchange import HTML, Answer, Request, document, error
from discover.demo.html import escape, to_html
from discover.demo.people import DIRECT, FOLLOWERS, PUBLIC, UNLISTED, Account, Host, Post

if TYPE_CHECKING:
    from discover.demo.world import World

AS = "https://www.w3.org/ns/activitystreams"
SECURITY = "https://w3id.org/security/v1"
EVERYBODY = f"{AS}#Public"

# One key for the whole pretend fediverse: it signs nothing, documents only have to carry one.
PUBLIC_KEY = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEG4vBOdF2UXtiq3mTj3xkqzXMvT5C\n"
    "sTVLxWJkC3rQmD5gL0r4y8vQn3Ff9c3r0mJxE2k1uZq4cT7bN8h5W6sZpQ==\n"
    "-----END PUBLIC KEY-----\n"
)

Document = dict[str, Any]


def iso(seconds: int) -> str:
    """`2026-11-22T10:00:00Z`."""
    return f"{_moment(seconds)}Z"


def iso_ms(seconds: int) -> str:
    return f"{_moment(seconds)}.000Z"


def _moment(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    return f"{_day(days)}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


@lru_cache(4096)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * 86_400, UTC).strftime("%Y-%m-%d")


@lru_cache(4096)
def _quoted(word: str) -> str:
    return quote(word.lower())


class Dialect:
    """One software. Subclasses give addresses, documents and routes; None answers become 404."""

    software = ""
    context: ClassVar[Any] = [AS, SECURITY]
    page_size = 20
    tag_path = "/tags/"

    # --- addresses

    def uri(self, world: World, host: Host, number: int, username: str) -> str:
        raise NotImplementedError

    def url(self, world: World, account: Account) -> str:
        """The profile page for people."""
        return f"{world.base(account.host)}/@{account.username}"

    def key_id(self, uri: str) -> str:
        return f"{uri}#main-key"

    def inbox(self, uri: str) -> str:
        return f"{uri}/inbox"

    def post_uri(self, world: World, account: Account, post: Post) -> str:
        raise NotImplementedError

    def post_url(self, world: World, account: Account, post: Post) -> str:
        return self.post_uri(world, account, post)

    # --- requests

    def answer(self, world: World, host: Host, request: Request) -> Answer | None:
        raise NotImplementedError

    def locate(self, world: World, host: Host, path: str, query: str) -> tuple[Account, str] | None:
        """The account an actor path belongs to and the rest of the path."""
        raise NotImplementedError

    def account_at(self, world: World, host: Host, target: str) -> tuple[Account, str] | None:
        path, _, query = target.partition("?")
        return self.locate(world, host, path, query)

    def named(self, world: World, host: Host, path: str, prefix: str) -> tuple[Account, str] | None:
        """`PREFIX` + user name + rest of path."""
        if not path.startswith(prefix):
            return None
        name, slash, rest = path[len(prefix) :].partition("/")
        account = world.find(host, name)
        return (account, slash + rest) if account else None

    # --- parts of documents

    def account_uri(self, world: World, account: Account) -> str:
        return self.uri(world, account.host, account.number, account.username)

    def audience(self, world: World, account: Account, post: Post) -> tuple[list[str], list[str]]:
        """`to` and `cc` of a post."""
        followers = f"{self.account_uri(world, account)}/followers"
        people = [world.index_uri(index) for index in post.mentions]
        if post.audience == PUBLIC:
            return [EVERYBODY], [followers, *people]
        if post.audience == UNLISTED:
            return [followers], [EVERYBODY, *people]
        if post.audience == FOLLOWERS:
            return [followers], people
        assert post.audience == DIRECT
        return people, []

    def tag_link(self, world: World, host: Host, word: str) -> str:
        return f"{world.base(host)}{self.tag_path}{_quoted(word)}"

    def html(
        self, world: World, account: Account, text: str, mentions: tuple[int, ...] = ()
    ) -> str:
        people = {world.handle_of(index): world.index_uri(index) for index in mentions}
        host = account.host
        return to_html(text, lambda word: self.tag_link(world, host, word), people)

    def hashtag(self, world: World, host: Host, word: str) -> Document:
        return {
            "type": "Hashtag",
            "href": self.tag_link(world, host, word),
            "name": f"#{word.lower()}",
        }

    def tags(self, world: World, account: Account, post: Post) -> list[Document]:
        out: list[Document] = [
            {
                "type": "Mention",
                "href": world.index_uri(index),
                "name": f"@{world.handle_of(index)}",
            }
            for index in post.mentions
        ]
        out += [self.hashtag(world, account.host, word) for word in post.tags]
        return out

    def bio_tags(self, world: World, account: Account) -> list[Document]:
        words = [part[1:] for part in account.bio.split() if part.startswith("#")]
        return [self.hashtag(world, account.host, word) for word in words]

    def picture(self, world: World, account: Account) -> Document:
        return {
            "type": "Image",
            "mediaType": "image/png",
            "url": f"{world.base(account.host)}/avatars/{account.number}.png",
        }

    def images(self, world: World, account: Account, post: Post) -> list[Document]:
        base = world.base(account.host)
        return [
            {
                "type": "Document",
                "mediaType": "image/png",
                "url": f"{base}/media/{account.number}/{post.number}-{spot}.png",
                "name": alt,
                "width": 160,
                "height": 120,
            }
            for spot, alt in enumerate(post.images)
        ]

    def property_values(self, world: World, account: Account) -> list[Document]:
        return [
            {
                "type": "PropertyValue",
                "name": escape(name),
                "value": self._inline(world, account, value),
            }
            for name, value in account.fields
        ]

    def _inline(self, world: World, account: Account, value: str) -> str:
        return self.html(world, account, value).removeprefix("<p>").removesuffix("</p>")

    def moved(self, account: Account) -> Document:
        out: Document = {}
        if account.moved_to:
            out["movedTo"] = account.moved_to
        if account.also_known_as:
            out["alsoKnownAs"] = list(account.also_known_as)
        return out

    def key(self, uri: str) -> Document:
        return {"id": self.key_id(uri), "owner": uri, "publicKeyPem": PUBLIC_KEY}

    def visible(self, post: Post, host: Host) -> bool:
        """May a stranger read this one?"""
        return host.leaky or post.audience in (PUBLIC, UNLISTED)

    def with_context(self, value: Document) -> Document:
        return {"@context": self.context, **value}

    # --- common answers

    def refuse_suspended(self, account: Account, rest: str) -> Answer | None:
        return error(403, "This account is suspended") if account.suspended and rest else None

    def counted(self, uri: str, total: int, kind: str = "OrderedCollection") -> Answer:
        """A collection that tells its size and nothing else."""
        return document({"@context": AS, "id": uri, "type": kind, "totalItems": total})

    def page_for_people(self, account: Account) -> Answer:
        robots = '<meta name="robots" content="noindex">' if account.noindex else ""
        name = escape(account.name or account.username)
        text = f"<!doctype html><meta charset=utf-8>{robots}<title>{name}</title><h1>{name}</h1>"
        return Answer(200, text.encode(), HTML)
