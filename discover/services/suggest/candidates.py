"""Who shares traits with what is asked for: read from the index of traits, a bounded number each.

The cost does not grow with the number of accounts: of each trait only the best placed are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import nlargest
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy import similarity as policy
from discover.policy.similarity import Pool
from discover.policy.suggest import (
    LANGUAGE_WEIGHT,
    LEADING_WEIGHT,
    TAG_WEIGHT,
    TALK_WEIGHT,
    TOPIC_WEIGHT,
    VOICE_WEIGHT,
    WORD_WEIGHT,
)
from discover.services.consent.withdraw import INTERACTIONS
from discover.services.facts import POSTS
from discover.services.federation import mentions
from discover.services.suggest.similarity import TRAITS
from discover.store.lookup import Lookup, among, together

KIND_WEIGHTS = {
    policy.TOPIC: TOPIC_WEIGHT,
    policy.TOPIC_IN: TOPIC_WEIGHT,
    policy.LEADING: LEADING_WEIGHT,
    policy.TAG: TAG_WEIGHT,
    policy.WORD: WORD_WEIGHT,
    policy.LANGUAGE: LANGUAGE_WEIGHT,
    policy.SERVER: LANGUAGE_WEIGHT,
    policy.ANYBODY: LANGUAGE_WEIGHT,
}
MOST_TRAITS = 16  # that are looked up
MOST_ROWS = 1200  # that are read
WEIGHED = 60  # of those who were found, the best are held against more of what is wanted:
MOST_WEIGHED = 32  # traits
_NEWEST_POSTS = 50  # of those who are liked: who boosted them?
_MOST_FANS = 50
_MOST_OF_FANS = 500

# Statements are made once: to make one costs more than to run it.
_TRAITS_OF = Lookup(
    sa.select(TRAITS.c.account_id, TRAITS.c.trait, TRAITS.c.weight).where(
        among(TRAITS.c.account_id)
    )
)
# A joined trait is looked for among those of the accounts. SQLite would go through everybody who
# has a bare one: the cost would grow with the number of accounts.
_joined = TRAITS.c.trait.concat(sa.literal_column("''"))
_HAVING = Lookup(
    sa.select(TRAITS.c.account_id, TRAITS.c.trait, TRAITS.c.weight).where(
        among(TRAITS.c.account_id), _joined.in_(sa.bindparam("wanted", expanding=True))
    )
)
_TOPICS_OF = Lookup(
    sa.select(TRAITS.c.account_id, TRAITS.c.trait, TRAITS.c.weight).where(
        among(TRAITS.c.account_id),
        TRAITS.c.trait >= f"{policy.TOPIC}:",
        TRAITS.c.trait < f"{policy.TOPIC};",
    )
)
_newest = (
    sa.select(POSTS.c.id)
    .where(POSTS.c.account_id == sa.bindparam("account"))
    .order_by(POSTS.c.published.desc())
    .limit(_NEWEST_POSTS)
    .subquery()
)
_FANS = Lookup(
    sa.select(
        INTERACTIONS.c.account_id.label("fan"),
        sa.bindparam("account", type_=sa.BigInteger).label("liked"),
    )
    .where(INTERACTIONS.c.post_id.in_(sa.select(_newest.c.id)))
    .distinct()
    .limit(_MOST_FANS)
)
_BOOSTED_BY = Lookup(
    sa.select(INTERACTIONS.c.account_id.label("fan"), POSTS.c.account_id.label("author"))
    .join(POSTS, POSTS.c.id == INTERACTIONS.c.post_id)
    .where(among(INTERACTIONS.c.account_id))
    .distinct()
    .limit(_MOST_OF_FANS)
)


@dataclass(slots=True)
class Match:
    """What one account shares with what is asked for."""

    pool: int = Pool.NOBODY
    score: float = 0.0
    traits: dict[str, float] = field(default_factory=dict)  # trait -> its part of the score
    fans: int = 0  # shared people who boost both
    boosted_by: int | None = None  # one of the liked accounts boosts them
    boosts: int | None = None  # they boost one of the liked accounts
    talks_with: int | None = None  # one of the liked accounts, and both mention each other


def traits_of(connection: Connection, ids: Collection[int]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {number: {} for number in ids}
    for row in _TRAITS_OF(connection, ids):
        found[row.account_id][row.trait] = row.weight
    return found


def topics_of(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Topic ids, heaviest first."""
    found: dict[int, list[tuple[float, str]]] = defaultdict(list)
    for row in _TOPICS_OF(connection, ids):
        found[row.account_id].append((-row.weight, row.trait.partition(":")[2]))
    return {number: tuple(name for _, name in sorted(pairs)) for number, pairs in found.items()}


def weights(
    connection: Connection, ids: Iterable[int], wanted: Iterable[str]
) -> dict[int, dict[str, float]]:
    """Which of the wanted traits each account has, and how much."""
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for row in _HAVING(connection, ids, wanted=list(wanted)):
        found[row.account_id][row.trait] = row.weight
    return found


