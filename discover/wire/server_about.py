"""What a server says of itself to people who look for one: description, rules, who may join.

Mastodon and its kin: `GET /api/v2/instance`, before that `/api/v1/instance`
(https://docs.joinmastodon.org/entities/Instance/). Misskey and its kin: `POST /api/meta`. Lemmy:
`GET /api/v3/site`. PeerTube: `GET /api/v1/config`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from discover.model.instance import Registrations, ServerAbout
from discover.wire.documents import Json
from discover.wire.jsonld import as_list, as_text
from discover.wire.text import html_text, plain

_MISSKEY = {"misskey", "sharkey", "firefish", "iceshrimp", "calckey", "foundkey", "cherrypick"}
_NEVER = {"wordpress", "bridgy-fed", "writefreely", "ghost", "owncast", "funkwhale", "mobilizon"}
_MOST_RULES = 40
_RULE_LENGTH = 500
_DESCRIPTION_LENGTH = 2000
_LEMMY_MODES = {
    "open": Registrations.OPEN,
    "requireapplication": Registrations.APPROVAL,
    "closed": Registrations.CLOSED,
}


@dataclass(frozen=True, slots=True)
class AboutAsk:
    """One question: a GET of `path`, or a POST when there is a `body`."""

    path: str
    body: bytes | None = None


def asks_for(software: str | None) -> tuple[AboutAsk, ...]:
    """Where to ask, in this order until one answers; () where there is nothing to ask."""
    if software is None or software in _NEVER:
        return ()
    if software in _MISSKEY:
        return (AboutAsk("/api/meta", b"{}"),)
    if software == "lemmy":
        return (AboutAsk("/api/v3/site"),)
    if software == "peertube":
        return (AboutAsk("/api/v1/config"),)
    return (AboutAsk("/api/v2/instance"), AboutAsk("/api/v1/instance"))


def read_about(ask: AboutAsk, doc: Json) -> ServerAbout:
    """Whatever is missing or of another shape is left out; nothing is an error."""
    if ask.path == "/api/meta":
        return _misskey(doc)
    if ask.path == "/api/v3/site":
        return _lemmy(doc)
    if ask.path == "/api/v1/config":
        return _peertube(doc)
    return _mastodon(doc)


def _mastodon(doc: Json) -> ServerAbout:
    said = doc.get("registrations")
    of = said if isinstance(said, dict) else doc
    enabled = of.get("enabled") if isinstance(said, dict) else said
    return ServerAbout(
        name=plain(as_text(doc.get("title")), 200),
        description=_description(doc.get("short_description"), doc.get("description")),
        rules=_rules(doc.get("rules")),
        registrations=_registrations(enabled, of.get("approval_required")),
        languages=_languages(doc.get("languages")),
    )


def _misskey(doc: Json) -> ServerAbout:
    closed = doc.get("disableRegistration")
    return ServerAbout(
        name=plain(as_text(doc.get("name")), 200),
        description=_description(doc.get("description")),
        rules=_rules(doc.get("serverRules")),
        registrations=_registrations(not closed, None) if isinstance(closed, bool) else None,
        languages=_languages(doc.get("langs")),
    )


def _lemmy(doc: Json) -> ServerAbout:
    view = _object(doc.get("site_view"))
    site, local = _object(view.get("site")), _object(view.get("local_site"))
    mode = as_text(local.get("registration_mode")).lower()
    return ServerAbout(
        name=plain(as_text(site.get("name")), 200),
        description=_description(site.get("description"), site.get("sidebar")),
        registrations=_LEMMY_MODES.get(mode),
    )


def _peertube(doc: Json) -> ServerAbout:
    instance, signup = _object(doc.get("instance")), _object(doc.get("signup"))
    return ServerAbout(
        name=plain(as_text(instance.get("name")), 200),
        description=_description(instance.get("shortDescription")),
        registrations=_registrations(signup.get("allowed"), signup.get("requiresApproval")),
    )


def _registrations(enabled: Any, approval: Any) -> Registrations | None:
    if not isinstance(enabled, bool):
        return None
    if not enabled:
        return Registrations.CLOSED
    return Registrations.APPROVAL if approval is True else Registrations.OPEN


def _rules(value: Any) -> tuple[str, ...]:
    texts = (one.get("text") if isinstance(one, dict) else one for one in as_list(value))
    said = (plain(html_text(text), _RULE_LENGTH) for text in texts if isinstance(text, str))
    return tuple([text for text in said if text][:_MOST_RULES])


def _description(*texts: Any) -> str:
    said = (plain(html_text(as_text(text)), _DESCRIPTION_LENGTH) for text in texts)
    return next((text for text in said if text), "")


def _languages(value: Any) -> tuple[str, ...]:
    tags = [tag.lower()[:35] for tag in as_list(value)[:20] if isinstance(tag, str) and tag]
    return tuple(dict.fromkeys(tags))


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
