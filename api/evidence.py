"""Shapes and forms of the public evidence: transparency, the consent log, leaving, your data."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Shape
from discover.services.consent.removal import Asked
from discover.services.consent.transparency import BOUNDS, Latency, Transparency
from discover.settings import Settings

Json = dict[str, Any]


class ProofOut(Shape):
    kind: str = Field(description="operator, relay, fasp, dns, well-known or contact")
    since: datetime


class ServerLineOut(Shape):
    host: str
    state: Literal["in", "out"]
    since: datetime | None
    scope: Literal["all", "profiles"]
    proofs: list[ProofOut]
    because: str = Field(description="Why it is out")


class BucketOut(Shape):
    seconds: float | None = Field(description="At most so many; null: longer than all of these")
    count: int


class LatencyOut(Shape):
    """From the moment we could know to the moment it took effect."""

    histogram: list[BucketOut]
    count: int
    p50: float | None = Field(description="Seconds")
    p99: float | None = Field(description="Seconds")


class WithdrawalsOut(Shape):
    accounts: int = Field(description="Since the beginning")
    posts: int = Field(description="Since the beginning")
    measured_since: datetime
    causes: dict[str, int] = Field(description="What was withdrawn, as often as it was measured")
    hidden: LatencyOut = Field(description="Gone from all answers")
    gone: LatencyOut = Field(description="Gone from the raw index")
    on_their_way: int


class RefusalOut(Shape):
    reason: str
    sentence: str
    count: int


class RulesOut(Shape):
    rule_version: str
    post_consent: Literal["flags", "deliberate"]
    retention_days: int
    hide_seconds: int = Field(description="Evidence older than this hides an account")
    purge_seconds: int = Field(description="… and older than this removes it")
    extra_opt_out_tags: list[str]


class CrawlOut(Shape):
    user_agent: str
    delay_seconds: float = Field(description="Least time between two requests to one host")
    crawl_delay_max_seconds: float
    requests_per_visit: int
    outbox_pages: int
    directory_pages: int


class LogHeadOut(Shape):
    entries: int
    head: str = Field(description="Digest of the last entry; note it, and nobody can rewrite it")
    url: str


class TransparencyOut(Shape):
    at: datetime
    servers: list[ServerLineOut]
    accounts_listed: int
    accounts_judged: int
    posts_indexed: int
    withdrawals: WithdrawalsOut
    refusals: list[RefusalOut]
    rules: RulesOut
    crawl: CrawlOut
    log: LogHeadOut


class RemovalIn(BaseModel):
    """Who asks for what, and how they will prove it."""

    model_config = ConfigDict(extra="forbid")
    handle: str = Field(max_length=320, description="`user@host`")
    purpose: Literal["remove", "data"] = Field(
        description="`remove`: leave for good. `data`: everything that is held"
    )
    way: Literal["message", "profile"] = Field(
        description="`message`: we send the code there. `profile`: something goes into the profile"
    )


class RemovalOut(Shape):
    handle: str
    purpose: Literal["remove", "data"]
    way: Literal["message", "profile"]
    code: str | None = Field(
        description="Confirms; to be shown to nobody. Null when it went as a message"
    )
    publish: str | None = Field(
        description="To put into the profile, derived from `code`; null when a message was sent"
    )
    expires_at: datetime
    next_step: str


class ConfirmIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    handle: str = Field(max_length=320)
    code: str = Field(max_length=100)


class ConfirmedOut(Shape):
    handle: str
    purpose: Literal["remove", "data"]
    removed: bool
    data: dict[str, Any] | None = Field(
        description="With `data`: `held` is table to rows, `not_about_you` the other tables"
    )


def removal(asked: Asked) -> Json:
    return {
        "handle": str(asked.handle),
        "purpose": asked.purpose.value,
        "way": asked.way.value,
        "code": asked.code,
        "publish": asked.publish,
        "expires_at": asked.expires_at,
        "next_step": next_step(asked),
    }


def next_step(asked: Asked) -> str:
    if asked.code is None:
        return "We have sent a direct message with a code. Give us that code within the hour."
    return (
        "Put what `publish` says into the bio or a field of the profile, save it, and confirm here"
        " with `code` within the hour. Keep `code` to yourself. You can take the other out again"
        " afterwards."
    )


def transparency(found: Transparency, settings: Settings) -> Json:
    return {
        "at": found.at,
        "servers": [
            {
                "host": line.host,
                "state": line.state,
                "since": line.since,
                "scope": line.scope,
                "proofs": [{"kind": kind, "since": since} for kind, since in line.proofs],
                "because": line.because,
            }
            for line in found.servers
        ],
        "accounts_listed": found.accounts_listed,
        "accounts_judged": found.accounts_judged,
        "posts_indexed": found.posts_indexed,
        "withdrawals": {
            "accounts": found.accounts_withdrawn,
            "posts": found.posts_withdrawn,
            "measured_since": found.since,
            "causes": found.causes,
            "hidden": _latency(found.hidden),
            "gone": _latency(found.gone),
            "on_their_way": found.on_their_way,
        },
        "refusals": [
            {"reason": reason.value, "sentence": found.sentence(reason), "count": count}
            for reason, count in found.refusals.items()
        ],
        "rules": found.rules,
        "crawl": crawl(settings),
        "log": {
            "entries": found.log_entries,
            "head": found.log_head,
            "url": f"{settings.own_url}/api/v1/transparency/log",
        },
    }


def crawl(settings: Settings) -> Json:
    return {
        "user_agent": "Waypost",
        "delay_seconds": settings.crawl_delay,
        "crawl_delay_max_seconds": settings.crawl_delay_max,
        "requests_per_visit": settings.crawl_requests_per_visit,
        "outbox_pages": settings.outbox_pages,
        "directory_pages": settings.directory_pages,
    }


def _latency(found: Latency) -> Json:
    return {
        "histogram": [
            {"seconds": bound, "count": count}
            for bound, count in zip((*BOUNDS, None), found.counts, strict=True)
        ],
        "count": found.total,
        "p50": found.p50,
        "p99": found.p99,
    }
