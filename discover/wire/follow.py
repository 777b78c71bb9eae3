"""Where somebody follows an account: at their own server, whose address for it we fill in.

WebFinger names the address (`http://ostatus.org/schema/1.0/subscribe` with `{uri}`, or an Activity
Intent of FEP-3b86 with `{object}`), and a server that names its own always wins. Where it does
not, the address is the one in the software's own source: KNOWN says in which repository and file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from discover.model.actor import Handle
from discover.wire.urls import http_url
from discover.wire.webfinger import Jrd

# mastodon/mastodon app/controllers/authorize_interactions_controller.rb: an id or a handle.
# Hometown and Fedibird are forks of it under names of their own; glitch-soc calls itself mastodon.
_MASTODON = "/authorize_interaction?uri={uri}"
# misskey-dev/misskey packages/backend/src/server/WellKnownServerService.ts names it, and
# packages/frontend/src/pages/lookup.vue reads an https id or a handle. PrivateGER/Sharkey,
# kokonect-link/cherrypick (same files), blueset/fireghoti, Ernous/iceshrimp and Evgen0922/calckey
# (packages/backend/src/server/well-known.ts) kept it.
_MISSKEY = "/authorize-follow?acct={uri}"
# pleroma-social/pleroma and external-mirrors/akkoma lib/pleroma/web/router.ex; their
# twitter_api/controllers/remote_follow_controller.ex fetches an id or a handle
_PLEROMA = "/ostatus_subscribe?acct={uri}"
KNOWN: Mapping[str, str] = {
    # bookwyrm-social/bookwyrm bookwyrm/views/follow.py: an address on the web, no handle
    "bookwyrm": "/ostatus_subscribe?acct={uri}",
    # friendica/friendica src/Module/Xrd.php, src/Module/Contact/Follow.php
    "friendica": "/contact/follow?url={uri}",
    # RYGhub/funkwhale front/src/router/index.js, front/src/components/RemoteSearchForm.vue
    "funkwhale": "/search?id={uri}",
    # foocorp/gnu-social plugins/OStatus/actions/ostatussub.php
    "gnusocial": "/main/ostatussub?profile={uri}",
    # saiwal/hubzilla Zotlabs/Module/Wfinger.php, Zotlabs/Module/Follow.php
    "hubzilla": "/follow?f=&url={uri}",
    # LemmyNet/lemmy-ui src/shared/routes.ts: its search finds people and communities by their id.
    # Nobody follows a person there; the page for strangers' communities is in _COMMUNITIES.
    "lemmy": "/search?q={uri}&type=All",
    # MbinOrg/mbin src/Controller/SearchController.php, src/Form/SearchType.php (search[q])
    "mbin": "/search?search%5Bq%5D={acct}",
    # framasoft/mobilizon lib/web/router.ex, lib/federation/web_finger/web_finger.ex
    "mobilizon": "/interact?uri={uri}",
    # Chocobozzz/PeerTube server/core/controllers/well-known.ts,
    # client/src/app/+remote-interaction/remote-interaction.component.ts
    "peertube": "/remote-interaction?uri={uri}",
    # pixelfed/pixelfed app/Http/Controllers/AuthorizeInteractionController.php: an id, no handle
    "pixelfed": _MASTODON,
    # external-mirrors/snac2 webfinger.c, httpd.c
    "snac": _MASTODON,
    # WisTex/Raconteur (a fork that kept it) Code/Module/Webfinger.php
    "streams": "/follow?url={uri}",
    **dict.fromkeys(("mastodon", "hometown", "fedibird"), _MASTODON),
    **dict.fromkeys(
        ("misskey", "sharkey", "cherrypick", "firefish", "calckey", "iceshrimp"), _MISSKEY,
    ),
    **dict.fromkeys(("pleroma", "akkoma"), _PLEROMA),
}  # fmt: skip
# There the handle is copied. Their sources, read for the same question, have no such page:
# GoToSocial (superseriousbusiness/gotosocial internal/processing/fedi/wellknown.go), Takahē
# (jointakahe/takahe takahe/urls.py), Owncast, which follows nobody (owncast/owncast
# activitypub/apmodels/webfinger.go), Iceshrimp.NET, whose pages do not have the address that its
# WebFinger names (kaido2ki/Iceshrimp.NET Iceshrimp.Frontend/Pages). WordPress has one whose address
# only WebFinger knows, as it depends on the site's permalinks (Automattic/wordpress-activitypub
# integration/class-webfinger.php); of kbin no source was at hand.
WITHOUT = frozenset({"gotosocial", "takahe", "owncast", "iceshrimp.net", "wordpress", "kbin"})
# LemmyNet/lemmy crates/routes/src/webfinger.rs names it for everything, but lemmy-ui
# src/shared/components/remote-fetch.tsx finds communities only: for a person it is a dead end.
_COMMUNITIES = "/activitypub/externalInteraction?"
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
    return subscribe if "{uri}" in subscribe and _COMMUNITIES not in subscribe else None


def known_template(software: str | None, base: str) -> str | None:
    """`base`: scheme and host of the home server. None for software that has no such page."""
    path = KNOWN.get((software or "").lower())
    return f"{base}{path}" if path else None


def fill(template: str, target: Target) -> str | None:
    """The address for this account; None when it is not one that a browser may be sent to.

    `{uri}` and `{object}` become the actor's id, which every software of KNOWN takes (BookWyrm,
    Pixelfed and WordPress take nothing else), whatever the parameter is called. Our own `{acct}`
    becomes the handle; what else a template wants (`{on-success}`) is left empty.
    """
    acct = quote(target.handle, safe="@")
    uri = quote(target.uri, safe="")
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
