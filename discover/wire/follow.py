"""Where somebody follows an account: at their own server, whose address for it we fill in.

WebFinger names the address (`http://ostatus.org/schema/1.0/subscribe` with `{uri}`, or an Activity
Intent of FEP-3b86 with `{object}`). Where it does not, known software has a known one: Mastodon's,
Misskey's and their kin's are in wide use; the others are what we know of them, and a server that
names its own address always wins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from discover.model.actor import Handle
from discover.wire.urls import http_url
from discover.wire.webfinger import Jrd

_AUTHORIZE = "/authorize_interaction?uri={uri}"
_MISSKEY = "/authorize-follow?acct={acct}"
_PLEROMA = "/ostatus_subscribe?acct={acct}"
KNOWN: Mapping[str, str] = {
    **dict.fromkeys(("mastodon", "glitchcafe", "hometown", "fedibird", "pixelfed"), _AUTHORIZE),
    **dict.fromkeys(
        ("misskey", "sharkey", "firefish", "calckey", "iceshrimp", "iceshrimp.net", "foundkey",
         "cherrypick", "magnetar"), _MISSKEY,
    ),
    **dict.fromkeys(("pleroma", "akkoma"), _PLEROMA),
    "bookwyrm": _PLEROMA,
    "friendica": "/contact/follow?url={uri}",
    "gnusocial": "/main/ostatussub?profile={uri}",
    "hubzilla": "/follow?f=&url={acct}",
    "lemmy": "/search?q={uri}&type=All",
    "mbin": "/search?q={acct}",
    "peertube": "/remote-interaction?uri={uri}",
    "streams": "/follow?f=&url={acct}",
}  # fmt: skip
_FOLLOW = "Follow"
_OBJECT = "Object"
_HOLDER = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to follow; `uri` is the actor's id."""

    handle: str  # user@host
    uri: str


def template_of(jrd: Jrd) -> str | None:
    """The address that a WebFinger answer names, an Activity Intent first."""
    for name in (_FOLLOW, _OBJECT):
        intent = jrd.intents.get(name, "")
        if "{object}" in intent:
            return intent
    subscribe = jrd.subscribe_template or ""
    return subscribe if "{uri}" in subscribe else None


def known_template(software: str | None, base: str) -> str | None:
    """`base`: scheme and host of the home server. None for software that has no such page."""
    path = KNOWN.get((software or "").lower())
    return f"{base}{path}" if path else None


def fill(template: str, target: Target) -> str | None:
    """The address for this account; None when it is not one that a browser may be sent to.

    Handles go where `acct` is asked for, ids of actors everywhere else; what else a template
    wants (`{on-success}`) is left empty.
    """
    acct = quote(target.handle, safe="@")
    uri = quote(target.uri, safe="")
    if re.search(r"[?&]acct=\{uri\}", template):
        template = template.replace("{uri}", acct)
    filled = template.replace("{acct}", acct).replace("{uri}", uri).replace("{object}", uri)
    url = http_url(_HOLDER.sub("", filled))
    if url is None or "@" in urlsplit(url).netloc:
        return None
    return url


def app_url(uri: str) -> str | None:
    """The address that opens in an installed app (`web+ap://`), for an https actor."""
    return f"web+ap://{uri.removeprefix('https://')}" if uri.startswith("https://") else None


def lookup_url(home: Handle | str, base: str) -> str:
    """Where a home server is asked: about the account that lives there, or about itself."""
    resource = f"acct:{home}" if isinstance(home, Handle) else f"https://{home}"
    return f"{base}/.well-known/webfinger?resource={quote(resource, safe=':@/')}"
