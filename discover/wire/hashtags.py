"""Hashtags: one key for one tag, however it is written."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from discover.model import letters
from discover.model.letters import MARKS, NON_JOINER, WORD
from discover.wire.documents import Json
from discover.wire.jsonld import as_list, types

LONGEST = 100
# A letter or digit or '_' after '#'; never inside a word, an entity or a URL's fragment.
NAME = rf"[\w·・‧][{WORD}{NON_JOINER}·・‧]*"
_IN_TEXT = re.compile(rf"(?<![\w&/=?.:)#＃])[#＃]({NAME})")
INVISIBLE = re.compile(f"[{letters.INVISIBLE}{NON_JOINER}\u200d]")
_MARKS = re.compile(f"[{MARKS}]")
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
    letters: list[str] = []
    for char in map(_plain_letter, _caseless(INVISIBLE.sub("", tag))):
        if not ("\u0300" <= char <= "\u036f" and letters and letters[-1].isascii()):
            letters.append(char)
    return "".join(letters).strip().lstrip("#")[:LONGEST]


def in_text(text: str) -> tuple[str, ...]:
    """Keys of the hashtags written in plain text, in order. Numbers alone are no hashtags."""
    if "#" not in text and "＃" not in text:
        return ()
    tokens = _IN_TEXT.findall(unicodedata.normalize("NFC", text))
    return tuple(dict.fromkeys(filter(_names, map(fold, tokens))))


def written(text: str, key: str) -> tuple[str, ...]:
    """How a tag with this key is spelled in plain text, without '#'; each spelling once."""
    tokens = _IN_TEXT.findall(unicodedata.normalize("NFC", text))
    return tuple(dict.fromkeys(token for token in tokens if fold(token) == key))


def in_tags(tag: Any) -> tuple[str, ...]:
    """Keys of the entries of type Hashtag in a `tag` property (array, object or nothing)."""
    found: dict[str, None] = {}
    for entry in as_list(tag):
        if isinstance(entry, dict) and "Hashtag" in types(entry):
            key = fold(_name(entry))
            if _names(key):
                found[key] = None
    return tuple(found)


def _names(key: str) -> bool:
    """Numbers name nothing, and neither does a key cap of an emoji or more than one word."""
    letters = _MARKS.sub("", key)
    return bool(letters) and not letters.isdigit() and not any(map(str.isspace, letters))


def _name(entry: Json) -> str:
    name = entry.get("name")
    if isinstance(name, str):
        return name
    href = entry.get("href")  # some name a tag by its address only
    return href.rstrip("/").rpartition("/")[2] if isinstance(href, str) else ""


def _caseless(text: str) -> str:
    """Unicode's toNFKC_Casefold, which does not change what it gave."""
    text = unicodedata.normalize("NFD", text)
    for _ in range(2):
        text = unicodedata.normalize("NFKC", text.casefold())
    return text


def _plain_letter(char: str) -> str:
    if char.isascii():
        return char
    base = unicodedata.normalize("NFD", char)[0]
    return base if base.isascii() else char.translate(_LATIN)
