"""NodeInfo: which software a server says it is (FEP-f1d5, FEP-0151)."""

from __future__ import annotations

import re
from typing import Any

from discover.model.instance import NodeInfo
from discover.wire.documents import Json, ParseError
from discover.wire.jsonld import as_list, as_text
from discover.wire.text import plain
from discover.wire.urls import http_url

_SCHEMA = re.compile(r"^https?://nodeinfo\.diaspora\.software/ns/schema/(?P<version>\d\.\d)$")
_KNOWN = ("2.1", "2.0", "1.1", "1.0")
# GoToSocial can be told to answer with absurd numbers; more people than this are not believed.
_MOST_ACTIVE = 50_000_000


def well_known_url(host: str, scheme: str = "https") -> str:
    return f"{scheme}://{host}/.well-known/nodeinfo"


def nodeinfo_url(doc: Json) -> str:
    """The link of the highest schema we know. Its host may differ from the one asked.

    ParseError if there is none.
    """
    found: dict[str, str] = {}
    for link in as_list(doc.get("links")):
        if isinstance(link, dict):
            match = _SCHEMA.match(str(link.get("rel")))
            href = http_url(link.get("href"))
            if match and href:
                found.setdefault(match["version"], href)
    for version in _KNOWN:
        if version in found:
            return found[version]
    raise ParseError("no NodeInfo of a known schema")


def parse_nodeinfo(doc: Json) -> NodeInfo:
    """Read a NodeInfo document of any version. Anything but the object itself may be missing."""
    software, metadata = _object(doc.get("software")), _object(doc.get("metadata"))
    users = _object(_object(doc.get("usage")).get("users"))
    name = plain(as_text(software.get("name")), 100).lower()
    registrations = doc.get("openRegistrations")
    return NodeInfo(
        software=name or None,
        version=plain(as_text(software.get("version")), 200) or None,
        name=plain(as_text(metadata.get("nodeName")), 200),
        description=plain(as_text(metadata.get("nodeDescription")), 2000),
        open_registrations=registrations if isinstance(registrations, bool) else None,
        languages=_languages(metadata),
        monthly_active=_people(users.get("activeMonth")),
        fasp_base_url=http_url(metadata.get("faspBaseUrl")),
    )


def _languages(metadata: Json) -> tuple[str, ...]:
    values = as_list(metadata.get("langs") or metadata.get("languages"))
    return tuple(value.lower() for value in values[:20] if isinstance(value, str) and value)


def _people(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST_ACTIVE else None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
