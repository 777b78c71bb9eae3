"""Commands about consent: look at a server's proofs, block, import blocklists, audit."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from discover.bootstrap import App
from discover.cli.index import index_now
from discover.cli.output import NO, UNAVAILABLE, console, fail, host, opened, print_json, when

blocklists = typer.Typer(help="Lists of servers that are never listed.", no_args_is_help=True)
consent = typer.Typer(help="Prove that everything here is here by consent.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Host = Annotated[str, typer.Argument(metavar="HOST")]


def check(name: Host, as_json: Json = False) -> None:
    """Look at every proof of a server's will now: what is found, what it means, what to do next."""
    from discover.services.consent.proofs import check as look

    chosen = host(name)
    with opened() as app:
        found = asyncio.run(look(app.context, chosen))
        index_now(app)
    if as_json:
        print_json(asdict(found))
    else:
        console.print(f"[bold]{found.host}[/]: {found.answer}")
        for one in found.findings:
            console.print(f"  {one.what} ({one.where}): {one.says}", markup=False)
        for title, lines in (("What that means:", found.means), ("What to do:", found.next_steps)):
            console.print(title)
            for line in lines:
                console.print(f"  - {line}", markup=False)
    if found.answer != "in":
        raise typer.Exit(NO)


def block(
    name: Host,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Block a server and all below it: its people are gone from the answers at once."""
    from discover.services.consent.blocklists import block_host

    chosen = host(name)
    with opened() as app:
        affected = block_host(app.context, chosen, reason.strip())
        index_now(app)
    people = sum(one.accounts for one in affected)
    posts = sum(one.posts for one in affected)
    console.print(f"{chosen}: blocked, {people} people and {posts} posts removed")


def unblock(name: Host) -> None:
    """Take a block made by hand back. Nothing comes back by itself but by a new visit."""
    from discover.services.consent.blocklists import unblock_host

    chosen = host(name)
    with opened() as app:
        there, still = unblock_host(app.context, chosen)
    if still is not None:
        console.print(f"{chosen}: still blocked by: {still}", markup=False)
    if not there:
        fail(f"{chosen} was not blocked by hand", NO)
    console.print(f"{chosen}: the block is taken back")


@blocklists.command("import")
def import_list(
    source: Annotated[str, typer.Argument(metavar="FILE|URL", help="CSV, or one host a line.")],
    name: Annotated[str, typer.Option(help="Under which name; default: the file's own.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would remove.")
    ] = False,
    silenced_too: Annotated[
        bool, typer.Option("--silenced-too", help="Block what the list only silences, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Block what a list says now. Imported again under the same name, it follows the list."""
    from discover.services.consent.blocklists import OPERATOR, preview
    from discover.services.consent.blocklists import import_list as run
    from discover.wire.blocklist import read_blocklist

    chosen = name.strip() or source.rstrip("/").rpartition("/")[2].removesuffix(".csv")
    if not chosen or chosen == OPERATOR:
        fail("give the list a name of its own with --name")
    wanted = ("suspend", "silence") if silenced_too else ("suspend",)
    with opened() as app:
        found = read_blocklist(_read(app, source))
        blocks = [one for one in found.blocks if one.severity in wanted]
        if not blocks:
            fail(f"{source} blocks nobody; nothing was changed")
        report = (preview if dry_run else run)(app.context, chosen, blocks)
        if not dry_run:
            index_now(app)
    milder = len(found.blocks) - len(blocks)
    if as_json:
        counts = {"accounts": report.accounts, "posts": report.posts, "milder": milder}
        skipped = {"obfuscated": found.obfuscated, "unreadable": found.unreadable}
        print_json({**asdict(report), **counts, **skipped, "dry_run": dry_run})
        return
    console.print(
        f"{chosen}: {report.hosts} hosts, {report.new} new, {report.gone} no longer listed",
        markup=False,
    )
    for one in report.affected:
        below = "" if one.by == one.host else f" (below {one.by})"
        console.print(f"  {one.host}{below}: {one.accounts} people, {one.posts} posts")
    verb = "would be removed" if dry_run else "removed"
    console.print(f"{report.accounts} people and {report.posts} posts {verb}")
    if milder or found.obfuscated or found.unreadable:
        console.print(
            f"left out: {milder} milder than a block, {found.obfuscated} obfuscated,"
            f" {found.unreadable} unreadable"
        )


@blocklists.command("list")
def list_lists(as_json: Json = False) -> None:
    """The lists in force, and the blocks made by hand."""
    from discover.services.consent.blocklists import lists

    with opened() as app:
        found = lists(app.context)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        console.print("nothing is blocked")
    for one in found:
        console.print(f"{one.name:<32} {one.hosts:>6} hosts   {when(one.newest_at)}", markup=False)


@blocklists.command("remove")
def remove_list(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Take a list back. Nothing comes back by itself but by a new visit."""
    from discover.services.consent.blocklists import remove_list as run

    with opened() as app:
        hosts = run(app.context, name)
    if not hosts:
        fail(f"there is no list called {name}", NO)
    console.print(f"{name}: taken back, {hosts} hosts", markup=False)


@consent.command("replay")
def follow_journal(
    journal: Annotated[Path, typer.Argument(metavar="FILE", help="Another machine's journal.")],
) -> None:
    """After restoring a backup: let those go who left since, by a journal of withdrawals.

    The journal in this installation's own folder is followed at every start by itself.
    """
    from discover.services.consent.replay import replay
    from discover.store.journal import Journal

    if not journal.is_file():
        fail(f"there is no file {journal}")
    other = Journal(journal)
    if not other.name:
        fail(f"{journal} is no journal of withdrawals")
    with opened() as app:
        done = replay(app.context, other)
        index_now(app)
    console.print(
        f"{done.people} people and {done.servers} servers had left; {done.removed} were here again"
    )
    if done.hidden:
        console.print(f"{done.hidden} people are hidden until they are seen again")


@consent.command("audit")
def audit(
    each: Annotated[
        bool, typer.Option("--each", help="Print each document with what allows it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Prove for every document which evidence allows it. What has none is removed.

    Exit code 1 when something had to be removed, 3 when the index could not be compared.
    """
    from discover.services.consent.audit import Proven
    from discover.services.consent.audit import audit as run

    proven: list[Proven] = []

    def tell(one: Proven) -> None:
        if as_json:
            proven.append(one)
        else:
            console.print(f"{one.kind} {one.uri}: {one.evidence}", markup=False)

    with opened() as app:
        report = run(app.context, tell if each else None)
    if as_json:
        documents = {"documents": [asdict(one) for one in proven]} if each else {}
        print_json({**asdict(report), "clean": report.clean, **documents})
    else:
        console.print(f"{report.accounts} people and {report.posts} posts looked at")
        for whose, number in sorted(report.allowed_by.items()):
            console.print(f"  {number} people by {whose}", markup=False)
        if report.hidden:
            console.print(f"hidden until their evidence is renewed: {report.hidden}")
        for one in report.removed:
            console.print(f"removed: {one.kind} {one.uri}: {', '.join(one.because)}", markup=False)
        if report.clean:
            console.print("everything here is here by consent")
        else:
            console.print(f"{len(report.removed)} removed, which nothing allowed")
        if report.index == "follows":
            console.print("the running Waypost takes what has changed to the index")
        elif report.index == "unread":
            console.print("the search engine does not answer: its index was not compared")
    if not report.clean:
        raise typer.Exit(NO)
    if report.index == "unread":
        raise typer.Exit(UNAVAILABLE)


def _read(app: App, source: str) -> str:
    if source.startswith(("https://", "http://")):
        body = asyncio.run(_fetch(app, source))
    else:
        try:
            body = Path(source).read_bytes()
        except OSError as error:
            fail(f"{source}: {error.strerror}")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        fail(f"{source} is not UTF-8")


async def _fetch(app: App, url: str) -> bytes:
    from discover.model.fetched import FetchError

    async with app.fetcher() as client:
        try:
            fetched = await client.get(url, accept="text/csv, text/plain, */*", solicited=True)
        except FetchError as error:
            fail(str(error), UNAVAILABLE)
    if fetched.status != 200:
        fail(f"{url} answered with status {fetched.status}", UNAVAILABLE)
    return fetched.body
