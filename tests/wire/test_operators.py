"""What people type is read as they mean it, and never refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discover.wire.operators import Typed, Unwanted, parse


def day(year, month=1, number=1):
    return datetime(year, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Typed()),
        ("clear skies", Typed(text="clear skies")),
        ('"clear skies" tonight', Typed(text="tonight", phrases=("clear skies",))),
        ("„klarer Himmel“ jetzt", Typed(text="jetzt", phrases=("klarer Himmel",))),
        ("« ciel clair »", Typed(phrases=("ciel clair",))),
        ('an "unfinished phrase', Typed(text="an", phrases=("unfinished phrase",))),
        ("moon -astrology", Typed(text="moon", exclude=("astrology",))),
        ("moon -#Astrology.", Typed(text="moon", without=Unwanted(tags=("astrology",)))),
        ("moon -lang:de-AT,fr", Typed(text="moon", without=Unwanted(languages=("de", "fr")))),
        (
            "moon −lang:de lang:fr",
            Typed(text="moon", languages=("fr",), without=Unwanted(languages=("de",))),
        ),
        ("-server:Stars.Example x", Typed(text="x", without=Unwanted(servers=("stars.example",)))),
        ("-from:@Marta x", Typed(text="x", without=Unwanted(accounts=("marta",)))),
        ("x -has:images", Typed(text="x", without=Unwanted(media=("image",)))),
        ("x -lang:german -has:money", Typed(text="x", ignored=("-lang:german", "-has:money"))),
        ("x -before:2026", Typed(text="x", since=day(2026))),
        ("-before:2026-03-01", Typed(since=day(2026, 3))),
        ("-after:2026-03-01", Typed(until=day(2026, 3, 2))),
        ("−after:2025 before:2025-06 -before:2024", Typed(since=day(2024), until=day(2025, 6))),
        ("x -during:2026 -after:tea", Typed(text="x", ignored=("-during:2026", "-after:tea"))),
        ('moon -"two words"', Typed(text="moon", ignored=('-"two words"',))),
        ("night-sky e-mail", Typed(text="night-sky e-mail")),
        ("#Café #天文, now", Typed(text="now", tags=("cafe", "天文"))),
        ("from:@Marta@Stars.Example x", Typed(text="x", accounts=("marta@stars.example",))),
        ("from:marta", Typed(accounts=("marta",))),
        ("lang:de-AT,fr", Typed(languages=("de", "fr"))),
        ("language:german", Typed(ignored=("language:german",))),
        ("server:Stars.Example", Typed(servers=("stars.example",))),
        ("has:images", Typed(media=("image",))),
        ("has:media", Typed(media=("image", "video", "audio", "other"))),
        ("has:money", Typed(ignored=("has:money",))),
        ("is:reply -is:bot", Typed(reply=True, bot=False)),
        ("before:2026-03-02", Typed(until=day(2026, 3, 2))),
        ("after:2026-03-01", Typed(since=day(2026, 3, 2))),
        ("after:2025", Typed(since=day(2026))),
        ("during:2025-12", Typed(since=day(2025, 12), until=day(2026))),
        ("before:2026-13-40", Typed(ignored=("before:2026-13-40",))),
        ("https://stars.example/x", Typed(text="https://stars.example/x")),
        ("note: milk", Typed(text="note: milk")),
        ("FROM:marta HAS:Video", Typed(accounts=("marta",), media=("video",))),
        ("@marta@stars.example", Typed(text="@marta@stars.example")),
        ("- −", Typed()),
    ],
)
def test_typing_is_read_as_it_is_meant(typed, meant):
    assert parse(typed) == meant


@pytest.mark.parametrize("typed", ["-lang:de", "-#tag", "-from:marta", "-word", ""])
def test_leaving_something_out_alone_finds_nothing(typed):
    assert parse(typed).empty


@given(st.text(max_size=80))
def test_any_typing_is_read(text):
    assert isinstance(parse(text), Typed)


PIECES = (
    "ab",
    '"“',
    "”#-:",
    "from:",
    "lang:de",
    "has:image",
    "-lang:de",
    "-#a",
    "is:",
    "before:2026",
    "-",
    '-"a b',
)


@given(st.lists(st.sampled_from(PIECES)))
def test_pieces_in_any_order_are_read(pieces):
    assert isinstance(parse(" ".join(pieces)), Typed)
