"""What an admin may write, and what of it counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discover.model.instance import ServerScope
from discover.wire.documents import ParseError
from discover.wire.statement import (
    Statement,
    read_fields,
    read_file,
    read_txt,
    to_json,
    to_txt,
    txt_name,
)

SCHEMA = Path(__file__).parents[2] / "docs/waypost.schema.json"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("v=waypost1; consent=in", Statement(agrees=True)),
        ("v=waypost1;consent=in;", Statement(agrees=True)),
        ("V=WAYPOST1 ; Consent = IN", Statement(agrees=True)),
        ("v=waypost1; consent=out", Statement(agrees=False)),
        ("v=waypost1; consent=out; scope=nonsense; rate=none", Statement(agrees=False)),
        (
            "v=waypost1; consent=in; scope=Profiles; rate=30; languages=de, EN",
            Statement(agrees=True, scope=ServerScope.PROFILES, rate=30.0, languages=("de", "en")),
        ),
        ("v=waypost1; consent=in; later=unheard of", Statement(agrees=True)),
        (
            "v=waypost1; consent=in; contact=admin@example.social",
            Statement(agrees=True, contact="admin@example.social"),
        ),
    ],
)
def test_a_record_says_what_it_says_in_any_case(record, said):
    assert read_txt([record]) == said


@pytest.mark.parametrize(
    "record",
    [
        "",
        "v=waypost1",
        "consent=in",
        "v=waypost2; consent=in",
        "v=waypost1; consent=yes",
        "v=waypost1; consent=true",
        "v=waypost1; consent=",
        "v=waypost1; consent=in; consent=out",
        "v=waypost1; consent=in out",
        "v=waypost1 consent=in",
        "v=waypost1; in",
        "v=waypost1; consent=in; scope=everything",
        "v=waypost1; consent=in; scope=",
        "v=waypost1; consent=in; rate=fast",
        "v=waypost1; consent=in; rate=0",
        "v=waypost1; consent=in; rate=-1",
        "v=waypost1; consent=in; rate=nan",
        "v=spf1 include:_spf.example.org -all",
    ],
)
def test_a_record_that_cannot_be_understood_says_nothing(record):
    assert read_txt([record]) is None


def test_one_out_among_several_records_is_an_out():
    assert read_txt(["v=waypost1; consent=in", "v=waypost1; consent=out"]) == Statement(
        agrees=False
    )


def test_of_several_ins_the_strictest_bounds_hold():
    said = read_txt(
        ["v=waypost1; consent=in; rate=60", "v=waypost1; consent=in; scope=profiles; rate=6"]
    )
    assert said == Statement(agrees=True, scope=ServerScope.PROFILES, rate=6.0)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"v": "waypost1", "consent": True},
        {"v": "waypost1", "consent": 1},
        {"v": "waypost1", "consent": ["in"]},
        {"v": 1, "consent": "in"},
        {"v": "waypost1", "consent": "in", "scope": None, "rate": True},
        {"v": "waypost1", "consent": "in", "rate": "30"},
        {"v": "waypost1", "consent": "in", "Consent": "out"},
    ],
)
def test_a_file_with_other_types_says_nothing(value):
    assert read_file(json.dumps(value).encode()) is None


@pytest.mark.parametrize("body", [b"", b"<!doctype html>", b"[]", b'"in"', b"\xff", b"NaN"])
def test_a_file_that_is_no_json_object_cannot_be_read(body):
    with pytest.raises(ParseError):
        read_file(body)


def test_a_name_that_stands_twice_is_not_believed():
    with pytest.raises(ParseError):
        read_file(b'{"v": "waypost1", "consent": "out", "consent": "in"}')


def test_a_port_has_no_dns_name_of_its_own():
    assert txt_name("example.social:8443") == "_waypost.example.social"


STATEMENTS = st.builds(
    Statement,
    agrees=st.just(True),
    scope=st.sampled_from(ServerScope),
    contact=st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.example", fullmatch=True) | st.just(""),
    languages=st.lists(st.sampled_from(["de", "en", "pt-br"]), unique=True).map(tuple),
    rate=st.none() | st.integers(1, 6000).map(float),
)


@given(STATEMENTS | st.just(Statement(agrees=False)))
def test_what_is_written_is_read_back_the_same_in_both_forms(said):
    assert read_fields(to_json(said)) == said
    assert read_txt([to_txt(said)]) == said


@given(st.text())
def test_no_text_whatever_makes_the_reader_fail(text):
    said = read_txt([text])
    assert said is None or "waypost1" in text.lower()


def test_the_schema_names_the_fields_that_are_read():
    schema = json.loads(SCHEMA.read_text())
    assert set(schema["properties"]) == {"v", "consent", "scope", "contact", "languages", "rate"}
    assert schema["properties"]["consent"]["enum"] == ["in", "out"]
    assert schema["properties"]["scope"]["enum"] == [scope.value for scope in ServerScope]
    assert schema["required"] == ["v", "consent"]
    for example in schema["examples"]:
        assert read_fields(example) is not None
