"""The inbox' checks, in their order: each has its status, and a refusal costs next to nothing."""

from __future__ import annotations

import gzip
import json
import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from api.activitypub import intake
from api.limits import Rate
from discover import services
from discover.services.federation.dispatch import HANDLERS
from discover.store.database import table, upsert
from discover.store.tables import (
    RemoteKey,
    SeenActivity,
    SeenSignature,
    Server,
    Suppression,
    Task,
)
from tests.support.remote import PUBLIC
from tests.support.rude_site import answer
from tests.support.site import serving
from tests.support.town import ACTIVITY, AS, HOST, OUR_ACTOR, activity, dump, housed


@pytest.fixture
def anna(door):
    return door.town.person("anna")


def raw(door, body, **headers):
    return door.client.post("/inbox", content=body, headers={"content-type": ACTIVITY} | headers)


def kept(door):
    return len(door.rows(Task)) + len(door.rows(SeenActivity))


def test_signed_activity_is_heard_with_an_empty_answer(door, anna):
    heard = door.send(anna, "Follow", OUR_ACTOR)
    assert (heard.status_code, heard.content) == (202, b"")
    assert kept(door) == 2


def test_rfc_9421_is_heard_too(door, anna):
    assert door.post(anna.rfc9421(dump(activity(anna, "Follow", OUR_ACTOR)))).status_code == 202


def test_declared_size_is_refused_before_it_is_sent(door):
    address = urlsplit(str(door.client.base_url))
    with socket.create_connection((address.hostname, address.port), 10) as line:
        head = f"POST /inbox HTTP/1.1\r\nhost: waypost.test\r\ncontent-type: {ACTIVITY}\r\n"
        line.sendall(f"{head}content-length: 10000000\r\n\r\n".encode())
        assert line.recv(200).startswith(b"HTTP/1.1 413")


def test_ten_megabytes_are_refused(door):
    assert raw(door, b"x" * 10_000_000).status_code == 413


def test_body_that_hides_its_size_is_cut_off(door):
    def endless():
        while True:
            yield b"x" * 65_536

    address = urlsplit(str(door.client.base_url))
    with socket.create_connection((address.hostname, address.port), 10) as line:
        head = f"POST /inbox HTTP/1.1\r\nhost: waypost.test\r\ncontent-type: {ACTIVITY}\r\n"
        line.sendall(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        sent = 0
        for chunk in endless():
            line.settimeout(0.01)
            try:
                answer = line.recv(200)
                break
            except TimeoutError:
                pass
            line.settimeout(10)
            line.sendall(b"10000\r\n" + chunk + b"\r\n")
            sent += len(chunk)
            assert sent < 5_000_000, "nobody stops us"
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "kind",
    [
        "text/html", "application/json", "application/ld+json", "", "text/plain",
        'application/ld+json; profile="https://example.org/other"', "application/activity+jsonx",
        "multipart/form-data; boundary=x", 'x="application/activity+json"',
    ],
)  # fmt: skip
def test_other_content_types_are_refused(door, anna, kind):
    request = anna.cavage(dump(activity(anna, "Follow", OUR_ACTOR)))
    assert door.post(request, content_type=kind).status_code == 415
    assert kept(door) == 0


@pytest.mark.parametrize(
    "kind",
    [
        ACTIVITY, f"{ACTIVITY}; charset=utf-8", "Application/Activity+JSON",
        f'application/ld+json; profile="{AS}"', f"application/ld+json;profile={AS}",
        f'application/ld+json; profile="{AS} https://example.org/x"',
    ],
)  # fmt: skip
def test_both_activity_types_are_heard(door, anna, kind):
    request = anna.cavage(dump(activity(anna, "Follow", OUR_ACTOR)))
    assert door.post(request, content_type=kind).status_code == 202


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, gzip", "zstd"])
def test_encoded_bodies_are_refused_unread(door, encoding):
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000
    assert raw(door, bomb, **{"content-encoding": encoding}).status_code == 415


