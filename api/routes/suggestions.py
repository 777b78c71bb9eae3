"""Whom to follow: GET and POST /api/v1/suggestions, and accounts like one account."""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlencode

from babel import Locale, UnknownLocaleError
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api import present
from api.deps import ContextDep, HandleDep
from api.params import VALUES, languages, servers, split
from api.problems import ProblemAnswer, described
from api.schemas import AccountOut, Shape
from discover.model.suggestions import Reason, Suggestion, SuggestionAnswer, SuggestionRequest
from discover.model.views import BadRequest
from discover.policy.suggest import sentence
from discover.services.context import Context
from discover.services.find.accounts import find_account
from discover.services.suggest.suggesting import MOST, MOST_EXCLUDED, MOST_LIKE, suggest
from discover.services.topics.catalogue import catalogue
from discover.wire.hashtags import fold

MOST_ON_A_PAGE = 40
_EXCLUDED_IN_QUERY = 200

router = APIRouter(prefix="/api/v1", tags=["suggestions"])


def topics(values: object) -> list[str]:
    """Ids, or a topic's name or hashtag in any language."""
    found: list[str] = []
    for name in split(values):
        topic = catalogue().by_id(name)
        matches = [topic.id] if topic else [one for one, _ in catalogue().match(fold(name))]
        if not matches:
            raise ValueError(f"there is no topic {name[:40]!r}; /api/v1/topics lists them")
        found += matches
    return list(dict.fromkeys(found))


def accounts(most: int) -> Any:
    def read(values: object) -> list[str]:
        values = values if isinstance(values, list | tuple) else [values]
        parts = [part.strip() for value in values for part in str(value).split(",")]
        parts = list(dict.fromkeys(part for part in parts if part))
        if len(parts) > most:
            raise ValueError(f"at most {most} accounts may be given")
        return parts

    return BeforeValidator(read)


class _Asked(BaseModel):
    """What may be said about the one who asks; nothing of it is kept."""

    topic: Annotated[
        list[str],
        BeforeValidator(topics),
        Field(
            description=(
                "Topics, any of them: ids, or names or hashtags in any language; repeat or"
                f" separate by commas, {VALUES} at most"
            )
        ),
    ] = []
    lang: Annotated[
        list[str],
        BeforeValidator(languages),
        Field(description="Only people who write one of these languages"),
    ] = []
    server: Annotated[
        list[str], BeforeValidator(servers), Field(description="Only people of these servers")
    ] = []
    like: Annotated[
        list[str],
        accounts(MOST_LIKE),
        Field(
            description=(
                "People like these listed accounts: handles or actor URIs; unknown ones are"
                " passed over"
            )
        ),
    ] = []
    bots: Annotated[bool, Field(description="Automated accounts, too")] = False
    limit: Annotated[
        int, Field(ge=1, le=MOST_ON_A_PAGE, description="Most suggestions on this page")
    ] = 20
    cursor: Annotated[
        str | None, Field(max_length=100, description="`next` of the page before")
    ] = None


class SuggestionsQuery(_Asked):
    exclude: Annotated[
        list[str],
        accounts(_EXCLUDED_IN_QUERY),
        Field(
            description=(
                "Followed already, or dismissed: handles or actor URIs, never kept;"
                f" {_EXCLUDED_IN_QUERY} at most, POST takes more"
            )
        ),
    ] = []


class SuggestionsIn(_Asked):
    model_config = ConfigDict(extra="forbid")
    exclude: Annotated[
        list[str],
        accounts(MOST_EXCLUDED),
        Field(
            description=(
                "Followed already, or dismissed: handles or actor URIs, never kept;"
                f" {MOST_EXCLUDED} at most"
            )
        ),
    ] = []


class ReasonOut(Shape):
    kind: str = Field(description="From a closed set: topic, tag, language, week …")
    sentence: str = Field(description="The same in English words")
    values: dict[str, str] = Field(description="What stands in the sentence, by its place")


class SuggestionOut(Shape):
    account: AccountOut
    score: float = Field(description="0 to 1, comparable within one answer")
    topics: list[str] = Field(description="Ids of the account's own topics, heaviest first")
    reasons: list[ReasonOut] = Field(description="Why this account, the weightiest first")


class SuggestionsOut(Shape):
    suggestions: list[SuggestionOut]
    next: str | None = Field(description="Give it as `cursor` to read on; null at the end")


_LINK = {
    "Link": {
        "description": 'The next page as `<…>; rel="next"`, absent at the end',
        "schema": {"type": "string"},
    }
}


