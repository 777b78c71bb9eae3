"""What somebody who is typing may mean: topics, hashtags, accounts. A typo is forgiven."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.query import EngineQuery, Kind
from discover.model.topics import Topic
from discover.model.views import AccountView, BadRequest
from discover.policy.topics import TYPO_FROM, one_typo
from discover.services.context import Context
from discover.services.find.tags import nobodys
from discover.services.hydrate import hydrate
from discover.services.topics.catalogue import TAGS, catalogue, people_of_topics, tag_people
from discover.services.topics.edits import is_banned
from discover.wire.hashtags import fold

MOST = 10
MOST_LETTERS = 100
# Tags that begin alike, of which misspelt ones are looked for.
_LOOKED_AT = 1000
_END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Completion:
    """Topics and tags each with the number of people, best first."""

    topics: tuple[tuple[Topic, int], ...] = ()
    tags: tuple[tuple[str, int], ...] = ()
    accounts: tuple[AccountView, ...] = ()


def complete(ctx: Context, text: str, limit: int = 5) -> Completion:
    """BadRequest for what cannot be asked, EngineUnavailable from the engine."""
    if not 1 <= limit <= MOST:
        raise BadRequest(f"limit must be between 1 and {MOST}")
    if len(text) > MOST_LETTERS:
        raise BadRequest(f"q must not be longer than {MOST_LETTERS} characters")
    typed = fold("".join(text.split()))
    if not typed:
        return Completion()
    query = EngineQuery(Kind.ACCOUNTS, text.strip().lstrip("#"), limit=limit, highlight=False)
    hits = () if text.lstrip().startswith(("#", "＃")) else ctx.engine.search(query).hits
    topics = catalogue().search(text, limit)
    # Read after the engine has answered: nothing shown is older than its hits.
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        people = people_of_topics(connection, [topic.id for topic in topics])
        tags = _tags(ctx, connection, typed, limit)
        accounts, _ = hydrate(ctx, connection, hits, (), now)
    return Completion(
        topics=tuple((topic, people.get(topic.id, 0)) for topic in topics),
        tags=tags,
        accounts=tuple(accounts),
    )


def _tags(
    ctx: Context, connection: Connection, typed: str, limit: int
) -> tuple[tuple[str, int], ...]:
    """Those that begin as typed, most used first, then those that nearly do."""
    found = _beginning(connection, typed, limit)
    if len(found) < limit and len(typed) >= TYPO_FROM:
        alike = _beginning(connection, typed[:2], _LOOKED_AT)
        found += [tag for tag in alike if tag not in found and one_typo(typed, tag)]
    used = tag_people(connection, found[: 2 * limit])
    hidden = nobodys(ctx, connection, used)
    shown = (tag for tag in found if tag in used and tag not in hidden and not is_banned(tag))
    return tuple((tag, used[tag]) for tag in shown)[:limit]


def _beginning(connection: Connection, typed: str, limit: int) -> list[str]:
    return list(
        connection.scalars(
            sa.select(TAGS.c.tag)
            .where(TAGS.c.tag >= typed, TAGS.c.tag < typed + _END)
            .order_by(TAGS.c.people.desc(), TAGS.c.tag)
            .limit(limit)
        )
    )
