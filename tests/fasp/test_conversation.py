"""Whole conversations with an emulated server: who may be seen because of what it says."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from discover.model.actor import Handle
from discover.model.observed import Door
from discover.services.consent.blocklists import block_host, unblock_host
from discover.services.consent.withdraw import forget_person
from discover.services.federation import pushes
from discover.store.database import upsert
from discover.store.tables import PersonRow, Server, Visit
from tests.fasp.conftest import Scene
from tests.support.town import asked_for_themselves


def test_registering_alone_opts_nobody_in(scene: Scene):
    ada = scene.town.person("ada")
    scene.server.accounts = [ada.uri]
    scene.register()
    scene.upkeep()
    scene.house.work()

    assert scene.server.calls == []
    assert scene.partner().confirmed_at is None
    assert scene.found("ada", "accounts") == []


def test_a_confirmed_server_without_data_sharing_is_not_opted_in(scene: Scene):
    ada = scene.town.person("ada")
    scene.connect("account_search", "trends", "follow_recommendation")
    scene.server.announce({"subscription": {"id": "1"}}, "account", [ada.uri], eventType="new")
    scene.upkeep()
    scene.house.work()

    assert scene.server.calls == []
    assert scene.found("ada", "accounts") == []


def test_data_sharing_brings_the_servers_own_consenting_people(scene: Scene):
    ada, bob = scene.town.person("ada"), scene.town.person("bob", discoverable=False)
    post = scene.town.post(ada, "A lighthouse in the fog")
    quiet = scene.town.post(ada, "An unlisted lighthouse", to=[], cc=["as:Public"])
    scene.server.accounts, scene.server.posts = [ada.uri, bob.uri], [post, quiet]
    scene.share()
    scene.server.fulfil()
    scene.upkeep()
    scene.house.work()

    assert scene.found("ada", "accounts") == [ada.uri]
    assert scene.found("lighthouse") == [post]
    assert scene.requests() == [
        ("account", "lifecycle", "open"),
        ("content", "lifecycle", "open"),
        ("content", "trends", "open"),
    ]
    assert scene.requests("backfill") == [("account", "", "done"), ("content", "", "done")]
    assert scene.server.refused == []


def test_switching_data_sharing_off_removes_the_servers_people_at_once(scene: Scene):
    ada = scene.town.person("ada")
    post = scene.town.post(ada, "A lighthouse in the fog")
    scene.server.accounts, scene.server.posts = [ada.uri], [post]
    scene.share()
    scene.server.fulfil()
    scene.house.work()
    scene.house.work()  # the person is known now, and so the post may be read
    assert scene.found("lighthouse") == [post]

    assert scene.server.disable("data_sharing").status == 204
    assert scene.found("lighthouse") == []
    assert scene.found("ada", "accounts") == []
    scene.server.event("account", "update", ada.uri)
    before = len(scene.server.calls)
    scene.upkeep()
    scene.house.work()
    assert scene.found("ada", "accounts") == []
    assert len(scene.server.calls) == before, "of a capability that is off nothing may be called"


def test_people_of_other_servers_need_their_own_yes(scene: Scene):
    stranger = scene.town.person("cleo", "b.lab.test")
    deliberate = scene.town.person("dora", "c.lab.test")
    post = scene.town.post(stranger, "Cleo sees a lighthouse")
    asked_for_themselves(scene.house, deliberate.uri)
    scene.share()
    scene.server.event("account", "new", stranger.uri, deliberate.uri)
    scene.server.event("content", "new", post)
    scene.server.event("content", "trending", post)
    scene.house.work()

    assert scene.found("cleo", "accounts") == []
    assert scene.found("lighthouse") == []
    assert scene.town.asked("b.lab.test") == [], "nobody there asked for us"
    assert scene.town.asked("c.lab.test/users/dora"), "dora did"


def test_people_of_another_server_that_opted_in_are_read_when_announced(scene: Scene):
    scene.house.opt_in("b.lab.test")
    cleo = scene.town.person("cleo", "b.lab.test")
    scene.share()
    scene.server.event("account", "new", cleo.uri)
    scene.house.work()
    post = scene.town.post(cleo, "Cleo sees a lighthouse")
    scene.server.event("content", "new", post)
    scene.house.work()

    assert scene.found("lighthouse") == [post]


@pytest.mark.parametrize("how", ["flag", "suspended", 403, 404, 410])
def test_an_account_update_is_read_at_its_origin(scene: Scene, how):
    ada = scene.town.person("ada")
    scene.share()
    scene.server.event("account", "new", ada.uri)
    scene.house.work()
    assert scene.found("ada", "accounts") == [ada.uri]

    said = {"discoverable": how != "flag", "indexable": True, "suspended": how == "suspended"}
    scene.town.documents[ada.uri] = how if isinstance(how, int) else ada.document(**said)
    scene.server.event("account", "update", ada.uri)
    scene.house.work()

    kept = [ada.uri] if how == 403 else []  # refused is neither yes nor no
    assert scene.found("ada", "accounts") == kept


def test_a_delete_is_never_trusted(scene: Scene):
    ada = scene.town.person("ada")
    scene.share()
    scene.server.event("account", "new", ada.uri)
    scene.house.work()
    post = scene.town.post(ada, "A lighthouse in the fog")
    scene.server.event("content", "new", post)
    scene.house.work()
    assert scene.found("lighthouse") == [post]

    scene.server.event("content", "delete", post)
    scene.server.event("account", "delete", ada.uri)
    scene.house.work()
    assert scene.found("lighthouse") == [post], "it is still there at its origin"

    scene.town.gone(post)
    scene.server.event("content", "delete", post)
    scene.house.work()
    assert scene.found("lighthouse") == []
    assert scene.found("ada", "accounts") == [ada.uri]


def test_a_boost_is_unwrapped_by_fetching_it(scene: Scene):
    scene.house.opt_in("b.lab.test")
    ada, cleo = scene.town.person("ada"), scene.town.person("cleo", "b.lab.test")
    scene.share()
    scene.server.event("account", "new", ada.uri, cleo.uri)
    scene.house.work()
    post = scene.town.post(cleo, "Cleo sees a lighthouse")
    boost = f"{ada.uri}/statuses/1/activity"
    scene.town.documents[boost] = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": boost,
        "type": "Announce",
        "actor": ada.uri,
        "object": post,
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
    }
    scene.server.event("content", "new", boost)
    scene.house.work()
    assert scene.found("lighthouse") == [post]


def asked(scene: Scene, uri: str, act: str = "in") -> None:
    """As when they tell our actor, though the appointment with them is kept for later."""
    asked_for_themselves(scene.house, uri, act)
    with scene.house.app.context.database.write() as connection:
        row = {"host": urlsplit(uri).hostname, "due_at": scene.house.clock.now()}
        upsert(connection, Server, [row], key=["host"])


def boosted(scene: Scene, post: str, number: int = 1) -> str:
    """A boost by one of the connected server's own people; its URI."""
    boost = f"{scene.town.person('booster').uri}/statuses/{number}/activity"
    scene.town.documents[boost] = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": boost,
        "type": "Announce",
        "actor": boost.partition("/statuses/")[0],
        "object": post,
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
    }
    return boost


