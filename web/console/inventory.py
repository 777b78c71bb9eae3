"""What is in force, and what was done: settings and the audit log."""

from __future__ import annotations

import os
from dataclasses import dataclass

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from pydantic import SecretStr

from discover.services.console import audit_log
from discover.settings import Settings
from web.console.doors import AtDesk
from web.console.pages import show

router = APIRouter(prefix="/console")

_ADDRESSES = ("database_url", "search_url")


@dataclass(frozen=True, slots=True)
class InForce:
    name: str
    value: str
    source: str  # default | environment | .env file
    meaning: str


@router.get("/settings")
def settings(desk: AtDesk) -> Response:
    """They are changed where they are set, not here: a stolen session must not change the rules."""
    return show(desk, "settings", settings=in_force(desk.house.app.settings))


@router.get("/audit")
def audit(request: Request, desk: AtDesk) -> Response:
    asked = request.query_params
    before, operator = asked.get("before", ""), asked.get("operator", "")[:64]
    acts = audit_log.page(
        desk.context,
        before=int(before) if before.isdecimal() and len(before) < 18 else None,
        operator=operator,
    )
    more = acts[-1].id if len(acts) == audit_log.PAGE else None
    return show(desk, "audit", acts=acts, operator=operator, more=more, paged=bool(before))


def in_force(settings: Settings) -> list[InForce]:
    """Every setting, in the order of settings.py. No secret is in it, nor a password of an address."""
    found = []
    for name, field in Settings.model_fields.items():
        variable = f"WAYPOST_{name.upper()}"
        if name not in settings.model_fields_set:
            source = "default"
        else:
            source = "environment" if variable in os.environ else ".env file"
        shown = _shown(name, getattr(settings, name))
        found.append(InForce(variable, shown, source, field.description or ""))
    return found


def _shown(name: str, value: object) -> str:
    if isinstance(value, SecretStr):
        return "(set, not shown)" if value.get_secret_value() else "(empty)"
    if name in _ADDRESSES and value:
        return sa.make_url(str(value)).render_as_string(hide_password=True)
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "(empty)"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    return "(empty)" if value in (None, "") else str(value)
