"""Random histories, and after each step every door held against the oracle."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from api.limits import Rate
from discover.bootstrap import App, open_app
from discover.model.actor import Handle
from discover.model.query import EngineQuery, Kind
from discover.model.suggestions import SuggestionRequest
from discover.model.trends import TrendRequest
from discover.model.views import SearchRequest
from discover.services import similarity, trend_heard, trends, visits
from discover.services.accounts import find_account, recent_posts
from discover.services.facts import ACCOUNTS
from discover.services.indexing import index_all
from discover.services.observe import observe
from discover.services.retention import enforce_retention
from discover.services.search import search
from discover.services.servers import add_server, remove_server
from discover.services.suggest import suggest
from discover.services.trend_uses import TAG
from discover.services.visiting.account import visit_account
from discover.services.visiting.server import visit_server
from discover.services.visiting.tools import Tools
from discover.services.why import explain_account
from discover.services.withdraw import POSTS, forget_person, forget_server
from discover.settings import Settings
from tests.leak.oracle import Oracle
from tests.leak.origin import Origin, OriginPost, OriginServer, Person
from tests.leak.windows import Windows

SERVERS = [
    ("alpha.example", "mastodon"), ("beta.example", "mastodon"), ("gamma.example", "mastodon"),
    ("delta.example", "misskey"),
]  # fmt: skip
PEOPLE = ["ada", "bo", "cy", "di"]


class GivenClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment


class Difference(AssertionError):
    """A door shows something else than the oracle allows."""


class Trial:
    """One installation, one origin, one oracle, one source of chance."""

    def __init__(self, home: Path, seed: int, **settings: str) -> None:
        self.chance = random.Random(seed)
        self.clock = GivenClock()
        self.origin = Origin(self.clock)
        self.oracle = Oracle(self.origin)
        self.steps: Counter[str] = Counter()
        self._settings = Settings(_env_file=None, home=home, **settings)
        self._words = 0
        self.numbers: dict[str, set[str]] = {}  # ids under which people were shown
        self.app = self._open()
        for host, software in SERVERS:
            self.origin.servers[host] = OriginServer(host, software)
            for name in PEOPLE:
                person = Person(name, host, self._word())
                self.origin.people[person.uri] = person
                for _ in range(self.chance.randint(0, 3)):
                    self._write(person)

    def _open(self) -> App:
        app = open_app(self._settings, clock=self.clock)
        app.context.engine.prepare()
        self.windows = Windows(app, Rate(per_second=1e6, burst=10**9))
        return app

    def close(self) -> None:
        self.windows.close()
        self.app.close()

    def _word(self) -> str:
        """A word that nothing else has, far from all others for a forgiving search."""
        self._words += 1
        letters = random.Random(self._words * 7919)
        return "".join(letters.choice("bcdfghjklmnpqrstvwxz") for _ in range(14))

    def _write(self, person: Person) -> None:
        number = max((post.number for post in person.posts), default=0) + 1
        age = timedelta(days=self.chance.choice([0, 1, 20, 170, 179, 181, 400]))
        person.posts.append(OriginPost(number, self._word(), self.clock.now() - age))

    # Steps

    def step(self) -> str:
        name = self.chance.choices(*zip(*_WEIGHTS, strict=True))[0]
        getattr(self, f"do_{name}")()
        self.steps[name] += 1
        return str(name)

    def _person(self) -> Person:
        return self.chance.choice(list(self.origin.people.values()))

    def _host(self) -> str:
        return self.chance.choice(SERVERS)[0]

    def do_flag(self) -> None:
        person = self._person()
        name = self.chance.choice(["discoverable", "indexable"])
        value = self.chance.choice([True, True, True, False, None, "true", 1])
        setattr(person, name, value)

    def do_trait(self) -> None:
        person = self._person()
        match self.chance.randrange(7):
            case 0:
                person.bio_tag = self.chance.choice(["", "", "nobot", "NoIndex", "cats"])
            case 1:
                person.noindex = self.chance.random() < 0.3
            case 2:
                person.memorial = self.chance.random() < 0.2
            case 3:
                person.suspended = self.chance.random() < 0.2
            case 4:
                moved = self.chance.random() < 0.2
                person.moved_to = "https://new.example/users/x" if moved else ""
            case 5:
                person.narrowed = self.chance.random() < 0.3
            case _:
                person.webfinger = self.chance.random() < 0.8

    def do_answer(self) -> None:
        answers = ["ok"] * 6 + [
            "404", "410", "tombstone", "401", "503", "timeout", "reduced", "foreign-id",
        ]  # fmt: skip
        self._person().answer = self.chance.choice(answers)

    def do_write(self) -> None:
        self._write(self._person())

    def do_edit(self) -> None:
        person = self._person()
        if not person.posts:
            return
        post = self.chance.choice(person.posts)
        match self.chance.randrange(4):
            case 0:
                post.audience = self.chance.choice(["public", "public", "unlisted", "followers"])
            case 1:
                post.narrowed = not post.narrowed
            case 2:
                post.tagged = not post.tagged
            case _:
                person.posts.remove(post)

    def do_server(self) -> None:
        server = self.origin.servers[self._host()]
        if self.chance.random() < 0.3:
            server.up = self.chance.random() < 0.8
        else:
            server.robots = self.chance.choice(["allow"] * 5 + ["forbid", "error"])

    def do_opt_in(self) -> None:
        host = self._host()
        add_server(self.app.context, host, "agreed")
        self.oracle.opt_in(host)

    def do_remove_server(self) -> None:
        host = self._host()
        remove_server(self.app.context, host)
        self.oracle.opt_out(host, for_good=False)

    def do_forget_server(self) -> None:
        host = self._host()
        forget_server(self.app.context, host)
        self.oracle.opt_out(host, for_good=True)

    def do_forget(self) -> None:
        person = self._person()
        forget_person(self.app.context, Handle.parse(person.handle))
        self.oracle.forget(person.uri)

    def do_time(self) -> None:
        self.clock.moment += timedelta(hours=self.chance.choice([1, 5, 24, 72, 24 * 8, 24 * 40]))

    def do_retention(self) -> None:
        enforce_retention(self.app.context)

    def do_restart(self) -> None:
        self.close()
        self.app = self._open()

    def do_visit(self) -> None:
        host = self._host()
        self.origin.asked.clear()
        asyncio.run(self._visit(host))
        if host not in self.oracle.opted_in and self.origin.asked:
            raise Difference(f"{host} has not opted in and was asked")
        self.oracle.visited(host, self.clock.now())

    async def _visit(self, host: str) -> None:
        """What the crawler does in a host's turn."""
        context = self.app.context
        visits.schedule_now(context, hosts=[host])

        async def sink(seen):
            return observe(context, [seen])[0]

        tools = Tools(self.origin, sink, self.clock, lambda name: f"https://{name}")
        for turn in visits.claim_turns(context, "trial", 1, 60, frozenset({host})):
            opened = True
            if turn.server_due:
                opened = (await visit_server(tools, turn)).open
            while opened and (due := visits.more_accounts(context, turn, 50)):
                results = [(await visit_account(tools, one, turn)).result for one in due]
                visits.finish_visits(context, results)
            visits.release(context, turn, None)

    # Doors

    def check(self, *, index_follows: bool) -> None:
        """Every door against the oracle; the index may lag unless it was told to follow."""
        context = self.app.context
        now = self.clock.moment
        accounts, posts = self.oracle.shown(now)
        if index_follows:
            index_all(context)
            similarity.refresh_all(context)
            self._check_index(accounts, posts)
        self._check_search(accounts, posts, complete=index_follows)
        self._check_suggestions(accounts)
        self._check_windows(accounts, posts)
        self._check_trends(posts)
        for person in self.origin.people.values():
            handle = Handle.parse(person.handle)
            view = find_account(context, handle)
            self._same(f"account {handle}", {view.uri} if view else set(), {person.uri} & accounts)
            if view is not None:
                shown = {post.uri for post in recent_posts(context, view.id, 100)}
                theirs = {uri for uri in posts if uri.startswith(person.uri + "/")}
                self._same(f"posts of {handle}", shown, theirs)
            listed = explain_account(context, handle).list.allowed
            self._same(f"why {handle}", {listed}, {person.uri in accounts})

    def _check_search(self, accounts: set[str], posts: set[str], *, complete: bool) -> None:
        found_accounts, found_posts = set(), set()
        cursor = None
        while True:
            request = SearchRequest("", "all", limit=40, cursor=cursor)
            answer = search(self.app.context, request)
            found_accounts |= {one.uri for one in answer.accounts}
            found_posts |= {one.uri for one in answer.posts}
            cursor = answer.next
            if cursor is None:
                break
        if complete:
            self._same("search of people", found_accounts, accounts)
            self._same("search of posts", found_posts, posts)
            self._check_words(accounts, posts)
        self._same("people who leak in a search", found_accounts - accounts, set())
        self._same("posts that leak in a search", found_posts - posts, set())

    def _check_words(self, accounts: set[str], posts: set[str]) -> None:
        """One person by their own word, as somebody would look for them."""
        person = self._person()
        answer = search(self.app.context, SearchRequest(person.word, "accounts"))
        self._same("one person", {one.uri for one in answer.accounts}, {person.uri} & accounts)
        for post in person.posts[:1]:
            answer = search(self.app.context, SearchRequest(post.word, "posts"))
            uri = person.post_uri(post)
            self._same("one post", {one.uri for one in answer.posts}, {uri} & posts)

    def _check_trends(self, posts: set[str]) -> None:
        """Everybody's posts carry one hashtag: whoever counts in it may be shown, and counts once."""
        context = self.app.context
        asked = TrendRequest(timedelta(days=7))
        for tag in trends.trending_tags(context, asked):
            self._same("examples of a trend", set(tag.examples) - posts, set())
        window = trends._window(context, asked)
        with context.database.read() as connection:  # also below what it takes to trend
            heard = trend_heard.heard(context, connection, TAG, ["smalltalk"], window)
        people = sum(sum(one.people.values()) for one in heard.values())
        self.steps["counted"] += people > 0
        now = self.clock.moment.timestamp() // 3600
        counted = {
            uri.rpartition("/statuses/")[0]
            for one in self.oracle.known.values()
            for uri, post in one.posts.items()
            if uri in posts and post.published.timestamp() // 3600 >= now - 7 * 24
        }
        self._same("people in a trend", {people}, {len(counted)})

    def _check_suggestions(self, accounts: set[str]) -> None:
        """Everybody has one hashtag in common; who is suggested may be shown."""
        answer = suggest(self.app.context, SuggestionRequest(tags=("smalltalk",), limit=40))
        suggested = {one.account.uri for one in answer.suggestions}
        self.steps["suggested"] += bool(suggested)
        self._same("suggestions", suggested - accounts, set())

    def _check_windows(self, accounts: set[str], posts: set[str]) -> None:
        """What one person's page and documents show over HTTP."""
        person = self._person()
        handle = str(Handle.parse(person.handle))
        listed = {person.uri} & accounts
        theirs = {uri for uri in posts if uri.startswith(person.uri + "/")}
        windows = self.windows
        self._same(f"page of {handle}", {person.uri} if windows.page(handle) else set(), listed)
        self._same(f"API about {handle}", windows.account(handle), listed)
        found, number = windows.as_mastodon(handle)
        self._same(f"Mastodon's lookup of {handle}", found, listed)
        known = self.numbers.setdefault(person.uri, set())
        for gone in known - {number}:
            self._same("an id of before", windows.mastodon_account(gone), set())
        if number is not None:
            known.add(number)
            self._same(f"Mastodon's account {handle}", windows.mastodon_account(number), listed)
            self._same(f"Mastodon's posts of {handle}", windows.mastodon_posts(number), theirs)

    def _check_index(self, accounts: set[str], posts: set[str]) -> None:
        """The raw index, below every consent that a door asks."""
        engine = self.app.context.engine
        with self.app.context.database.read() as connection:
            people = {row.id: row.uri for row in connection.execute(sa.select(ACCOUNTS))}
            notes = {row.id: row.uri for row in connection.execute(sa.select(POSTS))}
        raw_people = {people.get(one, f"gone {one}") for one in engine.ids(Kind.ACCOUNTS)}
        raw_notes = {notes.get(one, f"gone {one}") for one in engine.ids(Kind.POSTS)}
        # What only time has hidden leaves the raw index with the hourly retention sweep.
        expired = self._expired()
        self._same("people in the raw index", raw_people - expired, accounts)
        self._same(
            "posts in the raw index",
            {uri for uri in raw_notes if uri.rpartition("/statuses/")[0] not in expired}
            - self._aged(),
            posts,
        )
        assert engine.search(EngineQuery(Kind.ACCOUNTS, limit=1)) is not None

    def _expired(self) -> set[str]:
        now = self.clock.moment
        return {uri for uri, one in self.oracle.known.items() if now - one.at > timedelta(days=7)}

    def _aged(self) -> set[str]:
        now = self.clock.moment
        return {
            name
            for one in self.oracle.known.values()
            for name, post in one.posts.items()
            if now - post.published > timedelta(days=180)
        }

    def _same(self, door: str, shown: set, allowed: set) -> None:
        if shown != allowed:
            raise Difference(
                f"{door}: leaked {sorted(map(str, shown - allowed))},"
                f" lost {sorted(map(str, allowed - shown))}"
            )


_WEIGHTS = [
    (("flag", "trait", "answer", "write", "edit", "server", "opt_in", "remove_server",
      "forget_server", "forget", "time", "retention", "restart", "visit")[i], weight)
    for i, weight in enumerate([8, 8, 6, 6, 6, 4, 5, 1, 0.5, 0.15, 4, 2, 0.7, 22])
]  # fmt: skip


def run_trial(
    home: Path, seed: int, steps: int, show=lambda _done, _all: None, **settings
) -> Trial:
    """Raises Difference with the seed and the step where it happened."""
    trial = Trial(home, seed, **settings)
    history: list[str] = []
    try:
        for number in range(steps):
            history.append(trial.step())
            try:
                trial.check(index_follows=trial.chance.random() < 0.5)
            except Difference as error:
                raise Difference(
                    f"seed {seed}, step {number} ({', '.join(history[-6:])}): {error}"
                ) from None
            show(number + 1, steps)
    finally:
        trial.close()
    return trial
