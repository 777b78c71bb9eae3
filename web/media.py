"""The door for pictures: consent, then our own small copy, fetched once by the guarded client."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, cast

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from discover.bootstrap import App
from discover.model.fetched import FetchError, FetchFailure
from discover.net.budget import Budget, Rate
from discover.net.client import GuardedClient
from discover.net.images import NotAPicture, fetch_picture
from discover.services.consent.gate import asked_for
from discover.services.find import pictures
from discover.services.find.pictures import Picture, PictureKind
from web import shrink
from web.image_store import ImageStore

log = logging.getLogger("waypost.media")

router = APIRouter(tags=["pages"])

KEPT_SECONDS = 3600  # by the browser that asked, and nobody between us
SWEEP_SECONDS = 2.0
_SWEEP_ANYWAY = 3600.0
# Looked back: transactions end late, and machines' clocks differ. Twice does no harm.
_CHANGED_WITHIN = timedelta(minutes=2)
_WAIT_SECONDS = 12.0  # for one picture; the fetch goes on and the next look has it
_AT_ONCE = 16  # fetches
_DECODED_AT_ONCE = 2
_MOST_WAITING = 400
_FAILED_KEPT = 20_000
_AGAIN_SOON, _AGAIN_LATER = 600.0, 6 * 3600.0
_PASSING = frozenset({FetchFailure.TIMEOUT, FetchFailure.CONNECT, FetchFailure.HOST_PARKED})
_OF_ONE_CLIENT = Rate(burst=150, per_second=3.0)
_OF_ALL = Rate(burst=1000, per_second=20.0)


class NotNow(Exception):
    """`status` 429: this client asks for much; 503: everybody does, or a server is slow."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Images:
    """The pictures of one process. `client_of` makes one name of all addresses of one client."""

    def __init__(
        self,
        app: App,
        client_of: Callable[[str], str],
        each: Rate = _OF_ONE_CLIENT,
        together: Rate = _OF_ALL,
    ) -> None:
        settings = app.settings
        self._ctx = app.context
        self._app = app
        self._client_of = client_of
        self._store = ImageStore(settings.home / "images", settings.image_cache_mb * 1_000_000)
        self._budget = Budget(each, together)
        self._failed: OrderedDict[str, float] = OrderedDict()
        self._running: dict[tuple[str, str], asyncio.Task[bytes | None]] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._decoders = asyncio.Semaphore(_DECODED_AT_ONCE)
        self._swept: tuple[int, float] | None = None  # how many had left then; when
        self._followed: datetime | None = None  # changes of avatars until then

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the server serves: the client that fetches, and the sweep."""
        manners = self._app.picture_manners()
        try:
            async with GuardedClient(manners, asked_for(self._ctx)) as self._client:
                sweeping = asyncio.create_task(self._keep_swept())
                try:
                    yield
                finally:
                    tasks = [sweeping, *self._running.values()]
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            manners.close()

    async def show(
        self, kind: PictureKind, number: int, digest: str, etag: str, asked: str | None, client: str
    ) -> tuple[int, bytes]:
        """Status 200 with the picture, 304 when the client has it, 404. Raises NotNow."""
        picture, body = await run_in_threadpool(self._look, kind, number, digest)
        if picture is None:
            return 404, b""
        if asked == etag:
            return 304, b""
        if body is None:
            body = await self._fetched(picture, number, digest, client)
        return (404, b"") if body is None else (200, body)

    def _look(
        self, kind: PictureKind, number: int, digest: str
    ) -> tuple[Picture | None, bytes | None]:
        picture = pictures.find_picture(self._ctx, kind, number, digest)
        if picture is None:
            return None, None
        return picture, self._store.read(picture, digest)

    async def _fetched(
        self, picture: Picture, number: int, digest: str, client: str
    ) -> bytes | None:
        until = self._failed.get(picture.url, 0.0)
        if until > time.monotonic():
            return None
        # Emoji are the host's: whoever wears one, it is fetched once.
        owner = str(number) if picture.kind is PictureKind.AVATAR else picture.host
        task = self._running.get((owner, digest))
        if task is None:
            if len(self._running) >= _MOST_WAITING:
                raise NotNow(503)
            if not self._budget.take(self._client_of(client), self._ctx.clock.now()):
                raise NotNow(429)
            task = asyncio.create_task(self._fetch(picture, number, digest))
            self._running[owner, digest] = task
            task.add_done_callback(partial(self._ended, (owner, digest)))
        try:
            # Whoever goes away does not end what others wait for.
            async with asyncio.timeout(_WAIT_SECONDS):
                return await asyncio.shield(task)
        except TimeoutError:
            raise NotNow(503) from None

    def _ended(self, key: tuple[str, str], task: asyncio.Task[bytes | None]) -> None:
        self._running.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a picture: %s", type(error).__name__)

    async def _fetch(self, picture: Picture, number: int, digest: str) -> bytes | None:
        try:
            async with self._places:
                found = await fetch_picture(self._client, picture.url, solicited=picture.solicited)
            make = shrink.avatar if picture.kind is PictureKind.AVATAR else shrink.emoji
            async with self._decoders:
                body = await asyncio.to_thread(make, found)
        except FetchError as error:
            self._remember(picture.url, passing=error.failure in _PASSING)
            return None
        except (NotAPicture, shrink.BadPicture):
            self._remember(picture.url, passing=False)
            return None
        return await asyncio.to_thread(self._keep, picture, number, digest, body)

    def _keep(self, picture: Picture, number: int, digest: str, body: bytes) -> bytes | None:
        """Only what may still be shown. Asked after writing: a sweep may have passed before."""
        with contextlib.suppress(OSError):  # a full disk costs the copy, not the picture
            self._store.write(picture, digest, body)
        if pictures.find_picture(self._ctx, picture.kind, number, digest) is None:
            self._store.drop(picture, digest)
            return None
        return body

    def _remember(self, url: str, *, passing: bool) -> None:
        self._failed.pop(url, None)
        self._failed[url] = time.monotonic() + (_AGAIN_SOON if passing else _AGAIN_LATER)
        if len(self._failed) > _FAILED_KEPT:
            self._failed.popitem(last=False)

    async def _keep_swept(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.sweep)
            except Exception as error:  # the database may be away for a moment
                log.warning("pictures not swept: %s", type(error).__name__)
            await asyncio.sleep(SWEEP_SECONDS)

    def sweep(self) -> None:
        """Old copies of those who changed or took away theirs; and of all who left, as soon as one
        more has left, and every hour anyway.
        """
        at = self._ctx.clock.now()
        if self._followed is not None:
            since = self._followed - _CHANGED_WITHIN
            self._store.keep_only(pictures.avatars_changed(self._ctx, since))
        self._followed = at
        gone, now = pictures.accounts_gone(self._ctx), time.monotonic()
        if self._swept is not None:
            gone_then, then = self._swept
            if gone == gone_then and now - then < _SWEEP_ANYWAY:
                return
        self._store.sweep(
            partial(pictures.avatars_of, self._ctx), partial(pictures.hosts_there, self._ctx)
        )
        self._swept = (gone, now)


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture, made small", "content": {shrink.MEDIA_TYPE: {}}},
    304: {"description": "The one that you have is still it"},
    404: {"description": "Nobody who may be shown has this picture, or it cannot be had"},
    429: {"description": "Many new pictures were asked for; `Retry-After` says when again"},
    503: {"description": "It takes long, or everybody asks; `Retry-After` says when again"},
}


@router.get(
    "/media/{kind}/{number}-{digest}.webp",
    summary="An avatar or custom emoji, small and from here",
    response_class=Response,
    responses=_ANSWERS,
)
async def media(
    request: Request,
    kind: Annotated[PictureKind, Path(description="Of an account, or of a post")],
    number: Annotated[int, Path(ge=1, le=2**53, description="The account's id, or the post's")],
    digest: Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="Of its address")],
) -> Response:
    """Asked for consent each time. Addresses of pictures are in what pages and API show."""
    images = cast("Images", request.app.state.images)
    client = request.client.host if request.client else "unknown"
    etag = f'"{digest}"'
    try:
        status, body = await images.show(
            kind, number, digest, etag, request.headers.get("if-none-match"), client
        )
    except NotNow as busy:
        raise HTTPException(busy.status, headers={"Retry-After": "10"}) from None
    if status == 404:
        raise HTTPException(404)
    return Response(
        body,
        status_code=status,
        media_type=shrink.MEDIA_TYPE if body else None,
        headers={
            "ETag": etag,
            "Cache-Control": f"private, max-age={KEPT_SECONDS}",
            "Cross-Origin-Resource-Policy": "cross-origin",  # in embeds, too
            "X-Robots-Tag": "noindex, nofollow, noimageindex",
        },
    )
