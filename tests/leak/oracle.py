"""What may be shown, worked out naively from the table of docs/consent.md.

It remembers what each successful visit saw, and nothing of how Waypost works. It does not import
discover.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.leak.origin import Origin, OriginPost, OriginServer, Person, frozen

WEAK_DISCOVERABLE = {"misskey", "takahe", "wordpress"}
WEAK_INDEXABLE = {"misskey", "wordpress"}
OUT = {"nobot", "nobots", "noindex", "nosearch", "noarchive"}


class Known:
    """One account as last seen."""

    def __init__(self, person: Person, at: datetime) -> None:
        self.person = frozen(person)
        self.at = at
        self.posts: dict[str, OriginPost] = {}


class Oracle:
    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self.opted_in: set[str] = set()
        self.refused_servers: set[str] = set()
        self.forgotten: set[str] = set()
        self.robots: dict[str, str] = {}
        self.software: dict[str, str] = {}
        self.known: dict[str, Known] = {}
        self.appointments: set[str] = set()

    # What happens to servers

    def opt_in(self, host: str) -> None:
        self.opted_in.add(host)
        self.refused_servers.discard(host)

    def opt_out(self, host: str, *, for_good: bool) -> None:
        self.opted_in.discard(host)
        self.robots.pop(host, None)
        if for_good:
            self.refused_servers.add(host)
        self._drop_host(host)

    def forget(self, uri: str) -> None:
        self.forgotten.add(uri)
        self.known.pop(uri, None)
        self.appointments.discard(uri)

    def _drop_host(self, host: str) -> None:
        for uri in [uri for uri, one in self.known.items() if one.person.host == host]:
            del self.known[uri]
        self.appointments = {uri for uri in self.appointments if f"//{host}/" not in uri}

    # What a visit sees

    def visited(self, host: str, now: datetime) -> None:
        """The whole server was visited: robots.txt, NodeInfo, list, and everybody known."""
        server = self._origin.servers[host]
        if host not in self.opted_in:
            return
        if not server.up or server.robots == "error":
            self.robots[host] = "error"
            return
        self.robots[host] = server.robots
        if server.robots == "forbid":
            self._drop_host(host)
            return
        self.software[host] = server.software
        if server.software == "mastodon":
            self.appointments |= {
                person.uri
                for person in self._origin.people.values()
                if person.host == host and person.discoverable is True and person.answer == "ok"
            } - self.forgotten
        for uri in sorted(self.appointments):
            person = self._origin.people[uri]
            if person.host == host:
                self._see(person, server, now)

    def _see(self, person: Person, server: OriginServer, now: datetime) -> None:
        if person.answer in ("404", "410", "tombstone"):
            self.known.pop(person.uri, None)
            return
        if person.answer != "ok":
            return  # neither yes nor no
        listed, posts = self._flags(person, server.software)
        if not listed:
            self.known.pop(person.uri, None)
            return
        if not person.webfinger:
            return
        seen = Known(person, now)
        if posts:
            for post in person.posts:
                if post.audience == "public" and not post.narrowed and not post.tagged:
                    seen.posts[person.post_uri(post)] = frozen(person).posts[
                        person.posts.index(post)
                    ]
        self.known[person.uri] = seen

    def _flags(self, person: Person, software: str) -> tuple[bool, bool]:
        if person.suspended or person.memorial or person.moved_to or person.noindex:
            return False, False
        if person.bio_tag.lower() in OUT or person.discoverable is not True:
            return False, False
        if software in WEAK_DISCOVERABLE:
            return False, False
        posts = person.indexable is True and not person.narrowed
        return True, posts and software not in WEAK_INDEXABLE

    # What may be shown

    def shown(self, now: datetime) -> tuple[set[str], set[str]]:
        """(actor URIs, post URIs) that every door must show, and nothing else."""
        accounts, posts = set(), set()
        for uri, one in self.known.items():
            host = one.person.host
            if host not in self.opted_in or self.robots.get(host) != "allow":
                continue
            if uri in self.forgotten or now - one.at > timedelta(days=7):
                continue
            software = self.software[host]
            listed, with_posts = self._flags(one.person, software)
            if not listed:
                continue
            accounts.add(uri)
            if with_posts:
                posts |= {
                    name
                    for name, post in one.posts.items()
                    if now - post.published <= timedelta(days=180)
                }
        return accounts, posts
