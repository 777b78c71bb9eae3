"""Who follows our actor is counted, not told; and where the operator wants it, only to the signed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from discover.services.consent.servers import add_server
from discover.services.facts import SERVERS
from discover.store.database import upsert
from discover.store.tables import Follower, Following
from tests.support.remote import Person
from tests.support.rude_site import RudeSite
from tests.support.site import PUBLIC, filled_site

ACTIVITY = "application/activity+json"
COLLECTIONS = ("followers", "following", "outbox", "featured")


@pytest.mark.parametrize("name", COLLECTIONS)
def test_actor_names_its_collections_and_they_name_themselves(site, name):
    address = site.get("/actor").json()[name]
    assert address == f"{PUBLIC}/{name}"
    answer = site.get(f"/{name}", headers={"Accept": ACTIVITY})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(ACTIVITY)
    assert answer.json() == {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": address,
        "type": "OrderedCollection",
        "totalItems": 0,
        "orderedItems": [],
    }


@pytest.mark.parametrize("name", COLLECTIONS)
def test_browser_is_sent_to_the_page_about_us(site, name):
    answer = site.get(f"/{name}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/about")


def test_followers_are_counted_and_not_named(own_site):
    now = datetime.now(UTC)
    who = {"host": "one.example", "inbox": "https://one.example/inbox", "at": now}
    with own_site.app.context.database.write() as connection:
        for number in range(3):
            actor = {"actor": f"https://one.example/users/{number}", "follow_id": f"f{number}"}
            upsert(connection, Follower, [who | actor], key=["actor"])
            state = {"state": "accepted" if number else "pending"}
            upsert(connection, Following, [who | actor | state], key=["actor"])
    for name, total in (("followers", 3), ("following", 2)):
        shown = own_site.get(f"/{name}", headers={"Accept": ACTIVITY})
        assert shown.json()["totalItems"] == total
        assert "one.example" not in shown.text


def test_host_meta_leads_to_webfinger(site):
    answer = site.get("/.well-known/host-meta")
    assert answer.headers["content-type"].startswith("application/xrd+xml")
    assert f'template="{PUBLIC}/.well-known/webfinger?resource={{uri}}"' in answer.text


@pytest.fixture(scope="module")
def reserved(tmp_path_factory):
    """Collections for signed requests only, and a remote server whose people can sign."""
    with (
        RudeSite() as remote,
        filled_site(
            tmp_path_factory.mktemp("reserved"),
            signed_fetch_only=True,
            lab_networks="127.0.0.0/8",
            lab_hosts=f"*.lab.test=127.0.0.1:{remote.port}",
            lab_plain_http=True,
        ) as site,
    ):
        site.alice = Person("alice").live_at(remote)
        yield site


def headers(person, scheme, name, **given):
    signed = getattr(person, scheme)(b"", method="GET", url=f"{PUBLIC}/{name}", **given)
    return dict(signed.headers) | {"accept": ACTIVITY}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_reserved_collection_is_not_shown_to_the_unsigned(reserved, name):
    answer = reserved.get(f"/{name}", headers={"Accept": ACTIVITY})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", COLLECTIONS)
@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
def test_reserved_collection_is_shown_to_the_signed_and_kept_by_nobody(reserved, name, scheme):
    answer = reserved.get(f"/{name}", headers=headers(reserved.alice, scheme, name))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"


def test_reserved_collection_is_not_shown_with_a_signature_for_another(reserved):
    answer = reserved.get("/followers", headers=headers(reserved.alice, "rfc9421", "outbox"))
    assert answer.status_code == 401


def test_actor_and_webfinger_stay_readable_unsigned(reserved):
    assert reserved.get("/actor", headers={"Accept": ACTIVITY}).status_code == 200
    found = reserved.get("/.well-known/webfinger", params={"resource": f"{PUBLIC}/actor"})
    assert found.status_code == 200


def test_reserved_collection_is_not_shown_to_a_blocked_server(reserved):
    eve = Person("eve", host="blocked.lab.test")
    add_server(reserved.app.context, eve.host, "")
    with reserved.app.context.database.write() as connection:
        connection.execute(
            sa.update(SERVERS).where(SERVERS.c.host == eve.host).values(blocked=True)
        )
    reserved.get("/followers", headers={"Accept": ACTIVITY})
    answer = reserved.get("/followers", headers=headers(eve, "cavage", "followers"))
    assert answer.status_code in (401, 403)
