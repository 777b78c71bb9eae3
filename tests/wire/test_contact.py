"""Whom a server names as its contact, in the documents of different software."""

from __future__ import annotations

import pytest

from discover.wire.contact import contact_accounts

HOST = "example.social"


def test_mastodons_instance_document_in_both_versions():
    account = {
        "username": "admin",
        "uri": f"https://{HOST}/ap/users/1",
        "url": f"https://{HOST}/@admin",
    }
    for document in ({"contact": {"account": account}}, {"contact_account": account}):
        found = contact_accounts(HOST, instance=document, nodeinfo=None)
        assert found == (f"https://{HOST}/ap/users/1",)


def test_without_an_actor_uri_the_usual_addresses_of_the_account_stand_for_it():
    account = {"username": "admin", "url": f"https://{HOST}/@admin"}
    found = contact_accounts(HOST, instance={"contact_account": account}, nodeinfo=None)
    assert found == (f"https://{HOST}/@admin", f"https://{HOST}/users/admin")


def test_pleromas_staff_accounts():
    staff = [f"https://{HOST}/users/one", f"https://{HOST}/users/two", 3, None]
    found = contact_accounts(HOST, instance=None, nodeinfo={"metadata": {"staffAccounts": staff}})
    assert found == (f"https://{HOST}/users/one", f"https://{HOST}/users/two")


def test_whoever_lives_elsewhere_does_not_speak_for_the_server():
    stranger = {"username": "admin", "uri": "https://other.example/users/admin"}
    staff = {"metadata": {"staffAccounts": [f"https://{HOST}.other.example/users/a"]}}
    assert contact_accounts(HOST, instance={"contact": {"account": stranger}}, nodeinfo=staff) == ()


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"contact": None},
        {"contact": {"account": None}},
        {"contact": "admin"},
        {"contact_account": []},
        {"contact_account": {"username": None, "url": 5}},
        {"contact_account": {"username": "../../evil"}},
    ],
)
def test_a_server_without_a_contact_names_nobody(document):
    assert contact_accounts(HOST, instance=document, nodeinfo={"metadata": []}) == ()
