"""Whom to follow: what is known about the one who asks in, consenting people with reasons out.

Nothing about the one who asks is kept. Everybody who is suggested has just passed the consent
decision again, at this moment, and may be suggested by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Handle
from discover.model.suggestions import (
    Reason,
    Suggestion,
    SuggestionAnswer,
    SuggestionRequest,
)
from discover.model.views import AccountView, BadRequest
from discover.policy import similarity as traits
from discover.policy import suggest as policy
from discover.policy.languages import covered
from discover.policy.ranking import account_prior
from discover.policy.similarity import Pool
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.hydrate import hydrate_accounts, hydrate_suggestable
from discover.services.suggest import candidates
from discover.services.suggest.candidates import Match
from discover.services.topics.catalogue import catalogue
from discover.store.lookup import Lookup, among

MOST = 200  # offset + limit
MOST_LIKE = 50
MOST_EXCLUDED = 5000
MOST_VALUES = 50  # topics, languages, hashtags, words, servers: of each
_LOOKED_AT = 45  # at least so many are hydrated, to choose a page from
_FAIR_PART = 3  # one in so many of them is of the fair pool, if there are any

_BY_URI = Lookup(sa.select(ACCOUNTS.c.id).where(among(ACCOUNTS.c.uri)))
_BY_HANDLE = Lookup(sa.select(ACCOUNTS.c.id).where(among(ACCOUNTS.c.handle_key)))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for, as traits; `must` are groups of which one trait each must be there."""

    traits: dict[str, float]
    liked: dict[int, AccountView]
    liked_traits: dict[str, int]  # trait -> who of the liked has it
    must: tuple[frozenset[str], ...]
    excluded: frozenset[int]
    spoken: frozenset[str] = frozenset()  # languages of the liked


def suggest(ctx: Context, request: SuggestionRequest) -> SuggestionAnswer:
    """One page, best first. Raises BadRequest for what cannot be asked.

    Accounts in `like` that are not listed here are passed over; when nothing else is asked for
    and none of them is listed, nobody is suggested.
    """
    _check(request)
    request = replace(request, languages=covered(request.languages))
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        wish = _wish(ctx, connection, request, now)
        if not wish.traits and not wish.liked:
            return SuggestionAnswer(())
        needed = request.offset + request.limit + 1
        found = _candidates(connection, request, wish, needed)
        views = _hydrate(ctx, connection, request, found, needed, now)
        topics = candidates.topics_of(connection, [view.id for view in views])
    highest = max((match.score for match in found.values()), default=0.0) or 1.0
    ranked = policy.rank(
        [_candidate(view, found[view.id], wish.spoken, topics, highest, now) for view in views],
        needed,
        request.seed,
        mixed=len(request.topics) + len(request.like) != 1,
    )
    by_id = {view.id: view for view in views}
    page = ranked[request.offset : request.offset + request.limit]
    return SuggestionAnswer(
        tuple(
            Suggestion(
                account=by_id[one.id],
                score=policy.score(one),
                topics=topics.get(one.id, ()),
                reasons=_reasons(request, wish, found[one.id], by_id[one.id], one, now),
            )
            for one in page
        ),
        more=len(ranked) > request.offset + request.limit and needed <= MOST,
    )


def _check(request: SuggestionRequest) -> None:
    if request.limit < 1 or request.offset < 0 or request.offset + request.limit > MOST:
        raise BadRequest(f"offset and limit together must be between 1 and {MOST}")
    for name in ("topics", "languages", "tags", "words", "servers"):
        if len(getattr(request, name)) > MOST_VALUES:
            raise BadRequest(f"{name}: at most {MOST_VALUES} values may be given")
    for topic in request.topics:
        if catalogue().by_id(topic) is None:
            raise BadRequest(f"topics: there is no topic {topic[:40]!r}")
    if len(request.like) > MOST_LIKE:
        raise BadRequest(f"like: at most {MOST_LIKE} accounts may be given")
    if len(request.exclude) > MOST_EXCLUDED:
        raise BadRequest(f"exclude: at most {MOST_EXCLUDED} accounts may be given")


