"""What is said for a whole server counts when that server names the writer as its contact."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from discover.model.instance import ServerOptIn
from discover.services.facts import SERVERS
from discover.services.proof_rows import keep, rows_of


def names_as_contact(talk, person):
    """As a look at the server has shown it."""
    with talk.house.app.context.database.write() as connection:
        more = {"accounts": [person.uri]}
        keep(connection, person.host, ServerOptIn.CONTACT, None, datetime.now(UTC), more)


def server(talk, host):
    with talk.house.app.context.database.read() as connection:
        return connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()


def test_the_contact_of_a_server_opts_it_in_and_narrows_it(talk):
    admin = talk.town.person("admin")
    names_as_contact(talk, admin)
    assert "your server is in" in talk.say(admin, "server in")
    assert (server(talk, admin.host).opt_in, server(talk, admin.host).scope) == ("contact", "all")
    assert "profiles only" in talk.say(admin, "server profiles")
    assert server(talk, admin.host).scope == "profiles"


def test_the_contact_of_a_server_takes_everybody_out(talk, ann):
    admin = talk.town.person("admin")
    names_as_contact(talk, admin)
    talk.say(ann, "in")
    assert talk.house.found("ann", "accounts")
    talk.say(admin, "Server raus, bitte!")  # and nothing more is sent there, no answer either
    assert server(talk, admin.host).opted_out
    assert not talk.house.found("ann", "accounts")


def test_anybody_else_is_told_that_it_is_looked_up_and_changes_nothing(talk, ann):
    said = talk.say(ann, "server in")
    assert "I will ask your server" in said
    assert server(talk, ann.host) is None or server(talk, ann.host).opt_in == "none"
    with talk.house.app.context.database.read() as connection:
        kept = rows_of(connection, ann.host)[ServerOptIn.CONTACT].statement
    assert kept["asked"] == {ann.uri: "in"}
