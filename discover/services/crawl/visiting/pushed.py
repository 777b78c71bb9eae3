"""A post that was pushed to us, as its own server shows it."""

from __future__ import annotations

from discover.model.observed import CandidatesSeen, Door, HostTurn, Outcome, PostMissing, PostsSeen
from discover.model.post import Post
from discover.policy.origin import same_origin
from discover.services.crawl.visiting.documents import Document, fetch_document
from discover.services.crawl.visiting.tools import Tools
from discover.wire.activity import Boost, Embedded, Gone, Reference, read_item
from discover.wire.documents import Json, ParseError
from discover.wire.post import parse_post


async def read_pushed(tools: Tools, turn: HostTurn, got: Document) -> Outcome:
    """Report what stands there. Returns what became of a post, with its author's verdict.

    The consent decision is the sink's. An author whom we do not list becomes a candidate; then
    their profile is asked first, and the post comes with their outbox or not at all.
    """
    item = read_item(got.doc)
    if isinstance(item, Gone):
        await tools.sink(PostMissing(item.uri, tools.clock.now()))
        return Outcome()
    if isinstance(item, Boost):  # announced as such (FASP): what was boosted is looked at
        await tools.sink(CandidatesSeen(Door.PUSH, uris=(item.uri,)))
        return Outcome()
    if isinstance(item, Reference) and same_origin(item.uri, got.uri):
        again = await fetch_document(tools.fetcher, item.uri, solicited=turn.solicited)
        item = read_item(again.doc) if isinstance(again, Document) else item
    if not isinstance(item, Embedded):
        return Outcome()
    post = _own_post(item.object, item.activity, got.uri, tools)
    if post is None:
        return Outcome()
    outcome = await tools.sink(PostsSeen(post.author, (post,), got.uri, tools.clock.now()))
    if outcome.verdict is None:
        await tools.sink(CandidatesSeen(Door.PUSH, uris=(post.author,)))
    return outcome


def _own_post(doc: Json, activity: Json | None, uri: str, tools: Tools) -> Post | None:
    """A post that lives where it was fetched, by somebody who lives there too."""
    try:
        post = parse_post(doc, activity=activity, extra_opt_out_tags=tools.extra_opt_out_tags)
    except ParseError:
        return None
    own = same_origin(post.uri, uri) and same_origin(post.author, uri)
    return post if own else None
