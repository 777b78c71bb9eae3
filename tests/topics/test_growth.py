"""A hashtag that no list knows is learnt from the people who use it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from discover.model.actor import ConsentSignals, Flag
from discover.model.instance import NodeInfo, RobotsState
from discover.model.observed import ServerSeen
from discover.services.consent.servers import add_server
from discover.services.crawl.observe import observe
from discover.services.index.indexing import index_all
from discover.services.index.outbox import OUTBOX
from discover.services.topics.catalogue import topic_view, topics_of
from discover.services.topics.growth import grow
from tests.support.site import actor, post, posts

NEW = "eclipse2031chasers"
HOSTS = ("one.example", "two.example", "three.example")
NO = ConsentSignals(discoverable=Flag.FALSE, indexable=Flag.FALSE)


@pytest.fixture
def trip(journey):
    made = journey(accounts=10)
    for host in HOSTS:
        add_server(made.app.context, host, "their admin agreed, in this test")
        seen = ServerSeen(
            host, RobotsState.ALLOWED, None, NodeInfo("mastodon"), seen_at=datetime.now(UTC)
        )
        observe(made.app.context, [seen])  # fmt: skip
    return made


def person(trip, user: str, host: str, *tags: str, signals: ConsentSignals | None = None) -> None:
    more = {} if signals is None else {"signals": signals}
    who = actor(user, host=host, summary="Hello", summary_html="", hashtags=(), **more)
    told = post(who, 1, "…", hashtags=tags, url=None)
    observe(trip.app.context, [who, posts(who, told)])


def settle(trip) -> None:
    index_all(trip.app.context)
    grow(trip.app.context)
    index_all(trip.app.context)


def topics(trip, handle: str) -> set[str]:
    number = trip.id_of(handle)
    with trip.app.context.database.read() as connection:
        found = topics_of(connection, [number])
    return {one.topic for one in found.get(number, ())}


def test_tag_that_many_use_beside_a_topic_leads_to_it(trip):
    for number in range(6):
        person(trip, f"sky{number}", HOSTS[number % 3], "astrodon", NEW)
    person(trip, "newcomer", HOSTS[0], NEW)
    settle(trip)
    assert "astronomy" in topics(trip, f"newcomer@{HOSTS[0]}")
    assert (NEW, 7) in topic_view(trip.app.context, "astronomy").tags
    found = {one.handle for one in trip.search("astronomy", "accounts").accounts}
    assert f"newcomer@{HOSTS[0]}" in found


def test_one_server_teaches_nothing(trip):
    for number in range(6):
        person(trip, f"sky{number}", HOSTS[0], "astrodon", NEW)
    person(trip, "newcomer", HOSTS[1], NEW)
    settle(trip)
    assert topics(trip, f"newcomer@{HOSTS[1]}") == set()


def test_what_was_learnt_goes_with_the_people_who_taught_it(trip):
    for number in range(6):
        person(trip, f"sky{number}", HOSTS[number % 3], "astrodon", NEW)
    person(trip, "newcomer", HOSTS[0], NEW)
    settle(trip)
    for number in range(3):
        person(trip, f"sky{number}", HOSTS[number % 3], signals=NO)
    settle(trip)
    assert topics(trip, f"newcomer@{HOSTS[0]}") == set()
    assert NEW not in dict(topic_view(trip.app.context, "astronomy").tags)


def test_growing_again_changes_nothing(trip):
    for number in range(6):
        person(trip, f"sky{number}", HOSTS[number % 3], "astrodon", NEW)
    settle(trip)
    assert grow(trip.app.context) == 0
    with trip.app.context.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(OUTBOX)) == 0


def test_after_a_change_of_the_list_everybody_is_measured_again(trip, monkeypatch):
    person(trip, "sky", HOSTS[0], "astrodon")
    settle(trip)
    monkeypatch.setattr("discover.services.topics.growth.catalogue_digest", lambda: "another")
    grow(trip.app.context)
    with trip.app.context.database.read() as connection:
        waiting = set(connection.scalars(sa.select(OUTBOX.c.ref)))
    assert trip.id_of(f"sky@{HOSTS[0]}") in waiting
