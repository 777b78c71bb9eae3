"""Who deletes their account themselves is told as gone, also before anybody has looked."""

from __future__ import annotations

from discover.model.actor import Handle
from discover.services.consent.servers import add_server
from discover.services.consent.why import explain_account


def test_whoever_deletes_their_account_is_not_said_to_be_listed(house):
    add_server(house.app.context, "a.lab.test", "agreed")
    ann = house.town.person("ann")
    house.send(ann, "Update", house.town.documents[ann.uri])
    house.work()
    handle = Handle("ann", "a.lab.test")
    assert explain_account(house.app.context, handle).list.allowed
    house.send(ann, "Delete", ann.uri)
    house.tasks()  # heard, and not looked at yet
    assert not explain_account(house.app.context, handle).list.allowed
