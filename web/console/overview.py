"""The first page: how it is going, and what needs a hand. And the charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Response

from discover.model.views import Status
from discover.model.words import N_, Counted, Sentence
from discover.services.consent.transparency import BOUNDS
from discover.services.console import audit_log, growth, reports, server_health
from discover.services.console.deskwork import failing_tasks, scheduler_alive
from discover.services.console.server_health import Filter
from discover.services.console.status import status
from discover.services.crawl import crawl_queue
from discover.services.federation import delivery_desk
from web.console import charts
from web.console.doors import AtDesk, Desk
from web.console.pages import show, span
from web.console.timings import routes
from web.i18n import gettext

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
    names = [_bound(bound) for bound in BOUNDS] + [gettext("more")]
    latencies = [
        charts.bars(
            gettext("From the moment we could know of a withdrawal to the commit that hides it"),
            list(zip(names, told.hidden.counts, strict=True)),
            gettext("withdrawals"),
        ),
        charts.bars(
            gettext("… to the moment when the raw index no longer holds it"),
            list(zip(names, told.gone.counts, strict=True)),
            gettext("withdrawals"),
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
        charts.lines(gettext(title), series.get(name, ()), gettext(unit))
        for name, title, unit in (
            (growth.ACCOUNTS_SIZE, N_("People listed"), N_("people")),
            (growth.POSTS_SIZE, N_("Posts indexed"), N_("posts")),
            (growth.SERVERS_SIZE, N_("Servers opted in"), N_("servers")),
            ("accounts_withdrawn", N_("People withdrawn, by day"), N_("people")),
        )
    ]


def _warnings(desk: Desk, now: Status, troubled: int) -> list[Notice]:
    ctx, settings = desk.context, desk.house.app.settings
    found = []
    if now.engine_accounts is None:
        found.append(
            Notice(N_("The search engine does not answer."), "/console/index", serious=True)
        )
    if now.oldest_outbox_seconds > _BEHIND.total_seconds():
        behind = span(now.oldest_outbox_seconds)
        text = Sentence(
            "The index is {time} behind the database. Is a worker running?", time=behind
        )
        found.append(Notice(text, "/console/index", serious=True))
    if now.laboratory:
        text = Sentence(
            "Laboratory settings are on: {names}. Not for the open internet.",
            names=", ".join(now.laboratory),
        )
        found.append(Notice(text, "/console/settings", serious=True))
    if not scheduler_alive(ctx):
        alone = N_("No scheduler is alive: nothing is refreshed and nothing expires.")
        found.append(Notice(alone, serious=True))
    if (waiting := reports.count_open(ctx)) > 0:
        words = Counted(
            "{count} report waits for you.", "{count} reports wait for you.", count=waiting
        )
        found.append(Notice(words, "/console/reports"))
    stuck = [one for one in delivery_desk.by_host(ctx) if one.failures >= 3]
    if stuck:
        words = Counted(
            "Deliveries are stuck at {count} host.",
            "Deliveries are stuck at {count} hosts.",
            count=len(stuck),
        )
        found.append(Notice(words, "/console/deliveries"))
    if troubled:
        words = Counted(
            "{count} opted-in server has trouble.",
            "{count} opted-in servers have trouble.",
            count=troubled,
        )
        found.append(Notice(words, "/console/servers?show=trouble"))
    found += [
        Notice(
            Sentence(
                "The task {task} failed, {times} in all: {why}",
                task=task.kind,
                times=task.attempts,
                why=task.last_error,
            )
        )
        for task in failing_tasks(ctx)
    ]
    if not desk.house.secure:
        found.append(Notice(N_("WAYPOST_PUBLIC_URL is not an https address: passwords and sessions travel unprotected.")))  # fmt: skip
    if not settings.contact:
        found.append(Notice(N_("WAYPOST_CONTACT is empty: nobody can reach you."), "/console/settings"))  # fmt: skip
    return found
