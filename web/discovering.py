"""Discover: pick interests and languages, get people with reasons, shuffled fairly.

What is picked, liked and turned away stands in the address, and nowhere here.
"""

from __future__ import annotations

import secrets
import time
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from discover.model.actor import Handle
from discover.model.suggestions import SuggestionAnswer, SuggestionRequest
from discover.model.topics import TopicView
from discover.model.views import BadRequest
from discover.services.suggest.suggesting import (
    MOST,
    MOST_EXCLUDED,
    MOST_LIKE,
    MOST_VALUES,
    suggest,
)
from discover.services.topics.catalogue import catalogue, topic_views
from discover.wire.hashtags import fold
from web.i18n import LANGUAGES, current
from web.pages import page
from web.words import LANGUAGES as SPOKEN

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

PEOPLE = 12  # on one page
_WANDER = 14
_OFFERED = 40
_SEEDS = 1_000_000
_KEPT_SECONDS = 120.0
_DAY = 86_400
_ALSO_COMMON = ("nl", "ko", "zh", "ru", "tr", "uk")


def _topics(request: Request) -> tuple[TopicView, ...]:
    """All topics with how many people each has, the most first; a little old."""
    state = request.app.state
    kept: tuple[float, tuple[TopicView, ...]] | None = getattr(state, "topics_shown", None)
    if kept is None or time.monotonic() - kept[0] > _KEPT_SECONDS:
        views = topic_views(state.waypost.context)
        kept = (time.monotonic(), tuple(sorted(views, key=lambda one: -one.people)))
        state.topics_shown = kept
    return kept[1]


def wander(request: Request) -> list[str]:
    """Topic ids to begin with: those with people, else the first of the list."""
    views = _topics(request)
    peopled = [view.topic.id for view in views if view.people]
    return (peopled or [view.topic.id for view in views if view.topic.parent is None])[:_WANDER]


def named_topics(given: list[str]) -> list[str]:
    """Ids of topics by ids, names or hashtags, several of them with commas; unknown ones are not."""
    found: dict[str, None] = {}
    for name in [name.strip() for text in given for name in text.split(",")][: 2 * MOST_VALUES]:
        one = catalogue().by_id(name)
        ids = [one.id] if one else [match for match, _ in catalogue().match(fold(name))]
        found |= dict.fromkeys(id_ for id_ in ids if catalogue().by_id(id_))
    return list(found)


def _handles(given: list[str], most: int) -> tuple[str, ...]:
    found = []
    for text in given[:most]:
        try:
            found.append(str(Handle.parse(text)))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


@router.get("/discover", summary="People by interests and languages, each with reasons")
def discover(
    request: Request,
    topic: Annotated[
        list[str], Query(description="Topics: ids, names or hashtags; repeat, or by commas")
    ] = [],  # noqa: B006
    lang: Annotated[list[str], Query(description="Languages")] = [],  # noqa: B006
    like: Annotated[list[str], Query(description="Accounts to find more like")] = [],  # noqa: B006
    away: Annotated[list[str], Query(description="Accounts not to show")] = [],  # noqa: B006
    seed: Annotated[int | None, Query(description="Another order of near equals")] = None,
    start: Annotated[int, Query(description="How many were shown already")] = 0,
) -> Response:
    """What cannot be used of an address is left away, never refused."""
    context = request.app.state.waypost.context
    asked = {
        "topic": named_topics(topic)[:MOST_VALUES],
        "lang": [one for one in lang if one in SPOKEN][:MOST_VALUES],
    }
    liked, gone = _handles(like, MOST_LIKE), _handles(away, MOST_EXCLUDED)
    start = max(0, min(start, MOST - PEOPLE))
    now = context.clock.now()
    order = int(now.timestamp()) // _DAY if seed is None else abs(seed) % _SEEDS
    chosen = bool(asked["topic"] or asked["lang"] or liked)
    found, problem = SuggestionAnswer(()), ""
    if chosen:
        try:
            found = suggest(
                context,
                SuggestionRequest(
                    topics=tuple(asked["topic"]),
                    languages=tuple(asked["lang"]),
                    like=liked,
                    exclude=gone,
                    seed=order,
                    limit=PEOPLE,
                    offset=start,
                ),
            )
        except BadRequest as exc:
            problem = exc.args[0]

    def link(*, away: str = "", seed: int | None = seed, start: int = start) -> str:
        pairs = [(name, value) for name, values in asked.items() for value in values]
        pairs += [("like", one) for one in liked] + [("away", one) for one in gone]
        pairs += [("away", away)] if away else []
        pairs += [("seed", str(seed))] if seed is not None else []
        pairs += [("start", str(start))] if start else []
        return f"/discover?{urlencode(pairs)}"

    offered = [view for view in _topics(request) if view.people or view.topic.id in asked["topic"]]
    code = current().code
    common = dict.fromkeys([code, *LANGUAGES, *_ALSO_COMMON, *asked["lang"]])
    return page(
        "discover",
        people=True,
        asked=asked,
        chosen=chosen,
        liked=liked,
        problem=problem,
        found=found.suggestions,
        more=found.more and start + PEOPLE < MOST,
        start=start,
        fresh=secrets.randbelow(_SEEDS),
        link=link,
        topics=(offered or list(_topics(request)))[:_OFFERED],
        common=list(common),
        now=now,
    )