def test_slow_bodies_are_given_up_each_in_its_time(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "BODY_SECONDS", 0.4)
    head = f"POST /inbox HTTP/1.1\r\nhost: waypost.test\r\ncontent-type: {ACTIVITY}\r\n"
    with housed(tmp_path / "home") as door, ExitStack() as stack:
        address = urlsplit(str(door.client.base_url))
        lines, started = [], time.monotonic()
        for _ in range(3):
            where = (address.hostname, address.port)
            line = stack.enter_context(socket.create_connection(where, 10))
            line.sendall(f"{head}content-length: 1000\r\n\r\n".encode() + b"{")
            lines.append(line)
            time.sleep(0.1)
        for line in lines:
            assert line.recv(200).startswith(b"HTTP/1.1 408")
            while line.recv(1000):
                pass  # until it is closed
        assert time.monotonic() - started < 5
        assert raw(door, b"{").status_code == 400  # others are still heard


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b'{"type": NaN}',
        b'{"type": "Like", "type": "Delete"}', b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(door, body):
    assert raw(door, body).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"type": None}, {"type": 7}, {"type": []}, {"actor": None}, {"actor": "anna"},
        {"actor": {"name": "anna"}}, {"actor": "ftp://a.lab.test/users/anna"}, {"id": None},
        {"id": ""}, {"id": {"a": 1}}, {"id": "urn:uuid:1"},
        {"actor": [f"https://{HOST}/users/anna", f"https://{HOST}/users/eve"]},
    ],
)  # fmt: skip
def test_activity_without_its_members_is_refused(door, anna, change):
    assert door.send(anna, "Follow", OUR_ACTOR, **change).status_code == 400
    assert kept(door) == 0


@pytest.mark.parametrize("column", ["blocked", "opted_out"])
def test_refused_server_is_told_so_before_its_key_is_fetched(door, anna, column):
    door.opt_in()
    door.change(Server, **{column: True})
    time.sleep(1.1)
    for kind in ("Follow", "Create", "Like", "Announce"):
        assert door.send(anna, kind, OUR_ACTOR).status_code == 403
    assert door.town.asked("/users/anna") == []


def test_nothing_is_heard_from_a_blocked_server(door, anna):
    door.opt_in()
    door.change(Server, blocked=True)
    time.sleep(1.1)
    assert door.send(anna, "Block", OUR_ACTOR).status_code == 403


@pytest.mark.parametrize("kind", ["Block", "Undo"])
def test_person_of_an_opted_out_server_may_still_say_no(door, anna, kind):
    door.opt_in()
    door.change(Server, opted_out=True)
    time.sleep(1.1)
    assert door.send(anna, kind, OUR_ACTOR).status_code == 202


@pytest.mark.parametrize("out", ["blocked", "opted_out"])
@pytest.mark.parametrize("path", ["/users/anna", "/robots.txt"])
def test_key_leads_us_to_no_other_server_that_is_out(door, anna, path, out):
    """What a server that is out may still say is no reason to ask another one that is."""
    there = "b.lab.test"
    door.opt_in(HOST, there)
    door.change(Server, **{"opted_out": True, out: True})
    time.sleep(1.1)
    door.town.documents[f"https://{HOST}{path}"] = answer(
        302, b"", {"location": f"https://{there}{path}"}
    )
    if out == "blocked":
        with door.app.context.database.write() as connection:
            connection.execute(
                sa.update(table(Server)).where(table(Server).c.host == HOST).values(blocked=False)
            )
    asked = len(door.town.asked(there))
    door.send(anna, "Block", OUR_ACTOR)
    assert door.town.asked(f"{HOST}{path}")
    assert len(door.town.asked(there)) == asked


def test_unsigned_activity_is_refused(door, anna):
    assert raw(door, dump(activity(anna, "Follow", OUR_ACTOR))).status_code == 401


def test_activity_changed_on_the_way_is_refused(door, anna):
    request = anna.cavage(dump(activity(anna, "Follow", OUR_ACTOR)))
    other = dump(activity(anna, "Undo", OUR_ACTOR))
    heard = door.client.post(
        "/inbox", content=other, headers={"content-type": ACTIVITY, **request.headers}
    )
    assert heard.status_code == 401


