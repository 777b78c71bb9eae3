"""A message to our actor, read as a command. Pure: one table of words, no state.

Only the whole message counts: a command word in the middle of a sentence is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from discover.model.letters import INVISIBLE, NON_JOINER, WORD
from discover.model.packs import canonical
from discover.wire.audience import PUBLIC
from discover.wire.command_words import (
    CONJUNCTIONS,
    ENDINGS,
    FILLERS,
    NEUTRAL,
    PACK_NOUNS,
    PREPOSITIONS,
    TOPIC_ENDINGS,
    WORDS,
    Verb,
)
from discover.wire.dates import read_time
from discover.wire.documents import Json
from discover.wire.hashtags import NAME, fold, in_text
from discover.wire.jsonld import as_id, as_ids, as_list, as_text, types
from discover.wire.language import declared
from discover.wire.received import actor_of, inner
from discover.wire.text import html_text, read_html
from discover.wire.urls import host_of, http_url

LONGEST = 2000  # characters of a message that are read
MOST_TAGS = 30
LONGEST_TOPIC = 100
_MOST_RECIPIENTS = 50

_ANCHOR = re.compile(r"@?<a ([^>]*)>(.*?)</a>", re.DOTALL)
_HREF = re.compile(r'href="([^"]*)"')
_TAG = re.compile("<[^>]*>")
_URL = re.compile(r"https?://\S+")
_HANDLE = re.compile(r"[\w.\-]*@[\w.\-]+(?:@[\w.\-]+)?(?::\d+)?")
_NAMED = re.compile(r"[\w.\-]+@[\w\-]+(?:\.[\w\-]+)+(?::\d+)?")
_SHORTCODE = re.compile(r":[a-z0-9_]+:", re.IGNORECASE)
_HASHTAG = re.compile(f"#{NAME}")
_WORD = re.compile(f"[{WORD}]+")
_JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")
_FOLLOWERS = re.compile(r"/(?:followers|follower|subscribers)/?(?:\?.*)?$")


@dataclass(frozen=True, slots=True)
class Command:
    """`tags` are folded; `languages` are those in which the words mean this (empty: any)."""

    verb: Verb
    tags: tuple[str, ...] = ()
    topic: str = ""
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Message:
    """A Note that its author sent to our actor. `others`: how many more people it goes to;
    `heard_at`: when our inbox got it, if it came from there.
    """

    uri: str
    author: str
    html: str
    language: str | None
    published: datetime | None
    others: int
    mentioned: tuple[str, ...] = ()
    heard_at: datetime | None = None


def read_message(activity: Json, own_actor: str) -> Message | None:
    """The message in a Create. None if it is none to us, or not the sender's own."""
    note, actor = inner(activity), actor_of(activity)
    if note is None or actor is None or "Create" not in types(activity):
        return None
    authors, uri = as_list(note.get("attributedTo")), http_url(note.get("id"))
    if "Note" not in types(note) or len(authors) != 1 or as_id(authors[0]) != actor:
        return None
    if uri is None or host_of(uri) != host_of(actor):
        return None
    source = activity if note.get("to") is None and note.get("cc") is None else note
    reached = as_ids([*as_list(source.get("to")), *as_list(source.get("cc"))], _MOST_RECIPIENTS)
    mentioned = as_ids(
        [
            tag.get("href")
            for tag in as_list(note.get("tag"))[: 2 * _MOST_RECIPIENTS]
            if isinstance(tag, dict) and "Mention" in types(tag)
        ],
        _MOST_RECIPIENTS,
    )
    if own_actor not in (*reached, *mentioned):
        return None
    known = {own_actor, actor, *PUBLIC}
    html, language = _content(note)
    if not html:
        return None
    return Message(
        uri=uri,
        author=actor,
        html=html,
        language=language,
        published=read_time(note.get("published")),
        # The same people twice under different addresses are not twice as many.
        others=max(
            sum(1 for one in reached if one not in known and not _FOLLOWERS.search(one)),
            sum(1 for one in mentioned if one not in known),
        ),
        mentioned=mentioned,
    )


def _content(note: Json) -> tuple[str, str | None]:
    versions = note.get("contentMap")
    if isinstance(versions, dict):
        for tag, text in versions.items():
            if isinstance(text, str):
                content = note.get("content")
                return (content if isinstance(content, str) else text), declared(tag)
    return as_text(note.get("content")), None


def said(html: str, mentioned: Collection[str] = ()) -> str:
    """The plain text of a message without mentions, addresses and custom emoji."""
    shown = _without_mentions(read_html(html[: 10 * LONGEST]).html, mentioned)
    text = unicodedata.normalize("NFKC", html_text(shown))[:LONGEST]
    for pattern in (_URL, _HANDLE, _SHORTCODE):
        text = pattern.sub(" ", text)
    return text.strip()


