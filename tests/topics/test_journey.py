"""Topics of a crawled index: who is about what, in which words, and how it all goes again."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from discover.model.actor import Handle
from discover.services.consent.retention import enforce_retention
from discover.services.consent.withdraw import forget_person, withdraw_posts
from discover.services.facts import ACCOUNTS
from discover.services.index.indexing import index_all
from discover.services.topics.catalogue import (
    ACCOUNT_TAGS,
    ACCOUNT_TOPICS,
    TOPIC_DAYS,
    accounts_of_topic,
    topic_view,
    topic_views,
    topics_of,
)
from discover.services.topics.measure import BESIDE, measure

DERIVED = (ACCOUNT_TOPICS, ACCOUNT_TAGS, BESIDE, TOPIC_DAYS)


def rows_about(journey, account_id: int) -> int:
    with journey.app.context.database.read() as connection:
        return sum(
            connection.scalar(
                sa.select(sa.func.count()).select_from(rows).where(rows.c.account_id == account_id)
            )
            for rows in DERIVED
        )


def people_of(journey, topic: str) -> list[int]:
    with journey.app.context.database.read() as connection:
        return [one for one, _ in accounts_of_topic(connection, topic, 1000)]


# The pretend fediverse calls two of them otherwise.
SAME = {"boardgames": "board-games", "videogames": "video-games"}


def test_a_crawl_tells_what_people_are_about(journey):
    trip = journey(accounts=150)
    trip.opt_in_all()
    trip.crawl()
    world = trip.world
    truth = {
        world.account_uri(person): {SAME.get(topic, topic) for topic in person.topics}
        for host in world.hosts
        for person in world.people(host)
    }
    with trip.app.context.database.read() as connection:
        uris = dict(connection.execute(sa.select(ACCOUNTS.c.id, ACCOUNTS.c.uri)).all())
        found = topics_of(connection, uris)
    right = wrong = 0
    for account_id, uri in uris.items():
        mine = {one.topic for one in found.get(account_id, ())}
        right += len(truth[uri] & mine)
        wrong += len(truth[uri] - mine)
    assert right > 3 * wrong  # some say it in words that no list knows


def test_somebody_who_leaves_leaves_every_topic_in_the_same_moment(journey):
    trip = journey(accounts=80)
    trip.opt_in_all()
    trip.crawl()
    ctx = trip.app.context
    account_id = people_of(trip, "science")[0]
    with ctx.database.read() as connection:
        handle = connection.scalar(sa.select(ACCOUNTS.c.handle).where(ACCOUNTS.c.id == account_id))
    before = topic_view(ctx, "science").people
    assert rows_about(trip, account_id)
    forget_person(ctx, Handle.parse(handle))
    assert rows_about(trip, account_id) == 0
    assert topic_view(ctx, "science").people == before - 1
    index_all(ctx)
    assert rows_about(trip, account_id) == 0


def test_posts_that_are_withdrawn_tell_nothing_any_more(journey):
    trip = journey(accounts=80)
    trip.opt_in_all()
    trip.crawl()
    ctx = trip.app.context
    with ctx.database.read() as connection:
        found = topics_of(connection, people_of(trip, "science"))
    account_id = next(one for one, topics in found.items() if any(t.posts for t in topics))
    with ctx.database.write() as connection:
        withdraw_posts(connection, account_id, ctx.clock.now())
    assert rows_about(trip, account_id) == 0
    index_all(ctx)
    with ctx.database.read() as connection:
        again = topics_of(connection, [account_id])
    assert all(topic.posts == 0 for topics in again.values() for topic in topics)


def test_measuring_twice_changes_nothing(journey):
    trip = journey(accounts=60)
    trip.opt_in_all()
    trip.crawl()
    ctx = trip.app.context
    with ctx.database.read() as connection:
        everybody = connection.scalars(sa.select(ACCOUNTS.c.id)).all()
    assert everybody
    assert measure(ctx, everybody) == 0


def test_expired_evidence_takes_people_out_of_topics(journey):
    trip = journey(accounts=60)
    trip.opt_in_all()
    trip.crawl()
    ctx = trip.app.context
    assert topic_view(ctx, "science").people > 0
    trip.clock.ahead = timedelta(days=8)
    enforce_retention(ctx)
    index_all(ctx)
    assert sum(view.people for view in topic_views(ctx)) == 0