def test_a_boosted_post_of_somebody_who_asked_for_themselves_alone_is_read(scene: Scene):
    dora = scene.town.person("dora", "c.lab.test")
    asked(scene, dora.uri)
    post = scene.town.post(dora, "Dora sees a lighthouse")
    scene.share()
    scene.server.event("account", "new", dora.uri)
    scene.house.work()
    scene.server.event("content", "new", boosted(scene, post))
    scene.house.work()
    assert scene.found("dora", "accounts") == [dora.uri]
    assert scene.found("lighthouse") == [post]


def test_a_boost_brings_an_author_who_asked_and_was_not_seen_yet(scene: Scene):
    dora = scene.town.person("dora", "c.lab.test")
    asked(scene, dora.uri)
    scene.share()
    scene.server.event("content", "new", boosted(scene, scene.town.post(dora, "A lighthouse")))
    scene.house.work()
    assert scene.found("dora", "accounts") == [dora.uri]


def test_an_announced_post_of_somebody_who_left_is_not_even_fetched(scene: Scene):
    ada = scene.town.person("ada")
    post = scene.town.post(ada, "Ada sees a lighthouse")
    scene.share()
    scene.server.event("account", "new", ada.uri)
    scene.house.work()
    assert scene.found("ada", "accounts") == [ada.uri]
    forget_person(scene.house.app.context, Handle("ada", ada.host))
    scene.town.site.seen.clear()
    scene.server.event("content", "new", post)
    assert [row for row in scene.house.rows(Visit) if row.uri == post] == []
    scene.house.work()
    assert scene.town.asked(urlsplit(post).path) == []


def test_an_announcement_ends_no_appointment_of_somebody_who_asked_and_could_not_be_read(
    scene: Scene,
):
    dora = scene.town.person("dora", "c.lab.test")
    asked(scene, dora.uri)
    with scene.house.app.context.database.write() as connection:
        pushes.look(connection, dora.uri, scene.house.clock.now(), Door.COMMAND)
    document = scene.town.documents[dora.uri]
    scene.town.gone(dora.uri, 401)  # its server is not ready for strangers today
    scene.share()
    scene.server.event("account", "new", dora.uri)
    scene.house.work()
    assert scene.found("dora", "accounts") == []
    scene.town.documents[dora.uri] = document
    scene.travel(hours=1)
    scene.house.work()
    assert scene.found("dora", "accounts") == [dora.uri]


