"""People of several servers who write, answer and like, as visits would report them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from httpx import Client

from discover.model.observed import PostMissing, PostsSeen
from discover.model.post import Audience, Post
from discover.model.trends import TrendingTag, TrendRequest
from discover.services.crawl.observe import observe
from discover.services.facts import ACCOUNTS, POSTS
from discover.services.trends.trending import trending_links, trending_posts, trending_tags
from discover.store.database import table
from discover.store.tables import Interaction
from discover.wire.hashtags import in_text
from discover.wire.text import read_html
from tests.support.crowd import HOST, Crowd
from tests.support.site import serving

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class Square:
    """A market square: who says what, and what it comes to."""

    crowd: Crowd
    hosts: set[str] = field(default_factory=lambda: {HOST})
    numbers: dict[str, int] = field(default_factory=dict)

    def person(self, name: str, host: str = HOST, **more: Any) -> str:
        if host not in self.hosts:
            self.hosts.add(host)
            self.crowd.opt_in(host)
        return self.crowd.person(name, (), host=host, **more)

    def people(self, number: int, host: str = HOST, *, name: str = "p") -> list[str]:
        return [self.person(f"{name}{i}", host) for i in range(number)]

    def crowd_of(self, number: int, servers: int) -> list[str]:
        """So many people, evenly on so many servers."""
        return [self.person(f"c{i}", f"s{i % servers}.example") for i in range(number)]

    def says(
        self, who: str, text: str, *, ago: timedelta = HOUR, uri: str | None = None, **more: Any
    ) -> str:
        """A public post; what `more` says otherwise. `uri`: an edit of that one."""
        number = self.numbers[who] = self.numbers.get(who, 100) + 1
        uri = uri or f"{who}/statuses/{number}"
        now = self.crowd.clock.now()
        written = {
            "audience": Audience.PUBLIC,
            "published": now - ago,
            "text": text,
            "html": f"<p>{text}</p>",
            "language": "en",
            "hashtags": in_text(text),
            "links": read_html(text).links,
            **more,
        }
        post = Post(uri=uri, type="Note", author=who, **written)
        observe(self.crowd.app.context, [PostsSeen(who, (post,), f"{who}/outbox", now)])
        return uri

    def all_say(self, people: list[str], text: str, **more: Any) -> None:
        for who in people:
            self.says(who, text, **more)

    def deletes(self, uri: str) -> None:
        observe(self.crowd.app.context, [PostMissing(uri, self.crowd.clock.now())])

    def likes(self, who: str, uri: str, *, ago: timedelta = HOUR) -> None:
        with self.crowd.app.context.database.write() as connection:
            row = {
                "activity": f"{who} likes {uri}",
                "kind": "like",
                "account_id": connection.scalar(
                    sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == who)
                ),
                "post_id": connection.scalar(sa.select(POSTS.c.id).where(POSTS.c.uri == uri)),
                "at": self.crowd.clock.now() - ago,
            }
            connection.execute(sa.insert(table(Interaction)), row)

    def tags(self, **asked: Any) -> list[str]:
        return [one.folded for one in self.asked(trending_tags, **asked)]

    def tag(self, folded: str, **asked: Any) -> TrendingTag:
        found = self.asked(trending_tags, **asked)
        return next(one for one in found if one.folded == folded)

    def links(self, **asked: Any) -> list[str]:
        return [one.url for one in self.asked(trending_links, **asked)]

    def titles(self, **asked: Any) -> list[str]:
        return [one.title for one in self.asked(trending_links, **asked)]

    def posts(self, **asked: Any) -> list[str]:
        return [one.post.uri for one in self.asked(trending_posts, **asked)]

    def asked(self, service: Any, **asked: Any) -> Any:
        return service(self.crowd.app.context, TrendRequest(**asked))

    @contextmanager
    def door(self) -> Iterator[Client]:
        """The API, over real HTTP."""
        with serving(self.crowd.app) as site:
            yield site.client


@pytest.fixture
def square(crowd: Crowd) -> Square:
    return Square(crowd)
