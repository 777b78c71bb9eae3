"""Looks again and again at what admins say about their servers, beside the worker."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from datetime import timedelta

from discover.bootstrap import App
from discover.policy.retry import next_try
from discover.ports import Outlook
from discover.services.consent.proof_rows import due_hosts
from discover.services.consent.proofs import check_server
from discover.services.context import Context
from discover.services.crawl.turns import borrow_host, drop_dead_leases, release
from discover.services.locks import drop_lock, take_lock
from discover.services.owners import may_be_alive, own_name

log = logging.getLogger(__name__)

_LOCK = "proofs"
_LOCK_SECONDS = 120.0
_PAUSE_SECONDS = 5.0
_AT_ONCE = 20  # hosts
_HOST_SECONDS = 60.0  # for all looks at one host
_LONGEST_PAUSE_SECONDS = 60.0
_AGAIN_SECONDS = 1800.0  # a host that could not be looked at waits so long


def prove(app: App, stop: threading.Event) -> None:
    """Until `stop` is set. Of several processes one does it. Failures are logged, tried again."""
    tried: dict[str, float] = {}
    token: str | None = None
    failures, begun = 0, False
    while not stop.is_set():
        pause, more = _PAUSE_SECONDS, False
        try:
            if not begun:  # a host that its dead predecessor was at is not kept from the crawler
                drop_dead_leases(app.context, may_be_alive)
                begun = True
            token = take_lock(app.context, _LOCK, _LOCK_SECONDS, token)
            if token is not None:
                more = bool(asyncio.run(prove_due(app.context, tried)))
            failures = 0
        except Exception:  # the loop outlives a database that is away for a while
            failures += 1
            log.exception("looking at proofs failed and will be tried again")
            pause = next_try(failures, app.context.jitter()).total_seconds()
        stop.wait(0 if more else pause)
    if token is not None:
        drop_lock(app.context, _LOCK, token)


async def prove_due(ctx: Context, tried: dict[str, float]) -> list[str]:
    """One round for the hosts that are due and not in `tried` lately. Returns whose check ended."""
    if ctx.lookout is None:
        return []
    due = await asyncio.to_thread(_due, ctx)
    clock = time.monotonic()
    for host, then in list(tried.items()):
        if host not in due or clock - then > _AGAIN_SECONDS:
            del tried[host]
    # A few at a time, so that between them the lock is renewed and the end heard.
    hosts = [host for host in due if host not in tried][:_AT_ONCE]
    if not hosts:
        return []
    owner = own_name()
    async with ctx.lookout.open() as outlook:
        ends = await asyncio.gather(
            *(_check(ctx, outlook, host, owner, tried) for host in hosts), return_exceptions=True
        )
    for host, end in zip(hosts, ends, strict=True):
        if isinstance(end, Exception):
            log.warning("%s: its proofs could not be looked at: %r", host, end)
    return [host for host, end in zip(hosts, ends, strict=True) if end is True]


async def _check(
    ctx: Context, outlook: Outlook, host: str, owner: str, tried: dict[str, float]
) -> bool:
    """Within the host's lease, so that nobody else of ours asks it meanwhile. False: not its turn."""
    seconds = _HOST_SECONDS + 10
    grant = await asyncio.to_thread(borrow_host, ctx, host, owner, seconds, though_out=True)
    if grant is None:
        return False
    not_before = grant.not_before
    try:
        if not_before is not None and not_before > ctx.clock.now():
            return False
        tried[host] = time.monotonic()
        async with asyncio.timeout(_HOST_SECONDS), outlook.fetcher(host) as fetcher:
            base = outlook.base_url(host)
            await check_server(ctx, host, fetcher, outlook.resolver, base_url=base)
        pause = min(grant.crawl_delay or 0.0, _LONGEST_PAUSE_SECONDS)
        not_before = ctx.clock.now() + timedelta(seconds=pause)
    finally:
        await asyncio.to_thread(release, ctx, grant, not_before)
    return True


def _due(ctx: Context) -> list[str]:
    with ctx.database.read() as connection:
        return due_hosts(connection, ctx.clock.now())
