"""A search as Tantivy understands it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tantivy import FieldType, Occur, Query, Schema, Searcher, TextAnalyzer

from discover.engines import weights
from discover.engines.highlight import Marker
from discover.engines.tokens import spans
from discover.engines.words import compose, grams, runs, without_runs
from discover.model.query import EngineQuery, Filters, Kind

Clause = tuple[Any, Query]


@dataclass(frozen=True, slots=True)
class Built:
    """`wide` is the search that is content with most of the words; None when all are needed."""

    strict: Query
    wide: Query | None
    marker: Marker
    scored: bool  # there are words, so relevance means something


class QueryBuilder:
    """Turns one search into queries, with one searcher's knowledge of which words exist."""

    def __init__(
        self, kind: Kind, schema: Schema, searcher: Searcher, analyzer: TextAnalyzer
    ) -> None:
        accounts = kind is Kind.ACCOUNTS
        self._kind, self._schema = kind, schema
        self._searcher, self._analyzer = searcher, analyzer
        self._fields = weights.ACCOUNT_FIELDS if accounts else weights.POST_FIELDS
        self._phrase_fields = ("names", "bio", "fields") if accounts else ("text",)
        self._gram_fields = {"grams": weights.GRAMS}
        self._made: dict[tuple[str, str, int, bool], Query] = {}  # one costs up to a millisecond
        if accounts:
            self._gram_fields["name_grams"] = weights.NAME_GRAMS

    def build(self, query: EngineQuery) -> Built:
        needed: list[Clause] = []
        typos: dict[str, int] = {}
        marked_runs: list[str] = []
        words, found_runs, handles = self._read(query.text)
        unfinished = self._unfinished(query.text, words)
        wanted = [self._handle(handle) for handle in handles]
        for number, word in enumerate(words):
            last = unfinished is not None and number == len(words) - 1
            clause, forgiven = self._word(word, unfinished=last)
            wanted.append(clause)
            typos[word] = max(forgiven, typos.get(word, 0))
        wanted += [self._run(run) for run in found_runs]
        marked_runs += found_runs
        for phrase in query.phrases:
            clause, parts, phrase_runs = self._phrase(phrase)
            needed.append((Occur.Must, clause))
            typos.update(dict.fromkeys(parts, 0))
            marked_runs += phrase_runs
        scored = bool(wanted or needed)
        around = needed + self._excluded(query.exclude) + self._filters(query.filters)
        everything = [(Occur.Must, one) for one in wanted]
        return Built(
            strict=self._all(everything + around),
            wide=self._wide(wanted, around),
            marker=Marker(spans, typos, unfinished, tuple(marked_runs)),
            scored=scored,
        )

    # Reading what was typed

    def _read(self, text: str) -> tuple[list[str], list[str], list[str]]:
        """Words, runs of unspaced scripts, and whole handles."""
        handles: list[str] = []
        rest: list[str] = []
        for piece in text.split():
            handle = piece.strip("@,;").lower()
            is_handle = self._kind is Kind.ACCOUNTS and "@" in handle
            (handles if is_handle else rest).append(handle if is_handle else piece)
        plain = " ".join(rest)
        return self._analyze(without_runs(plain)), runs(plain), handles

    def _unfinished(self, text: str, words: Sequence[str]) -> str | None:
        """The last word, unless something after it says that it is whole."""
        if not words or text[-1:].isspace():
            return None
        last = words[-1]
        ends_here = self._analyze(compose(text.rsplit(maxsplit=1)[-1]))[-1:] == [last]
        return last if ends_here and len(last) >= weights.PREFIX_FROM else None

    def _analyze(self, text: str) -> list[str]:
        return list(self._analyzer.analyze(compose(text)))

    # Clauses

    def _word(self, word: str, *, unfinished: bool) -> tuple[Query, int]:
        """A word in any field: as typed, as a beginning, or misspelt when it is not known."""
        variants = [
            Query.boost_query(self._term(name, word), weight)
            for name, weight in self._fields.items()
        ]
        known = sum(self._searcher.doc_freq(name, word) for name in self._fields)
        if unfinished:
            variants += self._each(word, weights.PREFIX, typos=0, prefix=True)
        forgiven = 0
        if known < weights.KNOWN_WORD:
            forgiven = self._typos(word, prefix=unfinished)
        if forgiven:
            share = weights.FUZZY_ONE if forgiven == 1 else weights.FUZZY_TWO
            variants += self._each(word, share, typos=forgiven, prefix=unfinished)
        return Query.disjunction_max_query(variants, weights.TIE_BREAKER), forgiven

    def _typos(self, word: str, *, prefix: bool) -> int:
        """The wrong letters to forgive: two only where one brings nothing."""
        if len(word) < weights.ONE_TYPO_FROM or not word.isalpha():
            return 0
        if len(word) < weights.TWO_TYPOS_FROM:
            return 1
        nearest: Any = self._searcher.search(
            self._all(
                [(Occur.Should, one) for one in self._each(word, 1.0, typos=1, prefix=prefix)]
            ),
            1,
        )
        return 1 if nearest.count else 2

    def _each(self, word: str, share: float, *, typos: int, prefix: bool) -> list[Query]:
        """The word in each field, so many wrong letters forgiven where any may be."""
        return [
            Query.boost_query(self._spelt(name, word, typos, prefix=prefix), weight * share)
            for name, weight in self._fields.items()
            if not (typos and name in weights.SPELT_RIGHT)
        ]

    def _spelt(self, name: str, word: str, typos: int, *, prefix: bool) -> Query:
        asked = (name, word, typos, prefix)
        if asked not in self._made:
            self._made[asked] = self._spell(*asked)
        return self._made[asked]

    def _spell(self, name: str, word: str, typos: int, prefix: bool) -> Query:  # noqa: FBT001 -- its arguments are the key
        alike = Query.fuzzy_term_query(
            self._schema, name, word, distance=typos, transposition_cost_one=True, prefix=prefix
        )
        if typos != 1:
            return alike
        # A wrong first letter counts as two typos. The engine cannot tell places apart, so texts
        # that hold such a word are left out; whoever also has the right one is found by that.
        first, second, rest = word[0], word[1], word[2:]
        any_letter = "[a-z0-9]" if word.isascii() else "."  # any at all takes ten times as long
        other = f"({any_letter}{first}?{second}{rest}|{second}{rest}|{second}{first}{rest})"
        if prefix:
            other += f"{any_letter}*"
        return Query.boolean_query(
            [
                (Occur.Must, alike),
                (Occur.MustNot, Query.regex_query(self._schema, name, other)),
            ]
        )

    def _run(self, run: str) -> Query:
        """All pairs of a run side by side; a lone character at the beginning of any pair."""
        pairs = grams(run)[:-1]
        variants = []
        for name, weight in self._gram_fields.items():
            if len(pairs) > 1:
                one = Query.phrase_query(self._schema, name, list(pairs))
            elif pairs:
                one = self._term(name, pairs[0])
            else:
                one = Query.fuzzy_term_query(self._schema, name, run, distance=0, prefix=True)
            variants.append(Query.boost_query(one, weight))
        return Query.disjunction_max_query(variants, weights.TIE_BREAKER)

    def _handle(self, handle: str) -> Query:
        whole = Query.boost_query(self._term("handle", handle), weights.HANDLE)
        begun = Query.fuzzy_term_query(self._schema, "handle", handle, distance=0, prefix=True)
        return Query.disjunction_max_query([whole, begun])

    def _phrase(self, phrase: str) -> tuple[Query, list[str], list[str]]:
        """Words in this order and next to each other, in one field."""
        parts, found_runs = self._analyze(without_runs(phrase)), runs(phrase)
        clauses: list[Clause] = [(Occur.Must, self._run(run)) for run in found_runs]
        if parts:
            places = [
                Query.phrase_query(self._schema, name, list(parts))
                if len(parts) > 1
                else self._term(name, parts[0])
                for name in self._phrase_fields
            ]
            if len(parts) == 1:
                places.append(self._term("tagwords", parts[0]))
            clauses.append((Occur.Must, Query.disjunction_max_query(places)))
        # A phrase of nothing but signs stands nowhere.
        return self._all(clauses) if clauses else Query.empty_query(), parts, found_runs

    def _excluded(self, exclude: Sequence[str]) -> list[Clause]:
        clauses: list[Clause] = []
        for text in exclude:
            for word in self._analyze(without_runs(text)):
                clauses += [(Occur.MustNot, self._term(name, word)) for name in self._fields]
            clauses += [(Occur.MustNot, self._run(run)) for run in runs(text)]
        return clauses

    def _wide(self, wanted: Sequence[Query], around: Sequence[Clause]) -> Query | None:
        if len(wanted) < 2:
            return None
        enough = max(1, math.floor(len(wanted) * weights.MOST_WORDS))
        most = Query.boolean_query([(Occur.Should, one) for one in wanted], enough)
        every = Query.const_score_query(
            self._all([(Occur.Must, one) for one in wanted]), weights.ALL_WORDS_BONUS
        )
        return self._all([(Occur.Must, most), (Occur.Should, every), *around])

    # Filters

    def _filters(self, filters: Filters) -> list[Clause]:
        posts = self._kind is Kind.POSTS
        asked = [self._any("language", filters.languages), self._any("server", filters.servers)]
        asked += [self._term("tags", tag) for tag in filters.tags]
        asked.append(self._any("account_id" if posts else "id", filters.account_ids))
        if filters.bot is not None:
            asked.append(self._term("bot", filters.bot))
        if posts:
            asked.append(self._any("media", filters.media))
            if filters.sensitive is not None:
                asked.append(self._term("sensitive", filters.sensitive))
            if filters.reply is not None:
                asked.append(self._term("reply", filters.reply))
        if filters.since or filters.until:
            asked.append(
                Query.range_query(
                    self._schema,
                    "at",
                    FieldType.Integer,
                    math.ceil(filters.since.timestamp()) if filters.since else None,
                    math.ceil(filters.until.timestamp()) if filters.until else None,
                    include_upper=filters.until is None,
                )
            )
        unwanted = filters.without
        left_out = [
            self._any("language", unwanted.languages),
            self._any("server", unwanted.servers),
            self._any("tags", unwanted.tags),
            self._any("media", unwanted.media) if posts else None,
            self._any("account_id" if posts else "id", unwanted.account_ids),
        ]
        return [
            *((Occur.Must, Query.const_score_query(one, 0.0)) for one in asked if one),
            *((Occur.MustNot, one) for one in left_out if one),
        ]

    def _any(self, name: str, values: Sequence[str | int]) -> Query | None:
        return Query.term_set_query(self._schema, name, list(values)) if values else None

    def _term(self, name: str, value: object) -> Query:
        return Query.term_query(self._schema, name, value)

    @staticmethod
    def _all(clauses: Sequence[Clause]) -> Query:
        if any(occur != Occur.MustNot for occur, _ in clauses):
            return Query.boolean_query(list(clauses))
        return Query.boolean_query([(Occur.Must, Query.all_query()), *clauses])