def _without_mentions(shown: str, mentioned: Collection[str]) -> str:
    def keep(anchor: re.Match[str]) -> str:
        text = _TAG.sub("", anchor[2]).lstrip()
        if text.startswith(("#", "＃")):
            return anchor[0]
        href = _HREF.search(anchor[1])
        named = href is not None and href[1] in mentioned
        return " " if named or "mention" in anchor[1] else anchor[0]

    return _ANCHOR.sub(keep, shown)


def parse(text: str, own_name: str = "") -> Command | None:
    """What `said` gave, as a command. None if it is not understood; then nothing may be done."""
    text = unicodedata.normalize("NFKC", text)[:LONGEST]
    tags = in_text(text)[:MOST_TAGS]
    if pack := _PACK.match(text.replace(f"@{own_name}", " ") if own_name else text):
        verb = Verb.PACK_OUT if (pack[1] or pack[2]).lower() in ("out", "leave") else Verb.PACK_IN
        return _about_pack(verb, pack[3])
    if left := _LEAVE.match(text):
        return _about_pack(Verb.PACK_OUT, left[1])
    rest = _HASHTAG.sub(" ", text)
    words = [word for word in _words(rest) if word != own_name.casefold()]
    if tags:
        words = [word for word in words if word not in _CONJUNCTIONS]
    found = _look_up(words)
    if found is not None:
        verb, languages = found
        if verb is Verb.ONLY:
            return Command(verb, tags, languages=languages) if tags else None
        if verb is Verb.SUGGEST:
            topic = " ".join(tags)
            return Command(verb, topic=topic, languages=languages) if tags else None
        if verb in (Verb.IN, Verb.IN_PROFILE) and tags:
            return None  # less may be meant than the words alone would give
        return Command(verb, languages=languages)
    return _suggestion(text.replace("#", " "), own_name) or _proposal(text, own_name)


def _about_pack(verb: Verb, name: str) -> Command | None:
    """None if the name has no letters: it would mean every pack."""
    topic = canonical(name)
    return Command(verb, topic=topic) if topic else None


def named(html: str, mentioned: Collection[str] = ()) -> tuple[str, ...]:
    """The handles (`user@host`) that a message names without a link of its own to them."""
    shown = read_html(html[: 10 * LONGEST]).html
    text = unicodedata.normalize("NFKC", html_text(_without_mentions(shown, mentioned)))[:LONGEST]
    return tuple(dict.fromkeys(_NAMED.findall(_URL.sub(" ", text))))


def _words(text: str) -> list[str]:
    return [key for word in _WORD.findall(text) if (key := fold(word))]


def _phrases(text: str) -> Iterable[tuple[str, ...]]:
    for phrase in text.split(","):
        yield tuple(_words(phrase))


def _table() -> dict[tuple[str, ...], tuple[Verb, frozenset[str]]]:
    found: dict[tuple[str, ...], tuple[Verb, frozenset[str]]] = {}
    for verb, languages in WORDS.items():
        for language, text in languages.items():
            for phrase in _phrases(text):
                before = found.get(phrase)
                if before is not None and before[0] is not verb:
                    raise ValueError(f"{phrase} means {before[0]} and {verb}")
                known = before[1] if before is not None else frozenset[str]()
                if language == NEUTRAL:
                    found[phrase] = (verb, frozenset())
                elif before is None or known:
                    found[phrase] = (verb, known | {language})
    return found


def _longest_first(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted(set(_phrases(text)), key=len, reverse=True))


