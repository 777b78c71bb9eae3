"""GET /api/v1/servers: servers that are in reach, for people who look for one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator, Field

from api import params, present
from api.problems import described
from api.schemas import Shape
from discover.model.instance import Registrations
from discover.services.find.server_directory import (
    ServerCard,
    ServerDirectory,
    ServerQuery,
    ServerSort,
)

router = APIRouter(prefix="/api/v1", tags=["servers"])


class TopicCountOut(Shape):
    id: str
    people: int


class ServerOut(Shape):
    """A server that is in reach. Its texts are its own, as plain text."""

    host: str
    name: str
    description: str
    rules: list[str]
    registrations: Literal["open", "approval", "closed"] | None = Field(
        description="`approval`: asked for and decided by hand; null: it does not say"
    )
    software: str | None
    version: str | None
    languages: list[str] = Field(description="Primary language subtags")
    monthly_active: int | None = Field(description="People active in a month, as it says itself")
    people: int = Field(description="People of it who are listed here")
    topics: list[TopicCountOut] = Field(description="What they are about, most people first")
    since: datetime | None = Field(description="On record here since")


class ServersOut(Shape):
    total: int
    servers: list[ServerOut]


@router.get(
    "/servers",
    response_model=ServersOut,
    summary="Servers that opted in",
    responses={
        200: {
            "headers": {
                "Link": {
                    "description": 'The next page as `<…>; rel="next"`, absent at the end',
                    "schema": {"type": "string"},
                }
            }
        },
        **described(422, 503),
    },
)
def get_servers(
    request: Request,
    lang: Annotated[
        list[str],
        BeforeValidator(params.languages),
        Query(description="Languages, any of them; repeat or separate by commas"),
    ] = [],  # noqa: B006 - FastAPI makes a new one for each request
    topic: Annotated[
        list[str],
        BeforeValidator(params.split),
        Query(description="Topic ids, any of them; repeat or separate by commas"),
    ] = [],  # noqa: B006
    registrations: Annotated[
        list[Registrations],
        BeforeValidator(params.split),
        Query(description="Who may join, any of them; a server that does not say is left out"),
    ] = [],  # noqa: B006
    software: Annotated[str, Query(max_length=100, description="As NodeInfo names it")] = "",
    q: Annotated[
        str,
        Query(max_length=200, description="Words of the host, name or description, all of them"),
    ] = "",
    sort: Annotated[
        ServerSort,
        Query(description="`fit`: by the share of its people who are about the topics asked for"),
    ] = ServerSort.FIT,
    limit: Annotated[int, Query(ge=1, le=100, description="Most servers on this page")] = 30,
    offset: Annotated[int, Query(ge=0, le=100_000, description="How many to leave out")] = 0,
) -> Response:
    """Whether a server is in reach is asked at this moment; counts may be a minute old."""
    directory = cast("ServerDirectory", request.app.state.servers)
    answer = directory(
        ServerQuery(
            languages=tuple(lang),
            topics=tuple(topic),
            registrations=tuple(registrations),
            software=software.strip().lower(),
            text=q,
            sort=sort,
            limit=limit,
            offset=offset,
        )
    )
    headers = {}
    if offset + limit < answer.total:
        pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "offset"]
        link = f"{request.url.path}?{urlencode([*pairs, ('offset', offset + limit)])}"
        headers["Link"] = f'<{link}>; rel="next"'
    shown = [_server(card) for card in answer.servers]
    return present.reply({"total": answer.total, "servers": shown}, headers=headers)


def _server(card: ServerCard) -> dict[str, Any]:
    return {
        "host": card.host,
        "name": card.name,
        "description": card.description,
        "rules": card.rules,
        "registrations": card.registrations,
        "software": card.software,
        "version": card.version,
        "languages": card.languages,
        "monthly_active": card.monthly_active,
        "people": card.people,
        "topics": [{"id": topic, "people": people} for topic, people in card.topics],
        "since": card.since,
    }
