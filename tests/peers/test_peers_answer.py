"""The peers themselves: a crawl test that fails should not have to ask whether they were up."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.peers import FEDIFY_HOST, PUBBY_HOST, PUBBY_SHY_HOST, Peer

pytestmark = pytest.mark.peer
AS_PUBLIC = {"as:Public", "https://www.w3.org/ns/activitystreams#Public"}


def ask(peer: Peer, host: str, path: str) -> httpx.Response:
    headers = {"Host": host, "Accept": "application/activity+json"}
    return httpx.get(peer.url + path, headers=headers, trust_env=False)


def actor(peer: Peer, host: str, path: str) -> dict[str, Any]:
    answer = ask(peer, host, path)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    assert document["id"] == f"http://{host}{path}"
    return document


@pytest.mark.parametrize(
    ("username", "flags"),
    [
        ("open", {"discoverable": True, "indexable": True}),
        ("listed", {"discoverable": True, "indexable": False}),
        ("unlisted", {"discoverable": False, "indexable": True}),
        ("private", {"discoverable": False, "indexable": False}),
        ("silent", {}),
    ],
)
def test_fedify_serves_each_mix_of_flags(fedify: Peer, username: str, flags: dict[str, bool]):
    document = actor(fedify, FEDIFY_HOST, f"/users/{username}")
    said = {name: document[name] for name in ("discoverable", "indexable") if name in document}
    assert said == flags


def test_fedify_finds_its_people_by_handle(fedify: Peer):
    answer = ask(fedify, FEDIFY_HOST, f"/.well-known/webfinger?resource=acct:open@{FEDIFY_HOST}")
    assert answer.json()["subject"] == f"acct:open@{FEDIFY_HOST}"
    links = {link["rel"]: link["href"] for link in answer.json()["links"] if "href" in link}
    assert links["self"] == f"http://{FEDIFY_HOST}/users/open"


def test_fedify_names_itself_in_nodeinfo(fedify: Peer):
    assert ask(fedify, FEDIFY_HOST, "/nodeinfo/2.1").json()["software"]["name"] == "fedify-lab"


def test_fedify_outbox_is_read_page_by_page(fedify: Peer):
    first = ask(fedify, FEDIFY_HOST, "/users/open/outbox").json()["first"]
    kinds, page = [], first
    while page:
        document = ask(fedify, FEDIFY_HOST, page.removeprefix(f"http://{FEDIFY_HOST}")).json()
        items = document["orderedItems"]
        kinds += [item["type"] for item in (items if isinstance(items, list) else [items])]
        page = document.get("next")
    assert kinds == ["Create"] * 4 + ["Announce", "Create"]


def test_fedify_shows_no_stranger_a_post_to_followers(fedify: Peer):
    assert ask(fedify, FEDIFY_HOST, "/users/open/notes/1").status_code == 200
    assert ask(fedify, FEDIFY_HOST, "/users/open/notes/3").status_code == 404


def test_fedify_with_authorized_fetch_refuses_the_unsigned(fedify_signed_only: Peer):
    assert ask(fedify_signed_only, FEDIFY_HOST, "/users/open").status_code == 401
    assert ask(fedify_signed_only, FEDIFY_HOST, "/users/open/outbox?cursor=0").status_code == 401
    finger = f"/.well-known/webfinger?resource=acct:open@{FEDIFY_HOST}"
    assert ask(fedify_signed_only, FEDIFY_HOST, finger).status_code == 200


@pytest.mark.parametrize(("host", "flag"), [(PUBBY_HOST, True), (PUBBY_SHY_HOST, False)])
def test_pubby_serves_its_actor(pubby: Peer, host: str, flag: bool):
    document = actor(pubby, host, "/ap/actor")
    assert document["discoverable"] is flag
    assert "indexable" not in document


def test_pubby_outbox_holds_a_public_and_an_unlisted_post(pubby: Peer):
    items = ask(pubby, PUBBY_HOST, "/ap/outbox").json()["orderedItems"]
    public = [bool(AS_PUBLIC & set(item["object"]["to"])) for item in items]
    assert sorted(public) == [False, True]
