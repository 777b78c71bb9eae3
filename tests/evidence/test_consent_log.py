"""The public log: what was decided, without names, in a chain that shows every change."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import replace

import pytest

from discover.model.actor import Handle
from discover.model.instance import RobotsState
from discover.policy.chain import Broken, canonical, read, verify
from discover.services.consent import consent_log
from discover.services.consent.consent_log import Event
from discover.services.consent.retention import enforce_retention
from discover.services.consent.servers import add_server, remove_server
from discover.services.consent.withdraw import forget_person, forget_server
from discover.services.crawl.observe import observe
from tests.evidence.conftest import NO
from tests.support.site import HOST, post, posts


def log(home):
    return list(consent_log.entries(home.ctx))


def told(home):
    return [(entry.event, dict(entry.details)) for entry in log(home)]


def test_decisions_are_logged_with_counts_and_servers_only(home):
    marta = home.person("marta")
    home.see(marta, home.person("other"))
    home.see(posts(marta, post(marta, 1, "stars")))
    home.see(home.person("marta", signals=NO))
    forget_server(home.ctx, HOST)
    assert told(home) == [
        ("server_in", {"host": HOST, "proof": "operator", "scope": "all"}),
        ("accounts_listed", {"count": 2}),
        ("posts_withdrawn", {"count": 1}),
        ("accounts_withdrawn", {"count": 1}),
        ("server_out", {"host": HOST, "because": "opted out"}),
        ("accounts_withdrawn", {"count": 1}),
    ]
    assert "marta" not in json.dumps([dict(consent_log.to_json(one)) for one in log(home)])


def test_a_server_comes_and_goes_once_however_often_it_is_written(home):
    add_server(home.ctx, HOST, "asked again")
    home.see(home.robots(RobotsState.FORBIDDEN))
    home.see(home.robots(RobotsState.FORBIDDEN))
    home.see(home.robots(RobotsState.ALLOWED))
    remove_server(home.ctx, HOST)
    assert [event for event, _ in told(home)] == [
        "server_in", "server_out", "server_in", "server_out",
    ]  # fmt: skip
    assert told(home)[1][1]["because"] == "robots.txt"
    assert told(home)[3][1]["because"] == consent_log.TAKEN_BACK


def test_a_change_that_nobody_told_the_log_is_found_by_the_sweep(home):
    with home.ctx.database.write() as connection:
        connection.exec_driver_sql("UPDATE servers SET scope = 'profiles'")
    enforce_retention(home.ctx)
    assert ("server_in", {"host": HOST, "proof": "operator", "scope": "profiles"}) in told(home)


def test_the_rules_are_logged_when_they_change_and_only_then(home):
    enforce_retention(home.ctx)
    enforce_retention(home.ctx)
    stricter = replace(home.ctx, rules=replace(home.ctx.rules, deliberate_posts=True))
    enforce_retention(stricter)
    rules = [details for event, details in told(home) if event == "rules_changed"]
    assert [one["post_consent"] for one in rules] == ["flags", "deliberate"]
    assert rules[0]["retention_days"] == 180


def test_what_is_rolled_back_was_never_logged(home):
    before = told(home)
    with contextlib.suppress(KeyError), home.ctx.database.write() as connection:
        consent_log.note_count(connection, Event.ACCOUNTS_LISTED, 3, home.clock.now())
        raise KeyError
    home.see(home.person("marta"))
    assert told(home)[len(before) :] == [("accounts_listed", {"count": 1})]


def test_the_chain_holds_under_concurrent_writers(home):
    errors = []

    def write(number):
        try:
            for turn in range(10):
                observe(home.ctx, [home.person(f"user{number}x{turn}")])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    found = log(home)
    assert sum(one.details.get("count", 0) for one in found) == 80
    assert verify(found) == found[-1]


def test_pages_make_the_whole(home):
    for number in range(7):
        home.see(home.person(f"user{number}"))
    whole = log(home)
    first = consent_log.page(home.ctx, limit=3)
    second = consent_log.page(home.ctx, after=first[-1].id, limit=100)
    assert [*first, *second] == whole
    assert verify(second, after=first[-1]) == whole[-1]


def tamper(lines, how):
    changed = [dict(line) for line in lines]
    match how:
        case "details":
            changed[2]["details"] = {"count": 99}
        case "event":
            changed[2]["event"] = "accounts_withdrawn"
        case "time":
            changed[2]["at"] = "2020-01-01T00:00:00.000000Z"
        case "left out":
            del changed[2]
        case "first left out":
            del changed[0]
        case "swapped":
            changed[2], changed[3] = changed[3], changed[2]
        case "twice":
            changed.insert(3, changed[2])
        case "rewritten":  # with a right digest of its own, but those after it know better
            line = changed[2]
            line["details"] = {"count": 99}
            body = {name: line[name] for name in ("id", "at", "event", "details", "previous")}
            import hashlib

            line["digest"] = hashlib.sha256(canonical(**body)).hexdigest()
        case "member":
            changed[2]["who"] = "somebody"
        case "type":
            changed[2]["id"] = "3"
    return changed


@pytest.mark.parametrize(
    "how",
    ["details", "event", "time", "left out", "first left out", "swapped", "twice", "rewritten",
     "member", "type"],
)  # fmt: skip
def test_tampering_shows(home, how):
    for number in range(6):
        home.see(home.person(f"user{number}"))
    lines = [json.loads(json.dumps(consent_log.to_json(one))) for one in log(home)]
    assert verify(map(read, lines)) is not None
    with pytest.raises(Broken):
        verify(map(read, tamper(lines, how)))


def test_forgetting_somebody_logs_a_count(home):
    home.see(home.person("marta"))
    forget_person(home.ctx, Handle("marta", HOST))
    assert told(home)[-1] == ("accounts_withdrawn", {"count": 1})
