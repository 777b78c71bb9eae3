"""Random histories, and after each step every door held against the oracle."""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.limits import Rate
from discover.bootstrap import App, open_app
from discover.model.actor import Handle
from discover.services.consent.retention import enforce_retention
from discover.services.consent.servers import add_server, remove_server
from discover.services.consent.withdraw import forget_person, forget_server
from discover.services.crawl import turns, visits
from discover.services.crawl.observe import observe
from discover.services.crawl.visiting.account import visit_account
from discover.services.crawl.visiting.server import visit_server
from discover.services.crawl.visiting.tools import Tools
from discover.services.tasks import run_next_task
from discover.settings import Settings
from tests.leak.doors import Difference, Doors
from tests.leak.oracle import Oracle
from tests.leak.origin import PUBLIC, Origin, OriginPost, OriginServer, Person
from tests.leak.senders import Senders
from tests.leak.windows import Windows

SERVERS = [
    ("alpha.example", "mastodon"), ("beta.example", "mastodon"), ("gamma.example", "mastodon"),
    ("delta.example", "misskey"),
]  # fmt: skip
OWN_URL = "https://waypost.example"
PEOPLE = ["ada", "bo", "cy", "di"]


class GivenClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment


class Trial:
    """One installation, one origin, one oracle, one source of chance."""

    def __init__(self, home: Path, seed: int, **settings: str) -> None:
        self.chance = random.Random(seed)
        self.clock = GivenClock()
        self.origin = Origin(self.clock)
        self.oracle = Oracle(self.origin)
        self.steps: Counter[str] = Counter()
        self._settings = Settings(_env_file=None, home=home, public_url=OWN_URL, **settings)
        self.senders = Senders(OWN_URL)
        self._words = 0
        self._written: Counter[str] = Counter()
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
        self.doors = Doors(self, app)
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
        self._written[person.uri] += 1  # no address comes again with another text
        number = self._written[person.uri]
        age = timedelta(days=self.chance.choice([0, 1, 20, 170, 179, 181, 400]))
        person.posts.append(OriginPost(number, self._word(), self.clock.now() - age))

    # Steps

    def step(self) -> str:
        name = self.chance.choices(*zip(*_WEIGHTS, strict=True))[0]
        self.clock.moment += timedelta(seconds=2)  # the inbox knows who is refused a second late
        getattr(self, f"do_{name}")()
        self.steps[name] += 1
        return str(name)

    def somebody(self) -> Person:
        return self.chance.choice(list(self.origin.people.values()))

    def _host(self) -> str:
        return self.chance.choice(SERVERS)[0]

    def do_flag(self) -> None:
        person = self.somebody()
        name = self.chance.choice(["discoverable", "indexable"])
        value = self.chance.choice([True, True, True, False, None, "true", 1])
        setattr(person, name, value)

    def do_trait(self) -> None:
        person = self.somebody()
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
        self.somebody().answer = self.chance.choice(answers)

    def do_write(self) -> None:
        self._write(self.somebody())

    def do_edit(self) -> None:
        person = self.somebody()
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
        person = self.somebody()
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
        """The whole server is visited."""
        host = self._host()
        visits.schedule_now(self.app.context, hosts=[host])
        self._turn(host, whole=True)

    def do_turn(self) -> None:
        """Whatever is due there is looked at."""
        self._turn(self._host(), whole=False)

    def _turn(self, host: str, *, whole: bool) -> None:
        self.origin.asked.clear()
        self.origin.answered.clear()
        self.oracle.drop_appointments(self.clock.moment)
        self.windows.loop.run_until_complete(self._crawl(host))
        if not self.oracle.someone_asked(host) and self.origin.asked:
            raise Difference(f"nobody at {host} has opted in and it was asked")
        self.oracle.looked(host, self.origin.answered, self.clock.now())
        if missed := self.oracle.missed(host, self.origin.answered, self.clock.moment, whole=whole):
            raise Difference(f"not looked at: {sorted(missed)}")

    async def _crawl(self, host: str) -> None:
        """What the crawler does in a host's turn."""
        context = self.app.context

        async def sink(seen):
            return observe(context, [seen])[0]

        tools = Tools(self.origin, sink, self.clock, lambda name: f"https://{name}")
        for turn in turns.claim_turns(context, "trial", 1, 60, frozenset({host})):
            opened = True
            if turn.server_due:
                opened = (await visit_server(tools, turn)).open
            while opened and (due := turns.more_accounts(context, turn, 50)):
                results = [(await visit_account(tools, one, turn)).result for one in due]
                visits.finish_visits(context, results)
            turns.release(context, turn, None)

    # What others send

    def do_push(self) -> None:
        """Signed by whoever did it, or handed on by somebody's server; true or not."""
        person = self.somebody()
        post = self.chance.choice(person.posts) if person.posts else None
        match self.chance.choice(["Create", "Update", "Update person", "Delete", "Announce"]):
            case "Update person":
                if self._send(person, "Update", {"type": "Person", "id": person.uri}):
                    self._expect(person)
            case "Delete":
                thing = person.uri if post is None else person.post_uri(post)
                if self._send(person, "Delete", {"type": "Tombstone", "id": thing}):
                    self.oracle.took_back(person.uri, thing if post is not None else None)
            case "Announce" if post is not None:
                self._send(self.somebody(), "Announce", person.post_uri(post), to=[PUBLIC])
            case kind if post is not None and kind != "Announce":
                if self._send(person, kind, self.origin.note(person, post)):
                    self._expect_post(person, post)

    def do_delete_person(self) -> None:
        person = self.somebody()
        if self._send(person, "Delete", person.uri):
            self.oracle.took_back(person.uri, None)

    def do_hand_on(self) -> None:
        """Somebody else's server says so: only a reason to look."""
        person, other = self.somebody(), self.somebody()
        kind = self.chance.choice(["Update", "Delete"])
        if other is not person:
            self._send(other, kind, {"type": "Person", "id": person.uri}, actor=person.uri)

    def do_block(self) -> None:
        person = self.somebody()
        us = self.app.context.actor_uri
        if person.uri not in self.oracle.blocked:
            if self._send(person, "Block", us):
                self.oracle.block(person.uri)
        elif self._send(person, "Undo", {"type": "Block", "actor": person.uri, "object": us}):
            self.oracle.unblock(person.uri)
            self._expect(person)

    def do_say(self) -> None:
        """A message to our actor: in, in profile or out."""
        person = self.somebody()
        act = self.chance.choice(["in", "in", "in profile", "out"])
        us = self.app.context.actor_uri
        self._words += 1
        note = {
            "type": "Note", "id": f"https://{person.host}/messages/{self._words}",
            "attributedTo": person.uri, "to": [us], "content": f"<p>{act}</p>",
            "tag": [{"type": "Mention", "href": us, "name": "@waypost"}],
            "published": self.clock.now().isoformat(),
        }  # fmt: skip
        if self._send(person, "Create", note, to=[us]):
            self.oracle.says(person, act)
            if act != "out":
                self._expect(person)

    def _send(self, sender: Person, kind: str, thing, **more) -> bool:
        """True when it was heard; the worker has worked it off then."""
        headers, body = self.senders.push(self.app, sender, kind, thing, **more)
        status = self.windows.inbox(headers, body)
        actor = more.get("actor", sender.uri)
        refused = any(f"//{host}/" in actor + sender.uri for host in self.oracle.refused_servers)
        # Who deletes themselves says so with their own key. Of who left for good no key is kept:
        # theirs is asked for at a server that may not answer.
        keyless = (kind == "Delete" and actor != sender.uri) or sender.uri in self.oracle.forgotten
        if status not in (202, *([403] if refused else []), *([401] if keyless else [])):
            raise Difference(f"a {kind} of {sender.uri} was answered {self.windows.said}")
        while run_next_task(self.app.context):
            self.steps["worked off"] += 1
        return status == 202

    def _expect(self, person: Person) -> None:
        if self.oracle.in_reach(person):
            self.oracle.expected.add(person.uri)

    def _expect_post(self, person: Person, post: OriginPost) -> None:
        shown = self.oracle.shows_posts_of(person.uri, self.clock.moment)
        if shown and self.oracle.in_reach(person):
            self.oracle.expected.add(person.post_uri(post))

    def do_announce(self) -> None:
        """A connected server (FASP) tells of anybody: only a reason to look."""
        person = self.somebody()
        event = self.chance.choice(["new", "update", "delete", "trending", "backfill"])
        category = "content" if event == "trending" else self.chance.choice(["account", "content"])
        if category == "content" and not person.posts:
            return
        post = self.chance.choice(person.posts) if category == "content" else None
        uris = [person.post_uri(post) if post else person.uri]
        uris += [self.somebody().uri] if category == "account" else []
        self.senders.connect(self.app)
        said = json.dumps(self.senders.announcement(category, event, uris)).encode()
        path = "/data_sharing/v0/announcements"
        self.windows.fasp(self.senders, self.clock.now(), "POST", path, said)
        if category == "account" and event in ("new", "update", "backfill"):
            self._expect(person)
        elif post is not None and event in ("new", "update", "backfill"):
            self._expect_post(person, post)


