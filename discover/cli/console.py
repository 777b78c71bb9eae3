"""`waypost operator`, `waypost reports`, `waypost audit-log`: the console's people, and its papers."""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from discover.cli.output import NO, console, fail, opened, print_json, when

operators = typer.Typer(
    help="Who may log in to the console. Nobody can until you make somebody.", no_args_is_help=True
)
reports = typer.Typer(help="Reports (Flag) that were sent to our actor.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Name = Annotated[str, typer.Argument(metavar="NAME")]
_ASKED = "The password is asked for twice, or read as one line where no terminal is."


@operators.command("add", help=f"Make an operator. {_ASKED}")
def add(name: Name) -> None:
    from discover.services.console.operators import add_operator

    with opened() as app:
        try:
            made = add_operator(app.context, name, _password())
        except ValueError as error:
            fail(str(error))
        if not made:
            fail(f"there is an operator called {name}; see: waypost operator passwd {name}", NO)
        console.print(f"{name} may log in at {app.settings.own_url}/console", markup=False)


@operators.command("list")
def show(as_json: Json = False) -> None:
    """All operators, and when they last logged in."""
    from discover.services.console.operators import list_operators

    with opened() as app:
        found = list_operators(app.context)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        console.print("there is no operator; make one with: waypost operator add NAME")
    for one in found:
        console.print(
            f"{one.name:<20} made {when(one.created_at)}, password of {when(one.changed_at)},"
            f" last login {when(one.entered_at)}",
            markup=False,
        )


@operators.command("remove")
def remove(name: Name) -> None:
    """Remove an operator; their sessions end at once."""
    from discover.services.console.operators import remove_operator

    with opened() as app:
        if not remove_operator(app.context, name):
            fail(f"there is no operator called {name}", NO)
    console.print(f"{name}: removed, all sessions ended", markup=False)


@operators.command("passwd", help=f"Give an operator a new password. {_ASKED}")
def passwd(name: Name) -> None:
    from discover.services.console.operators import set_password

    with opened() as app:
        try:
            known = set_password(app.context, name, _password())
        except ValueError as error:
            fail(str(error))
        if not known:
            fail(f"there is no operator called {name}", NO)
    console.print(f"{name}: new password, all sessions ended", markup=False)


@reports.command("list")
def list_reports(
    handled: Annotated[bool, typer.Option("--handled", help="Those that are handled.")] = False,
    as_json: Json = False,
) -> None:
    """Reports that wait for you, newest first."""
    from discover.services.console.reports import list_reports as run

    with opened() as app:
        found = run(app.context, handled=handled)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        console.print("there are none")
    for one in found:
        console.print(f"[bold]{one.id}[/]  {when(one.at)}")
        console.print(f"  by {one.actor}", markup=False)
        for uri in one.objects:
            console.print(f"  about {uri}", markup=False)
        for title, text in (("said", one.content), ("note", one.note)):
            if text:
                console.print(f"  {title}: {text}", markup=False)


@reports.command("handle")
def handle(
    number: Annotated[int, typer.Argument(metavar="NUMBER")],
    note: Annotated[str | None, typer.Option(help="What came of it.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Open it again.")] = False,
) -> None:
    """Mark a report as handled. It is forgotten some months later."""
    from discover.services.console import audit_log
    from discover.services.console.reports import handle as run

    act = "opened a report again" if undo else "marked a report as handled"

    def do() -> dict[str, str | None]:
        if not run(app.context, number, handled=not undo, note=note):
            raise ValueError(f"there is no report {number}")
        return {"note": note}

    with opened() as app:
        try:
            audit_log.perform(app.context, audit_log.COMMAND_LINE, act, f"report {number}", do)
        except ValueError as error:
            fail(str(error), NO)
    console.print(f"report {number}: {'open again' if undo else 'handled'}")


def audit_log(
    operator: Annotated[str, typer.Option(help="Only this one's acts.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    as_json: Json = False,
) -> None:
    """What operators did, newest first."""
    from discover.services.console.audit_log import page

    with opened() as app:
        found = page(app.context, operator=operator, limit=limit)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        state = "" if one.outcome == "done" else f" ({one.outcome})"
        facts = ", ".join(f"{name}: {value}" for name, value in one.after.items())
        console.print(
            f"{when(one.at)}  {one.operator:<14} {one.act}{state}  {one.subject}  {facts}".rstrip(),
            markup=False,
        )
    if not found:
        console.print("nothing was done yet")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password, at least 12 characters: ")
    if getpass.getpass("Once more: ") != first:
        fail("the two were not alike")
    return first