def test_activity_for_another_server_is_refused(door, anna):
    body = dump(activity(anna, "Follow", OUR_ACTOR))
    assert door.post(anna.cavage(body, url="https://other.test/inbox")).status_code == 401


def test_replayed_request_is_refused(door, anna):
    request = anna.cavage(dump(activity(anna, "Follow", OUR_ACTOR)))
    assert door.post(request).status_code == 202
    assert door.post(request).status_code == 401
    assert kept(door) == 2


def test_replayed_request_is_refused_after_a_restart(tmp_path):
    with housed(tmp_path / "home") as door:
        anna = door.town.person("anna")
        request = anna.cavage(dump(activity(anna, "Follow", OUR_ACTOR)))
        assert door.post(request).status_code == 202
        with serving(door.app) as again:
            sent = {"content-type": ACTIVITY, **request.headers}
            assert (
                again.client.post("/inbox", content=request.body, headers=sent).status_code == 401
            )


def test_of_many_equal_requests_at_once_one_is_heard(house):
    anna = house.town.person("anna")
    request = anna.cavage(dump(activity(anna, "Follow", OUR_ACTOR)))
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: house.post(request).status_code, range(20)))
    assert sorted(answers) == [202] + [401] * 19
    assert kept(house) == 2


def test_what_could_not_be_written_down_may_be_sent_once_more(door, anna, monkeypatch):
    """Its signature counts as used only together with what came of it."""
    request = anna.cavage(dump(activity(anna, "Follow", OUR_ACTOR)))
    with monkeypatch.context() as broken:
        broken.setattr(services.federation.inbox, "first_times", lambda *_: 1 / 0)
        failed = door.post(request)
    assert failed.status_code == 500
    assert failed.headers["content-type"] == "application/problem+json"
    assert "ZeroDivisionError" not in failed.text
    assert kept(door) == 0
    assert door.post(request).status_code == 202


def test_used_signatures_are_forgotten_after_their_time(house):
    anna = house.town.person("anna")
    assert house.send(anna, "Follow", OUR_ACTOR).status_code == 202
    house.clock.ahead += timedelta(hours=2)
    later = anna.cavage(dump(activity(anna, "Like", OUR_ACTOR)), at=house.clock.now())
    assert house.post(later).status_code == 202
    assert len(house.rows(SeenSignature)) == 1


def test_all_answers_carry_the_headers_that_every_answer_carries(door, anna):
    elsewhere = door.client.get("/actor", headers={"accept": ACTIVITY}).headers
    for heard in (door.send(anna, "Follow", OUR_ACTOR), raw(door, b"{")):
        for name in ("content-security-policy", "x-content-type-options", "referrer-policy"):
            assert heard.headers[name] == elsewhere[name]
        assert heard.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in heard.headers


def test_other_methods_are_no_way_in(door):
    assert [door.client.request(how, "/inbox").status_code for how in ("GET", "PUT")] == [405, 405]


def test_every_answer_is_timed_under_its_route(door, anna):
    door.send(anna, "Follow", OUR_ACTOR)
    raw(door, b"{")
    shown = door.client.get("/metrics").text
    for status in (202, 400):
        labels = f'{{method="POST",route="/inbox",status="{status}"}}'
        assert f"waypost_request_seconds_count{labels} 1.0" in shown


def out_for_good(door, person):
    with door.app.context.database.write() as connection:
        row = {"digest": door.app.context.digest(person.uri), "at": door.clock.now()}
        upsert(connection, Suppression, [row], key=["digest"])
        connection.execute(
            sa.delete(table(RemoteKey)).where(table(RemoteKey).c.actor == person.uri)
        )


def test_somebody_out_for_good_is_heard_and_their_key_is_not_kept(house):
    """They must be able to sign their way back in."""
    anna = house.town.person("anna")
    out_for_good(house, anna)
    for number in (1, 2):
        assert house.send(anna, "Follow", OUR_ACTOR).status_code == 202
        assert house.rows(RemoteKey) == []
        assert len(house.town.asked("/users/anna")) == number, "nor in memory"


