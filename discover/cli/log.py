"""`waypost log`: anybody's check that a consent log was not rewritten (docs/transparency.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import orjson
import typer

from discover.bootstrap import App
from discover.cli.output import NO, UNAVAILABLE, console, fail, opened
from discover.model.fetched import FetchError
from discover.policy.chain import Broken, Entry, read, verify

log = typer.Typer(help="The public log of consent decisions.", no_args_is_help=True)

_LINES = "application/jsonl"


@log.command("verify")
def verify_log(
    source: Annotated[
        str, typer.Argument(metavar="[FILE|URL]", help="Nothing: this installation's own log.")
    ] = "",
    contains: Annotated[
        str, typer.Option(metavar="DIGEST", help="An entry noted earlier has to be in it.")
    ] = "",
) -> None:
    """Follow the chain from its beginning. Exit code 1 where it does not hold."""
    seen: set[str] = set()
    try:
        last = verify(_watched(_entries(source), seen))
    except Broken as broken:
        fail(f"the log does not hold: {broken}", NO)
    if contains and contains not in seen:
        fail(f"the log holds, but the entry {contains} is not in it any more", NO)
    if last is None:
        console.print("the log is empty")
        return
    console.print(f"the log holds: {last.id} entries until {last.at}")
    console.print(f"the last digest is {last.digest}")


def _watched(entries: Iterable[Entry], seen: set[str]) -> Iterator[Entry]:
    for entry in entries:
        seen.add(entry.digest)
        yield entry


def _entries(source: str) -> Iterator[Entry]:
    from discover.services.consent import consent_log

    if source.startswith(("https://", "http://")):
        with opened() as app:
            yield from _lines(asyncio.run(_fetch(app, source)))
    elif source:
        try:
            yield from _lines(Path(source).read_bytes().splitlines())
        except OSError as error:
            fail(f"{source}: {error.strerror}")
    else:
        with opened() as app:
            yield from consent_log.entries(app.context)


def _lines(lines: Iterable[bytes]) -> Iterator[Entry]:
    for number, line in enumerate(lines, 1):
        try:
            parsed = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise Broken(f"line {number} is not JSON") from None
        if not isinstance(parsed, dict):
            raise Broken(f"line {number} is not an entry")
        yield read(parsed)


async def _fetch(app: App, url: str) -> list[bytes]:
    """All pages, through the guarded client. Asked for by our own operator, so it is solicited."""
    lines: list[bytes] = []
    after = 0
    async with app.fetcher() as fetcher:
        while True:
            try:
                got = await fetcher.get(f"{url}?after={after}", accept=_LINES, solicited=True)
            except FetchError as error:
                fail(f"{url}: {error}", UNAVAILABLE)
            if got.status != 200:
                fail(f"{url}: status {got.status}", UNAVAILABLE)
            page = got.body.splitlines()
            if not page:
                return lines
            lines += page
            newest = [entry.id for entry in _lines(page)][-1]
            if newest <= after:
                raise Broken("the pages go in circles")
            after = newest