_TABLE = _table()
_NAME = f"[{WORD}{NON_JOINER}{INVISIBLE}]+"
# "pack out topic-astronomy", "leave pack topic-astronomy": a pack's name has hyphens
_PACK = re.compile(
    rf"\W*(?:packs? +(in|out)|(join|leave) +(?:the +)?pack) +({_NAME}(?:[-‐–—]+{_NAME})*)\W*$",
    re.IGNORECASE,
)
# Without the word for a pack only what cannot be anything else: a plain "leave" leaves it all.
_LEAVE = re.compile(rf"\W*leave +({_NAME}(?:[-‐–—]+{_NAME})+)\W*$", re.IGNORECASE)
_PACK_NOUNS = "|".join(
    " +".join(noun.split()) for noun in sorted(PACK_NOUNS.split(", "), key=len, reverse=True)
)
_PACK_NEW = re.compile(
    rf"\W*(?:{_PACK_NOUNS}) *[“”„\"'«»「」]?([a-z0-9]+(?:-[a-z0-9]+)*)[“”\"'«»「」]?\W*$",
    re.IGNORECASE,
)
_FILLERS = _longest_first(FILLERS)
_PREPOSITIONS = _longest_first(PREPOSITIONS)
_CONJUNCTIONS = frozenset(phrase[0] for phrase in _phrases(CONJUNCTIONS))
_ENDINGS = sorted(("".join(phrase) for phrase in _phrases(ENDINGS)), key=len, reverse=True)
_TOPIC_ENDINGS = sorted(
    ("".join(phrase) for phrase in _phrases(TOPIC_ENDINGS)), key=len, reverse=True
)
_SUGGESTING = sorted(
    ((phrase, found[1]) for phrase, found in _TABLE.items() if found[0] is Verb.SUGGEST),
    key=lambda pair: len(pair[0]),
    reverse=True,
)
_SUGGESTING_JA = sorted(
    ("".join(phrase) for phrase in _phrases(WORDS[Verb.SUGGEST]["ja"])), key=len, reverse=True
)


def _look_up(words: list[str]) -> tuple[Verb, frozenset[str]] | None:
    """The whole of it, else without what is only said around a command."""
    while words:
        found = _TABLE.get(tuple(words))
        if found is None and _JAPANESE.search("".join(words)):
            found = _look_up_unspaced("".join(words))
        if found is not None:
            return found
        shorter = _without_filler(words)
        if shorter == words:
            return None
        words = shorter
    return None


def _look_up_unspaced(text: str) -> tuple[Verb, frozenset[str]] | None:
    while text:
        if found := _TABLE.get((text,)):
            return found
        ending = next((one for one in _ENDINGS if text.endswith(one)), None)
        if ending is None:
            return None
        text = text.removesuffix(ending)
    return None


def _without_filler(words: list[str]) -> list[str]:
    for filler in _FILLERS:
        size = len(filler)
        if tuple(words[:size]) == filler:
            return words[size:]
        if tuple(words[-size:]) == filler:
            return words[:-size]
    return words


def _suggestion(text: str, own_name: str) -> Command | None:
    """SUGGEST and a topic, which keeps its own spelling."""
    spans = [(fold(match[0]), match) for match in _WORD.finditer(text)]
    words = [key for key, _ in spans]
    start = 0
    while start < len(words):
        if words[start] == own_name.casefold():
            start += 1
            continue
        rest = words[start:]
        for phrase, languages in _SUGGESTING:
            if tuple(rest[: len(phrase)]) == phrase:
                topic = _topic(text, spans, start + len(phrase))
                return Command(Verb.SUGGEST, topic=topic, languages=languages) if topic else None
        shorter = _without_filler(rest)
        taken = len(rest) - len(shorter)
        if not taken or rest[taken:] != shorter:  # it was at the end
            break
        start += taken
    return _suggestion_unspaced(text) if _JAPANESE.search(text) else None


def _proposal(text: str, own_name: str) -> Command | None:
    """`pack NAME`; whom it names is no part of what was said."""
    found = _PACK_NEW.match(text.replace(f"@{own_name}", " ") if own_name else text)
    return Command(Verb.PACK_PROPOSE, topic=found[1].lower()[:LONGEST_TOPIC]) if found else None


def _topic(text: str, spans: list[tuple[str, re.Match[str]]], start: int) -> str:
    keys = [key for key, _ in spans]
    for preposition in _PREPOSITIONS:
        size = len(preposition)
        if tuple(keys[start : start + size]) == preposition and start + size < len(keys):
            start += size
            break
    end = len(keys)
    while end > start:
        shorter = _without_filler(keys[start:end])
        if len(shorter) == end - start or keys[start : start + len(shorter)] != shorter:
            break
        end = start + len(shorter)
    if start >= end:
        return ""
    return text[spans[start][1].start() : spans[end - 1][1].end()][:LONGEST_TOPIC].strip()


def _suggestion_unspaced(text: str) -> Command | None:
    joined = "".join(_WORD.findall(text))
    for ending in ("", *_ENDINGS):
        whole = joined.removesuffix(ending)
        for word in _SUGGESTING_JA:
            topic = ""
            if whole.endswith(word):
                topic = whole.removesuffix(word)
                for particle in _TOPIC_ENDINGS:
                    if topic.endswith(particle):
                        topic = topic.removesuffix(particle)
                        break
            elif whole.startswith(word):
                topic = whole.removeprefix(word)
            if topic:
                return Command(
                    Verb.SUGGEST, topic=topic[:LONGEST_TOPIC], languages=frozenset({"ja"})
                )
    return None
