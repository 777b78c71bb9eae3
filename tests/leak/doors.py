"""Every door held against the oracle."""

from __future__ import annotations

import json
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import sqlalchemy as sa

from discover.bootstrap import App
from discover.model.actor import Handle
from discover.model.query import EngineQuery, Kind
from discover.model.suggestions import SuggestionRequest
from discover.model.trends import TrendRequest
from discover.model.views import SearchRequest
from discover.services.consent.why import explain_account
from discover.services.consent.withdraw import POSTS
from discover.services.consent.your_data import your_data
from discover.services.facts import ACCOUNTS
from discover.services.find.accounts import find_account, recent_posts
from discover.services.find.search import search
from discover.services.index.indexing import index_all
from discover.services.suggest import similarity
from discover.services.suggest.suggesting import suggest
from discover.services.trends import heard as trend_heard
from discover.services.trends import trending as trends
from discover.services.trends.uses import TAG
from tests.leak.oracle import RETENTION
from tests.leak.origin import Person

if TYPE_CHECKING:
    from tests.leak.trial import Trial

# Doors that show many at once. Nobody may stand in them who may not be shown.
_CROWDED = (
    "/", "/discover", "/topics/astronomy", "/topics/astronomy/feed.atom", "/packs",
    "/packs/topic-astronomy", "/packs/topic-astronomy/collection",
    "/packs/topic-astronomy/following.csv", "/packs/topic-astronomy/feed.rss",
    "/embed?topic=astronomy", "/embeds?topic=astronomy", "/follow", "/follow.csv", "/actor", "/outbox", "/featured",
    "/followers", "/following", "/actor/topics/astronomy/outbox", "/trends", "/search?q=astronomy",
    "/servers", "/transparency", "/api/v1/topics/astronomy", "/api/v1/topics/astronomy/accounts",
    "/api/v1/directory", "/api/v1/suggestions", "/api/v2/suggestions", "/api/v1/transparency",
    "/api/v1/search?q=smalltalk&limit=40", "/api/v2/search?q=smalltalk&limit=40",
    "/api/v1/accounts/search?q=a", "/api/v1/autocomplete?q=a", "/opensearch/suggestions?q=a",
    "/api/v1/trending/posts", "/api/v1/trending/hashtags", "/api/v1/trending/links",
    "/api/v1/trends/tags", "/api/v1/trends/statuses", "/api/v1/instance/peers",
)  # fmt: skip


OEMBED_FRAME = "the frame of oEmbed"
MANY_DOORS = 0.25  # of all steps look in over HTTP, too, and for single words


class Difference(AssertionError):
    """A door shows something else than the oracle allows."""