@pytest.mark.parametrize("why", ["nothing", "out", "left", "blocked us", "server out", "blocked"])
def test_a_boosted_post_is_not_even_fetched_of_somebody_who_did_not_ask(scene: Scene, why: str):
    ctx = scene.house.app.context
    eve = scene.town.person("eve", "c.lab.test")
    asked(scene, scene.town.person("dora", "c.lab.test").uri)
    post = scene.town.post(eve, "Eve sees a lighthouse")
    if why not in ("nothing", "out"):
        asked(scene, eve.uri)
    if why == "out":
        asked(scene, eve.uri, "out")
    elif why == "left":
        forget_person(ctx, Handle.parse("eve@c.lab.test"), eve.uri)
        asked(scene, eve.uri)  # as an old message that comes late would
    elif why == "blocked us":
        scene.house.change(PersonRow, blocked_us=True)
    elif why == "server out":
        with ctx.database.write() as connection:
            upsert(
                connection,
                Server,
                [{"host": "c.lab.test", "opted_out": True}],
                key=["host"],
                update=["opted_out"],
            )
    elif why == "blocked":
        block_host(ctx, "c.lab.test", "in this test")
    scene.share()
    scene.server.event("content", "new", boosted(scene, post))
    scene.house.work()
    assert scene.town.asked("c.lab.test/users/eve") == []
    assert scene.found("eve", "accounts") == []
    assert scene.found("lighthouse") == []


def test_a_trending_post_whose_author_took_indexable_back_goes(scene: Scene):
    ada = scene.town.person("ada")
    scene.share()
    scene.server.event("account", "new", ada.uri)
    scene.house.work()
    post = scene.town.post(ada, "A lighthouse in the fog")
    scene.server.event("content", "new", post)
    scene.house.work()
    assert scene.found("lighthouse") == [post]

    scene.town.documents[ada.uri] = ada.document(discoverable=True, indexable=False)
    scene.travel(hours=2)  # of the switch itself nobody is told
    scene.server.event("content", "trending", post)
    scene.house.work()
    assert scene.found("lighthouse") == []


def test_what_was_announced_is_looked_at_again_within_a_week(scene: Scene):
    ada = scene.town.person("ada")
    scene.share()
    scene.server.event("account", "new", ada.uri)
    scene.house.work()
    kept, gone = (scene.town.post(ada, f"Lighthouse {number}") for number in (1, 2))
    scene.server.event("content", "new", kept)
    scene.server.event("content", "new", gone)
    scene.house.work()
    assert sorted(scene.found("lighthouse")) == sorted([kept, gone])

    scene.travel(days=3)
    scene.server.event("content", "update", kept)
    scene.house.work()
    scene.town.gone(gone)  # and nobody says so
    scene.travel(days=3, hours=12)
    scene.town.site.seen.clear()
    scene.house.work()
    assert scene.found("lighthouse") == [kept]
    due = {row.uri: row.due_at - scene.house.clock.now() for row in scene.house.rows(Visit)}
    assert due[kept] > timedelta(days=2), "an event came for it meanwhile"
    assert gone not in due


def test_a_connection_that_was_deleted_at_the_server_ends_after_a_grace(scene: Scene):
    ada = scene.town.person("ada")
    scene.share()
    scene.server.event("account", "new", ada.uri)
    scene.house.work()
    assert scene.found("ada", "accounts") == [ada.uri]

    scene.server.delete_provider()
    scene.travel(days=1, hours=1)
    scene.upkeep()
    assert scene.found("ada", "accounts") == [ada.uri], "an outage is no withdrawal"
    scene.travel(days=3, hours=1)
    scene.upkeep()
    assert scene.found("ada", "accounts") == []


def test_a_live_connection_is_renewed_each_day(scene: Scene):
    scene.share()
    first = set(scene.server.subscriptions)
    scene.travel(days=1, hours=1)
    scene.upkeep()
    assert len(scene.server.subscriptions) == 3, "the old ones were taken back"
    assert first.isdisjoint(scene.server.subscriptions)
    assert [state for _, _, state in scene.requests()] == ["open"] * 3


def test_a_server_that_was_blocked_for_a_while_is_looked_after_again(scene: Scene):
    ctx = scene.house.app.context
    scene.share()
    block_host(ctx, scene.server.host, "in this test")
    scene.travel(days=1, hours=1)
    before = len(scene.server.calls)
    scene.upkeep()
    assert len(scene.server.calls) == before
    unblock_host(ctx, scene.server.host)
    assert scene.server.get("/provider_info").status == 200
    scene.upkeep()
    assert len(scene.server.calls) > before
