"""The parameters of a search, read from the query string."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from starlette.datastructures import QueryParams

from discover.model.host import host_typed
from discover.model.post import MediaKind
from discover.model.query import Sort
from discover.model.views import SearchRequest
from discover.services.find.search import MAX_LIMIT, MAX_WORDS
from discover.wire.hashtags import fold

VALUES = 20  # most values of one filter
_LANGUAGE = re.compile(r"^[a-z]{2,3}$")
_HOST = re.compile(r"^[^\s/@?#]{1,253}$")


def split(values: object) -> list[str]:
    """`lang=de,fr&lang=ja` is three values."""
    if not isinstance(values, list | tuple):
        values = [values]
    parts = [part.strip() for value in values for part in str(value).split(",")]
    parts = list(dict.fromkeys(part for part in parts if part))
    if len(parts) > VALUES:
        raise ValueError(f"at most {VALUES} values may be given")
    return parts


def languages(values: object) -> list[str]:
    """Primary subtags: `de-CH` asks for `de`."""
    answer = [part.lower().replace("_", "-").partition("-")[0] for part in split(values)]
    _check(answer, _LANGUAGE, "a language tag such as de or pt-BR")
    return list(dict.fromkeys(answer))


def servers(values: object) -> list[str]:
    answer = [host_typed(part) or part for part in split(values)]
    _check(answer, _HOST, "a host name such as example.social")
    return answer


def tags(values: object) -> list[str]:
    answer = [fold(part) for part in split(values)]
    return [part for part in answer if part]


def moment(value: object) -> object:
    """A day or an instant; without an offset it is UTC."""
    if not isinstance(value, str):
        return value
    try:
        if len(value) == 10:
            return datetime.combine(date.fromisoformat(value), time(), UTC)
        # An unescaped '+' in a query string arrives as a space.
        read = datetime.fromisoformat(value.strip().replace(" ", "+"))
    except ValueError:
        raise ValueError("should be a time such as 2026-01-31 or 2026-01-31T12:00:00Z") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _check(values: Iterable[str], pattern: re.Pattern[str], wanted: str) -> None:
    for value in values:
        if not pattern.match(value):
            raise ValueError(f"{value[:40]!r} is not {wanted}")


class SearchParams(BaseModel):
    """What `/api/v1/search` takes."""

    q: Annotated[
        str,
        Field(
            max_length=MAX_WORDS,
            description=(
                'Words, and operators: "a phrase", -word, #tag, from:user@host, lang:de, '
                "server:example.social, has:image (video, audio, media), is:reply, -is:bot, "
                "-lang:de, -server:example.social, -from:user, -has:image, -#tag (without these), "
                "before:2026-03-01, after:2026-03, during:2026, -before:2026-03-01 (that day or "
                "newer), -after:2026-03 (that month or older); may be left away"
            ),
        ),
    ] = ""
    type: Annotated[
        Literal["accounts", "posts", "all"], Field(description="What kind of results")
    ] = "all"
    lang: Annotated[
        list[str],
        BeforeValidator(languages),
        Field(description="Languages, any of them; repeat or separate by commas"),
    ] = []
    server: Annotated[
        list[str],
        BeforeValidator(servers),
        Field(description="Hosts or their addresses, any of them; repeat or separate by commas"),
    ] = []
    tag: Annotated[
        list[str],
        BeforeValidator(tags),
        Field(description="Hashtags, all of them, with or without '#'; repeat or use commas"),
    ] = []
    media: Annotated[
        list[MediaKind],
        BeforeValidator(split),
        Field(description="Kinds of media in a post, any of them"),
    ] = []
    bot: Annotated[
        bool | None, Field(description="true: automated accounts only; false: none of them")
    ] = None
    since: Annotated[
        datetime | None,
        BeforeValidator(moment),
        Field(description="Published or last active from this day or instant on"),
    ] = None
    until: Annotated[
        datetime | None, BeforeValidator(moment), Field(description="… and before this one")
    ] = None
    sort: Annotated[Sort, Field(description="Best first, or newest first")] = Sort.RELEVANCE
    limit: Annotated[
        int, Field(ge=1, le=MAX_LIMIT, description="Most results of each kind on this page")
    ] = 20
    cursor: Annotated[
        str | None, Field(max_length=1000, description="`next` of the page before")
    ] = None

    def request(self) -> SearchRequest:
        return SearchRequest(
            text=self.q,
            kind=self.type,
            languages=tuple(self.lang),
            servers=tuple(self.server),
            tags=tuple(self.tag),
            bot=self.bot,
            media=tuple(kind.value for kind in self.media),
            since=self.since,
            until=self.until,
            sort=self.sort,
            limit=self.limit,
            cursor=self.cursor,
        )


_LISTS = frozenset({"lang", "server", "tag", "media"})


def read(query: QueryParams) -> SearchParams:
    """The parameters of a query string; unknown ones are left alone.

    By hand, because FastAPI's own reading of so many parameters costs more than the rest of the
    route. Raises RequestValidationError, as FastAPI would.
    """
    given: dict[str, object] = {}
    for name, value in query.multi_items():
        if name in _LISTS:
            given.setdefault(name, []).append(value)  # type: ignore[attr-defined]
        elif name in SearchParams.model_fields:
            given[name] = value
    try:
        return SearchParams.model_validate(given)
    except ValidationError as exc:
        raise RequestValidationError(exc.errors()) from None


def described() -> list[dict[str, Any]]:
    """The same parameters for the OpenAPI document."""
    shape = SearchParams.model_json_schema(ref_template="#/components/schemas/{model}")
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.pop("description"),
            "schema": schema,
        }
        for name, schema in shape["properties"].items()
    ]
