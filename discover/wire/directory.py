"""Where servers list their own accounts. The lists yield candidates only, never consent.

| software | list |
| --- | --- |
| Mastodon and its kin | `GET /api/v1/directory?local=true&order=new&offset=&limit=` |
| Misskey and its kin | `POST /api/users` (there is no GET for it) |
| Lemmy | `GET /api/v3/community/list?type_=Local&sort=New&page=&limit=` |
| PeerTube | `GET /api/v1/accounts`, `GET /api/v1/video-channels`, `?start=&count=&sort=` |
| Pixelfed | `GET /api/landing/v1/directory?cursor=` |
| WordPress | `GET /wp-json/wp/v2/users?page=&per_page=`, people with published posts |

Others have none that strangers may read: their people are found through mentions. A 401, 403 or
404 is an answer; nobody looks for another door.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from discover.model.actor import Handle
from discover.wire.documents import Json, ParseError
from discover.wire.urls import host_of, http_url

ACCEPT = "application/json"


class Listing(StrEnum):
    """One list of one dialect."""

    MASTODON = "mastodon"
    MISSKEY = "misskey"
    LEMMY_COMMUNITIES = "lemmy-communities"
    PEERTUBE_ACCOUNTS = "peertube-accounts"
    PEERTUBE_CHANNELS = "peertube-channels"
    PIXELFED = "pixelfed"
    WORDPRESS = "wordpress"


_MASTODON_KIN = (
    "mastodon", "hometown", "glitch", "glitchcafe", "ecko", "fedibird", "kmyblue", "gotosocial",
    "pleroma", "akkoma", "friendica",
)  # fmt: skip
_MISSKEY_KIN = (
    "misskey", "sharkey", "firefish", "calckey", "foundkey", "iceshrimp", "cherrypick",
    "catodon", "magnetar",
)  # fmt: skip
_LISTINGS: dict[str, tuple[Listing, ...]] = {
    **dict.fromkeys(_MASTODON_KIN, (Listing.MASTODON,)),
    **dict.fromkeys(_MISSKEY_KIN, (Listing.MISSKEY,)),
    "lemmy": (Listing.LEMMY_COMMUNITIES,),
    "peertube": (Listing.PEERTUBE_ACCOUNTS, Listing.PEERTUBE_CHANNELS),
    "pixelfed": (Listing.PIXELFED,),
    "wordpress": (Listing.WORDPRESS,),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One page to ask for: GET, or POST of JSON when there is a `body`."""

    listing: Listing
    host: str
    scheme: str
    url: str
    position: int  # how many rows came before this page
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """Accounts of that host to look at. `next` is None at the end of the list."""

    uris: tuple[str, ...]
    handles: tuple[Handle, ...]
    rows: int  # rows of any kind on the page
    next: Ask | None


def listings_for(software: str | None) -> tuple[Listing, ...]:
    """The lists of a software by its NodeInfo name; none for what we do not know."""
    return _LISTINGS.get((software or "").lower(), ())


def first_ask(listing: Listing, host: str, scheme: str = "https") -> Ask:
    """The first page of a list."""
    return _ask(listing, host, scheme, 0, "")


def read_candidates(value: Any, ask: Ask, seen: Collection[str] = ()) -> Candidates:
    """Read the JSON answer to `ask`. ParseError if it has not the shape of that list.

    Only accounts of that very host are taken. `seen` are URIs and handle keys of earlier pages:
    a page with nothing but those ends the list, as does an empty one (a short page does not:
    some servers give fewer rows than asked for).
    """
    rows = _ROWS[ask.listing](value)
    uris: dict[str, None] = {}
    handles: dict[str, Handle] = {}
    for row in rows:
        found = _READERS[ask.listing](row, ask.host) if isinstance(row, dict) else None
        if isinstance(found, Handle):
            handles[found.key] = found
        elif found is not None:
            uris[found] = None
    names = {*uris, *handles}
    repeats = bool(names) and names.issubset(seen)
    cursor = _cursor(value) if ask.listing is Listing.PIXELFED else ""
    ends = not rows or repeats or (ask.listing is Listing.PIXELFED and not cursor)
    position = ask.position + len(rows)
    following = None if ends else _ask(ask.listing, ask.host, ask.scheme, position, cursor)
    return Candidates(tuple(uris), tuple(handles.values()), len(rows), following)


