"""Topics, their people, and what somebody who is typing may mean."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field

from api import present
from api.deps import ContextDep
from api.params import languages
from api.problems import ProblemAnswer, described
from api.schemas import AccountOut, AuthorOut, Shape
from discover.model.topics import AccountTopic, Topic, TopicView
from discover.model.views import BadRequest
from discover.services.find.autocomplete import MOST, MOST_LETTERS, complete
from discover.services.topics.catalogue import catalogue, topic_view
from discover.services.topics.people import DEEPEST, MOST_ON_A_PAGE, topic_people
from web.topics import AllTopics

router = APIRouter(prefix="/api/v1", tags=["topics"])

TopicId = Annotated[str, Path(description="A topic's id, such as astronomy", max_length=60)]
NameLanguage = Annotated[
    str,
    Query(
        description="Language of `name`; English where the list has no name in it",
        max_length=35,
    ),
]
_LINK = {
    "Link": {
        "description": 'The next page as `<…>; rel="next"`, absent at the end',
        "schema": {"type": "string"},
    }
}


class TopicOut(Shape):
    id: str
    name: str = Field(description="In the language asked for")
    parent: str | None = Field(description="Id of the wider topic")
    related: list[str] = Field(description="Ids, curated ones first")
    children: list[str] = Field(description="Ids of narrower topics")
    people: int = Field(description="Listed accounts that are about it")
    week: int = Field(description="Distinct people who posted on it in the last seven days")
    week_before: int = Field(description="The same, in the seven days before")


class TagUseOut(Shape):
    name: str = Field(description="Hashtag without '#', folded")
    people: int


class LanguageUseOut(Shape):
    language: str = Field(description="Primary subtag")
    people: int


class TopicPage(TopicOut):
    names: dict[str, str] = Field(description="By primary language subtag")
    hashtags: dict[str, list[str]] = Field(description="Curated ones, by primary language subtag")
    tags: list[TagUseOut] = Field(description="Hashtags in use, curated and grown ones")
    languages: list[LanguageUseOut]


class TopicsOut(Shape):
    topics: list[TopicOut]


class AccountOfTopicOut(Shape):
    account: AccountOut
    weight: float = Field(description="0 to 1")
    tags: list[str] = Field(description="Hashtags that tell so")
    words: list[str] = Field(description="Words of the profile that tell so")
    posts: int = Field(description="Posts that tell so")


class TopicAccountsOut(Shape):
    accounts: list[AccountOfTopicOut]
    next: str | None = Field(description="Cursor of the next page")


class TopicHintOut(Shape):
    id: str
    name: str
    people: int


class CompletionOut(Shape):
    topics: list[TopicHintOut]
    tags: list[TagUseOut]
    accounts: list[AuthorOut]


class PeopleQuery(BaseModel):
    lang: Annotated[
        list[str],
        BeforeValidator(languages),
        Field(description="Only people who write one of these; repeat or separate by commas"),
    ] = []
    limit: Annotated[int, Field(ge=1, le=MOST_ON_A_PAGE, description="Most on this page")] = 20
    cursor: Annotated[str | None, Field(max_length=20, description="`next` of the page before")] = (
        None
    )


@router.get(
    "/topics",
    response_model=TopicsOut,
    summary="All topics",
    responses=described(422, 503),
)
def get_topics(
    request: Request,
    lang: NameLanguage = "en",
    sort: Annotated[
        Literal["people", "name"], Query(description="Most people first, or by name")
    ] = "people",
) -> Response:
    """The curated list, with how many listed people are about each topic and how that moves."""
    views = cast("AllTopics", request.app.state.topics)()
    found = [_topic(view, _primary(lang)) for view in views]
    found.sort(key=lambda one: one["name"].casefold())
    if sort == "people":
        found.sort(key=lambda one: -int(one["people"]))
    return present.reply({"topics": found})


@router.get(
    "/topics/{topic_id}",
    response_model=TopicPage,
    summary="One topic",
    responses=described(404, 422, 503),
)
def get_topic(context: ContextDep, topic_id: TopicId, lang: NameLanguage = "en") -> Response:
    """Its people, hashtags, languages and related topics, and how it moves."""
    view = topic_view(context, topic_id)
    if view is None:
        raise ProblemAnswer(404, "There is no topic with this id; /api/v1/topics lists them.")
    return present.reply(
        {
            **_topic(view, _primary(lang)),
            "names": view.topic.names,
            "hashtags": view.topic.hashtags,
            "tags": [{"name": name, "people": people} for name, people in view.tags],
            "languages": [
                {"language": language, "people": people} for language, people in view.languages
            ],
        }
    )


@router.get(
    "/topics/{topic_id}/accounts",
    response_model=TopicAccountsOut,
    summary="The people of a topic",
    responses={200: {"headers": _LINK}, **described(404, 422, 503)},
)
def get_topic_accounts(
    request: Request,
    context: ContextDep,
    topic_id: TopicId,
    asked: Annotated[PeopleQuery, Query()],
) -> Response:
    """Listed people who are about it, the most devoted first, with what tells so."""
    if catalogue().by_id(topic_id) is None:
        raise ProblemAnswer(404, "There is no topic with this id; /api/v1/topics lists them.")
    page = topic_people(
        context,
        topic_id,
        languages=asked.lang,
        limit=asked.limit,
        offset=_offset(asked.cursor),
    )
    headers = {}
    if page.next is not None:
        pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "cursor"]
        query = urlencode([*pairs, ("cursor", page.next)])
        headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
    return present.reply(
        {
            "accounts": [
                {"account": present.account(view), **_evidence(topic)}
                for view, topic in page.people
            ],
            "next": None if page.next is None else str(page.next),
        },
        headers=headers,
    )


@router.get(
    "/autocomplete",
    response_model=CompletionOut,
    summary="What somebody who is typing may mean",
    responses=described(422, 503),
)
def get_autocomplete(
    context: ContextDep,
    q: Annotated[
        str, Query(max_length=MOST_LETTERS, description="What has been typed; # for hashtags only")
    ] = "",
    lang: NameLanguage = "en",
    limit: Annotated[int, Query(ge=1, le=MOST, description="Most of each kind")] = 5,
) -> Response:
    """Topics by a name in any language, hashtags, accounts; one wrong letter is forgiven."""
    found = complete(context, q, limit)
    return present.reply(
        {
            "topics": [
                {"id": topic.id, "name": topic.name(_primary(lang)), "people": people}
                for topic, people in found.topics
            ],
            "tags": [{"name": name, "people": people} for name, people in found.tags],
            "accounts": [present.author(view) for view in found.accounts],
        }
    )


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").partition("-")[0]


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) > DEEPEST:
        raise BadRequest("cursor is not one that we gave out")
    return int(cursor)


def _topic(view: TopicView, language: str) -> dict[str, Any]:
    topic: Topic = view.topic
    return {
        "id": topic.id,
        "name": topic.name(language),
        "parent": topic.parent,
        "related": view.related,
        "children": view.children,
        "people": view.people,
        "week": view.week,
        "week_before": view.week_before,
    }


def _evidence(topic: AccountTopic) -> dict[str, Any]:
    return {
        "weight": topic.weight,
        "tags": topic.tags,
        "words": topic.words,
        "posts": topic.posts,
    }
