"""Your data is all of it: every table is either handed out or known to be about nobody."""

from __future__ import annotations

import orjson
from sqlmodel import SQLModel

from discover.model.actor import Handle
from discover.services.consent import held
from discover.services.consent.your_data import your_data
from discover.store.database import table, upsert
from discover.store.tables import CommandRow, Interaction, PersonRow, Report
from tests.evidence.conftest import NO
from tests.support.site import HOST, post, posts

WHO = Handle("marta", HOST)


def test_every_table_is_either_handed_out_or_about_nobody(home):
    with home.ctx.database.read() as connection:
        who = held.person(home.ctx, connection, WHO.key)
    about = {table(model).name for model in held.where(who)}
    nobodys = {table(model).name for model in held.NOBODYS}
    assert about | nobodys == set(SQLModel.metadata.tables)
    assert not about & nobodys


def test_columns_that_name_people_are_only_in_tables_that_are_handed_out():
    names = {"uri", "actor", "handle", "handle_key", "account_id", "person", "inbox"}
    for model in held.NOBODYS:
        assert not names & set(table(model).columns.keys()), model


def test_it_holds_what_other_tables_know_and_nobody_elses(home):
    marta, other = home.person("marta"), home.person("other")
    home.see(marta, other, posts(marta, post(marta, 1, "stars")), posts(other, post(other, 2, "x")))
    home.see(home.person("third", signals=NO))
    now, uri = home.clock.now(), marta.actor.uri
    with home.ctx.database.write() as connection:
        for who in (marta, other):
            row = {"uri": who.actor.uri, "act": "in", "at": now, "source": "a message"}
            upsert(connection, PersonRow, [row], key=["uri"])
            connection.execute(
                table(CommandRow).insert(),
                {"person": home.ctx.digest(who.actor.uri), "host": HOST, "at": now},
            )
            connection.execute(
                table(Report).insert(),
                {"actor": who.actor.uri, "objects": [uri], "content": "", "at": now},
            )
        like = {"activity": "https://x.example/1", "kind": "like", "at": now}
        like |= {"account_id": 1, "post_id": 2}
        upsert(connection, Interaction, [like], key=["activity"])
    found = your_data(home.ctx, WHO)["held"]
    assert {name: len(rows) for name, rows in found.items()} == {
        "accounts": 1, "posts": 1, "verdicts": 1, "verdict_history": 1, "persons": 1,
        "visits": 1, "command_answers": 1, "reports": 2, "interactions": 1, "trend_uses": 1,
    }  # fmt: skip
    assert {row["actor"] for row in found["reports"]} == {uri, None}
    assert other.actor.uri not in str(found)


def test_nothing_is_told_of_whom_nothing_is_known(home):
    home.see(home.person("marta"))
    assert your_data(home.ctx, Handle("nobody", HOST))["held"] == {}


def test_it_can_be_written_down_as_json(home):
    home.see(home.person("marta"))
    assert orjson.loads(orjson.dumps(your_data(home.ctx, WHO)))["handle"] == str(WHO)
