"""Mastodon's REST API: the public directory, the server's own description, its peers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discover.demo.dialects.base import Dialect, Document, iso
from discover.demo.exchange import JSON, NOT_FOUND, Answer, Request, document
from discover.demo.people import Account, Host

if TYPE_CHECKING:
    from discover.demo.world import World

FIRST_ID = 109_000_000_000_000_000
STEP = 7919

_RULES = (
    "Be kind. Disagree with what is said, not with who says it.",
    "No racism, sexism, homophobia or transphobia.",
    "Put a content warning in front of what others may not want to see.",
    "Describe your pictures for those who cannot see them.",
)


class MastodonRest(Dialect):
    def account_id(self, number: int) -> int:
        return FIRST_ID + number * STEP

    def api(self, world: World, host: Host, request: Request) -> Answer | None:
        arguments = request.arguments
        if request.path == "/api/v1/directory":
            if not host.directory:
                return NOT_FOUND
            limit = min(int(arguments.get("limit", 40)), 80)
            offset = int(arguments.get("offset", 0))
            newest = arguments.get("order") == "new"
            listed = (a for a in world.people(host) if self.in_directory(a))
            rows = sorted(
                listed,
                key=lambda a: a.created if newest else world.now_seconds - a.idle,
                reverse=True,
            )
            return document(
                [self.rest_account(world, a) for a in rows[offset : offset + limit]], JSON
            )
        if request.path == "/api/v2/instance":
            return document(
                {
                    "domain": host.handle_host,
                    "title": host.title,
                    "version": host.version,
                    "description": host.description,
                    "languages": [host.language],
                    "registrations": {
                        "enabled": host.index % 3 != 2,
                        "approval_required": host.index % 3 == 1,
                        "message": None,
                    },
                    "rules": [
                        {"id": str(number), "text": text, "hint": ""}
                        for number, text in enumerate(_RULES, start=1)
                    ],
                },
                JSON,
            )
        if request.path == "/api/v1/instance/peers":
            return document([other.name for other in world.hosts[:200]], JSON)
        return None

    def in_directory(self, account: Account) -> bool:
        return bool(account.discoverable) and not (
            account.suspended or account.moved_to or account.gone
        )

    def rest_account(self, world: World, account: Account) -> Document:
        return {
            "id": str(self.account_id(account.number)),
            "username": account.username,
            "acct": account.username,
            "display_name": account.name,
            "locked": account.locked,
            "bot": account.type == "Service",
            "discoverable": account.discoverable,
            "indexable": account.indexable,
            "group": False,
            "created_at": f"{iso(account.created)[:10]}T00:00:00.000Z",
            "note": self.html(world, account, account.bio),
            "url": self.url(world, account),
            "uri": self.account_uri(world, account),
            "avatar": self.picture(world, account)["url"],
            "followers_count": account.followers,
            "following_count": account.following,
            "statuses_count": world.last_number(account),
            "last_status_at": iso(world.now_seconds - account.idle)[:10],
            "emojis": [],
            "fields": [
                {"name": name, "value": value, "verified_at": None}
                for name, value in account.fields
            ],
        }