def sharing(
    connection: Connection, wanted: Mapping[str, float], *, bots: bool, least: int
) -> dict[int, Match]:
    """Accounts with any of the wanted traits (trait -> 0..1), at least `least` of each if there
    are so many.
    """
    heaviest = sorted(wanted, key=lambda name: (-wanted[name] * _worth(name), name))
    chosen = heaviest[:MOST_TRAITS]
    pools = (Pool.MANY, Pool.FAIR, Pool.BOTS) if bots else (Pool.MANY, Pool.FAIR)
    found: dict[int, Match] = defaultdict(Match)
    if not chosen:
        return found
    branches = [(name, pool.value) for name in chosen for pool in pools]
    most = max(least, MOST_ROWS // len(branches))
    worth = {name: _worth(name) * wanted[name] for name in chosen}
    for account_id, name, pool, weight in _best_placed(connection, branches, most):
        match = found[account_id]
        match.pool = pool
        part = worth[name] * weight
        match.traits[name] = part
        match.score += part
    weighed = {name: wanted[name] for name in heaviest[:MOST_WEIGHED]}
    _weigh(connection, found, weighed, max(least, WEIGHED))
    return found


def _weigh(
    connection: Connection, found: dict[int, Match], wanted: Mapping[str, float], most: int
) -> None:
    """Whoever is among the best placed of one trait may have others, further down."""
    if len(wanted) < 2:
        return
    best = nlargest(most, found, key=lambda number: (found[number].score, -number))
    worth = {name: _worth(name) * wanted[name] for name in wanted}
    for number, own in weights(connection, best, wanted).items():
        match = found[number]
        match.traits = {name: worth[name] * own[name] for name in own}
        match.score = sum(match.traits.values())


def add_voices(connection: Connection, found: dict[int, Match], liked: Collection[int]) -> None:
    """Those whom the same people boost, who boosts whom, and who mention each other. Both sides
    agreed to be counted: nothing else is kept among interactions and mentions.
    """
    each = [{"account": number} for number in liked]
    boosted, talking = together(connection, (_FANS, each), (mentions.PARTNERS, each))
    fans: dict[int, set[int]] = {number: set() for number in liked}
    for row in boosted:
        fans[row.liked].add(row.fan)
    everybody = {fan for some in fans.values() for fan in some}
    shared: dict[int, set[int]] = defaultdict(set)
    boosters = {"among": sorted({*everybody, *liked})}
    for fan, author in _BOOSTED_BY.one_by_one(connection, [boosters]):
        if author in liked:
            continue
        if fan in liked:
            found[author].boosted_by = fan
            found[author].score += VOICE_WEIGHT / 2
        if fan in everybody:
            shared[author].add(fan)
    most = max(map(len, shared.values()), default=1)
    for author, both in shared.items():
        found[author].fans = len(both)
        found[author].score += VOICE_WEIGHT * len(both) / max(most, 3)
    for number, some in fans.items():
        for fan in some.difference(liked):
            found[fan].boosts = number
            found[fan].score += VOICE_WEIGHT / 4
    for row in talking:
        if row.account_id not in liked:
            found[row.account_id].talks_with = row.author_id
            found[row.account_id].score += TALK_WEIGHT / len(liked)


def _worth(trait: str) -> float:
    return KIND_WEIGHTS[trait.partition(":")[0]]


def _best_placed(
    connection: Connection, branches: Sequence[tuple[str, int]], most: int
) -> Sequence[Any]:
    """(account, trait, pool, weight): of each trait in a pool the best placed.

    One statement for all of them, in which each reads its own piece of the index.
    """
    if connection.dialect.name == "postgresql":
        names, pools = zip(*branches, strict=True)
        values = {"traits": list(names), "pools": list(pools), "most": most}
        return _EACH.one_by_one(connection, [values])
    values = {"most": most}
    for number, (name, pool) in enumerate(branches):
        values |= {f"trait{number}": name, f"pool{number}": pool}
    return _union(len(branches)).one_by_one(connection, [values])


# To plan thirty branches takes PostgreSQL longer than to run them.
_EACH = Lookup(
    sa.text(
        "SELECT best.account_id, wanted.trait, wanted.pool, best.weight"
        " FROM unnest(CAST(:traits AS text[]), CAST(:pools AS integer[])) AS wanted(trait, pool)"
        " CROSS JOIN LATERAL (SELECT account_id, weight FROM account_traits"
        " WHERE trait = wanted.trait AND pool = wanted.pool ORDER BY place DESC LIMIT :most) AS best"
    ).columns(TRAITS.c.account_id, TRAITS.c.trait, TRAITS.c.pool, TRAITS.c.weight)
)


@lru_cache(maxsize=64)
def _union(branches: int) -> Lookup:
    """SQLite knows no LATERAL."""
    parts = []
    for number in range(branches):
        part = (
            sa.select(TRAITS.c.account_id, TRAITS.c.trait, TRAITS.c.pool, TRAITS.c.weight)
            .where(
                TRAITS.c.trait == sa.bindparam(f"trait{number}"),
                TRAITS.c.pool == sa.bindparam(f"pool{number}"),
            )
            .order_by(TRAITS.c.place.desc())
            .limit(sa.bindparam("most"))
            .subquery()
        )
        parts.append(sa.select(part))
    return Lookup(sa.union_all(*parts))
