"""Which account a server itself publishes as its contact.

Mastodon and its kin: `GET /api/v2/instance` (`contact.account`) or `/api/v1/instance`
(`contact_account`), https://docs.joinmastodon.org/entities/Instance/. Pleroma and its kin:
NodeInfo `metadata.staffAccounts`, a list of actor URIs.
"""

from __future__ import annotations

from typing import Any

from discover.wire.documents import Json
from discover.wire.urls import host_of, http_url

PATHS = ("/api/v2/instance", "/api/v1/instance")
_MOST = 50


def contact_accounts(host: str, *, instance: Json | None, nodeinfo: Json | None) -> tuple[str, ...]:
    """Actor URIs on `host` itself; whoever lives elsewhere cannot speak for it.

    `instance` is either version of the instance document. Where it gives no `uri`, the addresses
    by which the account's actor is known on Mastodon and GoToSocial stand for it.
    """
    found: list[str] = []
    if instance is not None:
        contact = instance.get("contact")
        account = contact.get("account") if isinstance(contact, dict) else None
        for one in (account, instance.get("contact_account")):
            if isinstance(one, dict):
                found += _uris(host, one)
    if nodeinfo is not None:
        metadata = nodeinfo.get("metadata")
        staff = metadata.get("staffAccounts") if isinstance(metadata, dict) else None
        if isinstance(staff, list):
            found += [uri for one in staff[:_MOST] if (uri := http_url(one))]
    return tuple(dict.fromkeys(uri for uri in found if host_of(uri) == host))


def _uris(host: str, account: dict[str, Any]) -> list[str]:
    if uri := http_url(account.get("uri")):
        return [uri]
    url, name = http_url(account.get("url")), account.get("username")
    named = isinstance(name, str) and name and "/" not in name
    scheme = url.partition(":")[0] if url else "https"
    return ([url] if url else []) + ([f"{scheme}://{host}/users/{name}"] if named else [])
