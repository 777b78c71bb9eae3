"""The index follows the database while the engine is still at work, in both editions."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from discover.bootstrap import open_app
from discover.model.actor import ConsentSignals, Flag
from discover.model.instance import NodeInfo, RobotsState
from discover.model.observed import ServerSeen
from discover.model.query import AccountDocument, Kind
from discover.ports import EngineUnavailable
from discover.services.consent.servers import add_server, remove_server
from discover.services.crawl.observe import observe
from discover.services.index import aside, batches
from discover.services.index.indexing import index_pending
from discover.services.index.outbox import ACCOUNT, OUTBOX, POST, note
from discover.settings import Settings
from tests.support.site import HOST, actor, post, posts

NO = ConsentSignals(discoverable=Flag.FALSE, indexable=Flag.FALSE)
MANY = 24


@pytest.fixture(params=["embedded", "server"])
def ctx(request: pytest.FixtureRequest, tmp_path):
    more = {}
    if request.param == "server":
        meilisearch = request.getfixturevalue("meilisearch_server")
        more = {
            "database_url": request.getfixturevalue("postgres_url"),
            "search_url": meilisearch.url,
            "search_key": meilisearch.key,
            "search_prefix": f"following{secrets.token_hex(4)}",
        }
    app = open_app(Settings(_env_file=None, home=tmp_path, **more))
    app.context.engine.prepare()
    add_server(app.context, HOST, "its admin wrote to us")
    info = NodeInfo(software="mastodon", version="4.5")
    now = datetime.now(UTC)
    observe(app.context, [ServerSeen(HOST, RobotsState.ALLOWED, None, info, seen_at=now)])
    yield app.context
    app.close()


def see_somebody(ctx):
    ada = actor("ada")
    written = [post(ada, number, f"stars {number}") for number in range(1, MANY + 1)]
    observe(ctx, [ada, posts(ada, *written)])
    return ada


def waiting(ctx):
    with ctx.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(OUTBOX))


def test_whatever_has_gathered_arrives_in_one_go_in_many_batches(ctx):
    see_somebody(ctx)
    before = waiting(ctx)
    assert index_pending(ctx, limit=4) > before - 4  # a last small batch may wait for company
    while index_pending(ctx, limit=4):
        pass
    assert waiting(ctx) == 0
    assert ctx.engine.count(Kind.POSTS) == MANY
    assert ctx.engine.count(Kind.ACCOUNTS) == 1


def test_whoever_leaves_while_a_batch_is_at_work_is_not_brought_back(ctx):
    ada = see_somebody(ctx)
    turns = []

    def leave() -> bool:
        if not turns:
            seen = replace(actor("ada", signals=NO), seen_at=datetime.now(UTC))
            assert observe(ctx, [seen])[0].removed == MANY + 1
        turns.append(ada)
        return True

    while index_pending(ctx, limit=4, go_on=leave):
        pass
    assert turns
    assert waiting(ctx) == 0
    assert list(ctx.engine.ids(Kind.POSTS)) == []
    assert list(ctx.engine.ids(Kind.ACCOUNTS)) == []


def test_a_worker_that_is_told_to_stop_begins_no_other_batch(ctx):
    see_somebody(ctx)
    assert index_pending(ctx, limit=4, go_on=lambda: False) == 4
    assert waiting(ctx) > 0


@pytest.mark.parametrize("ctx", ["server"], indirect=True)
def test_row_whose_transaction_ended_late_does_not_wait_for_the_end_of_a_burst(ctx):
    see_somebody(ctx)
    with ctx.database.read() as connection:
        known = list(connection.scalars(sa.select(OUTBOX.c.ref).where(OUTBOX.c.kind == POST)))
    late = ctx.database.write()
    connection = late.__enter__()
    note(connection, POST, known[:1], ctx.clock.now())
    number = connection.scalar(sa.select(sa.func.max(OUTBOX.c.id)))
    calls = []

    def burst() -> bool:
        """Always more than the engine takes in; the late one ends when a younger row is at work."""
        if len(calls) == 20:
            late.__exit__(None, None, None)
        with ctx.database.write() as more:
            note(more, POST, known[:4], ctx.clock.now())
        calls.append(number in waiting_ids(ctx))
        return len(calls) < 60

    index_pending(ctx, limit=4, go_on=burst)
    assert any(calls), "it was never seen"
    assert not calls[-1], "it waited for the end"


def waiting_ids(ctx):
    with ctx.database.read() as connection:
        return set(connection.scalars(sa.select(OUTBOX.c.id)))


@pytest.fixture
def handed(ctx, monkeypatch):
    """What the engine is given in a burst: the people of each batch."""
    monkeypatch.setattr(batches, "_MANY_ROWS", 1)
    engine, given = type(ctx.engine), []
    real = engine.hand_over

    def hand_over(self, documents):
        given.append([one for one in documents if isinstance(one, AccountDocument)])
        return real(self, documents)

    monkeypatch.setattr(engine, "hand_over", hand_over)
    return given


def index_everything(ctx):
    while index_pending(ctx, limit=4):
        pass


def test_people_of_a_burst_reach_the_engine_together(ctx, handed):
    people = [actor(name) for name in ("ada", "bea", "cyd")]
    for one in people:
        observe(ctx, [one, posts(one, *(post(one, n, f"stars {n}") for n in range(1, 9)))])
    index_everything(ctx)
    assert [len(some) for some in handed if some] == [3]
    assert len(handed) > 3
    assert waiting(ctx) == 0
    assert (ctx.engine.count(Kind.ACCOUNTS), ctx.engine.count(Kind.POSTS)) == (3, 24)


def test_nobody_waits_for_the_end_of_a_long_burst(ctx, handed, monkeypatch):
    monkeypatch.setattr(aside, "_SECONDS", 0.0)
    see_somebody(ctx)
    index_everything(ctx)
    assert [len(some) for some in handed][:3] == [1, 0, 0]


@pytest.mark.parametrize("leaver", ["a person", "their server"])
def test_whoever_leaves_while_their_document_waits_is_not_brought_back(ctx, handed, leaver):
    see_somebody(ctx)
    found = []

    def leave() -> bool:
        if not found:
            found.append((rows_of(ctx, ACCOUNT), ctx.engine.count(Kind.ACCOUNTS)))
            if leaver == "a person":
                observe(ctx, [replace(actor("ada", signals=NO), seen_at=datetime.now(UTC))])
            else:
                remove_server(ctx, HOST)
        return True

    while index_pending(ctx, limit=4, go_on=leave):
        pass
    assert found == [(2, 0)], "it did not wait"
    assert waiting(ctx) == 0
    assert [list(ctx.engine.ids(kind)) for kind in Kind] == [[], []]
    assert not any(handed)


def test_whoever_waits_with_their_document_keeps_their_place_in_the_outbox(
    ctx, handed, monkeypatch
):
    see_somebody(ctx)
    working = type(ctx.engine).hand_over

    def refuses_people(self, documents):
        answer = working(self, documents)
        if handed[-1]:
            raise EngineUnavailable("no people")
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(type(ctx.engine), "hand_over", refuses_people)
        with pytest.raises(EngineUnavailable):
            index_everything(ctx)
    assert rows_of(ctx, ACCOUNT) == 2
    index_everything(ctx)
    assert (waiting(ctx), ctx.engine.count(Kind.ACCOUNTS)) == (0, 1)


def rows_of(ctx, kind):
    with ctx.database.read() as connection:
        rows = sa.select(sa.func.count()).select_from(OUTBOX).where(OUTBOX.c.kind == kind)
        return connection.scalar(rows)


def test_whoever_leaves_is_found_without_a_look_at_all_that_waits(ctx):
    with ctx.database.write() as connection:
        note(connection, POST, range(1, 20_001), ctx.clock.now())
    with ctx.database.write() as connection:
        connection.execute(sa.text("ANALYZE"))
    explain = "EXPLAIN QUERY PLAN" if ctx.database.sqlite else "EXPLAIN"
    statement = batches._LEAVING.compile(
        dialect=sqlite.dialect() if ctx.database.sqlite else postgresql.dialect(),
        compile_kwargs={"literal_binds": True},
    )
    with ctx.database.read() as connection:
        plan = connection.execute(sa.text(f"{explain} {statement}")).all()
    assert "ix_outbox_leaving" in str(plan)
