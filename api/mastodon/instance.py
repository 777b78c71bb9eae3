"""What this server is: /api/v2/instance, /api/v1/instance and its peers."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

import orjson
from fastapi import APIRouter, Request, Response

from api.deps import ContextDep, SettingsDep
from api.mastodon.dialect import described
from api.mastodon.schemas import MastodonInstance, MastodonInstanceV1
from discover import VERSION
from discover.services.consent.transparency import Remembered, Transparency
from discover.services.find.directory import active_accounts, opted_in_servers
from discover.settings import Settings
from web.assets import asset_url
from web.i18n import LANGUAGES

router = APIRouter(tags=["mastodon"])

# The version of Mastodon whose shapes these are, as its clients read it; and of its API
SPEAKS, API_VERSION = "4.5.0", 7
_ABOUT = (
    "Search of the fediverse that asks first. Read-only: nobody has an account here, "
    "and only people who said yes are listed."
)
_RULES = (
    ("Only people and servers that said yes are listed", "No is the default."),
    (
        "A no takes effect at once",
        "Consent is asked again for every result, so answers must not be kept.",
    ),
)


def _reply(document: Any) -> Response:
    return Response(
        orjson.dumps(document),
        media_type="application/json",
        headers={"Cache-Control": "public, max-age=180"},
    )


def _counts(request: Request) -> Transparency:
    return cast("Remembered", request.app.state.transparency)()


def _configuration(own: str) -> dict[str, Any]:
    """Nobody can write here, so every limit of what may be written is 0."""
    return {
        "urls": {
            "streaming": "",
            "status": None,
            "about": f"{own}/about",
            "privacy_policy": None,
            "terms_of_service": None,
        },
        "vapid": {"public_key": ""},
        "accounts": {"max_featured_tags": 0, "max_pinned_statuses": 0},
        "statuses": {
            "max_characters": 0,
            "max_media_attachments": 0,
            "characters_reserved_per_url": 0,
        },
        "media_attachments": {
            "description_limit": 0,
            "image_matrix_limit": 0,
            "image_size_limit": 0,
            "supported_mime_types": [],
            "video_frame_rate_limit": 0,
            "video_matrix_limit": 0,
            "video_size_limit": 0,
        },
        "polls": {
            "max_options": 0,
            "max_characters_per_option": 0,
            "min_expiration": 0,
            "max_expiration": 0,
        },
        "translation": {"enabled": False},
        "limited_federation": False,
    }


def _rules() -> list[dict[str, Any]]:
    return [
        {"id": str(number), "text": text, "hint": hint, "translations": {}}
        for number, (text, hint) in enumerate(_RULES, 1)
    ]


def _email(settings: Settings) -> str:
    """The operator's contact may be an address of any kind; only e-mail has a place here."""
    contact = settings.contact.removeprefix("mailto:")
    return contact if "@" in contact.strip("@") and "://" not in contact else ""


_COMMON = {
    "title": "Waypost",
    "version": f"{SPEAKS} (compatible; Waypost {VERSION})",
    "languages": list(LANGUAGES),
}


@router.get(
    "/api/v2/instance",
    response_model=MastodonInstance,
    summary="What this server is",
    responses=described(503),
)
def get_instance(context: ContextDep, settings: SettingsDep) -> Response:
    own = context.own_url
    return _reply(
        {
            **_COMMON,
            "domain": urlsplit(own).netloc,
            "source_url": f"{own}/about",
            "description": _ABOUT,
            "usage": {"users": {"active_month": active_accounts(context, context.clock.now())}},
            "thumbnail": {"url": own + asset_url("waypost.svg"), "blurhash": None, "versions": {}},
            "icon": [],
            "configuration": _configuration(own),
            "registrations": {
                "enabled": False,
                "approval_required": False,
                "reason_required": False,
                "message": f'<p>{_ABOUT} <a href="{own}/about">How to be listed</a></p>',
                "min_age": None,
                "url": None,
            },
            "api_versions": {"mastodon": API_VERSION},
            "contact": {"email": _email(settings), "account": None},
            "rules": _rules(),
        }
    )


@router.get(
    "/api/v1/instance",
    response_model=MastodonInstanceV1,
    summary="What this server is, in the older shape",
    responses=described(503),
)
def get_instance_v1(request: Request, context: ContextDep, settings: SettingsDep) -> Response:
    """`stats`: listed accounts, indexed posts, servers that said yes. Counted once a minute."""
    own, counts = context.own_url, _counts(request)
    configuration = _configuration(own)
    return _reply(
        {
            **_COMMON,
            "uri": urlsplit(own).netloc,
            "short_description": _ABOUT,
            "description": _ABOUT,
            "email": _email(settings),
            "urls": {"streaming_api": ""},
            "stats": {
                "user_count": counts.accounts_listed,
                "status_count": counts.posts_indexed,
                "domain_count": sum(line.state == "in" for line in counts.servers),
            },
            "thumbnail": own + asset_url("waypost.svg"),
            "registrations": False,
            "approval_required": False,
            "invites_enabled": False,
            "configuration": {
                key: configuration[key]
                for key in ("accounts", "statuses", "media_attachments", "polls")
            },
            "contact_account": None,
            "rules": _rules(),
        }
    )


@router.get(
    "/api/v1/instance/peers",
    response_model=list[str],
    summary="Hosts of the servers that said yes",
    responses=described(503),
)
def get_peers(context: ContextDep) -> Response:
    """The same that the transparency page names; nobody else is known to the public."""
    return _reply(opted_in_servers(context))
