"""From a request to an answer: which host, may they ask, and what does that host say."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from discover.demo import pictures, wellknown
from discover.demo.chance import mix
from discover.demo.dialects import dialect_of
from discover.demo.dialects.base import AS, iso
from discover.demo.exchange import NOT_FOUND, Answer, Request, document, error
from discover.demo.people import Account, Host

if TYPE_CHECKING:
    from discover.demo.world import World

# Paths that are never behind authorized fetch.
_OPEN = ("/.well-known/", "/nodeinfo/", "/robots.txt", "/avatars/", "/media/", "/api/")


def respond(world: World, request: Request) -> Answer:
    """The polite answer of the named host; unknown hosts are 404, as a shared proxy would say."""
    host = world.by_name.get(request.host)
    if host is None:
        other = world.apexes.get(request.host)
        return wellknown.apex(world, other, request) if other else error(404, "unknown host")
    if request.method not in ("GET", "HEAD"):
        return (
            error(405, "Method not allowed")
            if request.path != "/api/users"
            else _found(world, host, request)
        )
    return _found(world, host, request)


def _found(world: World, host: Host, request: Request) -> Answer:
    if host.software == "gotosocial" and not request.headers.get("user-agent"):
        return error(418, "I'm a teapot: no user agent sent")
    answer = wellknown.answer(world, host, request) or _picture(world, host, request.path)
    if answer is None:
        gone = _gone(world, host, request.target)
        try:
            answer = gone or dialect_of(host).answer(world, host, request) or NOT_FOUND
        except (ValueError, LookupError):
            answer = NOT_FOUND  # an id or a page number that never was
    if host.software == "gotosocial":
        answer.headers = [
            *answer.headers,
            ("X-Robots-Tag", "noai, noimageai"),
            ("X-RateLimit-Limit", "300"),
            ("X-RateLimit-Remaining", "297"),
        ]
    return answer


def needs_signature(world: World, request: Request) -> Host | None:
    """The host that insists on a signature for this request."""
    host = world.by_name.get(request.host)
    if host is None or not host.secure or request.path in ("/", "/actor"):
        return None
    if request.path.startswith(_OPEN) or request.path.endswith("/main-key"):
        return None
    return host


def _gone(world: World, host: Host, target: str) -> Answer | None:
    """Everything under a deleted account is gone."""
    found = dialect_of(host).account_at(world, host, target)
    if found is None or not found[0].gone:
        return None
    account: Account = found[0]
    if account.gone == "404":
        return NOT_FOUND
    if account.gone == "410":
        return error(410, "Gone")
    uri = world.account_uri(account)
    tombstone = {"@context": AS, "id": uri, "type": "Tombstone", "deleted": iso(world.now_seconds)}
    return document(tombstone, status=410)


def _picture(world: World, host: Host, path: str) -> Answer | None:
    if not path.endswith(".png"):
        return None
    if path.startswith("/avatars/"):
        number = path.removeprefix("/avatars/").removesuffix(".png")
        if not number.isdigit() or int(number) >= host.size:
            return NOT_FOUND
        body = pictures.avatar(mix(world.seed, 60, host.first + int(number)) & 0xFFFFFFFF)
    elif path.startswith("/media/"):
        body = pictures.picture(zlib.crc32(f"{host.index}{path}".encode()))
    else:
        return None
    return Answer(200, body, "image/png", [("Cache-Control", "public, max-age=86400")])
