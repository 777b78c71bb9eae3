"""The pretend fediverse as a value: made from a seed, changed by tests, never stored.

People and posts are computed when somebody asks and remembered only in bounded caches, so a world
of 100,000 accounts costs little more memory than one of 300.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from discover.demo.chance import mix
from discover.demo.layout import host_count, make_hosts
from discover.demo.people import Account, Host, Post
from discover.demo.persona import make_account, name_of, trait_of
from discover.demo.writing import make_post

_QUIET = frozenset({"gotosocial", "pixelfed", "takahe", "bridgy-fed"})
_CACHE = 20_000


def this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


class World:
    """All servers, people and posts of one seed.

    `now` dates every post; two worlds with equal arguments give equal bytes. `accounts` is 10 to
    100,000, `posts` the mean number of posts of a person. `gotosocial_crawl_delay` is the
    Crawl-delay (seconds) in GoToSocial's robots.txt, which ships as 500; 0 leaves the line out.
    """

    def __init__(
        self,
        seed: int = 1,
        accounts: int = 300,
        now: datetime | None = None,
        *,
        hosts: int | None = None,
        posts: float = 14.0,
        scheme: str = "http",
        domain: str = "lab.test",
        gotosocial_crawl_delay: int = 500,
    ) -> None:
        if not 1 <= accounts <= 1_000_000:
            raise ValueError("a world has between 1 and 1,000,000 accounts")
        self.seed = seed
        self.accounts = accounts
        self.now = (now or this_hour()).astimezone(UTC)
        self.now_seconds = int(self.now.timestamp())
        self.mean_posts = posts
        self.scheme = scheme
        self.domain = domain
        self.gotosocial_crawl_delay = gotosocial_crawl_delay
        count = host_count(accounts) if hosts is None else min(hosts, accounts)
        self.hosts = make_hosts(seed, accounts, count, domain)
        self._firsts = [host.first for host in self.hosts]
        self.by_name = {host.name: host for host in self.hosts}
        self.apexes = {h.handle_host: h for h in self.hosts if h.handle_host != h.name}
        self._quiet = [h for h in self.hosts if h.software in _QUIET or not h.directory]
        self._by_language: dict[str, list[Host]] = {}
        for host in self.hosts:
            self._by_language.setdefault(host.language, []).append(host)
        self._names: dict[int, tuple[list[str], dict[str, int]]] = {}
        self._changed: dict[int, dict[str, Any]] = {}
        self._changed_posts: dict[tuple[int, int], dict[str, Any]] = {}
        self._written: dict[int, list[dict[str, Any]]] = {}
        self.account = lru_cache(_CACHE)(self._account)
        self.post = lru_cache(_CACHE)(self._post)

    # --- who

    def host_of(self, index: int) -> Host:
        return self.hosts[bisect_right(self._firsts, index) - 1]

    def _account(self, index: int) -> Account:
        """The person with this world index. IndexError beyond the last."""
        if not 0 <= index < self.accounts:
            raise IndexError(index)
        host = self.host_of(index)
        account = make_account(
            self.seed, host, index, self.username(index), self.now_seconds, self.mean_posts
        )
        half = self.accounts // 2
        if account.trait == "moved" and half:
            account = replace(account, moved_to=self.index_uri(self.away(index)))
        before = (index - half) % self.accounts
        if half and trait_of(self.seed, before) == "moved" and self.away(before) == index:
            account = replace(account, also_known_as=(self.index_uri(before),))
        if change := self._changed.get(index):
            account = replace(account, **change)
        return account

    def away(self, index: int) -> int:
        """Where a person who moves goes to."""
        return (index + self.accounts // 2) % self.accounts

    def username(self, index: int) -> str:
        host = self.host_of(index)
        return self._usernames(host)[0][index - host.first]

    def _usernames(self, host: Host) -> tuple[list[str], dict[str, int]]:
        """User names of a server and the way back, made at its first visit."""
        if (known := self._names.get(host.index)) is None:
            names: list[str] = []
            numbers: dict[str, int] = {}
            for number in range(host.size):
                stem = name_of(self.seed, host, host.first + number)[1]
                name, turn = stem, 1
                while name in numbers:
                    turn += 1
                    name = f"{stem}{turn}"
                numbers[name] = number
                names.append(name)
            known = self._names[host.index] = (names, numbers)
        return known

    def find(self, host: Host, username: str) -> Account | None:
        number = self._usernames(host)[1].get(username.lower())
        return None if number is None else self.account(host.first + number)

    def handle_of(self, index: int) -> str:
        return f"{self.username(index)}@{self.host_of(index).handle_host}"

    def friend_of(self, account: Account, turn: int) -> int | None:
        """One of the six people somebody talks to: neighbours, same language, quiet servers."""
        draw = mix(self.seed, 40, account.index, turn)
        if turn % 3 == 0:
            host = account.host
        elif turn % 3 == 1 or not self._quiet:
            peers = self._by_language[account.host.language]
            host = peers[draw % len(peers)]
        else:
            host = self._quiet[draw % len(self._quiet)]
        friend = host.first + (draw >> 20) % host.size
        return None if friend == account.index else friend

    def people(self, host: Host) -> Iterator[Account]:
        for index in range(host.first, host.first + host.size):
            yield self.account(index)

    # --- what they wrote

    def _post(self, index: int, number: int) -> Post:
        """Post `number` (from 1) of a person. LookupError when there is none."""
        account = self.account(index)
        written = self._written.get(index, [])
        if not 1 <= number <= account.posts + len(written):
            raise LookupError(f"account {index} has no post {number}")
        post = make_post(self, account, number)
        if number > account.posts:
            post = replace(post, kind="note", boosted=None, reply_to=None, mentions=())
            post = replace(post, **written[number - account.posts - 1])
        if change := self._changed_posts.get((index, number)):
            post = replace(post, **change)
        return post

    def last_number(self, account: Account) -> int:
        return account.posts + len(self._written.get(account.index, ()))

    def posts(self, account: Account) -> Iterator[Post]:
        """Newest first, deleted ones left out."""
        for number in range(self.last_number(account), 0, -1):
            post = self.post(account.index, number)
            if not post.deleted:
                yield post

    # --- where they are

    def base(self, host: Host) -> str:
        return f"{self.scheme}://{host.name}"

    def index_uri(self, index: int) -> str:
        """Actor URI from the index alone."""
        from discover.demo.dialects import dialect_of  # noqa: PLC0415 - dialects know the world

        host = self.host_of(index)
        return dialect_of(host).uri(self, host, index - host.first, self.username(index))

    def account_uri(self, account: Account) -> str:
        return self.index_uri(account.index)

    def post_uri(self, post: Post) -> str:
        from discover.demo.dialects import dialect_of  # noqa: PLC0415

        account = self.account(post.account)
        return dialect_of(account.host).post_uri(self, account, post)

    # --- change

    def change_account(self, index: int, **fields: Any) -> None:
        """Set any fields of a person from now on: discoverable=False, gone="410", bio=…"""
        self._changed.setdefault(index, {}).update(fields)
        self._forget()

    def change_post(self, index: int, number: int, **fields: Any) -> None:
        """Set any fields of a post from now on: audience="unlisted", deleted=True, text=…"""
        self._changed_posts.setdefault((index, number), {}).update(fields)
        self._forget()

    def write_post(self, index: int, text: str, **fields: Any) -> int:
        """A new post, newer than all others; its number."""
        fields = {"text": text, "audience": "public", "tags": (), "images": ()} | fields
        self._written.setdefault(index, []).append(fields)
        self._forget()
        return self.last_number(self.account(index))

    def change_host(self, name: str, **fields: Any) -> None:
        host = self.by_name[name]
        for key, value in fields.items():
            if key not in Host.__slots__:
                raise ValueError(f"a host has no {key!r}")
            setattr(host, key, value)
        self._forget()

    def _forget(self) -> None:
        self.account.cache_clear()
        self.post.cache_clear()

    # --- what is right

    def truth(self) -> dict[str, Any]:
        """Facts and what a correct indexer does with them, for everybody (see truth.py)."""
        from discover.demo.truth import truth  # noqa: PLC0415 - truth knows the world

        return truth(self)


def demo_world(seed: int = 1, now: datetime | None = None) -> World:
    """What a newcomer sees: 40 hosts, 300 people, about 4,000 posts, and no Crawl-delay that
    would keep the demo from ending within a minute.
    """
    return World(seed, 300, now, gotosocial_crawl_delay=0)
