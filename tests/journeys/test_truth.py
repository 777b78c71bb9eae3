"""A crawl of the pretend fediverse ends with exactly those who may be found, and nobody else."""

from __future__ import annotations

from discover.model.query import Kind
from discover.services.console.status import status
from discover.services.index.verify import verify


def test_exactly_the_consenting_and_findable_are_listed_and_their_public_posts(journey):
    trip = journey(accounts=220, seed=3)
    trip.opt_in_all()
    trip.crawl()
    truth = trip.lab.truth()
    expected = {
        row["uri"] for row in truth["accounts"] if row["expect"]["listed"] and row["findable"]
    }
    assert len(expected) > 40
    assert trip.listed() - expected == set()
    assert expected - trip.listed() == set()

    posts = {
        row["uri"]
        for row in truth["posts"]
        if row["expect"]["indexed"] and row["account"] in expected
    }
    assert len(posts) > 100
    assert trip.posts() - posts == set()
    assert posts - trip.posts() == set()

    report = verify(trip.app.context)
    assert report.clean
    assert len(trip.raw(Kind.ACCOUNTS)) == len(expected)
    assert len(trip.raw(Kind.POSTS)) == len(posts)


def test_a_server_that_did_not_opt_in_is_never_asked_anything(journey):
    trip = journey(accounts=220, seed=3)
    trip.opt_in_all()
    trip.crawl()
    outside = {host.name for host in trip.world.hosts if not host.opted_in}
    assert outside
    asked = {entry["host"] for entry in trip.lab.log()}
    assert not asked & outside


def test_a_crawl_delay_is_remembered_for_whoever_visits_next(journey):
    import sqlalchemy as sa

    from discover.services.crawl.turns import LEASES

    trip = journey(accounts=30, seed=2, hosts=3)
    trip.opt_in_all()
    host = trip.world.hosts[0].name
    rules = "User-agent: *\nCrawl-delay: 0.05\n"
    trip.lab.rude("body", host=host, path="/robots.txt", text=rules, type="text/plain")
    trip.crawl()
    with trip.app.context.database.read() as connection:
        delay = connection.scalar(sa.select(LEASES.c.crawl_delay).where(LEASES.c.host == host))
    assert delay == 0.05


def test_a_server_that_was_never_visited_counts_as_due(journey):
    trip = journey(accounts=30, seed=3)
    trip.opt_in_all()
    assert status(trip.app.context).visits_due > 0
    trip.crawl()
    assert status(trip.app.context).visits_due == 0
