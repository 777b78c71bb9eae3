"""What stands where a visit does not read: behind the first known post, and beside a 304."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from discover.model.actor import Handle
from discover.services.crawl.visits import schedule_now
from discover.store.tables import Account, Server
from tests.support.rude_site import answer
from tests.support.town import ACTIVITY, AS, HOST, housed


@pytest.fixture
def house(tmp_path):
    with housed(tmp_path / "home") as one:
        yield one


def visit(house, days):
    house.clock.ahead += timedelta(days=days)
    schedule_now(house.app.context, hosts=[HOST])
    house.work()


def lay_out(town, person, uris):
    """Pages of twenty."""
    outbox = f"{person.uri}/outbox"
    alive = [town.documents[uri] for uri in uris if isinstance(town.documents[uri], dict)]
    pages = [alive[start : start + 20] for start in range(0, len(alive), 20)]
    town.documents[outbox] = {
        "@context": AS, "id": outbox, "type": "OrderedCollection", "totalItems": len(alive),
        "first": f"{outbox}?page=0",
    }  # fmt: skip
    for number, items in enumerate(pages):
        page = f"{outbox}?page={number}"
        more = {"next": f"{outbox}?page={number + 1}"} if number + 1 < len(pages) else {}
        town.documents[page] = {
            "@context": AS, "id": page, "type": "OrderedCollectionPage", "partOf": outbox,
            "orderedItems": items, **more,
        }  # fmt: skip


def test_post_that_was_deleted_far_down_the_outbox_is_gone_after_some_visits(house):
    town, now = house.town, datetime.now(UTC)
    ann = town.person("ann")
    uris = [
        town.post(ann, f"zebra {n}", published=(now - timedelta(days=n + 1)).isoformat())
        for n in range(60)
    ]
    lay_out(town, ann, uris)
    house.opt_in()
    schedule_now(house.app.context, handles=[Handle("ann", HOST)])
    house.work()
    deleted, kept = uris[30], uris[31]
    assert {deleted, kept} <= set(house.found("zebra 30")) | set(house.found("zebra 31"))
    town.gone(deleted, 404)
    lay_out(town, ann, uris)
    for _ in range(20):
        visit(house, 3)
        if deleted not in house.found("zebra 30"):
            break
    assert deleted not in house.found("zebra 30")
    assert kept in house.found("zebra 31")


def test_pushed_post_that_was_narrowed_before_any_reading_met_it_is_gone_with_the_next(house):
    town, now = house.town, datetime.now(UTC)
    ann = town.person("ann")
    old = town.post(ann, "an old zebra", published=(now - timedelta(days=9)).isoformat())
    lay_out(town, ann, [old])
    house.opt_in()
    schedule_now(house.app.context, handles=[Handle("ann", HOST)])
    house.work()
    new = town.post(ann, "a new zebra")
    house.hear(ann, "Create", town.documents[new])
    assert set(house.found("zebra")) == {old, new}
    town.documents[new] = {**town.documents[new], "to": [f"{ann.uri}/followers"], "cc": []}
    visit(house, 1)  # its outbox still holds the old one alone
    assert house.found("zebra") == [old]


def test_what_a_profile_takes_away_goes_though_its_document_is_unchanged(house):
    town = house.town
    tags = f"https://{HOST}/users/ann/tags"
    ann = town.person("ann", featuredTags=tags)
    profile = town.documents[ann.uri]

    def featured(*names):
        items = [{"type": "Hashtag", "name": name, "href": tags} for name in names]
        return {"@context": AS, "id": tags, "type": "Collection", "items": items}

    async def unchanged(seen, writer):
        known = "if-none-match" in {name.lower() for name in seen.headers}
        body = b"" if known else json.dumps(profile).encode()
        headers = {"content-type": ACTIVITY, "etag": '"1"'}
        await answer(304 if known else 200, body, headers)(seen, writer)

    town.documents[ann.uri] = unchanged
    town.documents[tags] = featured("#queer", "#tea")
    house.opt_in()
    schedule_now(house.app.context, handles=[Handle("ann", HOST)])
    house.work()
    assert [row.featured_tags for row in house.rows(Account)] == [["queer", "tea"]]
    town.documents[tags] = featured("#tea")
    for _ in range(3):
        visit(house, 2)
    assert [row.featured_tags for row in house.rows(Account)] == [["tea"]]
    assert house.found("queer", "accounts") == []


def meet_ann(house, robots):
    ann = house.town.person("ann")
    house.opt_in()
    house.work()  # the server itself
    house.change(Server, robots=robots, due_at=house.clock.now() + timedelta(days=5))
    schedule_now(house.app.context, handles=[Handle("ann", HOST)])
    house.work()
    return ann


def test_who_was_met_while_robots_txt_forbade_us_is_found_once_it_allows(house):
    ann = meet_ann(house, "forbidden")
    assert house.found("ann", "accounts") == []
    house.change(Server, due_at=house.clock.now())
    house.work()
    assert house.found("ann", "accounts") == [ann.uri]


def test_server_whose_documents_can_be_read_again_is_looked_at_at_once(house):
    ann = meet_ann(house, "unreadable")  # as it was, and will be asked again in five days
    assert house.found("ann", "accounts") == [ann.uri]


def test_who_was_listed_is_shown_again_with_the_next_reading_after_a_bad_day(house):
    ann = meet_ann(house, "allowed")
    house.change(Server, robots="unreadable")
    assert house.found("ann", "accounts") == []
    house.clock.ahead += timedelta(days=4)  # the server itself is due tomorrow
    house.work()
    assert house.found("ann", "accounts") == [ann.uri]
