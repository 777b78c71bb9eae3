"""What other documents of the same origin add to a listed account. Counts, never lists of people."""

from __future__ import annotations

from discover.model.actor import Actor, ActorExtras, Counts
from discover.model.observed import ExtrasSeen, HostTurn
from discover.policy.origin import same_origin
from discover.services.crawl.visiting.documents import fetch_json
from discover.services.crawl.visiting.outbox import OutboxReader
from discover.services.crawl.visiting.tools import Tools
from discover.wire.collection import Collection, read_collection
from discover.wire.documents import ParseError
from discover.wire.hashtags import in_tags

MOST_TAGS = 50


async def read_extras(
    tools: Tools,
    turn: HostTurn,
    actor: Actor,
    outbox: OutboxReader | None,
    posts_total: int | None,
) -> None:
    """Featured posts (only with an `outbox`, where posts may be indexed), tags and counts."""
    if outbox is not None and actor.featured is not None:
        await outbox.read_featured(actor.featured)
    tags = await _collection(tools, turn, actor, actor.featured_tags)
    followers = await _collection(tools, turn, actor, actor.followers)
    following = await _collection(tools, turn, actor, actor.following)
    extras = ActorExtras(
        counts=Counts(
            followers=followers.total_items if followers else None,
            following=following.total_items if following else None,
            posts=posts_total,
        ),
        featured_tags=in_tags(list(tags.items))[:MOST_TAGS] if tags else (),
    )
    await tools.sink(ExtrasSeen(actor.uri, extras))


async def _collection(
    tools: Tools, turn: HostTurn, actor: Actor, url: str | None
) -> Collection | None:
    """The root only; its pages name people who were not asked."""
    if url is None or not same_origin(url, actor.uri):
        return None
    doc = await fetch_json(tools.fetcher, url, solicited=turn.solicited)
    try:
        return read_collection(doc, url) if doc is not None else None
    except ParseError:
        return None
