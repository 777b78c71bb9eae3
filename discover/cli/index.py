"""Commands about the search index."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from discover.cli.output import NO, UNAVAILABLE, console, fail, opened, print_json

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def reindex() -> None:
    """Build the search index anew from the database, beside the live one, and swap."""
    from discover.cli.progress import counting
    from discover.services.index.indexing import IndexerBusy
    from discover.services.index.indexing import reindex as run

    with opened() as app, counting() as bars:
        try:
            counts = run(app.context, bars)
        except IndexerBusy as error:
            fail(str(error), UNAVAILABLE)
    console.print(f"{counts['accounts']} people and {counts['posts']} posts indexed anew")


def verify(
    fix: Annotated[bool, typer.Option("--repair", help="Mend what differs.")] = False,
    as_json: Json = False,
) -> None:
    """Compare database and index, document by document. Exit code 1 when they differ."""
    from discover.services.index.verify import repair
    from discover.services.index.verify import verify as run

    with opened() as app:
        report = run(app.context)
        if fix and not report.clean:
            repair(app.context, report)
            index_now(app)
            report = run(app.context)
    if as_json:
        print_json({**asdict(report), "clean": report.clean})
    else:
        console.print(f"{report.accounts} people and {report.posts} posts may be found")
        for name in ("missing_accounts", "missing_posts", "surplus_accounts", "surplus_posts"):
            if ids := getattr(report, name):
                console.print(f"{name.replace('_', ' ')}: {len(ids)}")
        if report.orphan_posts:
            console.print(f"posts without an account: {len(report.orphan_posts)}")
        if report.outbox_waiting:
            console.print(f"still on their way to the index: {report.outbox_waiting}")
        console.print("index and database agree" if report.clean else "index and database differ")
    if not report.clean:
        raise typer.Exit(NO)


def index_now(app: object) -> None:
    """A withdrawal reaches the index at once, unless a running worker is about to do it anyway."""
    from discover.bootstrap import App
    from discover.ports import EngineUnavailable
    from discover.services.index.indexing import IndexerBusy, index_all

    assert isinstance(app, App)
    try:
        index_all(app.context)
    except IndexerBusy:
        pass  # who took over has it
    except EngineUnavailable:
        console.print("the index follows when its engine answers; the answers hide it already")
