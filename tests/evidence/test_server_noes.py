"""A server that said no twice is out until both are taken back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from discover.model.observed import ServerActorSeen
from discover.services.federation.relays import server_actor_seen, server_unblocked_us
from discover.store.database import table, upsert
from discover.store.tables import PersonRow, Server
from tests.support.site import HOST

ACTOR = f"https://{HOST}/actor"


def block(home):
    """Their server actor has blocked us, and their server says that it is its own."""
    with home.ctx.database.write() as connection:
        now = home.clock.now()
        upsert(
            connection,
            PersonRow,
            [
                {
                    "uri": ACTOR,
                    "act": "none",
                    "tags": [],
                    "blocked_us": True,
                    "at": now,
                    "source": "",
                }
            ],
            key=["uri"],
        )
        server_actor_seen(
            home.ctx, connection, ServerActorSeen(ACTOR, proven=True, seen_at=now), now
        )


def unblock(home):
    with home.ctx.database.write() as connection:
        server_unblocked_us(home.ctx, connection, ACTOR, home.clock.now())


def server(home):
    (row,) = home.rows(Server, table(Server).c.host == HOST)
    return row


def test_a_block_that_is_undone_leaves_no_no(home):
    block(home)
    assert server(home).opted_out
    unblock(home)
    assert not server(home).opted_out
    assert server(home).opt_in == "none"


@pytest.mark.parametrize("note", ["their admin wrote to us", ""])
def test_an_older_no_survives_the_end_of_a_block(home, note):
    with home.ctx.database.write() as connection:
        connection.execute(
            sa.update(table(Server)).values(opted_out=True, note=note, opt_in="none")
        )
    block(home)
    block(home)
    unblock(home)
    assert server(home).opted_out
    assert note in server(home).note
    assert "blocked" not in server(home).note
