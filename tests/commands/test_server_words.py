"""What is said for a whole server counts when that server names the writer as its contact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from discover.model.instance import ServerOptIn
from discover.services.consent.proof_rows import keep, rows_of
from discover.services.consent.withdraw import forget_server
from discover.services.facts import SERVERS
from discover.services.fasp.proof import give_proof
from discover.wire.statement import Statement


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
    assert "Dein Server ist raus" in talk.say(admin, "Server raus, bitte!")
    assert server(talk, admin.host).opted_out
    assert not talk.house.found("ann", "accounts")


def test_anybody_else_is_told_that_it_is_looked_up_and_changes_nothing(talk, ann):
    said = talk.say(ann, "server in")
    assert "I will ask your server" in said
    assert server(talk, ann.host) is None or server(talk, ann.host).opt_in == "none"
    with talk.house.app.context.database.read() as connection:
        kept = rows_of(connection, ann.host)[ServerOptIn.CONTACT].statement
    assert kept["asked"] == {ann.uri: "in"}


def test_the_contact_of_a_server_may_bring_it_back(talk, ann):
    admin = talk.town.person("admin")
    names_as_contact(talk, admin)
    talk.say(ann, "in")
    talk.say(admin, "server out")
    talk.house.clock.ahead += timedelta(seconds=5)
    assert "your server is in" in talk.say(admin, "server in")
    assert not server(talk, admin.host).opted_out
    assert talk.house.found("ann", "accounts")


def test_nobody_else_there_brings_it_back(talk, ann):
    admin = talk.town.person("admin")
    names_as_contact(talk, admin)
    talk.say(admin, "server out")
    talk.house.clock.ahead += timedelta(seconds=5)
    assert talk.say(ann, "server in") is None
    assert talk.say(ann, "in") is None  # nothing else is heard, either
    assert talk.say(admin, "in") is None
    assert server(talk, admin.host).opted_out
    assert not talk.house.found("ann", "accounts")


def test_a_persons_out_outlives_their_servers_way_back(talk, ann):
    admin = talk.town.person("admin")
    names_as_contact(talk, admin)
    talk.say(admin, "server in")
    talk.say(ann, "out")
    talk.say(admin, "server out")
    talk.house.clock.ahead += timedelta(seconds=5)
    talk.say(admin, "server in")
    assert not server(talk, admin.host).opted_out
    assert not talk.house.found("ann", "accounts")


def test_the_contact_does_not_bring_back_a_server_that_the_operator_took_out(talk):
    admin = talk.town.person("admin")
    names_as_contact(talk, admin)
    talk.say(admin, "server out")
    forget_server(talk.house.app.context, admin.host)
    talk.house.clock.ahead += timedelta(seconds=5)
    note = talk.note(admin, "server in")
    heard = talk.house.send(admin, "Create", note, to=note["to"], cc=note["cc"])
    assert heard.status_code == 403
    assert server(talk, admin.host).opted_out


def test_a_dns_record_that_says_out_outweighs_the_contact(talk):
    admin = talk.town.person("admin")
    names_as_contact(talk, admin)
    talk.say(admin, "server out")
    with talk.house.app.context.database.write() as connection:
        now = datetime.now(UTC)
        keep(connection, admin.host, ServerOptIn.DNS, Statement(agrees=False), now)
    talk.house.clock.ahead += timedelta(seconds=5)
    note = talk.note(admin, "server in")
    heard = talk.house.send(admin, "Create", note, to=note["to"], cc=note["cc"])
    assert heard.status_code == 403
    assert server(talk, admin.host).opted_out


def test_an_admin_who_switches_data_sharing_on_brings_it_back(talk):
    admin = talk.town.person("admin")
    names_as_contact(talk, admin)
    talk.say(admin, "server out")
    context = talk.house.app.context
    with context.database.write() as connection:
        give_proof(context, connection, admin.host, context.clock.now())
    assert not server(talk, admin.host).opted_out
    assert server(talk, admin.host).opt_in == "fasp"
