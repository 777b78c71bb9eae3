"""Hashtags: one key for one tag, however it is written."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from discover.wire.documents import Json
from discover.wire.jsonld import as_list, types

LONGEST = 100
# A letter or digit or '_' after '#'; never inside a word, an entity or a URL's fragment.
_IN_TEXT = re.compile(r"(?<![\w&/=?.:)#＃])[#＃]([\w·・‧]+)")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# Latin letters that no Unicode decomposition takes apart.
_LATIN = str.maketrans("øłđðħıŋŧ", "olddhint")


def fold(tag: str) -> str:
    """The key of a tag: without '#', NFKC, case folded, Latin letters without accents.

    Mastodon federates #Café as `#cafe` in `tag[]` and as written in the text: only when Latin
    accents go do both give one key. Other scripts keep their marks, which make other letters
    there (Japanese が, Russian й). '' if nothing is left.
    """
    tag = tag.strip().lstrip("#＃")
    if tag.isascii():
        return tag.lower()[:LONGEST]
    tag = unicodedata.normalize("NFKC", _INVISIBLE.sub("", tag)).casefold()
    letters: list[str] = []
    for char in map(_plain_letter, tag):
        if not ("\u0300" <= char <= "\u036f" and letters and letters[-1].isascii()):
            letters.append(char)
    return "".join(letters).lstrip("#")[:LONGEST]


def in_text(text: str) -> tuple[str, ...]:
    """Keys of the hashtags written in plain text, in order. Numbers alone are no hashtags."""
    if "#" not in text and "＃" not in text:
        return ()
    tokens = (match for match in _IN_TEXT.findall(text) if not match.isdigit())
    return tuple(dict.fromkeys(filter(None, map(fold, tokens))))


def written(text: str, key: str) -> tuple[str, ...]:
    """How a tag with this key is spelled in plain text, without '#'; each spelling once."""
    found = (match for match in _IN_TEXT.findall(text) if fold(match) == key)
    return tuple(dict.fromkeys(found))


def in_tags(tag: Any) -> tuple[str, ...]:
    """Keys of the entries of type Hashtag in a `tag` property (array, object or nothing)."""
    found: dict[str, None] = {}
    for entry in as_list(tag):
        if isinstance(entry, dict) and "Hashtag" in types(entry):
            key = fold(_name(entry))
            if key and not key.isdigit() and not any(map(str.isspace, key)):
                found[key] = None
    return tuple(found)


def _name(entry: Json) -> str:
    name = entry.get("name")
    if isinstance(name, str):
        return name
    href = entry.get("href")  # some name a tag by its address only
    return href.rstrip("/").rpartition("/")[2] if isinstance(href, str) else ""


def _plain_letter(char: str) -> str:
    if char.isascii():
        return char
    base = unicodedata.normalize("NFD", char)[0]
    return base if base.isascii() else char.translate(_LATIN)
