"""People written straight into a Waypost of either edition, as visits would report them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from discover.bootstrap import App, open_app
from discover.model.actor import (
    Actor,
    ActorExtras,
    ActorType,
    ConsentSignals,
    Counts,
    Flag,
    Handle,
)
from discover.model.instance import NodeInfo, RobotsState
from discover.model.observed import ActorSeen, Door, ExtrasSeen, PostsSeen, ServerSeen
from discover.model.post import Audience, Post
from discover.model.suggestions import SuggestionAnswer, SuggestionRequest
from discover.services.consent.servers import add_server
from discover.services.crawl.observe import observe
from discover.services.facts import ACCOUNTS, POSTS
from discover.services.index.indexing import index_all
from discover.services.suggest.similarity import refresh_all
from discover.services.suggest.suggesting import suggest
from discover.settings import Settings
from discover.store.database import table
from discover.store.tables import Interaction
from discover.wire.hashtags import fold, in_text
from tests.support.journey import ShiftedClock

HOST = "a.example"
DAY = timedelta(days=1)


@dataclass
class Crowd:
    app: App
    clock: ShiftedClock

    def opt_in(self, *hosts: str) -> None:
        info = NodeInfo(software="mastodon", version="4.5.2")
        for host in hosts:
            add_server(self.app.context, host, "its admin agreed, in this test")
            seen = ServerSeen(host, RobotsState.ALLOWED, None, info, seen_at=self.clock.now())
            observe(self.app.context, [seen])

    def person(
        self,
        name: str,
        posts: Sequence[str] = ("good morning",),
        *,
        host: str = HOST,
        bio: str | None = None,
        language: str = "en",
        warning: str = "",
        age: timedelta = DAY,
        bot: bool = False,
        followers: int | None = 500,
        created: timedelta = 1000 * DAY,
        **signals: Any,
    ) -> str:
        """Somebody who says yes; the URI. Hashtags are read from the bio and the posts."""
        uri = f"https://{host}/users/{name}"
        said = {"discoverable": Flag.TRUE, "indexable": Flag.TRUE, **signals}
        now = self.clock.now()
        bio = f"I am {name}" if bio is None else bio
        actor = Actor(
            uri=uri,
            type=ActorType.SERVICE if bot else ActorType.PERSON,
            username=name,
            signals=ConsentSignals(**said),
            name=name.title(),
            summary=bio,
            summary_html=f"<p>{bio}</p>",
            url=f"https://{host}/@{name}",
            hashtags=tuple(fold(tag) for tag in in_text(bio)),
            language=language,
            published=now - created,
        )
        seen = ActorSeen(actor, Handle(name, host), uri, now, Door.DIRECTORY)
        counts = ExtrasSeen(uri, ActorExtras(Counts(followers=followers)))
        written = tuple(
            Post(
                uri=f"{uri}/statuses/{number}",
                type="Note",
                author=uri,
                audience=Audience.PUBLIC,
                published=now - age - timedelta(minutes=number),
                text=text,
                html=f"<p>{text}</p>",
                content_warning=warning,
                language=language,
                hashtags=in_text(text),
            )
            for number, text in enumerate(posts)
        )
        source = f"{uri}/outbox"
        observe(self.app.context, [seen, counts, PostsSeen(uri, written, source, now)])
        return uri

    def settle(self) -> None:
        """What the worker does: the index, then what is derived from it."""
        index_all(self.app.context)
        refresh_all(self.app.context)

    def boost(self, fan: str, author: str) -> None:
        with self.app.context.database.write() as connection:
            by = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == fan)
            post = (
                sa.select(POSTS.c.id)
                .join(ACCOUNTS, ACCOUNTS.c.id == POSTS.c.account_id)
                .where(ACCOUNTS.c.uri == author)
                .limit(1)
            )
            row = {
                "activity": f"{fan} boosts {author}",
                "kind": "announce",
                "account_id": connection.scalar(by),
                "post_id": connection.scalar(post),
                "at": datetime.now(UTC),
            }
            connection.execute(sa.insert(table(Interaction)), row)

    def mention(self, author: str, *others: str, number: int = 100, **more: Any) -> str:
        """A post in which this person speaks to others, as their next visit would report it."""
        now = self.clock.now()
        uri = f"{author}/statuses/{number}"
        said: dict[str, Any] = {
            "audience": Audience.PUBLIC,
            "published": now - timedelta(hours=1),
            "text": "what do you think?",
            "mentions": others,
            **more,
        }
        post = Post(uri=uri, type="Note", author=author, **said)
        observe(self.app.context, [PostsSeen(author, (post,), f"{author}/outbox", now)])
        return uri

    def suggest(self, **asked: Any) -> SuggestionAnswer:
        return suggest(self.app.context, SuggestionRequest(**asked))

    def suggested(self, **asked: Any) -> list[str]:
        """User names."""
        found = self.suggest(**asked).suggestions
        return [one.account.handle.partition("@")[0] for one in found]

    def why(self, name: str, **asked: Any) -> dict[str, dict[str, str]]:
        """Kinds of reasons and their values."""
        for one in self.suggest(**asked).suggestions:
            if one.account.handle.startswith(f"{name}@"):
                return {reason.kind: dict(reason.values) for reason in one.reasons}
        raise AssertionError(f"{name} is not suggested")


@contextmanager
def gathered(home: Path, **settings: Any) -> Iterator[Crowd]:
    clock = ShiftedClock()
    app = open_app(Settings(_env_file=None, home=home, **settings), clock=clock)
    try:
        app.context.engine.prepare()
        crowd = Crowd(app, clock)
        crowd.opt_in(HOST)
        yield crowd
    finally:
        app.close()


@pytest.fixture(params=["embedded", "server"])
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crowd]:
    options: dict[str, Any] = {}
    if request.param == "server":
        meilisearch = request.getfixturevalue("meilisearch_server")
        options = {
            "database_url": request.getfixturevalue("postgres_url"),
            "search_url": meilisearch.url,
            "search_key": meilisearch.key,
            "search_prefix": f"t{abs(hash(str(tmp_path)))}",
        }
    with gathered(tmp_path / "home", **options) as made:
        yield made
