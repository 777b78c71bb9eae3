"""`waypost keys`: our actor's signing keys."""

from __future__ import annotations

from typing import Annotated

import typer

from discover.cli.output import console, opened, print_json, when

keys = typer.Typer(help="Our actor's signing keys.", no_args_is_help=True)


@keys.command("list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Show which keys sign, and which old ones are still published."""
    from dataclasses import asdict

    from discover.services.federation.keys import list_keys

    with opened() as app:
        found = list_keys(app.context)
        now = app.context.clock.now()
    if as_json:
        print_json([asdict(key) for key in found])
        return
    for key in found:
        if key.retired_at is None or key.published_until is None:
            state = "signs"
        elif key.published_until > now:
            state = f"retired {when(key.retired_at)}, published until {when(key.published_until)}"
        else:
            state = f"retired {when(key.retired_at)}, forgotten"
        console.print(f"{key.key_id}  {key.kind}  made {when(key.created_at)}  {state}")


@keys.command()
def rotate() -> None:
    """Make new keys. They sign within seconds; the old ones stay published for a week."""
    from discover.services.federation.keys import rotate_keys

    with opened() as app:
        made = rotate_keys(app.context)
    console.print(f"new keys: {made.rsa.key_id}, {made.ed25519.key_id}")
