"""From bytes to a JSON object, within bounds."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

Json = dict[str, Any]

DEPTH = 40  # JSON-LD in the wild nests below 15

# No database keeps these: U+0000 and halves of surrogate pairs. JSON can write them as escapes.
_UNFIT = re.compile("[\x00\ud800-\udfff]")
_MAY_BE_UNFIT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class ParseError(ValueError):
    """A document that cannot be read. The text says why, in plain words.

    It means unknown: never yes, and never a withdrawal.
    """


def read_json(body: bytes, *, depth: int = DEPTH) -> Any:
    """Any JSON value of a UTF-8 body (a BOM is tolerated, RFC 8259 section 8.1).

    Characters that no database keeps become U+FFFD, so that one of them hides no consent and no
    other name or address comes of it. Raises ParseError for other charsets, NaN and Infinity, nesting below `depth`, and a name
    that stands twice in one object with different values: two readers would understand two
    different things, so nobody's consent can be read from it.
    """
    try:
        text = body.decode("utf-8-sig" if body.startswith(codecs.BOM_UTF8) else "utf-8")
        value = _DECODER.decode(text)
    except UnicodeDecodeError:
        raise ParseError("not UTF-8") from None
    except RecursionError:
        raise ParseError("nested too deeply") from None
    except ParseError:
        raise
    except ValueError as error:  # also the interpreter's limit on digits of one number
        raise ParseError(f"not JSON: {error}") from None
    # Fewer brackets than allowed levels cannot nest too deeply: most documents need no walk.
    if text.count("{") + text.count("[") > depth:
        _check_depth(value, depth)
    return _fit(value) if "\\" in text and _MAY_BE_UNFIT.search(text) else value


def _fit(value: Any) -> Any:
    if isinstance(value, str):
        return _UNFIT.sub("\ufffd", value)
    if isinstance(value, list):
        return [_fit(one) for one in value]
    if isinstance(value, dict):
        return {_fit(name): _fit(one) for name, one in value.items()}
    return value


def read_document(body: bytes, *, depth: int = DEPTH) -> Json:
    """Like `read_json`, for a document that must be an object."""
    value = read_json(body, depth=depth)
    if not isinstance(value, dict):
        raise ParseError("not a JSON object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> Json:
    result = dict(pairs)
    if len(result) != len(pairs):
        for name, value in pairs:
            kept = result[name]
            if kept != value or type(kept) is not type(value):  # 1 == True in Python
                raise ParseError(f"{name[:80]!r} stands twice with different values")
    return result


def _constant(name: str) -> Any:
    raise ParseError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def _check_depth(value: Any, depth: int) -> None:
    level = [value]
    for _ in range(depth):
        deeper: list[Any] = []
        for node in level:
            children = node.values() if isinstance(node, dict) else node
            deeper.extend(child for child in children if isinstance(child, (dict, list)))
        if not deeper:
            return
        level = deeper
    raise ParseError("nested too deeply")
