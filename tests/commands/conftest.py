"""A town of people who sign, and a Waypost of either edition's database that they can talk to."""

from __future__ import annotations

import logging
from uuid import uuid4

import pytest

from discover.wire.text import html_text
from tests.support.remote import Person
from tests.support.town import OUR_ACTOR, House, housed


class Talk:
    """Conversations through the inbox, and what came back."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.town = house.town

    def note(self, person: Person, text: str, **more):
        uri = f"{person.uri}/statuses/{uuid4().hex[:8]}"
        return {
            "id": uri,
            "type": "Note",
            "attributedTo": person.uri,
            "to": [OUR_ACTOR],
            "cc": [],
            "content": '<p><span class="h-card"><a href="https://way.example/@waypost" class="u-url'
            f' mention">@<span>waypost</span></a></span> {text}</p>',
            "tag": [{"type": "Mention", "href": OUR_ACTOR, "name": "@waypost"}],
            "published": self.house.app.context.clock.now().isoformat(),
            **more,
        }

    def say(self, person: Person, text: str, *, work: bool = True, **more) -> str | None:
        """The text of the answer, None when there is none."""
        before = len(self.answers())
        note = self.note(person, text, **more)
        heard = self.house.send(person, "Create", note, to=note["to"], cc=note["cc"])
        assert heard.status_code == 202, heard.text
        self.house.work() if work else self.house.tasks()
        new = self.answers()[before:]
        assert len(new) <= 1
        return html_text(new[0]["object"]["content"]) if new else None

    def answers(self):
        return self.town.delivered("Create")


@pytest.fixture(params=["sqlite", "postgresql"])
def talk(request: pytest.FixtureRequest, tmp_path):
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    given = {}
    if request.param == "postgresql":
        given["database_url"] = request.getfixturevalue("postgres_url")
    with housed(tmp_path / "home", **given) as house:
        yield Talk(house)


@pytest.fixture
def ann(talk):
    """Her server has not opted in; her own account says yes. She has two posts."""
    person = talk.town.person("ann")
    uris = [
        talk.town.post(person, "A lighthouse in the fog #Sea", tag=[_tag("Sea")]),
        talk.town.post(person, "A lighthouse cake #Baking", tag=[_tag("Baking")]),
    ]
    outbox = talk.town.documents[f"{person.uri}/outbox"]
    outbox["orderedItems"] = [talk.town.documents[uri] for uri in uris]
    outbox["totalItems"] = 2
    person.sea, person.baking = uris
    return person


def _tag(name: str):
    return {"type": "Hashtag", "name": f"#{name}", "href": f"https://a.lab.test/tags/{name}"}
