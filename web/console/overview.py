"""The first page: how it is going, and what needs a hand. And the charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Response

from discover.model.views import Status
from discover.services import audit_log, crawl_queue, delivery_desk, growth, reports, server_health
from discover.services.deskwork import failing_tasks, scheduler_alive
from discover.services.server_health import Filter
from discover.services.status import status
from discover.services.transparency import BOUNDS
from web.console import charts
from web.console.doors import AtDesk, Desk
from web.console.pages import show, span
from web.console.timings import routes

router = APIRouter(prefix="/console")

# An index this far behind is worth a warning
_BEHIND = timedelta(minutes=1)
_DAYS = 90


@dataclass(frozen=True, slots=True)
class Notice:
    text: str
    link: str = ""
    serious: bool = False


@router.get("")
def overview(desk: AtDesk) -> Response:
    ctx = desk.context
    now = status(ctx, tuple(desk.house.app.settings.laboratory()))
    found, _ = server_health.find_servers(ctx, which=Filter.TROUBLE, limit=1000)
    return show(
        desk,
        "overview",
        status=200,
        numbers=now,
        warnings=_warnings(desk, now, len(found)),
        waiting=crawl_queue.hosts_waiting(ctx, limit=5),
        acts=audit_log.page(ctx, limit=5),
        charts=_growth(desk)[:2],
    )


@router.get("/growth")
def growth_page(desk: AtDesk) -> Response:
    told = desk.house.transparency()
    names = [_bound(bound) for bound in BOUNDS] + ["more"]
    latencies = [
        charts.bars(
            "From the moment we could know of a withdrawal to the commit that hides it",
            list(zip(names, told.hidden.counts, strict=True)),
            "withdrawals",
        ),
        charts.bars(
            "… to the moment when the raw index no longer holds it",
            list(zip(names, told.gone.counts, strict=True)),
            "withdrawals",
        ),
    ]
    return show(
        desk, "growth", charts=_growth(desk), latencies=latencies,
        hidden=told.hidden, gone=told.gone, routes=routes(desk.house.timings),
    )  # fmt: skip


def _bound(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def _growth(desk: Desk) -> list[charts.Chart]:
    series = growth.series(desk.context, _DAYS)
    return [
        charts.lines(title, series.get(name, ()), unit)
        for name, title, unit in (
            (growth.ACCOUNTS_SIZE, "People listed", "people"),
            (growth.POSTS_SIZE, "Posts indexed", "posts"),
            (growth.SERVERS_SIZE, "Servers opted in", "servers"),
            ("accounts_withdrawn", "People withdrawn, by day", "people"),
        )
    ]


def _warnings(desk: Desk, now: Status, troubled: int) -> list[Notice]:
    ctx, settings = desk.context, desk.house.app.settings
    found = []
    if now.engine_accounts is None:
        found.append(Notice("The search engine does not answer.", "/console/index", serious=True))
    if now.oldest_outbox_seconds > _BEHIND.total_seconds():
        behind = span(now.oldest_outbox_seconds)
        text = f"The index is {behind} behind the database. Is a worker running?"
        found.append(Notice(text, "/console/index", serious=True))
    if now.laboratory:
        text = (
            f"Laboratory settings are on: {', '.join(now.laboratory)}. Not for the open internet."
        )
        found.append(Notice(text, "/console/settings", serious=True))
    if not scheduler_alive(ctx):
        text = "No scheduler is alive: nothing is refreshed and nothing expires."
        found.append(Notice(text, serious=True))
    if (waiting := reports.count_open(ctx)) > 0:
        words = f"{waiting} report{'s wait' if waiting > 1 else ' waits'} for you."
        found.append(Notice(words, "/console/reports"))
    stuck = [one for one in delivery_desk.by_host(ctx) if one.failures >= 3]
    if stuck:
        words = f"Deliveries are stuck at {len(stuck)} host{'s' if len(stuck) > 1 else ''}."
        found.append(Notice(words, "/console/deliveries"))
    if troubled:
        words = f"{troubled} opted-in server{'s have' if troubled > 1 else ' has'} trouble."
        found.append(Notice(words, "/console/servers?show=trouble"))
    found += [
        Notice(f"The task {task.kind} failed {task.attempts} times: {task.last_error}")
        for task in failing_tasks(ctx)
    ]
    if not desk.house.secure:
        found.append(Notice("WAYPOST_PUBLIC_URL is not an https address: passwords and sessions travel unprotected."))  # fmt: skip
    if not settings.contact:
        found.append(Notice("WAYPOST_CONTACT is empty: nobody can reach you.", "/console/settings"))  # fmt: skip
    return found