_PATHS = {
    Listing.MASTODON: ("/api/v1/directory", 80),
    Listing.MISSKEY: ("/api/users", 100),
    Listing.LEMMY_COMMUNITIES: ("/api/v3/community/list", 50),
    Listing.PEERTUBE_ACCOUNTS: ("/api/v1/accounts", 100),
    Listing.PEERTUBE_CHANNELS: ("/api/v1/video-channels", 100),
    Listing.PIXELFED: ("/api/landing/v1/directory", 20),
    Listing.WORDPRESS: ("/wp-json/wp/v2/users", 100),
}


def _ask(listing: Listing, host: str, scheme: str, position: int, cursor: str) -> Ask:
    path, limit = _PATHS[listing]
    page = position // limit + (1 if position % limit == 0 else 2)
    query: dict[str, str | int] = {}
    body: bytes | None = None
    match listing:
        case Listing.MASTODON:
            query = {"local": "true", "order": "new", "offset": position, "limit": limit}
        case Listing.MISSKEY:
            wanted = {"origin": "local", "sort": "-createdAt", "limit": limit, "offset": position}
            body = json.dumps(wanted).encode()
        case Listing.LEMMY_COMMUNITIES:
            query = {"type_": "Local", "sort": "New", "limit": limit, "page": page}
        case Listing.PEERTUBE_ACCOUNTS | Listing.PEERTUBE_CHANNELS:
            query = {"start": position, "count": limit, "sort": "-createdAt"}
        case Listing.PIXELFED:
            query = {"cursor": cursor} if cursor else {}
        case Listing.WORDPRESS:
            query = {"per_page": limit, "page": page}
    url = f"{scheme}://{host}{path}" + (f"?{urlencode(query)}" if query else "")
    return Ask(listing, host, scheme, url, position, body)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ParseError("the directory is not a list")
    return value


def _list_in(name: str) -> Callable[[Any], list[Any]]:
    return lambda value: _list(value.get(name) if isinstance(value, dict) else None)


_ROWS: dict[Listing, Callable[[Any], list[Any]]] = {
    Listing.MASTODON: _list,
    Listing.MISSKEY: _list,
    Listing.LEMMY_COMMUNITIES: _list_in("communities"),
    Listing.PEERTUBE_ACCOUNTS: _list_in("data"),
    Listing.PEERTUBE_CHANNELS: _list_in("data"),
    Listing.PIXELFED: _list_in("data"),
    Listing.WORDPRESS: _list,
}


def _mastodon(row: Json, host: str) -> str | Handle | None:
    """Remote people have `user@host` in `acct`. `uri` (4.2 and later) is the actor's id."""
    acct = row.get("acct")
    if not isinstance(acct, str) or "@" in acct:
        return None
    uri = _own(row.get("uri"), host)
    return uri or _handle(acct, host)


def _misskey(row: Json, host: str) -> str | Handle | None:
    if row.get("host") not in (None, host):
        return None
    return _handle(row.get("username"), host)


def _lemmy(row: Json, host: str) -> str | Handle | None:
    community = row.get("community")
    if not isinstance(community, dict) or community.get("local") is not True:
        return None
    return _own(community.get("actor_id") or community.get("ap_id"), host)


def _peertube(row: Json, host: str) -> str | Handle | None:
    named = row.get("host")
    if isinstance(named, str) and named.lower() != host:
        return None
    return _own(row.get("url"), host)


def _pixelfed(row: Json, host: str) -> str | Handle | None:
    if row.get("local") is False:
        return None
    return _handle(row.get("username"), host)


def _wordpress(row: Json, host: str) -> str | Handle | None:
    """The author's page is the actor's address, but its id may be spelled otherwise."""
    return _handle(row.get("slug"), host)


_READERS: dict[Listing, Callable[[Json, str], str | Handle | None]] = {
    Listing.MASTODON: _mastodon,
    Listing.MISSKEY: _misskey,
    Listing.LEMMY_COMMUNITIES: _lemmy,
    Listing.PEERTUBE_ACCOUNTS: _peertube,
    Listing.PEERTUBE_CHANNELS: _peertube,
    Listing.PIXELFED: _pixelfed,
    Listing.WORDPRESS: _wordpress,
}


def _own(value: Any, host: str) -> str | None:
    url = http_url(value)
    return url if url and host_of(url) == host else None


def _handle(user: Any, host: str) -> Handle | None:
    if not isinstance(user, str) or "@" in user:
        return None
    try:
        return Handle.parse(f"{user}@{host}")
    except ValueError:
        return None


def _cursor(value: Any) -> str:
    meta = value.get("meta") if isinstance(value, dict) else None
    cursor = meta.get("next_cursor") if isinstance(meta, dict) else None
    return cursor if isinstance(cursor, str) and len(cursor) <= 1000 else ""