@router.get(
    "/suggestions",
    response_model=SuggestionsOut,
    summary="Whom to follow",
    responses={200: {"headers": _LINK}, **described(422, 503)},
)
def get_suggestions(
    request: Request, context: ContextDep, asked: Annotated[SuggestionsQuery, Query()]
) -> Response:
    """By topics and languages, or like some accounts; without anything, a mixed handful.

    Every account is consenting at this moment, agreed to be found, is alive, open to followers
    and not automated; every suggestion says why. Weights are published in docs/ranking.md.
    """
    answer, following = _page(context, asked)
    headers = {}
    if following:
        pairs = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        link = f"{request.url.path}?{urlencode([*pairs, ('cursor', following)])}"
        headers["Link"] = f'<{link}>; rel="next"'
    return present.reply(_told(answer, following), headers=headers)


@router.post(
    "/suggestions",
    response_model=SuggestionsOut,
    summary="Whom to follow, with a long list of whom not",
    responses=described(422, 503),
)
def post_suggestions(context: ContextDep, asked: SuggestionsIn) -> Response:
    """The same as GET. It changes nothing and keeps nothing; the body only holds more."""
    answer, following = _page(context, asked)
    return present.reply(_told(answer, following))


@router.get(
    "/accounts/{handle}/similar",
    response_model=SuggestionsOut,
    summary="People like a listed account",
    responses=described(404, 422, 503),
)
def get_similar(
    context: ContextDep,
    handle: HandleDep,
    limit: Annotated[
        int, Query(ge=1, le=MOST_ON_A_PAGE, description="Most suggestions on this page")
    ] = 20,
    cursor: Annotated[
        str | None, Query(max_length=100, description="`next` of the page before")
    ] = None,
) -> Response:
    """By topics, hashtags, words and public boosts of those who agreed to be counted.

    404 is the same answer for an account that we do not know and one that has not said yes.
    """
    view = find_account(context, handle)
    if view is None:
        raise ProblemAnswer(404, "No account with this handle is listed here.")
    answer, following = _page(context, SuggestionsIn(like=[view.uri], limit=limit, cursor=cursor))
    return present.reply(_told(answer, following))


def _page(context: Context, asked: SuggestionsQuery | SuggestionsIn) -> tuple[Any, str | None]:
    """Near equals change places from day to day, not from page to page."""
    if asked.cursor:
        offset, seed = _read(asked.cursor)
    else:
        offset, seed = 0, context.clock.now().toordinal()
    limit = min(asked.limit, MOST - offset)
    answer = suggest(
        context,
        SuggestionRequest(
            topics=tuple(asked.topic),
            languages=tuple(asked.lang),
            like=tuple(asked.like),
            exclude=tuple(asked.exclude),
            servers=tuple(asked.server),
            bots=asked.bots,
            seed=seed,
            limit=limit,
            offset=offset,
        ),
    )
    following = offset + limit
    more = answer.more and following < MOST
    return answer, _write(following, seed) if more else None


def _write(offset: int, seed: int) -> str:
    return base64.urlsafe_b64encode(f"{offset}.{seed}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[int, int]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
        offset, seed = map(int, text.split("."))
    except (ValueError, binascii.Error) as error:
        raise BadRequest("cursor is not one that we gave out") from error
    if not 0 <= offset < MOST:
        raise BadRequest("cursor is not one that we gave out")
    return offset, seed


def _told(answer: SuggestionAnswer, following: str | None) -> present.Json:
    return {"suggestions": [_one(one) for one in answer.suggestions], "next": following}


def _one(suggestion: Suggestion) -> present.Json:
    return {
        "account": present.account(suggestion.account),
        "score": round(suggestion.score, 4),
        "topics": suggestion.topics,
        "reasons": [_reason(reason) for reason in suggestion.reasons],
    }


def _reason(reason: Reason) -> present.Json:
    values = dict(reason.values)
    names = {}
    if "topic" in values and (topic := catalogue().by_id(values["topic"])):
        names[topic.id] = topic.name("en")
    if "language" in values:
        names[values["language"]] = _language(values["language"])
    return {"kind": reason.kind, "sentence": sentence(reason, names), "values": values}


@lru_cache(maxsize=512)
def _language(subtag: str) -> str:
    try:
        return Locale.parse(subtag).get_display_name("en") or subtag
    except (ValueError, UnknownLocaleError):
        return subtag
