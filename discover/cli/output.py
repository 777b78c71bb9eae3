"""How the command line speaks: plain lines, one for every error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import OperationalError

from discover.bootstrap import App, SchemaOutdated, open_app
from discover.model.actor import Handle
from discover.model.verdict import Decision
from discover.model.views import EvidenceView, HistoryView
from discover.ports import EngineUnavailable
from discover.services.consent.servers import read_host
from discover.settings import Settings

NO = 1
WRONG_INPUT = 2
UNAVAILABLE = 3

console = Console(highlight=False, soft_wrap=True)


def fail(message: str, code: int = WRONG_INPUT) -> NoReturn:
    """One plain line on stderr, and out."""
    sys.stderr.write(f"waypost: {message}\n")
    raise typer.Exit(code)


def load_settings(**overrides: Any) -> Settings:
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = "WAYPOST_" + "_".join(str(part) for part in first["loc"]).upper()
        fail(f"setting {name}: {first['msg']}")


@contextmanager
def opened(settings: Settings | None = None, *, migrate: bool = False) -> Iterator[App]:
    """An open application; what is missing becomes one plain line."""
    settings = settings or load_settings()
    try:
        app = open_app(settings, migrate=migrate)
    except SchemaOutdated as error:
        fail(str(error), UNAVAILABLE)
    except OperationalError as error:
        fail(f"the database cannot be opened: {_first_line(error.orig)}", UNAVAILABLE)
    except OSError as error:
        fail(f"{settings.home}: {error.strerror}", UNAVAILABLE)
    try:
        if settings.embedded:
            app.context.engine.prepare()
        yield app
    except EngineUnavailable as error:
        fail(f"the search engine is not available: {error}", UNAVAILABLE)
    except OperationalError as error:
        fail(f"the database does not answer: {_first_line(error.orig)}", UNAVAILABLE)
    finally:
        app.close()


def handle_or_host(text: str) -> Handle | str:
    """`@user@host` or a host; a plain line for anything else."""
    try:
        return Handle.parse(text) if "@" in text else read_host(text)
    except ValueError as error:
        fail(str(error))


def host(text: str) -> str:
    try:
        return read_host(text)
    except ValueError as error:
        fail(str(error))


def print_json(value: Any) -> None:
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def when(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC") if moment else "never"


def print_decision(question: str, decision: Decision) -> None:
    mark = {"yes": "[green]yes[/]", "no": "[red]no[/]", "unknown": "[yellow]not known[/]"}
    console.print(f"{question}: {mark[decision.answer.value]}")
    for sentence in decision.sentences:
        console.print(f"  - {sentence}", markup=False)


def print_evidence(evidence: tuple[EvidenceView, ...]) -> None:
    if not evidence:
        return
    console.print("Evidence:")
    for item in evidence:
        console.print(
            f"  - {item.what}, seen {when(item.seen_at)} at {item.source}"
            f" (rules {item.rule_version})",
            markup=False,
        )
        for name, value in item.seen.items():
            console.print(f"      {name} = {value}", markup=False)


def print_history(history: tuple[HistoryView, ...]) -> None:
    if len(history) < 2:
        return
    console.print("How it came about:")
    for change in history:
        reasons = ", ".join(change.reasons["list"]).replace("_", " ")
        console.print(
            f"  - {when(change.at)}: listed {change.answers['list']},"
            f" posts {change.answers['index_posts']} ({reasons})",
            markup=False,
        )


def _first_line(error: object) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
