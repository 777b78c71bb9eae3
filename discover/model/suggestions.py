"""Suggestions: whom to follow, and why."""

from __future__ import annotations

from dataclasses import dataclass

from discover.model.views import AccountView


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a suggestion. `kind` is from a closed set (policy.suggest.REASONS), each
    with an English sentence that the pages translate; `values` fill its {placeholders}.
    """

    kind: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SuggestionRequest:
    """What is known about the one who asks; everything is optional.

    `topics` are topic ids, `languages` primary subtags. `like` are actor URIs or handles of
    listed accounts ("more like this", or a set). `tags` and `words` describe somebody whose
    public profile was read (FASP), folded. `exclude` are actor URIs or handles that are followed
    already or were dismissed: the caller's list, never kept. `seed` shuffles fairly among near
    equals and is stable for a day or a page. `offset` + `limit` at most 200.
    """

    topics: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    bots: bool = False
    seed: int = 0
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`score` 0..1, comparable within one answer."""

    account: AccountView
    score: float
    topics: tuple[str, ...]  # ids of the account's own topics, heaviest first
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class SuggestionAnswer:
    suggestions: tuple[Suggestion, ...]
    more: bool = False