def _wish(ctx: Context, connection: Connection, request: SuggestionRequest, now: datetime) -> _Wish:
    languages, topics = request.languages, request.topics
    wanted: dict[str, float] = {}
    for topic in topics:
        if languages:
            wanted.update({traits.topic_in(topic, language): 1.0 for language in languages})
        else:
            wanted[traits.trait(traits.TOPIC, topic)] = 1.0
    for kind, values in ((traits.TAG, request.tags), (traits.WORD, request.words)):
        weight = 1 / math.sqrt(len(values)) if values else 0.0
        wanted.update({traits.trait(kind, value): weight for value in values})
    liked_ids = _ids(connection, request.like)
    liked = {view.id: view for view in hydrate_accounts(ctx, connection, sorted(liked_ids), now)}
    liked_traits = _add_liked(connection, wanted, liked, languages)
    if not wanted and not request.like:
        if request.servers:
            wanted = {traits.trait(traits.SERVER, host): 1.0 for host in request.servers}
        elif languages:
            wanted = {traits.trait(traits.LANGUAGE, language): 1.0 for language in languages}
        else:
            wanted = {traits.ANYBODY: 1.0}
    must = [
        frozenset(traits.trait(kind, value) for value in values)
        for kind, values in ((traits.LANGUAGE, languages), (traits.SERVER, request.servers))
        if values
    ]
    excluded = liked_ids | _ids(connection, request.exclude)
    spoken = frozenset(one for view in liked.values() for one in view.languages)
    return _Wish(wanted, liked, liked_traits, tuple(must), frozenset(excluded), spoken)


def _add_liked(
    connection: Connection,
    wanted: dict[str, float],
    liked: Mapping[int, AccountView],
    languages: Sequence[str],
) -> dict[str, int]:
    """Traits of those who are liked count by their mean; returns who has them."""
    having: dict[str, int] = {}
    for number, own in candidates.traits_of(connection, liked).items():
        wished: dict[str, float] = {}
        spoken = languages or liked[number].languages
        for name, weight in own.items():
            for one in _wished(name, spoken):
                wished[one] = max(weight, wished.get(one, 0.0))
        for name, weight in wished.items():
            wanted[name] = wanted.get(name, 0.0) + weight / len(liked)
            having.setdefault(name, number)
    return having


def _wished(name: str, spoken: Sequence[str]) -> list[str]:
    """What is looked for because somebody who is liked has this trait."""
    kind, _, value = name.partition(":")
    if kind == traits.TOPIC and spoken:
        return [traits.topic_in(value, language) for language in spoken]
    if kind == traits.LEADING and spoken:
        topic = value.rpartition("/")[0]
        return [traits.leading_in(topic, language) for language in spoken]
    return [name] if kind in (traits.TOPIC, traits.LEADING, traits.TAG, traits.WORD) else []


def _ids(connection: Connection, names: Iterable[str]) -> set[int]:
    """Account ids for actor URIs and handles; unknown ones are passed over."""
    uris, handles = [], []
    for name in names:
        if "://" in name:
            uris.append(name)
            continue
        try:
            handles.append(Handle.parse(name).key)
        except ValueError:
            continue
    found = {row.id for row in _BY_URI(connection, uris)}
    return found | {row.id for row in _BY_HANDLE(connection, handles)}


def _candidates(
    connection: Connection, request: SuggestionRequest, wish: _Wish, needed: int
) -> dict[int, Match]:
    least = needed + min(len(wish.excluded), MOST)
    found = candidates.sharing(connection, wish.traits, bots=request.bots, least=least)
    if wish.liked:
        candidates.add_voices(connection, found, wish.liked)
    for number in wish.excluded:
        found.pop(number, None)
    if wish.must and not _told_by_traits(wish):
        every = frozenset[str]().union(*wish.must)
        having = candidates.weights(connection, found, every)
        return {
            number: match
            for number, match in found.items()
            if all(group & having.get(number, {}).keys() for group in wish.must)
        }
    return found


def _told_by_traits(wish: _Wish) -> bool:
    """Whoever was found by one of these has what is asked for already."""
    return len(wish.must) == 1 and all(
        name in wish.must[0] or (name.startswith(f"{traits.TOPIC_IN}:") and not wish.liked)
        for name in wish.traits
    )