class Doors:
    """Of one opened application."""

    def __init__(self, trial: Trial, app: App) -> None:
        self._trial = trial
        self._context = app.context
        self._oracle = trial.oracle

    def check(self, *, index_follows: bool, all_doors: bool) -> None:
        """The index may lag unless it is told to follow."""
        accounts, posts = self._oracle.shown(self._trial.clock.moment)
        if index_follows:
            index_all(self._context)
            self._check_index(accounts, posts)
        self._check_search(accounts, posts, complete=index_follows)
        person = self._trial.somebody()
        self._check_person(person, accounts, posts)
        if self._trial.chance.random() < MANY_DOORS:
            self._check_api(person, accounts, posts)
            if index_follows:
                self._check_words(accounts, posts)
        if not all_doors:
            return
        if index_follows:
            similarity.refresh_all(self._context)
        self._check_suggestions(accounts)
        self._check_trends(posts)
        self._check_crowds(accounts, posts)
        self._check_fasp(accounts, posts, complete=index_follows)
        for person in self._trial.origin.people.values():
            self._check_person(person, accounts, posts)
            self._check_consent(person, accounts)

    def _check_person(self, person: Person, accounts: set[str], posts: set[str]) -> None:
        handle = Handle.parse(person.handle)
        view = find_account(self._context, handle)
        self._same(f"account {handle}", {view.uri} if view else set(), {person.uri} & accounts)
        if view is not None:
            shown = {post.uri for post in recent_posts(self._context, view.id, 100)}
            theirs = {uri for uri in posts if uri.startswith(person.uri + "/")}
            self._same(f"posts of {handle}", shown, theirs)

    def _check_consent(self, person: Person, accounts: set[str]) -> None:
        """What they are told themselves: why they are here, and what is held about them."""
        handle = Handle.parse(person.handle)
        listed = explain_account(self._context, handle).list.allowed
        self._same(f"why {handle}", {listed}, {person.uri in accounts})
        held = your_data(self._context, handle, person.uri)["held"]
        self._same(f"others in the data of {handle}", self._others(held, person), set())
        if person.uri in self._oracle.forgotten:
            kept = {"accounts", "posts", "verdicts", "verdict_history", "visits"} & set(held)
            self._same(f"what is kept of {handle}", kept, set())

    def _others(self, held: dict, person: Person) -> set[str]:
        text = json.dumps({name: held.get(name) for name in ("accounts", "posts")}, default=str)
        return {
            one.uri
            for one in self._trial.origin.people.values()
            if one is not person and (one.word in text or one.uri in text)
        }

    def _check_crowds(self, accounts: set[str], posts: set[str]) -> None:
        """Whatever names somebody, anywhere in what these doors show."""
        listed = [one.handle for one in self._trial.origin.people.values() if one.uri in accounts][
            :1
        ]
        similar = [f"/api/v1/accounts/{handle}/similar" for handle in listed]
        for path in (*_CROWDED, *similar):
            self._check_text(path, self._trial.windows.text(path), accounts, posts)
        self._check_oembed(accounts, posts)

    def _check_oembed(self, accounts: set[str], posts: set[str]) -> None:
        """What other people's pages are told to show of a topic, and the frame that it leads to."""
        own, windows = self._context.own_url, self._trial.windows
        text = windows.text("/oembed?" + urlencode({"url": f"{own}/topics/astronomy"}))
        self._check_text("oEmbed", text, accounts, posts)
        frame = unescape(json.loads(text)["html"].partition('src="')[2].partition('"')[0])
        shown = windows.text(frame.removeprefix(own))
        self._check_text(OEMBED_FRAME, shown, accounts, posts)

    def _check_text(self, path: str, text: str, accounts: set[str], posts: set[str]) -> None:
        leaked, shown = set(), 0
        for person in self._trial.origin.people.values():
            if person.word in text or person.handle in text or person.uri + '"' in text:
                shown += 1
                leaked |= {person.uri} - accounts
            for post in person.posts:
                if post.word in text or person.post_uri(post) + '"' in text:
                    leaked |= {person.post_uri(post)} - posts
        self._trial.steps[path] += shown > 0
        self._same(path, leaked, set())

    def _check_fasp(self, accounts: set[str], posts: set[str], *, complete: bool) -> None:
        """What a connected server is answered, signed."""
        senders, now, person = self._trial.senders, self._trial.clock.now(), self._trial.somebody()
        senders.connect(self._trial.app)

        def ask(path: str, **query: str):
            return self._trial.windows.fasp(senders, now, "GET", path, **query).json()

        found = set(ask("/account_search/v0/search", term=person.word))
        if complete:
            self._same("FASP account search", found, {person.uri} & accounts)
        found |= set(ask("/account_search/v0/search", term="astronomy", limit="40"))
        self._same("FASP account search", found - accounts, set())
        # Only of listed people and strangers: others' profiles would be read over the network.
        asker = min(accounts, default="https://stranger.example/users/nobody")
        for uri in {asker, "https://stranger.example/users/nobody"}:
            followed = set(ask("/follow_recommendation/v0/accounts", accountUri=uri))
            self._trial.steps["FASP recommended"] += bool(followed)
            self._same("FASP recommendations", followed - accounts, set())
        for kind in ("content", "hashtags", "links"):
            for hours in ("24", "168"):
                told = ask(f"/trends/v0/{kind}", withinLastHours=hours)[kind]
                uris = {uri for one in told for uri in one.get("examples", [one.get("uri")])}
                self._same(f"FASP trends of {kind}", uris - posts, set())

    def _check_search(self, accounts: set[str], posts: set[str], *, complete: bool) -> None:
        found_accounts, found_posts = set(), set()
        cursor = None
        while True:
            request = SearchRequest("", "all", limit=40, cursor=cursor)
            answer = search(self._context, request)
            found_accounts |= {one.uri for one in answer.accounts}
            found_posts |= {one.uri for one in answer.posts}
            cursor = answer.next
            if cursor is None:
                break
        if complete:
            self._same("search of people", found_accounts, accounts)
            self._same("search of posts", found_posts, posts)
        self._same("people who leak in a search", found_accounts - accounts, set())
        self._same("posts that leak in a search", found_posts - posts, set())

    def _check_words(self, accounts: set[str], posts: set[str]) -> None:
        """One person by their own word, as somebody would look for them."""
        person = self._trial.somebody()
        answer = search(self._context, SearchRequest(person.word, "accounts"))
        self._same("one person", {one.uri for one in answer.accounts}, {person.uri} & accounts)
        for post in person.posts[:1]:
            answer = search(self._context, SearchRequest(post.word, "posts"))
            uri = person.post_uri(post)
            self._same("one post", {one.uri for one in answer.posts}, {uri} & posts)

    def _check_trends(self, posts: set[str]) -> None:
        """Everybody's posts carry one hashtag: whoever counts in it may be shown, and counts once."""
        context = self._context
        asked = TrendRequest(timedelta(days=7))
        for tag in trends.trending_tags(context, asked):
            self._same("examples of a trend", set(tag.examples) - posts, set())
        window = trends._window(context, asked)
        with context.database.read() as connection:  # also below what it takes to trend
            heard = trend_heard.heard(context, connection, TAG, ["smalltalk"], window)
        people = sum(sum(one.people.values()) for one in heard.values())
        self._trial.steps["counted"] += people > 0
        now = self._trial.clock.moment.timestamp() // 3600
        counted = {
            uri.rpartition("/statuses/")[0]
            for one in self._oracle.known.values()
            for uri, post in one.posts.items()
            if uri in posts and post.published.timestamp() // 3600 >= now - 7 * 24
        }
        self._same("people in a trend", {people}, {len(counted)})

    def _check_suggestions(self, accounts: set[str]) -> None:
        """Everybody has one hashtag in common; who is suggested may be shown."""
        answer = suggest(self._context, SuggestionRequest(tags=("smalltalk",), limit=40))
        suggested = {one.account.uri for one in answer.suggestions}
        self._trial.steps["suggested"] += bool(suggested)
        self._same("suggestions", suggested - accounts, set())

    def _check_api(self, person: Person, accounts: set[str], posts: set[str]) -> None:
        """What one person's page and documents show over HTTP."""
        handle = str(Handle.parse(person.handle))
        listed = {person.uri} & accounts
        theirs = {uri for uri in posts if uri.startswith(person.uri + "/")}
        windows = self._trial.windows
        self._same(f"page of {handle}", {person.uri} if windows.page(handle) else set(), listed)
        self._same(f"API about {handle}", windows.account(handle), listed)
        found, number = windows.as_mastodon(handle)
        self._same(f"Mastodon's lookup of {handle}", found, listed)
        known = self._trial.numbers.setdefault(person.uri, set())
        for gone in known - {number}:
            self._same("an id of before", windows.mastodon_account(gone), set())
        if number is not None:
            known.add(number)
            self._same(f"Mastodon's account {handle}", windows.mastodon_account(number), listed)
            self._same(f"Mastodon's posts of {handle}", windows.mastodon_posts(number), theirs)

    def _check_index(self, accounts: set[str], posts: set[str]) -> None:
        """The raw index, below every consent that a door asks."""
        engine = self._context.engine
        with self._context.database.read() as connection:
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
        now = self._trial.clock.moment
        return {uri for uri, one in self._oracle.known.items() if now - one.at > timedelta(days=7)}

    def _aged(self) -> set[str]:
        now = self._trial.clock.moment
        return {
            name
            for one in self._oracle.known.values()
            for name, post in (one.aged | one.posts).items()
            if now - post.published > RETENTION
        }

    def _same(self, door: str, shown: set, allowed: set) -> None:
        if shown != allowed:
            raise Difference(
                f"{door}: leaked {sorted(map(str, shown - allowed))},"
                f" lost {sorted(map(str, allowed - shown))}"
            )
