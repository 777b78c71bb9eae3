"""WebFinger (RFC 7033), host-meta (RFC 6415) and the proof that a handle is an actor's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError as XmlError
from defusedxml.ElementTree import fromstring

from discover.model.actor import Actor, Handle
from discover.wire.documents import Json, ParseError
from discover.wire.urls import host_of, http_url

ACCEPT = "application/jrd+json, application/json"
HOST_META_ACCEPT = "application/xrd+xml, application/xml, text/xml"
_SELF_TYPES = (
    "application/activity+json",
    'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
)
_SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
_PROFILE = "http://webfinger.net/rel/profile-page"
_INTENT = "https://w3id.org/fep/3b86/"


@dataclass(frozen=True, slots=True)
class Jrd:
    """A WebFinger answer. `self_uris` are actor ids, the activity+json one first."""

    subject: str
    handle: Handle | None  # the subject as a handle, None if it is not one
    self_uris: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    profile_page: str | None = None
    subscribe_template: str | None = None  # holds {uri}
    intents: Mapping[str, str] = field(default_factory=dict)  # FEP-3b86: "Follow" -> template

    @property
    def self_uri(self) -> str | None:
        return self.self_uris[0] if self.self_uris else None


def lookup_url(handle: Handle, scheme: str = "https") -> str:
    """Where a handle is asked for."""
    resource = quote(f"acct:{handle.user}@{handle.host}", safe=":@")
    return f"{scheme}://{handle.host}/.well-known/webfinger?resource={resource}"


def host_meta_url(host: str, scheme: str = "https") -> str:
    """Where to ask when WebFinger itself answers 404, once."""
    return f"{scheme}://{host}/.well-known/host-meta"


def lrdd_url(template: str, handle: Handle) -> str | None:
    """A host-meta template filled in for a handle; None if that is no http(s) URL."""
    resource = quote(f"acct:{handle.user}@{handle.host}", safe="")
    return http_url(template.replace("{uri}", resource))


def parse_host_meta(body: bytes) -> str:
    """The `lrdd` template of an XRD document. ParseError if there is none.

    Of several, the one for JRD wins. Document type declarations and entities are refused.
    """
    try:
        root = fromstring(body, forbid_dtd=True)
    except (XmlError, DefusedXmlException, ValueError, LookupError) as error:
        raise ParseError(f"host-meta cannot be read: {error}") from None
    found: str | None = None
    for link in root.iter():
        if not isinstance(link.tag, str) or link.tag.rpartition("}")[2] != "Link":
            continue
        template = link.get("template", "")
        if link.get("rel") == "lrdd" and "{uri}" in template and http_url_shape(template):
            if "json" in link.get("type", ""):
                return str(template)
            found = found or str(template)
    if found is None:
        raise ParseError("host-meta names no lrdd template")
    return found


def parse_jrd(doc: Json) -> Jrd:
    """Read a JRD. ParseError without a subject or without a `self` link to an actor.

    `self` counts with exactly the types activity+json or ld+json with the AS2 profile.
    """
    subject = doc.get("subject")
    if not isinstance(subject, str) or not subject:
        raise ParseError("WebFinger answer without subject")
    by_type: dict[str, str] = {}
    profile: str | None = None
    subscribe: str | None = None
    intents: dict[str, str] = {}
    links = doc.get("links")
    for link in links if isinstance(links, list) else []:
        if not isinstance(link, dict):
            continue
        rel, kind = link.get("rel"), link.get("type")
        href, template = http_url(link.get("href")), link.get("template")
        if rel == "self" and kind in _SELF_TYPES and href:
            by_type.setdefault(kind, href)
        elif rel == _PROFILE and href:
            profile = profile or href
        elif isinstance(rel, str) and isinstance(template, str) and http_url_shape(template):
            if rel == _SUBSCRIBE:
                subscribe = subscribe or template
            elif rel.startswith(_INTENT):
                intents.setdefault(rel.removeprefix(_INTENT)[:60], template)
    if not by_type:
        raise ParseError("WebFinger answer without a link to an actor")
    aliases = doc.get("aliases")
    return Jrd(
        subject=subject[:2048],
        handle=_handle(subject),
        self_uris=tuple(dict.fromkeys(by_type[kind] for kind in _SELF_TYPES if kind in by_type)),
        aliases=tuple(
            alias
            for alias in (aliases if isinstance(aliases, list) else [])[:256]
            if http_url(alias)
        ),
        profile_page=profile,
        subscribe_template=subscribe,
        intents=intents,
    )


@dataclass(frozen=True, slots=True)
class Verified:
    """The handle and the actor name each other."""

    handle: Handle


@dataclass(frozen=True, slots=True)
class AskOther:
    """The first answer named another handle: ask that one's own host, once."""

    handle: Handle


@dataclass(frozen=True, slots=True)
class Rejected:
    """The handle is not this actor's. `detail` says why, in plain words."""

    detail: str


Proof = Verified | AskOther | Rejected


def claimed_handle(actor: Actor) -> Handle | None:
    """The handle an actor claims: FEP-2c59 `webfinger`, else its username at its id's host."""
    if actor.webfinger is not None:
        return _handle(actor.webfinger)
    try:
        return Handle.parse(f"{actor.username}@{host_of(actor.uri)}")
    except ValueError:
        return None


def verify_handle(actor_uri: str, asked: Handle, jrd: Jrd, *, second: bool = False) -> Proof:
    """Does this WebFinger answer prove that `asked` is the handle of `actor_uri`?

    `second` says that `asked` is already the result of an AskOther: only one redirection is
    allowed, because anybody can make an answer that points at somebody else's actor, and only
    the named host itself can confirm it. `self` must equal the actor's id to the letter.
    """
    if jrd.handle is None:
        return Rejected(f"the subject {jrd.subject[:200]!r} is not a handle")
    if jrd.handle.key != asked.key:
        if second:
            return Rejected(f"{asked} names {jrd.handle} in turn")
        return AskOther(jrd.handle)
    if actor_uri not in jrd.self_uris:
        return Rejected(f"{asked} belongs to another actor")
    return Verified(jrd.handle)


def http_url_shape(template: str) -> bool:
    """Would this template be an http(s) URL, once its placeholders are filled in?"""
    return http_url(template.replace("{", "").replace("}", "")) is not None


def _handle(value: Any) -> Handle | None:
    try:
        return Handle.parse(value)
    except ValueError:
        return None