def _hydrate(
    ctx: Context,
    connection: Connection,
    request: SuggestionRequest,
    found: dict[int, Match],
    needed: int,
    now: datetime,
) -> list[AccountView]:
    """Enough of the best to choose a page from; more when many may not be suggested."""
    left = [number for _, number in sorted([(-one.score, key) for key, one in found.items()])]
    fair = [number for number in left if found[number].pool == Pool.FAIR]
    views: list[AccountView] = []
    seen: set[int] = set()
    while len(views) < needed and len(seen) < len(left):
        size = max(_LOOKED_AT, needed + needed // 2)
        part = [number for number in left if number not in seen][:size]
        chosen = set(part)
        part += [n for n in fair if n not in seen and n not in chosen][: size // _FAIR_PART]
        seen.update(part)
        views += hydrate_suggestable(ctx, connection, part, now, bots=request.bots)
    return views


def _candidate(
    view: AccountView,
    match: Match,
    spoken: frozenset[str],
    topics: dict[int, tuple[str, ...]],
    highest: float,
    now: datetime,
) -> policy.Candidate:
    prior = account_prior(
        last_post_at=view.last_post_at,
        has_name=bool(view.name),
        has_bio=bool(view.summary),
        has_avatar=bool(view.avatar_url),
        has_fields=bool(view.fields),
        followers=view.followers,
        now=now,
    )
    foreign = bool(spoken) and spoken.isdisjoint(view.languages)
    relevance = match.score / highest * (policy.OTHER_LANGUAGE if foreign else 1.0)
    return policy.Candidate(
        id=view.id,
        server=view.server,
        language=next(iter(view.languages), ""),
        topic=next(iter(topics.get(view.id, ())), ""),
        relevance=relevance,
        prior=prior.value,
        fair=match.pool == Pool.FAIR,
    )


def _reasons(
    request: SuggestionRequest,
    wish: _Wish,
    match: Match,
    view: AccountView,
    candidate: policy.Candidate,
    now: datetime,
) -> tuple[Reason, ...]:
    """The heaviest first, at most `policy.MOST_REASONS`."""
    found: list[Reason] = []
    if match.fans > 1 and wish.liked:  # one alone could be guessed
        found.append(Reason("also_boosted", (("handle", _handle(wish, next(iter(wish.liked)))),)))
    if match.boosted_by is not None:
        found.append(Reason("boosted_by", (("handle", _handle(wish, match.boosted_by)),)))
    elif match.boosts is not None:
        found.append(Reason("boosts", (("handle", _handle(wish, match.boosts)),)))
    if match.talks_with is not None:
        found.append(Reason("talks_with", (("handle", _handle(wish, match.talks_with)),)))
    told: set[str] = set()
    for name in sorted(match.traits, key=lambda name: (-match.traits[name], name)):
        reason = _shared(name, wish)
        if reason is not None and reason.values[0][1] not in told:
            told.add(reason.values[0][1])
            found.append(reason)
    found = found[: policy.MOST_REASONS - 1]
    language = next((one for one in view.languages if one in request.languages), None)
    if language:
        found.append(Reason("language", (("language", language),)))
    if candidate.fair and (view.followers or policy.NEW_VOICE_FOLLOWERS) < (
        policy.NEW_VOICE_FOLLOWERS
    ):
        found.append(Reason("new_voice"))
    if active := policy.activity_reason(view.last_post_at, now):
        found.append(active)
    return tuple(found[: policy.MOST_REASONS])


def _shared(trait: str, wish: _Wish) -> Reason | None:
    kind, _, value = trait.partition(":")
    if kind in (traits.TOPIC_IN, traits.LEADING):
        kind, value = traits.TOPIC, value.rpartition("/")[0]
    if kind not in (traits.TOPIC, traits.TAG, traits.WORD):
        return None
    liked = wish.liked_traits.get(trait)
    if liked is None:
        return Reason(kind, ((kind, value),))
    return Reason(f"{kind}_like", ((kind, value), ("handle", _handle(wish, liked))))


def _handle(wish: _Wish, account_id: int) -> str:
    return wish.liked[account_id].handle
