"""What connected servers ask: whom to find, whom to follow, what trends. Always lists, never null."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa

from discover.model.fetched import FetchError
from discover.model.suggestions import SuggestionRequest
from discover.model.trends import TrendRequest
from discover.model.views import AccountView, BadRequest, SearchRequest
from discover.policy.languages import covered, primary
from discover.policy.similarity import words_of
from discover.policy.trends import language_range, matches
from discover.ports import Fetcher
from discover.services.context import Context
from discover.services.crawl.visiting.documents import Document, fetch_document
from discover.services.facts import ACCOUNTS
from discover.services.federation.reach import may_look_at_person
from discover.services.find.search import MAX_LIMIT, MAX_WORDS, search
from discover.services.suggest.suggesting import MOST_VALUES, suggest
from discover.services.trends import trending as trends
from discover.wire.actor import parse_actor
from discover.wire.documents import Json, ParseError

MAX_COUNT = 100
_RECOMMENDED = 40
_BEFORE_LANGUAGE = 120  # so many are looked at when only one language is wanted


@dataclass(frozen=True, slots=True)
class Found:
    """Actor URIs, best first; `next` is the cursor behind them."""

    uris: tuple[str, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Asker:
    """What is known of the account that recommendations are for; kept nowhere."""

    listed: bool = False
    tags: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    language: str = ""


def find_accounts(ctx: Context, term: str, limit: int, cursor: str | None) -> Found:
    """One page of people. Raises BadRequest, EngineUnavailable. More than 40 at once are not given."""
    answer = search(
        ctx,
        SearchRequest(
            text=term[:MAX_WORDS], kind="accounts", limit=min(limit, MAX_LIMIT), cursor=cursor
        ),
    )
    return Found(tuple(view.uri for view in answer.accounts), answer.next)


def is_listed(ctx: Context, uri: str) -> bool:
    with ctx.database.read() as connection:
        found = connection.scalar(sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == uri))
    return found is not None


def may_read(ctx: Context, uri: str) -> bool:
    """May the profile be fetched to describe its owner: did they or their server say in?"""
    with ctx.database.read() as connection:
        return may_look_at_person(ctx, connection, uri)


async def read_asker(fetcher: Fetcher, uri: str, *, extra_opt_out_tags: frozenset[str]) -> Asker:
    """The public profile at its origin, for these recommendations alone; nothing is kept.

    Whoever asks not to be indexed is not read, either: then nothing is known of them.
    """
    try:
        got = await fetch_document(fetcher, uri, solicited=True)
        if not isinstance(got, Document) or got.uri != uri:
            return Asker()
        actor = parse_actor(got.doc, extra_opt_out_tags=extra_opt_out_tags)
    except (FetchError, ParseError):
        return Asker()
    if actor.signals.opt_out_tags or actor.signals.suspended:
        return Asker()
    return Asker(
        tags=actor.hashtags[:MOST_VALUES],
        words=tuple(sorted(words_of(actor.summary)))[:MOST_VALUES],
        language=primary(actor.language) if actor.language else "",
    )


def recommend(ctx: Context, uri: str, asker: Asker, language: str | None) -> list[str]:
    """Actor URIs for this account, never its own. Raises BadRequest for what is no language."""
    try:
        wanted = language_range(language)
    except ValueError as error:
        raise BadRequest(f"language: {error}") from None
    languages = tuple(filter(None, [primary(wanted) if wanted else asker.language]))
    request = SuggestionRequest(
        languages=languages,
        like=(uri,) if asker.listed else (),
        tags=asker.tags,
        words=asker.words,
        exclude=(uri,),
        limit=_BEFORE_LANGUAGE if wanted else _RECOMMENDED,
    )
    views = [one.account for one in suggest(ctx, request).suggestions]
    if not views and (asker.listed or asker.tags or asker.words):
        # Nobody is like them: as for somebody new, then.
        request = replace(request, like=(), tags=(), words=())
        views = [one.account for one in suggest(ctx, request).suggestions]
    kept = [view.uri for view in views if view.uri != uri and _speaks(view, wanted)]
    return kept[:_RECOMMENDED]


def _speaks(view: AccountView, wanted: str | None) -> bool:
    """RFC 4647 basic filtering: pt finds pt and pt-BR, pt-BR does not find pt."""
    if wanted is None:
        return True
    ranges = (wanted,) if "-" in wanted else covered((wanted,))
    return any(matches(one, tag) for one in ranges for tag in view.languages)


# --- Trends


def content_trends(ctx: Context, hours: int, count: int, language: str | None) -> Json:
    found = trends.trending_posts(ctx, _trend_request(hours, count, language))
    return {"content": [{"uri": one.post.uri, "rank": one.rank} for one in found]}


def hashtag_trends(ctx: Context, hours: int, count: int, language: str | None) -> Json:
    found = trends.trending_tags(ctx, _trend_request(hours, count, language))
    return {
        "hashtags": [
            {"name": f"#{one.name}", "rank": one.rank, "examples": list(one.examples)}
            for one in found
        ]
    }


def link_trends(ctx: Context, hours: int, count: int, language: str | None) -> Json:
    found = trends.trending_links(ctx, _trend_request(hours, count, language))
    return {
        "links": [
            {"url": one.url, "rank": one.rank, "examples": list(one.examples)} for one in found
        ]
    }


def _trend_request(hours: int, count: int, language: str | None) -> TrendRequest:
    return TrendRequest(
        window=timedelta(hours=hours), language=language, limit=min(count, MAX_COUNT)
    )
