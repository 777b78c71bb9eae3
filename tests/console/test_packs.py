"""Packs that an operator picks: nobody is shown in one who did not say yes themselves."""

from __future__ import annotations

import sqlalchemy as sa

from discover.services.console import audit_log
from discover.services.facts import PERSONS
from discover.services.find.packs import find_pack
from tests.support.site import HOST, MARTA

PAGE = "/console/packs"


def shown(visitor):
    pack = find_pack(visitor.context, "night-sky")
    return None if pack is None else [one.handle for one in pack.members]


def test_pack_is_made_filled_emptied_and_dropped(ada):
    made = ada.send(PAGE, PAGE, slug="night-sky", title="Night sky", note="Look up")
    assert made.url.path == f"{PAGE}/night-sky"
    picked = ada.send(
        f"{PAGE}/night-sky/pick", PAGE, handles=f"@marta@{HOST}\n@shy@{HOST} gazer1@{HOST}"
    )
    assert shown(ada) == []
    assert audit_log.page(ada.context)[0].after == {"picked": 2, "not_listed_here": 1}
    assert "marta" not in picked.text
    with ada.context.database.write() as connection:
        connection.execute(
            sa.insert(PERSONS).values(
                uri=MARTA.actor.uri, act="in", tags=[], blocked_us=False,
                at=ada.context.clock.now(), source="",
            )
        )  # fmt: skip
    assert shown(ada) == [f"marta@{HOST}"]
    assert f"@marta@{HOST}" in ada.see(f"{PAGE}/night-sky").text
    ada.send(f"{PAGE}/night-sky/unpick", PAGE, handles=f"marta@{HOST}")
    assert shown(ada) == []
    ada.send(f"{PAGE}/night-sky/drop", PAGE)
    assert shown(ada) is None
    assert ada.see(f"{PAGE}/night-sky").status_code == 404
    assert HOST not in str(audit_log.page(ada.context))


def test_hidden_pack_is_shown_to_nobody_until_it_is_shown_again(ada):
    ada.send(PAGE, PAGE, slug="night-sky", title="Night sky")
    hidden = ada.send(f"{PAGE}/night-sky/hide", f"{PAGE}/night-sky")
    assert "nobody is shown it" in hidden.text
    assert shown(ada) is None
    assert ada.see("/packs/night-sky").status_code == 404
    assert "Night sky" not in ada.see("/packs").text
    assert "Night sky" in ada.see(PAGE).text
    entry = audit_log.page(ada.context)[0]
    assert (entry.act, entry.subject, entry.outcome) == ("hid a pack", "night-sky", "done")
    assert ada.send(f"{PAGE}/none/hide", PAGE).status_code == 422

    ada.send(f"{PAGE}/night-sky/show", f"{PAGE}/night-sky")
    assert shown(ada) == []
    assert audit_log.page(ada.context)[0].act == "showed a pack again"


def test_pack_that_cannot_be_is_said_so(ada):
    for given in ({"slug": "Two Words", "title": "x"}, {"slug": "topic-x", "title": "x"}, {"slug": "x", "title": ""}):  # fmt: skip
        assert ada.send(PAGE, PAGE, **given).status_code == 422
    assert ada.send(f"{PAGE}/none/pick", PAGE, handles=f"marta@{HOST}").status_code == 422
    ada.send(PAGE, PAGE, slug="night-sky", title="Night sky")
    assert ada.send(f"{PAGE}/night-sky/pick", PAGE, handles="nonsense").status_code == 422
    assert ada.see(f"{PAGE}/topic-astronomy").status_code == 404
