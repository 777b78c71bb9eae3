"""What a server's admin says to us: a DNS TXT record, or a file under /.well-known/.

Both have the same fields (docs/opting-in.md, docs/waypost.schema.json):

    v=waypost1; consent=in; scope=profiles; contact=admin@example.social; languages=de,en; rate=30

Names and values may be written in any case. What cannot be understood says nothing: no field is
guessed, and a restriction that cannot be read makes a yes worthless, never a no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from discover.model.instance import ServerScope
from discover.wire.documents import Json, ParseError, read_document

VERSION = "waypost1"
PATH = "/.well-known/waypost.json"
LABEL = "_waypost"

_LONGEST_CONTACT = 300
_MOST_LANGUAGES = 20
_FASTEST = 6000.0  # requests a minute; whoever allows more sets no bound
_SLOWEST = 1.0  # we cannot promise to be slower than that


@dataclass(frozen=True, slots=True)
class Statement:
    """`rate`: most requests a minute, None: unsaid. `contact` and `languages` are as written."""

    agrees: bool  # False: out
    scope: ServerScope = ServerScope.ALL
    contact: str = ""
    languages: tuple[str, ...] = ()
    rate: float | None = None


def txt_name(host: str) -> str:
    """Where a host's TXT record is; a port has no DNS name of its own."""
    return f"{LABEL}.{host.partition(':')[0]}"


def read_txt(records: Iterable[str]) -> Statement | None:
    """The statement of all TXT records of one name; None when none of them is one of ours.

    One out is an out. Of several that agree, the strictest bounds hold.
    """
    said = [found for record in records if (found := _read_record(record)) is not None]
    for statement in said:
        if not statement.agrees:
            return statement
    if not said:
        return None
    rates = [statement.rate for statement in said if statement.rate is not None]
    narrowed = any(statement.scope is ServerScope.PROFILES for statement in said)
    return Statement(
        agrees=True,
        scope=ServerScope.PROFILES if narrowed else ServerScope.ALL,
        contact=next((statement.contact for statement in said if statement.contact), ""),
        languages=next((statement.languages for statement in said if statement.languages), ()),
        rate=min(rates) if rates else None,
    )


def read_file(body: bytes) -> Statement | None:
    """The statement of a JSON file; None when it is readable and says nothing.

    Raises ParseError when it is no JSON object.
    """
    return read_fields(read_document(body))


def read_fields(fields: Mapping[str, Any]) -> Statement | None:
    """The statement in a JSON object; also the shape in which statements are kept."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        folded = name.strip().lower()
        if folded in found and found[folded] != value:
            return None
        found[folded] = value
    if _word(found.get("v")) != VERSION:
        return None
    consent = _word(found.get("consent"))
    contact = found.get("contact")
    contact = contact.strip()[:_LONGEST_CONTACT] if isinstance(contact, str) else ""
    if consent == "out":
        return Statement(agrees=False, contact=contact)
    if consent != "in":
        return None
    try:
        return Statement(
            agrees=True,
            scope=_scope(found.get("scope")),
            contact=contact,
            languages=_languages(found.get("languages")),
            rate=_rate(found.get("rate")),
        )
    except ParseError:
        return None


def to_json(statement: Statement) -> Json:
    """As it is written in the file; what was not said is left out."""
    fields: Json = {"v": VERSION, "consent": "in" if statement.agrees else "out"}
    if statement.agrees:
        fields["scope"] = statement.scope.value
    if statement.contact:
        fields["contact"] = statement.contact
    if statement.languages:
        fields["languages"] = list(statement.languages)
    if statement.rate is not None:
        fields["rate"] = statement.rate
    return fields


def to_txt(statement: Statement) -> str:
    """As it is written in a TXT record."""
    return "; ".join(
        f"{name}={','.join(value) if isinstance(value, list) else _plain(value)}"
        for name, value in to_json(statement).items()
    )


def _read_record(record: str) -> Statement | None:
    fields: dict[str, Any] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        folded = name.strip().lower()
        if not equals:
            if folded:
                return None
            continue
        if folded in fields and fields[folded].lower() != value.strip().lower():
            return None
        fields[folded] = value.strip()
    if "languages" in fields:
        fields["languages"] = fields["languages"].split(",")
    if "rate" in fields:
        try:
            fields["rate"] = float(fields["rate"])
        except ValueError:
            fields["rate"] = None if not fields["rate"] else fields["rate"]
    return read_fields(fields)


def _word(value: Any) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _scope(value: Any) -> ServerScope:
    if value is None:
        return ServerScope.ALL
    try:
        return ServerScope(_word(value))
    except ValueError:
        raise ParseError("a scope that we do not know") from None


def _languages(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    words = [word for word in map(_word, value[:_MOST_LANGUAGES]) if word and len(word) <= 35]
    return tuple(dict.fromkeys(words))


def _rate(value: Any) -> float | None:
    """A bound that cannot be read is a bound all the same: then the yes is not heard."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= _SLOWEST:
        raise ParseError("a rate that is no number from 1")
    return min(float(value), _FASTEST)


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
