"""Query parameters read as Mastodon reads them: what makes no sense is its default, not an error."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator

from api.params import languages

_FALSE = frozenset({"", "0", "f", "false", "off"})
_ID = 2**63
_DEEPEST = 1_000_000_000


def _number(value: object, default: int, most: int) -> int:
    """Ruby's way: the digits at the start, without the sign; 0 is 0."""
    try:
        return min(abs(int(str(value).strip())), most)
    except ValueError:
        return default


def _truthy(value: object) -> bool:
    return str(value).strip().lower() not in _FALSE


def read_id(value: str | None) -> int | None:
    """One of our ids; None for anything else."""
    if value is None or not value.isascii() or not value.isdigit():
        return None
    number = int(value[:20])
    return number if 0 < number < _ID else None


def _some(read: object, value: object) -> list[str]:
    try:
        found: list[str] = read(value)  # type: ignore[operator]
    except ValueError:
        return []
    return found


Upto20 = Annotated[
    int,
    BeforeValidator(partial(_number, default=10, most=20)),
    Query(description="Most results, up to 20"),
]
Upto40 = Annotated[
    int,
    BeforeValidator(partial(_number, default=20, most=40)),
    Query(description="Most results (of each kind), up to 40"),
]
Upto80 = Annotated[
    int,
    BeforeValidator(partial(_number, default=40, most=80)),
    Query(description="Most results, up to 80"),
]
Offset = Annotated[
    int,
    BeforeValidator(partial(_number, default=0, most=_DEEPEST)),
    Query(description="Leave out so many results at the start"),
]
Flag = Annotated[bool, BeforeValidator(_truthy)]
Languages = Annotated[
    list[str],
    BeforeValidator(partial(_some, languages)),
    Query(description="Not Mastodon's: languages, any of them; repeat or separate by commas"),
]