def test_a_key_that_was_kept_goes_with_its_person(house):
    anna = house.town.person("anna")
    assert house.send(anna, "Follow", OUR_ACTOR).status_code == 202
    assert len(house.rows(RemoteKey)) > 0
    out_for_good(house, anna)
    house.clock.ahead += timedelta(minutes=11)  # memory follows the table
    later = dump(activity(anna, "Follow", OUR_ACTOR))
    assert house.post(anna.cavage(later, at=house.clock.now())).status_code == 202
    assert house.rows(RemoteKey) == []
    assert len(house.town.asked("/users/anna")) == 2


def test_id_on_another_host_is_refused_without_a_key(door, anna):
    refused = door.send(anna, "Follow", OUR_ACTOR, id="https://b.lab.test/activities/1")
    assert refused.status_code == 403
    assert door.town.asked("/users/anna") == []


@pytest.mark.parametrize("kind", ["Follow", "Block", "Undo", "Create", "Flag", "Move", "Like"])
def test_key_of_another_host_is_refused_without_being_fetched(door, anna, kind):
    mallory = door.town.person("mallory", "m.lab.test")
    forged = dump(activity(anna, kind, OUR_ACTOR))
    assert door.post(mallory.cavage(forged)).status_code == 403
    assert door.post(mallory.rfc9421(forged)).status_code == 403
    assert door.town.asked("/users/") == []


@pytest.mark.parametrize("kind", ["Follow", "Block", "Undo", "Create", "Flag"])
def test_key_of_a_neighbour_is_refused(door, anna, kind):
    eve = door.town.person("eve")
    assert door.post(eve.cavage(dump(activity(anna, kind, OUR_ACTOR)))).status_code == 403
    assert kept(door) == 0


def test_nobody_speaks_in_our_name(door, anna):
    assert door.send(anna, "Follow", OUR_ACTOR, actor=f"{PUBLIC}/actor").status_code == 403


def test_unknown_types_are_heard_and_forgotten(door, anna):
    assert door.send(anna, "Wibble", OUR_ACTOR).status_code == 202
    assert kept(door) == 0


def test_server_that_says_too_much_is_told_to_wait(tmp_path):
    with housed(tmp_path / "home", inbox_rate=Rate(per_second=0.1, burst=3, clients=100)) as door:
        anna = door.town.person("anna")
        ben = door.town.person("ben", "b.lab.test")
        answers = [door.send(anna, "Follow", OUR_ACTOR) for _ in range(6)]
        assert [one.status_code for one in answers] == [202] * 3 + [429] * 3
        assert int(answers[-1].headers["retry-after"]) > 0
        assert door.send(ben, "Follow", OUR_ACTOR).status_code == 202, "others are not affected"


def test_forged_claims_use_up_nobodys_allowance(tmp_path):
    with housed(tmp_path / "home", inbox_rate=Rate(per_second=0.1, burst=3, clients=100)) as door:
        anna = door.town.person("anna")
        for _ in range(10):
            raw(door, dump(activity(anna, "Follow", OUR_ACTOR)), signature='keyId="x"')
        assert door.send(anna, "Follow", OUR_ACTOR).status_code == 202


def strange(chance, depth=0):
    """Any JSON, with a liking for the words that matter."""
    words = ["Follow", "Note", "https://a.lab.test/x", OUR_ACTOR, f"{AS}#Public", "", "as:Public"]
    kind = chance.randrange(8 if depth < 4 else 5)
    if kind < 5:
        return [chance.choice(words), 1, True, None, 1.5][kind]
    if kind == 5:
        return [strange(chance, depth + 1) for _ in range(chance.randrange(3))]
    names = ["id", "type", "object", "to", "cc", "tag", "href", "actor", "target", "content"]
    return {chance.choice(names): strange(chance, depth + 1) for _ in range(chance.randrange(1, 5))}


def test_no_activity_however_strange_breaks_anything(door, anna):
    chance = random.Random(7)
    door.opt_in()
    for kind in sorted(HANDLERS):
        for _ in range(12):
            more = {"target": strange(chance), "to": strange(chance), "content": strange(chance)}
            body = dump(activity(anna, kind, strange(chance)) | more)
            assert door.post(anna.cavage(body)).status_code == 202, json.loads(body)
    door.tasks()
    assert door.rows(Task) == []
