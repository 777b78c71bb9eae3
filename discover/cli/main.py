"""All commands, each a few lines: read the words, call a service, print."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from discover import VERSION
from discover.cli.consent import block, blocklists, consent, unblock
from discover.cli.console import audit_log, operators, reports
from discover.cli.fasp import fasp
from discover.cli.index import index_now, reindex, verify
from discover.cli.keys import keys
from discover.cli.log import log
from discover.cli.output import (
    NO,
    UNAVAILABLE,
    console,
    fail,
    handle_or_host,
    load_settings,
    opened,
    print_decision,
    print_evidence,
    print_history,
    print_json,
    when,
)
from discover.cli.packs import packs
from discover.cli.relays import relays
from discover.cli.servers import servers
from discover.model.actor import Handle
from discover.model.query import Sort
from discover.model.views import BadRequest, SearchRequest

cli = typer.Typer(
    name="waypost",
    help=(
        "Waypost, the fediverse's discovery and search indexer that asks first.\n\n"
        "Start with [bold]waypost demo[/] (a pretend fediverse to play with) or"
        " [bold]waypost up[/] (the real thing)."
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
cli.add_typer(servers, name="server")
cli.add_typer(relays, name="relay")
cli.add_typer(packs, name="pack")
cli.add_typer(fasp, name="fasp")
cli.add_typer(keys, name="keys")
cli.add_typer(blocklists, name="blocklist")
cli.add_typer(consent, name="consent")
cli.add_typer(log, name="log")
cli.add_typer(operators, name="operator")
cli.add_typer(reports, name="reports")
cli.command("audit-log")(audit_log)
cli.command()(block)
cli.command()(unblock)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Who = Annotated[str, typer.Argument(metavar="@USER@HOST|HOST", help="A person or a server.")]


def main() -> None:
    cli()


def _version(value: bool) -> None:
    if value:
        console.print(f"waypost {VERSION}")
        raise typer.Exit


@cli.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Options that stand before every command."""


# Running


@cli.command()
def up() -> None:
    """Start everything in this one process: web page, API, crawler, worker, scheduler."""
    from discover.cli.running import run_up

    run_up(load_settings())


@cli.command()
def demo(
    accounts: Annotated[int, typer.Option(min=10, max=100_000, help="How many people.")] = 300,
    seed: Annotated[int, typer.Option(help="Another number, another fediverse.")] = 1,
) -> None:
    """Start everything with a pretend fediverse on loopback that is crawled for real."""
    from discover.cli.demo import run_demo

    run_demo(load_settings(), accounts=accounts, seed=seed)


@cli.command()
def api() -> None:
    """Serve the web page and the API only."""
    from discover.cli.running import run_api

    run_api(load_settings())


@cli.command()
def worker() -> None:
    """Do queued work only: index writes and tasks. Any number may run."""
    from discover.cli.running import run_worker

    run_worker(load_settings())


@cli.command()
def crawler() -> None:
    """Crawl only. Any number may run; they share the hosts among them."""
    from discover.cli.running import run_crawler_alone

    run_crawler_alone(load_settings())


@cli.command()
def scheduler() -> None:
    """Keep the appointments of periodic work. Of several, one is live and the others wait."""
    from discover.cli.running import run_scheduler_alone

    run_scheduler_alone(load_settings())


@cli.command()
def init() -> None:
    """Prepare a new installation: tables, search collections and our actor's keys."""
    with opened(migrate=True) as app:
        app.context.engine.prepare()
        key = app.keys.rsa.key_id
        console.print(f"ready: {app.settings.database.partition('://')[0]}, key {key}")


@cli.command()
def migrate() -> None:
    """Bring the tables and the search collections to this version."""
    with opened(migrate=True) as app:
        app.context.engine.prepare()
        if app.context.engine.needs_rebuild():
            console.print("tables are current; the index needs: waypost reindex")
        else:
            console.print("tables and index are current")


# Using it


@cli.command()
def crawl(
    who: Annotated[
        list[str] | None,
        typer.Argument(metavar="[HOST|@USER@HOST]...", help="Nothing: all that is due."),
    ] = None,
) -> None:
    """Visit servers or people now, and show the progress."""
    from discover.cli.crawling import run_crawl

    run_crawl(load_settings(), [handle_or_host(text) for text in who or []])


