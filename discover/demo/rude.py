"""Servers that misbehave, on demand. Each rule names a host, a path and one kind of rudeness."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from discover.demo import site
from discover.demo.dialects.base import AS, EVERYBODY
from discover.demo.exchange import ACTIVITY, HTML, Answer, Request, document, error, redirect
from discover.demo.http import Connection, encode

if TYPE_CHECKING:
    from discover.demo.world import World


@dataclass(slots=True)
class Rule:
    """`host` and `path` empty: all; a path ends in `*` to mean everything that begins so.

    `times` is how often it happens, None: always. `options` differ by kind, see the functions.
    """

    kind: str
    host: str = ""
    path: str = ""
    times: int | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def fits(self, request: Request) -> bool:
        if self.times == 0 or self.host not in ("", request.host):
            return False
        if self.path.endswith("*"):
            return request.target.startswith(self.path[:-1])
        return self.path in ("", request.path, request.target)


class Rudeness:
    """The rules in force; the first that fits wins."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        if rule.kind not in KINDS:
            raise ValueError(f"{rule.kind!r} is none of {', '.join(sorted(KINDS))}")
        self._rules.append(rule)

    def clear(self, host: str | None = None) -> None:
        self._rules = [r for r in self._rules if host is not None and r.host != host]

    def match(self, request: Request) -> Rule | None:
        for rule in self._rules:
            if rule.fits(request):
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None


Act = Callable[[dict[str, Any], "World", Request, Connection], Awaitable[Answer | None]]


async def act(rule: Rule, world: World, request: Request, connection: Connection) -> Answer | None:
    """The rude answer; None when the bytes were written (or withheld) already."""
    return await KINDS[rule.kind](rule.options, world, request, connection)


# --- slowness and broken connections


async def slow(o: dict[str, Any], world: World, request: Request, _: Connection) -> Answer | None:
    """First byte after `seconds` (5)."""
    await asyncio.sleep(float(o.get("seconds", 5)))
    return site.respond(world, request)


async def trickle(
    o: dict[str, Any], world: World, request: Request, connection: Connection
) -> Answer | None:
    """`bytes` (1) at a time, a pause of `seconds` (0.5) after each."""
    data = encode(site.respond(world, request), request)
    step = int(o.get("bytes", 1))
    for start in range(0, len(data), step):
        if not connection.open:
            break
        connection.write(data[start : start + step])
        await asyncio.sleep(float(o.get("seconds", 0.5)))
    return None


async def hang(o: dict[str, Any], _w: World, _r: Request, connection: Connection) -> Answer | None:
    """Nothing at all for `seconds` (60), then the end."""
    await asyncio.sleep(float(o.get("seconds", 60)))
    connection.abort()
    return None


async def dead(_o: dict[str, Any], _w: World, _r: Request, connection: Connection) -> Answer | None:
    """Closes at once: as near to a refused connection as one port allows."""
    connection.abort()
    return None


async def partial(
    o: dict[str, Any], world: World, request: Request, connection: Connection
) -> Answer | None:
    """Promises the whole body, sends the `share` (0.5) of it and closes."""
    answer = site.respond(world, request)
    data = encode(answer, request)
    cut = len(data) - int(len(answer.body) * (1 - float(o.get("share", 0.5)))) - 1
    connection.write(data[:cut])
    connection.close()
    return None


# --- wrong ways


async def loop(_o: dict[str, Any], world: World, request: Request, _c: Connection) -> Answer | None:
    """Redirects to itself, with a counter, for ever."""
    turn = int(request.arguments.get("turn", 0)) + 1
    return redirect(f"{world.scheme}://{request.host}{request.path}?turn={turn}")


async def private(o: dict[str, Any], _w: World, _r: Request, _c: Connection) -> Answer | None:
    """Redirects to an address that must not be contacted: `to`."""
    return redirect(str(o.get("to", "http://169.254.169.254/latest/meta-data/")))


async def elsewhere(o: dict[str, Any], _w: World, _r: Request, _c: Connection) -> Answer | None:
    """Redirects to `to` with `status` (302)."""
    return redirect(str(o["to"]), int(o.get("status", 302)))


async def status(o: dict[str, Any], _w: World, _r: Request, _c: Connection) -> Answer | None:
    """Answers `status` (500), with `retry_after` (seconds or an HTTP date) if given."""
    answer = error(int(o.get("status", 500)), "as asked")
    if "retry_after" in o:
        answer.headers = [("Retry-After", str(o["retry_after"]))]
    answer.headers = [*answer.headers, *((k, str(v)) for k, v in o.get("headers", {}).items())]
    return answer


# --- wrong bodies


