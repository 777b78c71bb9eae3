"""The operator's console: behind a login, without scripts, every act in the audit log."""

from __future__ import annotations

from fastapi import APIRouter

from web.console import (
    blocklists,
    consent,
    crawl,
    deliveries,
    index,
    inventory,
    login,
    overview,
    packs,
    reports,
    servers,
    topics,
)

router = APIRouter(include_in_schema=False)
for _part in (
    login, overview, servers, crawl, deliveries, consent, reports, blocklists, topics, packs, index, inventory,
):  # fmt: skip
    router.include_router(_part.router)
