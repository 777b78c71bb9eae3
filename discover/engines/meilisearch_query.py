"""A search as Meilisearch understands it, and its marks as we give them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from discover.engines.highlight import Marker
from discover.engines.meilisearch_settings import spelt
from discover.engines.words import grams, runs, without_runs
from discover.model.query import HIGHLIGHT_END, HIGHLIGHT_START, EngineQuery, Filters, Kind, Sort

PIECE_WORDS = 50  # of a longer text, around its first match
MATCHED = {Kind.ACCOUNTS: ("name", "bio"), Kind.POSTS: ("text",)}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, sorted: ordinary words, then what must or must not stand as it is."""

    words: tuple[str, ...]
    unfinished: bool  # the last word may go on
    parts: tuple[str, ...]  # phrases, runs and exclusions in Meilisearch's own signs
    marker: Marker | None  # for runs of unspaced scripts, which we mark ourselves

    @property
    def text(self) -> str:
        # The unfinished word is the last of all; a space ends it.
        ending = " ".join(self.words) + ("" if self.unfinished else " ")
        return " ".join([*self.parts, ending]) if self.words else " ".join(self.parts)

    @property
    def scored(self) -> bool:
        return bool(self.words) or any(not part.startswith("-") for part in self.parts)


def read(query: EngineQuery) -> Asked:
    words = tuple(filter(None, map(_bare, without_runs(query.text).split())))
    marked = runs(query.text)
    parts = [part for run in marked for part in _run(run)]
    for phrase in query.phrases:
        found = runs(phrase)
        marked = marked + found
        plain = " ".join(filter(None, map(_bare, without_runs(phrase).split())))
        # A phrase of nothing but signs stands nowhere; the quotes keep it that way.
        parts += [part for run in found for part in _run(run)]
        parts += [f'"{plain}"'] if plain else []
    for text in query.exclude:
        plain = " ".join(filter(None, map(_bare, without_runs(text).split())))
        parts += [f'-"{plain}"'] if plain else []
        parts += [f"-{part}" for run in runs(text) for part in _run(run)]
    ended = query.text[-1:].isspace() or bool(query.text and runs(query.text[-1]))
    marker = Marker(lambda *_: [], runs=tuple(marked)) if marked else None
    return Asked(words, not ended, tuple(parts), marker)


def _run(run: str) -> list[str]:
    """The run's pairs side by side; a lone character as the beginning of a pair."""
    pairs = [spelt(gram) for gram in grams(run)]
    return [f'"{" ".join(pairs[:-1])}"'] if len(pairs) > 1 else pairs


def request(query: EngineQuery, asked: Asked) -> dict[str, Any]:
    """The body of a search request."""
    body: dict[str, Any] = {
        "q": asked.text,
        "limit": query.limit + 1,  # one more tells whether there is another page
        "offset": query.offset,
        "attributesToRetrieve": ["id"],
        # Words are given up from the last on, after everything that holds them all.
        "matchingStrategy": "last",
    }
    filters = conditions(query.kind, query.filters)
    if filters:
        body["filter"] = filters
    if query.facets:
        body["facets"] = list(query.facets)
    if query.sort is Sort.RECENT:
        body |= {"sort": ["at:desc"], "matchingStrategy": "all"}
    elif not asked.scored:
        body["sort"] = ["prior:desc" if query.kind is Kind.ACCOUNTS else "at:desc"]
    else:
        body["showRankingScore"] = True
    if query.highlight and asked.scored:
        fields = list(MATCHED[query.kind])
        body |= {
            "attributesToHighlight": fields,
            "attributesToCrop": fields,
            "cropLength": PIECE_WORDS,
            "cropMarker": "",
            "highlightPreTag": HIGHLIGHT_START,
            "highlightPostTag": HIGHLIGHT_END,
        }
        if asked.marker:
            body["attributesToRetrieve"] = ["id", *fields]
    return body


def highlights(kind: Kind, found: dict[str, Any], asked: Asked) -> dict[str, str]:
    """Meilisearch's marks where there are any, ours on runs of unspaced scripts."""
    formatted = found.get("_formatted", {})
    marked: dict[str, str] = {}
    for name in MATCHED[kind]:
        piece = str(formatted.get(name, ""))
        if HIGHLIGHT_START in piece:
            marked[name] = piece
        elif formatted and asked.marker and (own := asked.marker.mark(str(found.get(name, "")))):
            marked[name] = own
    return marked


def conditions(kind: Kind, filters: Filters) -> list[str]:
    """Filter expressions, all of which must hold."""
    posts = kind is Kind.POSTS
    asked = [_among("language", filters.languages), _among("server", filters.servers)]
    asked += [f"tags = {quoted(tag)}" for tag in filters.tags]
    if filters.account_ids:
        numbers = ", ".join(str(int(number)) for number in filters.account_ids)
        asked.append(f"{'account_id' if posts else 'id'} IN [{numbers}]")
    flags = {"bot": filters.bot}
    if posts:
        asked.append(_among("media", filters.media))
        flags |= {"sensitive": filters.sensitive, "reply": filters.reply}
    asked += [f"{name} = {str(flag).lower()}" for name, flag in flags.items() if flag is not None]
    if filters.since:
        asked.append(f"at >= {math.ceil(filters.since.timestamp())}")
    if filters.until:
        asked.append(f"at < {math.ceil(filters.until.timestamp())}")
    unwanted = filters.without
    asked += [_but("language", unwanted.languages), _but("server", unwanted.servers)]
    asked += [_but("tags", unwanted.tags), _but("media", unwanted.media if posts else ())]
    asked.append(_but("account_id" if posts else "id", unwanted.account_ids))
    return [one for one in asked if one]


def _among(name: str, values: Sequence[str]) -> str:
    return f"{name} IN [{', '.join(map(quoted, values))}]" if values else ""


def _but(name: str, values: Sequence[str | int]) -> str:
    written = [quoted(one) if isinstance(one, str) else str(int(one)) for one in values]
    return f"{name} NOT IN [{', '.join(written)}]" if values else ""


def quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bare(word: str) -> str:
    """Without the signs that Meilisearch reads as its own: quotes, and a minus in front."""
    return word.replace('"', " ").strip().lstrip("-")
