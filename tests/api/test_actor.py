"""Our own actor as other servers read it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.support.site import PUBLIC

ACTIVITY = "application/activity+json"
LINKED = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


@pytest.mark.parametrize(
    "accept",
    [ACTIVITY, LINKED, f"{ACTIVITY}, {LINKED}", "*/*", f"{ACTIVITY}, text/html;q=0.5", ""],
)
def test_actor_is_readable_unsigned(site, accept):
    answer = site.get("/actor", headers={"Accept": accept})
    assert answer.status_code == 200
    kind = answer.headers["content-type"]
    assert kind.startswith((ACTIVITY, "application/ld+json; profile="))
    if "activity+json" not in accept and "ld+json" in accept:
        assert kind == LINKED
    actor = answer.json()
    assert actor["id"] == f"{PUBLIC}/actor"
    assert actor["type"] == "Application"
    assert actor["preferredUsername"] == "waypost"
    assert actor["inbox"] == f"{PUBLIC}/inbox"
    assert actor["publicKey"]["id"] == f"{PUBLIC}/actor#main-key"
    assert actor["publicKey"]["owner"] == actor["id"]
    key = load_pem_public_key(actor["publicKey"]["publicKeyPem"].encode())
    assert isinstance(key, RSAPublicKey)
    assert key.key_size >= 2048


def test_actor_publishes_the_key_that_signs(site):
    shown = site.get("/actor").json()["publicKey"]["publicKeyPem"]
    assert shown == site.app.keys.public_pem


def test_browser_is_sent_to_the_page_about_us(site):
    answer = site.get("/actor", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/about"
    assert "Accept" in answer.headers["vary"]


def test_outbox_is_empty(site):
    outbox = site.get("/outbox", headers={"Accept": ACTIVITY}).json()
    assert outbox["type"] == "OrderedCollection"
    assert outbox["totalItems"] == 0
    assert outbox["id"] == site.get("/actor").json()["outbox"]


@pytest.mark.parametrize(
    "resource",
    [
        "acct:waypost@waypost.example",
        "acct:Waypost@WAYPOST.example",
        "acct:waypost.example@waypost.example",
        f"{PUBLIC}/actor",
        PUBLIC,
        f"{PUBLIC}/",
    ],
)
def test_webfinger_finds_the_actor(site, resource):
    answer = site.get("/.well-known/webfinger", params={"resource": resource})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jrd+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    jrd = answer.json()
    assert jrd["subject"] == "acct:waypost@waypost.example"
    (self_link,) = [link for link in jrd["links"] if link["rel"] == "self"]
    assert self_link == {"rel": "self", "type": ACTIVITY, "href": f"{PUBLIC}/actor"}


def test_webfinger_gives_only_the_links_asked_for(site):
    answer = site.get(
        "/.well-known/webfinger", params={"resource": f"{PUBLIC}/actor", "rel": "self"}
    )
    assert [link["rel"] for link in answer.json()["links"]] == ["self"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?resource=", 400),
        ("?resource=waypost", 400),
        ("?resource=acct:waypost", 400),
        ("?resource=acct:waypost@waypost.example&resource=acct:b@c", 400),
        ("?resource=acct:other@waypost.example", 404),
        ("?resource=acct:waypost@elsewhere.example", 404),
        ("?resource=https://elsewhere.example/actor", 404),
    ],
)
def test_webfinger_refuses_what_is_not_ours(site, query, status):
    answer = site.get(f"/.well-known/webfinger{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_nodeinfo_leads_from_links_to_documents(site):
    links = site.get("/.well-known/nodeinfo").json()["links"]
    actor = links.pop()
    assert actor == {
        "rel": "https://www.w3.org/ns/activitystreams#Application",
        "href": f"{PUBLIC}/actor",
    }
    assert {link["rel"].rpartition("/")[2] for link in links} == {"2.0", "2.1"}
    for link in links:
        answer = site.get(link["href"].removeprefix(PUBLIC))
        schema = link["rel"]
        assert answer.headers["content-type"] == f'application/json; profile="{schema}#"'
        info = answer.json()
        assert info["version"] == schema.rpartition("/")[2]
        assert info["software"]["name"] == "waypost"
        assert info["protocols"] == ["activitypub"]
        assert info["openRegistrations"] is False
        assert ("homepage" in info["software"]) is (info["version"] == "2.1")