_WEIGHTS = [
    (("flag", "trait", "answer", "write", "edit", "server", "opt_in", "remove_server",
      "forget_server", "forget", "time", "retention", "restart", "visit", "turn", "push",
      "delete_person", "hand_on", "block", "announce", "say")[i], weight)
    for i, weight in enumerate(
        [8, 8, 6, 6, 6, 4, 5, 1, 0.5, 0.15, 4, 2, 0.3, 16, 10, 12, 0.5, 3, 1, 6, 2]
    )
]  # fmt: skip


def run_trial(
    home: Path, seed: int, steps: int, show=lambda _done, _all: None, every: int = 1, **settings
) -> Trial:
    """Every step looks into the index, the searches and the API; each `every`th at all doors.

    Raises Difference with the seed and the step where it happened.
    """
    trial = Trial(home, seed, **settings)
    history: list[str] = []
    try:
        for number in range(steps):
            try:
                history.append(trial.step())
                trial.doors.check(
                    index_follows=trial.chance.random() < 0.5, all_doors=number % every == 0
                )
            except Difference as error:
                raise Difference(
                    f"seed {seed}, step {number} ({', '.join(history[-6:])}): {error}"
                ) from None
            show(number + 1, steps)
    finally:
        trial.close()
    return trial


def one_world(given: tuple[int, int, int]) -> tuple[int, int, str]:
    """`given`: seed, steps, every. The seed, the steps done, and the difference or ""."""
    seed, steps, every = given
    with tempfile.TemporaryDirectory(prefix="waypost-leak-") as home:
        try:
            run_trial(Path(home), seed, steps, every=every)
        except Difference as difference:
            return seed, 0, str(difference)
    return seed, steps, ""
