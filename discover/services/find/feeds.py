"""What a topic's or a pack's people posted lately, for feeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.views import PostView
from discover.policy.languages import covered, primary
from discover.services.context import Context
from discover.services.facts import POSTS
from discover.services.hydrate import hydrate_posts
from discover.services.topics.catalogue import TAGS, accounts_of_topic, catalogue
from discover.store.lookup import Lookup, among

MOST_POSTS = 30
MOST_OF_ONE = 3  # of one author, so that nobody fills a feed
_PEOPLE = 300
_LOOKED_AT = 600
_SINCE = timedelta(days=30)

_GROWN = Lookup(sa.select(TAGS.c.tag, TAGS.c.topic).where(among(TAGS.c.tag)))


def topic_posts(
    ctx: Context, topic_id: str, languages: Collection[str] = ()
) -> tuple[PostView, ...]:
    """The newest posts on a topic by people who are about it; no replies, no content warnings."""
    with ctx.database.read() as connection:
        people = [one for one, _ in accounts_of_topic(connection, topic_id, _PEOPLE)]
        return _newest(ctx, connection, people, languages, topic_id)


def posts_of(
    ctx: Context, account_ids: Sequence[int], languages: Collection[str] = ()
) -> tuple[PostView, ...]:
    """The newest posts of these accounts; no replies, no content warnings."""
    with ctx.database.read() as connection:
        return _newest(ctx, connection, account_ids, languages, None)


def _newest(
    ctx: Context,
    connection: Connection,
    people: Sequence[int],
    languages: Collection[str],
    topic_id: str | None,
) -> tuple[PostView, ...]:
    now = ctx.clock.now()
    query = (
        sa.select(POSTS.c.id, POSTS.c.account_id, POSTS.c.hashtags, POSTS.c.language)
        .where(
            POSTS.c.account_id.in_(people),
            POSTS.c.published > now - _SINCE,
            POSTS.c.published <= now,
            POSTS.c.sensitive.is_(False),
            POSTS.c.content_warning == "",
            POSTS.c.in_reply_to.is_(None),
        )
        .order_by(POSTS.c.published.desc(), POSTS.c.id)
        .limit(_LOOKED_AT)
    )
    rows = connection.execute(query).all()
    if topic_id is not None:
        about = _about(connection, topic_id, {tag for row in rows for tag in row.hashtags})
        rows = [row for row in rows if about.intersection(row.hashtags)]
    if languages:
        wanted = covered(languages)
        rows = [row for row in rows if primary(row.language) in wanted]
    ids, taken = [], Counter[int]()
    for row in rows:
        if taken[row.account_id] < MOST_OF_ONE:
            taken[row.account_id] += 1
            ids.append(row.id)
    views = hydrate_posts(ctx, connection, ids[: 2 * MOST_POSTS], now)
    return tuple(view for view in views if not view.sensitive)[:MOST_POSTS]


def _about(connection: Connection, topic_id: str, tags: Collection[str]) -> set[str]:
    """Those of the tags that lead to the topic or to a narrower one."""
    known = catalogue()
    leads = {tag: {topic for topic, _ in known.match(tag)} for tag in tags}
    for row in _GROWN(connection, [tag for tag, topics in leads.items() if not topics]):
        if row.topic:
            leads[row.tag] = {row.topic}
    return {
        tag
        for tag, topics in leads.items()
        if any(topic_id == one or topic_id in known.ancestors(one) for one in topics)
    }