@cli.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to look for.")],
    posts: Annotated[bool, typer.Option("--posts", help="Posts, not people.")] = False,
    lang: Annotated[list[str] | None, typer.Option(help="Language, e.g. de. Repeatable.")] = None,
    server: Annotated[list[str] | None, typer.Option(help="Host. Repeatable.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Hashtag. Repeatable.")] = None,
    recent: Annotated[bool, typer.Option("--recent", help="Newest first.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=40, help="How many.")] = 10,
    as_json: Json = False,
) -> None:
    """Search people, or posts with --posts. Exit code 1 when nothing is found."""
    from discover.services.find.search import search as run
    from discover.wire.hashtags import fold

    request = SearchRequest(
        text=" ".join(words),
        kind="posts" if posts else "accounts",
        languages=tuple(lang or ()),
        servers=tuple(server or ()),
        tags=tuple(fold(one) for one in tag or ()),
        sort=Sort.RECENT if recent else Sort.RELEVANCE,
        limit=limit,
    )
    with opened() as app:
        try:
            answer = run(app.context, request)
        except BadRequest as error:
            fail(str(error))
    if as_json:
        print_json(
            {
                "accounts": [asdict(one) for one in answer.accounts],
                "posts": [asdict(one) for one in answer.posts],
            }
        )
    for account in answer.accounts if not as_json else ():
        console.print(f"[bold]@{account.handle}[/]  {_plain(account.name)}")
        console.print(f"  {_short(account.summary)}", markup=False)
        console.print(f"  {account.url or account.uri}", markup=False)
    for post in answer.posts if not as_json else ():
        console.print(f"[bold]@{post.author.handle}[/]  {when(post.published)}")
        text = f"[{post.content_warning}]" if post.content_warning else _short(post.text)
        console.print(f"  {text}", markup=False)
        console.print(f"  {post.url or post.uri}", markup=False)
    if not answer.accounts and not answer.posts:
        if not as_json:
            console.print("nothing found")
        raise typer.Exit(NO)


@cli.command()
def why(who: Who, as_json: Json = False) -> None:
    """Why is a person or a server (not) listed? Verdict, reasons, evidence, what to do."""
    from discover.services.consent.why import explain_account, explain_server

    chosen = handle_or_host(who)
    with opened() as app:
        if isinstance(chosen, Handle):
            about = explain_account(app.context, chosen)
            if as_json:
                print_json(asdict(about))
            else:
                console.print(f"[bold]@{about.handle}[/] on {about.server}")
                print_decision("Listed", about.list)
                print_decision("Suggested", about.suggest)
                print_decision("Posts searchable", about.index_posts)
                print_decision("Counted in trends", about.trends)
                print_evidence(about.evidence)
                print_history(about.history)
            allowed, advice = about.list.allowed, about.advice
        else:
            server = explain_server(app.context, chosen)
            if as_json:
                print_json(asdict(server))
            else:
                console.print(f"[bold]{server.host}[/] ({server.software or 'software not known'})")
                print_decision("Consenting people listed", server.decision)
                console.print(f"{server.accounts_listed} people, {server.posts_indexed} posts")
                print_evidence(server.evidence)
            allowed, advice = server.decision.allowed, server.advice
    if advice and not as_json:
        console.print("What to do:")
        for line in advice:
            console.print(f"  - {line}", markup=False)
    if not allowed:
        raise typer.Exit(NO)


@cli.command()
def forget(
    who: Who,
    undo: Annotated[
        bool, typer.Option("--undo", help="Let a forgotten person's own flags decide again.")
    ] = False,
) -> None:
    """Remove a person or a server for good; what remains is a keyed hash, or the server's no."""
    from discover.services.consent.withdraw import forget_person, forget_server, unforget_person

    chosen = handle_or_host(who)
    with opened() as app:
        if isinstance(chosen, str):
            if undo:
                fail("a server comes back with: waypost server add HOST --note WHY")
            gone = forget_server(app.context, chosen)
            console.print(f"{chosen}: {gone} people removed, and it stays out")
        elif undo:
            if not unforget_person(app.context, chosen):
                fail(f"@{chosen} was not forgotten", NO)
            console.print(f"@{chosen}: their own flags decide again")
        elif forget_person(app.context, chosen):
            console.print(f"@{chosen}: removed, and stays out")
        else:
            console.print(f"@{chosen}: nothing was held; stays out")
        index_now(app)


# Looking after it


cli.command()(reindex)
cli.command()(verify)


@cli.command()
def status(as_json: Json = False) -> None:
    """How the whole index is doing."""
    from discover.services.console.status import status as run

    settings = load_settings()
    with opened(settings) as app:
        now = run(app.context, tuple(settings.laboratory()))
    if as_json:
        print_json(asdict(now))
        return
    console.print(f"waypost {now.version}, {now.edition} edition, {now.database}, {now.engine}")
    console.print(f"servers opted in     {now.servers:>10}")
    console.print(f"people listed        {now.accounts_listed:>10}   judged {now.accounts_known}")
    console.print(f"posts indexed        {now.posts_indexed:>10}")
    console.print(f"visits due           {now.visits_due:>10}   later {now.visits_waiting}")
    console.print(f"index writes waiting {now.outbox_waiting:>10}")
    held = f"{now.engine_accounts} people, {now.engine_posts} posts"
    console.print(
        f"index holds          {held}" if now.engine_accounts is not None else "index: no answer"
    )
    if now.laboratory:
        console.print(
            f"[yellow]warning: laboratory settings are on: {', '.join(now.laboratory)}[/]"
        )
    if now.engine_accounts is None:
        raise typer.Exit(UNAVAILABLE)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _short(text: str, length: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
