"""Small template grammars: how the people of the pretend fediverse write.

A template is text with choices, `It was [cold|windy] in {place}.`; `{place}` and `{number}` are
filled in, outside of choices. The data is in `data/languages/*.json`, one file a language.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

_PIECE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]|\{(place|number)\}")
_PLAIN = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss", "ø": "o", "æ": "ae", "đ": "d", "ı": "i"})

Part = str | tuple[str, ...] | None  # fixed text, a choice, or None for a number


@dataclass(frozen=True, slots=True)
class Topic:
    key: str
    tags: tuple[str, ...]
    bios: tuple[tuple[Part, ...], ...]
    posts: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    first: tuple[tuple[str, str], ...]  # as written, as in a user name
    last: tuple[tuple[str, str], ...]
    family_first: bool
    space: str  # between sentences
    openers: tuple[str, ...]
    closers: tuple[str, ...]
    replies: tuple[str, ...]
    callouts: tuple[str, ...]  # with {who}
    warnings: tuple[str, ...]
    polls: tuple[tuple[str, tuple[str, ...]], ...]
    tails: tuple[tuple[Part, ...], ...]  # last lines of a bio
    fields: tuple[tuple[str, str], ...]
    alts: tuple[str, ...]
    bots: tuple[str, ...]
    topics: dict[str, Topic]


def _data(name: str) -> Any:
    return json.loads(files("discover.demo").joinpath("data", name).read_text("utf-8"))


@cache
def hosts_data() -> dict[str, Any]:
    data: dict[str, Any] = _data("hosts.json")
    return data


@cache
def topic_emoji() -> dict[str, str]:
    data: dict[str, str] = _data("topics.json")
    return data


def ascii_name(text: str) -> str:
    """`Zoë Łukasz` -> `zoelukasz`: what a user name may hold."""
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def compile_template(text: str, places: tuple[str, ...]) -> tuple[Part, ...]:
    parts: list[Part] = []
    end = 0
    for match in _PIECE.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        if match[1] is not None:
            parts.append(tuple(match[1].split("|")))
        else:
            parts.append(places if match[2] == "place" else None)
        end = match.end()
    if end < len(text):
        parts.append(text[end:])
    return tuple(parts)


def write(template: tuple[Part, ...], chance: Random) -> str:
    out = []
    for part in template:
        if part is None:
            out.append(str(2 + int(chance.random() * 40)))
        elif isinstance(part, tuple):
            out.append(part[int(chance.random() * len(part))])
        else:
            out.append(part)
    return "".join(out)


def _names(items: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = (item.partition("|") for item in items)
    return tuple((shown, plain or ascii_name(shown)) for shown, _, plain in pairs)


@cache
def language(code: str) -> Language:
    raw = _data(f"languages/{code}.json")
    places = tuple(raw["places"])
    topics = {
        key: Topic(
            key=key,
            tags=tuple(topic["tags"].split()),
            bios=tuple(compile_template(text, places) for text in topic["bio"]),
            posts=tuple(compile_template(text, places) for text in topic["posts"]),
        )
        for key, topic in raw["topics"].items()
    }
    return Language(
        code=code,
        first=_names(raw["first"]),
        last=_names(raw["last"]),
        family_first=raw.get("family_first", False),
        space=raw.get("space", " "),
        openers=tuple(raw["openers"]),
        closers=tuple(raw["closers"]),
        replies=tuple(raw["replies"]),
        callouts=tuple(raw["callouts"]),
        warnings=tuple(raw["warnings"]),
        polls=tuple((poll[0], tuple(poll[1:])) for poll in raw["polls"]),
        tails=tuple(compile_template(text, places) for text in raw["tails"]),
        fields=tuple((name, value) for name, value in raw["fields"]),
        alts=tuple(raw["alts"]),
        bots=tuple(raw["bots"]),
        topics=topics,
    )


@cache
def languages() -> tuple[str, ...]:
    """The codes there is data for, the big ones first."""
    folder = files("discover.demo").joinpath("data", "languages")
    have = {entry.name.removesuffix(".json") for entry in folder.iterdir()}
    order = ("en", "de", "fr", "es", "it", "pt", "pl", "ja", "nl", "ar")
    return tuple(code for code in order if code in have)