async def content_type(
    o: dict[str, Any], world: World, request: Request, _c: Connection
) -> Answer | None:
    """The right body as `type` (text/html)."""
    answer = site.respond(world, request)
    answer.content_type = str(o.get("type", HTML))
    return answer


async def body(o: dict[str, Any], _w: World, _r: Request, _c: Connection) -> Answer | None:
    """`text` as `type` with `status` (200): for whatever the others lack."""
    text = str(o.get("text", "")).encode()
    return Answer(int(o.get("status", 200)), text, str(o.get("type", ACTIVITY)))


async def huge(o: dict[str, Any], _w: World, _r: Request, connection: Connection) -> Answer | None:
    """JSON that goes on for `megabytes` (50), as fast as the reader takes it."""
    size = int(o.get("megabytes", 50)) * 1_000_000
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {ACTIVITY}\r\nContent-Length: {size}\r\n\r\n"
    connection.write(head.encode() + b'{"summary":"')
    block, sent = b"a" * 65_536, 0
    while sent < size and connection.open:
        connection.write(block)
        sent += len(block)
        await connection.drained()
    connection.close()
    return None


@cache
def _bomb(megabytes: int) -> bytes:
    return gzip.compress(b'{"summary":"' + b"a" * (megabytes * 1_000_000) + b'"}', 9)


async def bomb(o: dict[str, Any], _w: World, _r: Request, _c: Connection) -> Answer | None:
    """A thousandfold gzip: `megabytes` (50) when unpacked."""
    packed = _bomb(int(o.get("megabytes", 50)))
    return Answer(200, packed, ACTIVITY, [("Content-Encoding", "gzip")])


async def deep(o: dict[str, Any], _w: World, _r: Request, _c: Connection) -> Answer | None:
    """JSON nested `levels` (50,000) deep."""
    levels = int(o.get("levels", 50_000))
    return Answer(200, b'{"object":' * levels + b"1" + b"}" * levels, ACTIVITY)


async def robots(o: dict[str, Any], _w: World, request: Request, _c: Connection) -> Answer | None:
    """For a rule on /robots.txt: `text`, or one that forbids Waypost."""
    del request
    text = str(o.get("text", "User-agent: Waypost\nDisallow: /\n"))
    return Answer(200, text.encode(), "text/plain; charset=utf-8")


# --- lies


async def patch(o: dict[str, Any], world: World, request: Request, _c: Connection) -> Answer | None:
    """The right document with the keys of `set` put over it and those of `drop` left out.

    `{"id": "http://elsewhere.lab.test/users/eve"}` lies about the id, `next` of a page may lead
    to another host or to itself.
    """
    import orjson  # noqa: PLC0415 - only liars need it here

    answer = site.respond(world, request)
    if answer.status == 200:
        value = orjson.loads(answer.body)
        value.update(o.get("set", {}))
        for key in o.get("drop", ()):
            value.pop(key, None)
        answer.body = orjson.dumps(value)
    return answer


async def forge(o: dict[str, Any], world: World, request: Request, _c: Connection) -> Answer | None:
    """An outbox page whose posts are `author`'s (actor URI), said to live on `host`."""
    author = str(o["author"])
    base = str(o.get("host", f"{world.scheme}://{request.host}"))
    uri = f"{world.scheme}://{request.host}{request.target}"
    items = []
    for turn in range(int(o.get("count", 3))):
        note = {
            "id": f"{base}/forged/{turn}",
            "type": "Note",
            "attributedTo": author,
            "to": [EVERYBODY],
            "cc": [],
            "published": world.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "content": f"<p>forged words number {turn}</p>",
        }
        items.append(
            {"id": f"{base}/forged/{turn}/activity", "type": "Create", "actor": author}
            | {"to": [EVERYBODY], "object": note}
        )
    page = {"@context": AS, "id": uri, "type": "OrderedCollectionPage", "orderedItems": items}
    return document(page)


async def repeat(
    o: dict[str, Any], world: World, request: Request, _c: Connection
) -> Answer | None:
    """An outbox page that always names another next page (`next`) with the same posts in it."""
    import orjson  # noqa: PLC0415

    answer = site.respond(world, request)
    if answer.status == 200:
        value = orjson.loads(answer.body)
        turn = int(request.arguments.get("turn", 0)) + 1
        here = f"{world.scheme}://{request.host}{request.path}"
        value["next"] = o.get("next", f"{here}?page=true&turn={turn}")
        answer.body = orjson.dumps(value)
    return answer


KINDS: dict[str, Act] = {
    kind.__name__: kind
    for kind in (
        slow, trickle, hang, dead, partial, loop, private, elsewhere, status,
        content_type, body, huge, bomb, deep, robots, patch, forge, repeat,
    )
}  # fmt: skip
