"""What may be shown, worked out naively from the table of docs/consent.md.

It remembers what each successful visit saw, and nothing of how Waypost works. It does not import
discover.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tests.leak.origin import Origin, OriginPost, OriginServer, Person, frozen

RETENTION = timedelta(days=180)
# "Older than 30 days: purged": whoever could not be read for so long is somebody new, met by the
# server's directory or not at all.
PURGED = timedelta(days=30)
WEAK_DISCOVERABLE = {"misskey", "takahe", "wordpress"}
WEAK_INDEXABLE = {"misskey", "wordpress"}
OUT = {"nobot", "nobots", "noindex", "nosearch", "noarchive"}


class Known:
    """One account as last seen."""

    def __init__(self, person: Person, at: datetime) -> None:
        self.person = frozen(person)
        self.at = at
        self.posts: dict[str, OriginPost] = {}
        # "younger than the retention (default 180 days)": an older post is hidden by its age, whatever
        # its audience is by now, and nobody reads an outbox back to it. It leaves with the sweep.
        self.aged: dict[str, OriginPost] = {}


class Oracle:
    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self.opted_in: set[str] = set()
        self.refused_servers: set[str] = set()
        self.forgotten: set[str] = set()
        self.robots: dict[str, str] = {}
        self.software: dict[str, str] = {}
        self.known: dict[str, Known] = {}
        self.blocked: set[str] = set()
        self.acts: dict[str, str] = {}  # what people said themselves: in, in profile, out
        self.expected: set[str] = set()  # what has to be looked at in the next turn there

    # What happens to servers

    def opt_in(self, host: str) -> None:
        self.opted_in.add(host)
        self.refused_servers.discard(host)

    def opt_out(self, host: str, *, for_good: bool) -> None:
        # What its robots.txt said when it was last read still holds, also if it comes back: until it
        # is read again, a no is a no to every word about its people.
        self.opted_in.discard(host)
        if for_good:
            self.refused_servers.add(host)
        self._drop_host(host)

    def _asked(self, person: Person) -> bool:
        """Somebody there said yes: the admin, or the person."""
        if person.host in self.refused_servers:
            return False
        return person.host in self.opted_in or self.acts.get(person.uri, "out") != "out"

    def someone_asked(self, host: str) -> bool:
        """May anybody there be looked at?"""
        people = [one for one in self._origin.people.values() if one.host == host]
        return any(self._asked(one) for one in people)

    # What people say

    def forget(self, uri: str) -> None:
        self.forgotten.add(uri)
        self._drop(uri)

    def block(self, uri: str) -> None:
        self.blocked.add(uri)
        self._drop(uri)

    def says(self, person: Person, act: str) -> None:
        """By a message of theirs; nothing but it brings back who left."""
        self.acts[person.uri] = act
        if act == "out":
            self._drop(person.uri)
            return
        self.forgotten.discard(person.uri)
        if act == "in profile" and person.uri in self.known:
            self.known[person.uri].posts.clear()
            self.known[person.uri].aged.clear()

    def _left(self, uri: str) -> bool:
        return uri in self.forgotten | self.blocked or self.acts.get(uri) == "out"

    def unblock(self, uri: str) -> None:
        self.blocked.discard(uri)

    def took_back(self, author: str, post: str | None) -> None:
        """Their own signed Delete: hidden at once; what the origin then says counts again."""
        if post is None:
            self.known.pop(author, None)
            # Appointments with their posts go with them.
            theirs = f"{author}/statuses/"
            self.expected = {one for one in self.expected if not one.startswith(theirs)}
        elif author in self.known:
            self.known[author].posts.pop(post, None)
            self.known[author].aged.pop(post, None)

    def _drop(self, uri: str) -> None:
        self.known.pop(uri, None)
        self.expected = {one for one in self.expected if not (one + "/").startswith(uri + "/")}

    def _drop_host(self, host: str) -> None:
        for uri in [uri for uri, one in self.known.items() if one.person.host == host]:
            del self.known[uri]
        self.expected = {one for one in self.expected if f"//{host}/" not in one}

    def in_reach(self, person: Person) -> bool:
        """May they be looked at because somebody speaks of them?"""
        if self._left(person.uri):
            return False
        return self._asked(person) and self.robots.get(person.host) != "forbid"

    def shows_posts_of(self, uri: str, now: datetime) -> bool:
        one = self.known.get(uri)
        if one is None or one.person.host not in self.software or now - one.at > PURGED:
            return False
        if self.robots.get(one.person.host) != "allow":
            return False  # maybe never stored: their posts come with them, once it can be read
        return self._flags(one.person, self.software[one.person.host])[1]

    def drop_appointments(self, now: datetime) -> None:
        """Posts are waited for while their author's are shown and they are young enough: an
        appointment may go with its author, or with a post that the sweep takes away.
        """
        self.expected = {
            uri
            for uri in self.expected
            if "/statuses/" not in uri
            or (
                self.shows_posts_of(uri.partition("/statuses/")[0], now)
                and not self._too_old(uri, now)
            )
        }

    def _too_old(self, uri: str, now: datetime) -> bool:
        author = uri.partition("/statuses/")[0]
        one, person = self.known.get(author), self._origin.people[author]
        held = (one.aged | one.posts) if one is not None else {}
        posts = [*held.items(), *((person.post_uri(post), post) for post in person.posts)]
        return any(name == uri and now - post.published > RETENTION for name, post in posts)

    # What a visit sees

    def looked(self, host: str, looks: list[tuple[str, str]], now: datetime) -> None:
        """What was looked at in a turn at this host, in order, and what stood there."""
        server = self._origin.servers[host]
        for kind, address in looks:
            if kind == "server":
                self._see_server(server)
            elif kind == "person" and address in self._origin.people:
                self._see(self._origin.people[address], server, now)
            elif kind == "post":
                self._see_post(address, server)

    def missed(
        self, host: str, looks: list[tuple[str, str]], now: datetime, *, whole: bool
    ) -> set[str]:
        """Who should have been looked at in that turn and was not. `whole`: a turn for all."""
        server = self._origin.servers[host]
        self.drop_appointments(now)
        wanted = {uri for uri in self.expected if f"//{host}/" in uri}
        self.expected -= wanted
        if not server.up or server.robots != "allow":
            return set()
        wanted = {
            uri
            for uri in wanted
            if self._asked(self._origin.people[uri.partition("/statuses/")[0]])
        }
        if host not in self.opted_in:
            return wanted - {address for _, address in looks}
        if whole:
            wanted |= {
                uri
                for uri, one in self.known.items()
                if one.person.host == host and now - one.at <= PURGED
            }
            if server.software == "mastodon":
                wanted |= (
                    {
                        person.uri
                        for person in self._origin.people.values()
                        if person.host == host
                        and person.discoverable is True
                        and person.answer == "ok"
                    }
                    - self.forgotten
                    - self.blocked
                    - {uri for uri, act in self.acts.items() if act == "out"}
                )
        return wanted - {address for _, address in looks}

    def _see_server(self, server: OriginServer) -> None:
        if not server.up or server.robots == "error":
            self.robots[server.host] = "error"
            return
        self.robots[server.host] = server.robots
        if server.robots == "forbid":
            self._drop_host(server.host)
            return
        self.software[server.host] = server.software

    def _see_post(self, address: str, server: OriginServer) -> None:
        """A post by itself: what it is now counts, if its author's posts do."""
        uri = address.rpartition("/statuses/")[0]
        person, one = self._origin.people[uri], self.known.get(uri)
        if one is None or not server.up or server.robots != "allow":
            return
        hidden = self.robots.get(server.host) != "allow"  # when its robots.txt was last read
        post = next((post for post in person.posts if person.post_uri(post) == address), None)
        gone = person.answer in ("404", "410", "tombstone") or person.suspended
        if (
            gone
            or post is None
            or not _public(post)
            or not self._flags(one.person, server.software)[1]
        ):
            one.posts.pop(address, None)
        elif not hidden:  # what is there stays as it is, and nothing comes
            one.posts[address] = replace(post)

    def _see(self, person: Person, server: OriginServer, now: datetime) -> None:
        if self._left(person.uri) or not self._asked(person) or not server.up:
            return
        # Met on the way to them, or what was read last.
        if "forbid" in (server.robots, self.robots.get(person.host)):
            self.known.pop(person.uri, None)
            return
        if server.robots == "error":
            return  # neither yes nor no
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
                if _public(post):
                    seen.posts[person.post_uri(post)] = replace(post)
            if (before := self.known.get(person.uri)) is not None:
                old = before.aged | before.posts
                seen.aged = {
                    name: post for name, post in old.items() if now - post.published > RETENTION
                }
        self.known[person.uri] = seen

    def _flags(self, person: Person, software: str) -> tuple[bool, bool]:
        if person.suspended or person.memorial or person.moved_to or person.noindex:
            return False, False
        if person.bio_tag.lower() in OUT or person.discoverable is not True:
            return False, False
        act = self.acts.get(person.uri)
        if software in WEAK_DISCOVERABLE and act is None:
            return False, False
        posts = person.indexable is True and not person.narrowed and act != "in profile"
        return True, posts and (software not in WEAK_INDEXABLE or act == "in")

    # What may be shown

    def shown(self, now: datetime) -> tuple[set[str], set[str]]:
        """(actor URIs, post URIs) that every door must show, and nothing else."""
        accounts, posts = set(), set()
        for uri, one in self.known.items():
            host = one.person.host
            if not self._asked(one.person) or self.robots.get(host) != "allow":
                continue
            if self._left(uri) or now - one.at > timedelta(days=7):
                continue
            software = self.software[host]
            listed, with_posts = self._flags(one.person, software)
            if not listed:
                continue
            accounts.add(uri)
            if with_posts:
                posts |= {
                    name for name, post in one.posts.items() if now - post.published <= RETENTION
                }
        return accounts, posts


def _public(post: OriginPost) -> bool:
    return post.audience == "public" and not post.narrowed and not post.tagged
