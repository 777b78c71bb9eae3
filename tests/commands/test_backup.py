"""A restored backup overturns nobody's no."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager

import pytest

from discover.bootstrap import open_app
from discover.services.consent.replay import Replayed, replay
from discover.services.consent.servers import add_server, remove_server
from discover.services.consent.withdraw import forget_server
from discover.services.index.indexing import index_all
from discover.store.journal import Journal, Mark, Out
from discover.store.tables import Account, Follower, Post, Server
from tests.commands.conftest import Talk
from tests.support.town import EVERYBODY, HOST, OUR_ACTOR, activity, housed


@pytest.fixture
def house(talk):
    """On either database."""
    return talk.house


def people(house):
    return {row.username for row in house.rows(Account)}


def copy(source, target):
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def test_whoever_left_after_a_backup_is_gone_when_it_is_restored(tmp_path):
    home, backup = tmp_path / "home", tmp_path / "backup.db"
    with housed(home) as house:
        talk = Talk(house)
        ann, bea, cy = (house.town.person(name) for name in ("ann", "bea", "cy"))
        dan = house.town.person("dan", host="d.lab.test")
        for person in (ann, bea, cy, dan):
            talk.say(person, "in")
        assert people(house) == {"ann", "bea", "cy", "dan"}
        database = house.app.settings.home / "waypost.db"
        copy(database, backup)

        talk.say(ann, "out")
        talk.say(cy, "out")
        talk.say(cy, "in")
        forget_server(house.app.context, "d.lab.test")
        assert people(house) == {"bea", "cy"}
        with restored(house, backup):
            assert people(house) == {"bea", "cy"}
            assert house.found("ann", "accounts") == house.found("dan", "accounts") == []
            assert replay(house.app.context) == Replayed(), "once is enough"


@contextmanager
def restored(house, backup):
    """An older database is put back, and the house opens again."""
    house.app.close()
    copy(backup, house.app.settings.home / "waypost.db")
    house.app = open_app(house.app.settings, clock=house.clock)
    try:
        yield
    finally:
        house.app.close()


@contextmanager
def ann_in_a_backup(tmp_path):
    """The talk, Ann, and a backup in which she is in."""
    with housed(tmp_path / "home") as house:
        talk, ann = Talk(house), house.town.person("ann")
        talk.say(ann, "in")
        copy(house.app.settings.home / "waypost.db", tmp_path / "backup.db")
        yield talk, ann, tmp_path / "backup.db"


def test_who_said_out_stays_out_after_a_restore_though_a_block_was_taken_back(tmp_path):
    with ann_in_a_backup(tmp_path) as (talk, ann, backup):
        house = talk.house
        talk.say(ann, "out")
        house.hear(ann, "Block", OUR_ACTOR)
        house.hear(ann, "Undo", activity(ann, "Block", OUR_ACTOR))
        with restored(house, backup):
            house.work()
            assert people(house) == set()
            assert house.found("ann", "accounts") == []


def test_who_blocks_us_stays_out_after_a_restore_though_they_said_in(tmp_path):
    with ann_in_a_backup(tmp_path) as (talk, ann, backup):
        house = talk.house
        house.hear(ann, "Block", OUR_ACTOR)
        talk.say(ann, "in")
        assert people(house) == set(), "the block stands"
        with restored(house, backup):
            house.work()
            assert people(house) == set()


def test_who_took_their_block_back_is_there_after_a_restore(tmp_path):
    with ann_in_a_backup(tmp_path) as (talk, ann, backup):
        house = talk.house
        house.hear(ann, "Block", OUR_ACTOR)
        house.hear(ann, "Undo", activity(ann, "Block", OUR_ACTOR))
        with restored(house, backup):
            house.work()
            assert people(house) == {"ann"}


def test_who_left_without_a_word_to_us_is_not_shown_after_a_restore(tmp_path):
    """By a Delete, or by their flags: nobody is shown before they were seen again."""
    with housed(tmp_path / "home") as house:
        talk = Talk(house)
        ann, bea, cy = (house.town.person(name) for name in ("ann", "bea", "cy"))
        for person in (ann, bea, cy):
            talk.say(person, "in")
        copy(house.app.settings.home / "waypost.db", tmp_path / "backup.db")
        house.send(ann, "Delete", ann.uri, to=[EVERYBODY])
        house.town.gone(ann.uri)
        house.work()
        house.town.documents[cy.uri]["discoverable"] = False
        house.hear(cy, "Update", house.town.documents[cy.uri])
        assert people(house) == {"bea"}
        with restored(house, tmp_path / "backup.db"):
            index_all(house.app.context)
            assert people(house) == {"ann", "bea", "cy"}, "that is what the backup knows"
            assert house.found("lighthouses", "accounts") == []
            house.work()
            assert people(house) == {"bea"}
            assert house.found("lighthouses", "accounts") == [bea.uri]
            assert replay(house.app.context) == Replayed(), "once is enough"


def test_a_post_that_was_deleted_after_a_backup_is_not_shown_after_a_restore(tmp_path):
    with housed(tmp_path / "home") as house:
        talk, ann = Talk(house), house.town.person("ann")
        gone, stays = (house.town.post(ann, f"A lighthouse, {word}") for word in ("one", "two"))
        outbox = house.town.documents[f"{ann.uri}/outbox"]
        outbox["orderedItems"] = [house.town.documents[uri] for uri in (gone, stays)]
        talk.say(ann, "in")
        assert set(house.found("lighthouse")) == {gone, stays}
        copy(house.app.settings.home / "waypost.db", tmp_path / "backup.db")
        outbox["orderedItems"] = [house.town.documents[stays]]
        house.town.gone(gone)
        house.hear(ann, "Delete", gone, to=[EVERYBODY])
        assert house.found("lighthouse") == [stays]
        with restored(house, tmp_path / "backup.db"):
            assert [row.uri for row in house.rows(Post)] == [stays]
            house.work()
            assert house.found("lighthouse") == [stays]


def servers_in(house):
    return {row.host for row in house.rows(Server) if row.opt_in != "none" and not row.opted_out}


def test_a_server_that_ended_its_relay_is_out_after_a_restore(tmp_path):
    with housed(tmp_path / "home") as house:
        instance = house.town.service("/actor")
        follow = activity(instance, "Follow", EVERYBODY)
        house.hear(instance, "Follow", EVERYBODY, id=follow["id"])
        assert servers_in(house) == {HOST}
        copy(house.app.settings.home / "waypost.db", tmp_path / "backup.db")
        house.hear(instance, "Undo", follow)
        assert servers_in(house) == set()
        with restored(house, tmp_path / "backup.db"):
            assert servers_in(house) == set()
            house.work()
            assert servers_in(house) == set()
            assert house.rows(Follower) == []


def test_a_server_that_came_back_as_a_relay_is_in_after_a_restore(tmp_path):
    with housed(tmp_path / "home") as house:
        instance = house.town.service("/actor")
        follow = activity(instance, "Follow", EVERYBODY)
        house.hear(instance, "Follow", EVERYBODY, id=follow["id"])
        copy(house.app.settings.home / "waypost.db", tmp_path / "backup.db")
        house.hear(instance, "Undo", follow)
        house.hear(instance, "Follow", EVERYBODY)
        assert servers_in(house) == {HOST}
        with restored(house, tmp_path / "backup.db"):
            assert servers_in(house) == {HOST}


def test_a_server_whose_block_went_is_no_relay_after_a_restore(tmp_path):
    with housed(tmp_path / "home") as house:
        instance = house.town.service("/actor")
        house.hear(instance, "Follow", EVERYBODY)
        copy(house.app.settings.home / "waypost.db", tmp_path / "backup.db")
        house.hear(instance, "Block", OUR_ACTOR)
        house.hear(instance, "Undo", activity(instance, "Block", OUR_ACTOR))
        assert servers_in(house) == set()
        with restored(house, tmp_path / "backup.db"):
            assert servers_in(house) == set()


def test_a_record_that_the_operator_took_back_is_none_after_a_restore(tmp_path):
    with housed(tmp_path / "home") as house:
        house.opt_in(HOST, "d.lab.test")
        copy(house.app.settings.home / "waypost.db", tmp_path / "backup.db")
        remove_server(house.app.context, HOST)
        with restored(house, tmp_path / "backup.db"):
            assert servers_in(house) == {"d.lab.test"}


def test_another_proof_keeps_a_server_in_when_its_relay_ended(house, tmp_path):
    instance = house.town.service("/actor")
    house.hear(instance, "Follow", EVERYBODY)
    ctx = house.app.context
    elsewhere = Journal(tmp_path / "elsewhere.journal")
    elsewhere.append(Out("proof", ctx.digest(f"relay {HOST}"), house.clock.now()))
    add_server(ctx, HOST, "its admin agreed")
    replay(ctx, elsewhere)
    assert servers_in(house) == {HOST}
    assert house.rows(Follower) == []
    elsewhere.append(Out("proof", ctx.digest(f"operator {HOST}"), house.clock.now()))
    replay(ctx, elsewhere)
    assert servers_in(house) == set()


def test_a_start_without_a_restore_hides_nobody(house):
    talk = Talk(house)
    ann, bea = house.town.person("ann"), house.town.person("bea")
    for person in (ann, bea):
        talk.say(person, "in")
    talk.say(ann, "out")
    home = house.app.settings.home
    assert replay(house.app.context) == Replayed()
    (home / "withdrawn.mark").unlink()
    assert replay(house.app.context) == Replayed(), "the mark is lost"
    (home / "withdrawn.mark").write_bytes(b"\0" * 256)
    assert replay(house.app.context) == Replayed(), "the mark is garbage"
    (home / "withdrawn.journal").unlink()
    assert replay(house.app.context) == Replayed(), "the journal is lost"
    assert house.found("lighthouses", "accounts") == [bea.uri]


def test_a_process_that_is_killed_between_commit_and_mark_is_no_restore(house, tmp_path):
    talk, ann = Talk(house), house.town.person("ann")
    talk.say(ann, "in")
    mark = house.app.settings.home / "withdrawn.mark"
    before = mark.read_bytes()
    house.town.person("bea")
    talk.say(house.town.people[f"https://{ann.host}/users/bea"], "in")
    assert mark.read_bytes() != before
    mark.write_bytes(before)
    assert replay(house.app.context) == Replayed()
    assert mark.read_bytes() != before, "the start catches up"
    assert len(house.found("lighthouses", "accounts")) == 2


def test_a_mark_that_the_database_does_not_know_hides_everybody_until_they_are_seen(house):
    talk, ann = Talk(house), house.town.person("ann")
    talk.say(ann, "in")
    ctx = house.app.context
    later = Mark(10_000, "of a life that is lost", ctx.clock.now())
    ctx.journal.set_mark(later)
    assert replay(ctx) == Replayed(hidden=1)
    assert house.found("lighthouses", "accounts") == []
    house.work()
    assert house.found("lighthouses", "accounts") == [ann.uri]
    assert replay(ctx) == Replayed()
    ctx.journal.set_mark(later, anew=True)
    assert replay(ctx) == Replayed(), "another machine's mark, from before that restore"


def test_a_journal_from_another_machine_is_followed_too(tmp_path):
    with housed(tmp_path / "home") as house:
        talk, ann = Talk(house), house.town.person("ann")
        talk.say(ann, "in")
        elsewhere = Journal(tmp_path / "elsewhere.journal")
        elsewhere.append(Out("person", house.app.context.digest(ann.uri), house.clock.now()))
        assert replay(house.app.context, elsewhere) == Replayed(people=1, removed=1)
        assert people(house) == set()
        assert replay(house.app.context, elsewhere) == Replayed()
