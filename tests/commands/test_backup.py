"""A restored backup overturns nobody's no."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager

from discover.bootstrap import open_app
from discover.services.consent.replay import Replayed, replay
from discover.services.consent.withdraw import forget_server
from discover.store.journal import Journal, Out
from discover.store.tables import Account
from tests.commands.conftest import Talk
from tests.support.town import OUR_ACTOR, activity, housed


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
        house.app.close()

        copy(backup, database)
        house.app = open_app(house.app.settings, clock=house.clock)
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


def test_who_said_out_stays_out_after_a_restore_though_a_block_was_taken_back(tmp_path):
    with housed(tmp_path / "home") as house:
        talk, ann = Talk(house), house.town.person("ann")
        talk.say(ann, "in")
        copy(house.app.settings.home / "waypost.db", tmp_path / "backup.db")
        talk.say(ann, "out")
        house.hear(ann, "Block", OUR_ACTOR)
        house.hear(ann, "Undo", activity(ann, "Block", OUR_ACTOR))
        with restored(house, tmp_path / "backup.db"):
            house.work()
            assert people(house) == set()
            assert house.found("ann", "accounts") == []


def test_who_blocks_us_stays_out_after_a_restore_though_they_said_in(tmp_path):
    with housed(tmp_path / "home") as house:
        talk, ann = Talk(house), house.town.person("ann")
        talk.say(ann, "in")
        copy(house.app.settings.home / "waypost.db", tmp_path / "backup.db")
        house.hear(ann, "Block", OUR_ACTOR)
        talk.say(ann, "in")
        assert people(house) == set(), "the block stands"
        with restored(house, tmp_path / "backup.db"):
            house.work()
            assert people(house) == set()


def test_who_took_their_block_back_is_there_after_a_restore(tmp_path):
    with housed(tmp_path / "home") as house:
        talk, ann = Talk(house), house.town.person("ann")
        talk.say(ann, "in")
        copy(house.app.settings.home / "waypost.db", tmp_path / "backup.db")
        house.hear(ann, "Block", OUR_ACTOR)
        house.hear(ann, "Undo", activity(ann, "Block", OUR_ACTOR))
        with restored(house, tmp_path / "backup.db"):
            house.work()
            assert people(house) == {"ann"}


def test_a_journal_from_another_machine_is_followed_too(tmp_path):
    with housed(tmp_path / "home") as house:
        talk, ann = Talk(house), house.town.person("ann")
        talk.say(ann, "in")
        elsewhere = Journal(tmp_path / "elsewhere.journal")
        elsewhere.append(Out("person", house.app.context.digest(ann.uri), house.clock.now()))
        assert replay(house.app.context, elsewhere) == Replayed(people=1, removed=1)
        assert people(house) == set()
        assert replay(house.app.context, elsewhere) == Replayed()
