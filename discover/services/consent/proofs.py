"""Looks at everything that an admin may have said about a server, and acts on it at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.check import Finding, Found, ServerCheck
from discover.model.fetched import FetchError, FetchFailure
from discover.model.instance import NodeInfo, RobotsState, ServerOptIn
from discover.model.observed import ServerSeen
from discover.model.words import N_, Sentence
from discover.policy.origin import host_of
from discover.policy.proofs import GRACE, Standing
from discover.policy.robots import UNREADABLE, Robots, forbids_indexing, read_robots
from discover.ports import DnsFailure, Fetcher, TxtResolver
from discover.services.consent import proof_words as words
from discover.services.consent.contacts import hear_contact
from discover.services.consent.proof_rows import PROOFS, keep, rows_of, standing_of, statement_of
from discover.services.consent.standing import settle
from discover.services.context import Context
from discover.services.crawl.observe import server_seen
from discover.services.facts import SERVERS, load_servers
from discover.wire import contact, statement
from discover.wire.documents import Json, ParseError, read_document
from discover.wire.nodeinfo import nodeinfo_url, parse_nodeinfo, well_known_url
from discover.wire.statement import Statement

_ACCEPT = "application/json, */*;q=0.1"


@dataclass(slots=True)
class _Looks:
    """What the looks of one check brought; a kind that is missing here could not be looked at."""

    certain: dict[ServerOptIn, Statement | None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    robots: Robots = UNREADABLE
    parked: bool = False
    nodeinfo: NodeInfo | None = None
    noindex: bool = False
    accounts: tuple[str, ...] | None = None  # None: it does not say now

    def note(self, what: str, where: str, found: Found, says: str) -> None:
        self.findings.append(Finding(what, where, found, says))


async def check(ctx: Context, host: str) -> ServerCheck:
    """`check_server` with the adapters of this process."""
    if ctx.lookout is None:
        raise RuntimeError("this process cannot look at servers")
    async with ctx.lookout.open() as outlook, outlook.fetcher(host) as fetcher:
        return await check_server(
            ctx, host, fetcher, outlook.resolver, base_url=outlook.base_url(host)
        )


async def check_server(
    ctx: Context,
    host: str,
    fetcher: Fetcher,
    resolver: TxtResolver,
    *,
    base_url: str | None = None,
) -> ServerCheck:
    """Look at every proof of a host now, keep what was found, and let it take effect.

    `host` must be one (services.consent.servers.read_host). `fetcher` is asked for a few fixed addresses
    of this host and no others: robots.txt, NodeInfo, the statement, and where a contact account
    has spoken the server's description. A blocked host is not asked at all.
    """
    base = base_url or f"https://{host}"
    blocked, opted_in, contact_matters = await asyncio.to_thread(_before, ctx, host)
    looks = _Looks()
    if not blocked:
        await _look_at_dns(looks, resolver, host)
        said = looks.certain.get(ServerOptIn.DNS)
        await _look_at_host(
            looks, fetcher, host, base,
            asked=opted_in or (said is not None and said.agrees), contact_matters=contact_matters,
        )  # fmt: skip
    return await asyncio.to_thread(_settle, ctx, host, base, looks)


# --- Looking


async def _look_at_dns(looks: _Looks, resolver: TxtResolver, host: str) -> None:
    name = statement.txt_name(host)
    where = f"TXT record of {name}"
    try:
        records = await resolver.txt(name)
    except DnsFailure as error:
        looks.note(
            "dns",
            where,
            Found.UNKNOWN,
            Sentence("DNS gave no answer ({detail}).", detail=error.detail),
        )
        return
    said = statement.read_txt(records)
    looks.certain[ServerOptIn.DNS] = said
    if said is not None:
        looks.note("dns", where, words.found(said), words.says(said))
    elif records:
        looks.note(
            "dns", where, Found.NOTHING,
            Sentence(
                "There is a record, but it is no statement that we understand: {record}",
                record=records[0][:200],
            ),
        )  # fmt: skip
    else:
        looks.note("dns", where, Found.NOTHING, N_("There is no such record."))


async def _look_at_host(
    looks: _Looks, fetcher: Fetcher, host: str, base: str, *, asked: bool, contact_matters: bool
) -> None:
    await _look_at_robots(looks, fetcher, host, base, asked=asked)
    url = base + statement.PATH
    if looks.parked or not looks.robots.allows(url, solicited=asked):
        why = (
            N_("robots.txt does not let us look.")
            if not looks.parked
            else N_("It wants no requests now.")
        )
        looks.note("well-known", url, Found.UNKNOWN, why)
        return
    body = await _get(looks, fetcher, "well-known", url, asked=asked)
    if isinstance(body, bytes):
        try:
            said = statement.read_file(body)
        except ParseError as error:
            said = None
            looks.note(
                "well-known",
                url,
                Found.NOTHING,
                Sentence("What is there is no statement: {error}.", error=str(error)),
            )
        else:
            says = (
                words.says(said)
                if said
                else N_("There is a file, but it says nothing we understand.")
            )
            looks.note("well-known", url, words.found(said), says)
        looks.certain[ServerOptIn.WELL_KNOWN] = said
        asked = asked or (said is not None and said.agrees)
    elif body is Found.NOTHING:
        looks.certain[ServerOptIn.WELL_KNOWN] = None
        looks.note("well-known", url, Found.NOTHING, N_("There is no such file."))
    document = await _look_at_nodeinfo(looks, fetcher, host, base, asked=asked)
    if contact_matters:
        await _look_for_contact(looks, fetcher, host, base, document, asked=asked)


async def _look_at_robots(
    looks: _Looks, fetcher: Fetcher, host: str, base: str, *, asked: bool
) -> None:
    url = base + "/robots.txt"
    try:
        fetched = await fetcher.get(url, accept="text/plain, */*;q=0.1", solicited=True)
    except FetchError as error:
        looks.parked = error.failure in (FetchFailure.HOST_PARKED, FetchFailure.ADDRESS_REFUSED)
        looks.note(
            "robots.txt",
            url,
            Found.UNKNOWN,
            Sentence("{host} gave no answer ({why}).", host=host, why=words.why(error)),
        )
        return
    looks.robots = read_robots(fetched.status, fetched.body)
    if looks.robots.state is RobotsState.UNREADABLE:
        looks.note(
            "robots.txt",
            url,
            Found.UNKNOWN,
            Sentence("It answered with status {status}.", status=fetched.status),
        )
    elif looks.robots.allows(base + "/", solicited=asked):
        looks.note("robots.txt", url, Found.NOTHING, N_("It does not forbid us."))
    elif looks.robots.names_us:
        looks.note("robots.txt", url, Found.OUT, N_("It names us and forbids us to visit."))
    else:
        looks.note(
            "robots.txt", url, Found.NOTHING, N_("It forbids all robots; nobody asked us in.")
        )


async def _look_at_nodeinfo(
    looks: _Looks, fetcher: Fetcher, host: str, base: str, *, asked: bool
) -> Json | None:
    """What software it is, for the record; also the staff accounts that it names."""
    try:
        links = await fetcher.get(
            well_known_url(host, base.partition(":")[0]), accept=_ACCEPT, solicited=asked
        )
        url = nodeinfo_url(read_document(links.body))
        if host_of(url) != host:
            return None
        fetched = await fetcher.get(url, accept=_ACCEPT, solicited=asked)
        document = read_document(fetched.body)
    except (FetchError, ParseError):
        return None
    if links.status != 200 or fetched.status != 200:
        return None
    looks.nodeinfo = parse_nodeinfo(document)
    looks.noindex = forbids_indexing(fetched.headers.get("x-robots-tag", ""))
    return document


async def _look_for_contact(
    looks: _Looks, fetcher: Fetcher, host: str, base: str, nodeinfo: Json | None, *, asked: bool
) -> None:
    for path in contact.PATHS:
        try:
            fetched = await fetcher.get(base + path, accept=_ACCEPT, solicited=asked)
        except FetchError:
            return
        if fetched.status >= 500 or fetched.status == 429:
            return
        if fetched.status == 200:
            try:
                document = read_document(fetched.body)
            except ParseError:
                continue
            looks.accounts = contact.contact_accounts(host, instance=document, nodeinfo=nodeinfo)
            return
    if nodeinfo is not None:
        looks.accounts = contact.contact_accounts(host, instance=None, nodeinfo=nodeinfo)


async def _get(
    looks: _Looks, fetcher: Fetcher, what: str, url: str, *, asked: bool
) -> bytes | Found:
    """The body, NOTHING when it is certainly not there, UNKNOWN (and noted) otherwise."""
    try:
        fetched = await fetcher.get(url, accept=_ACCEPT, solicited=asked)
    except FetchError as error:
        if error.failure is FetchFailure.HOST_REFUSED:  # a redirect to somebody else
            return Found.NOTHING
        looks.note(
            what, url, Found.UNKNOWN, Sentence("There was no answer ({why}).", why=words.why(error))
        )
        return Found.UNKNOWN
    if fetched.status == 200:
        return fetched.body
    if fetched.status in (404, 410):
        return Found.NOTHING
    looks.note(
        what, url, Found.UNKNOWN, Sentence("The answer was status {status}.", status=fetched.status)
    )
    return Found.UNKNOWN


# --- Acting


def _before(ctx: Context, host: str) -> tuple[bool, bool, bool]:
    """Blocked? Opted in? Does it matter who its contact is?"""
    with ctx.database.read() as connection:
        if load_servers(connection, [host])[host].blocked:
            return True, False, False
        server = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
        standing = standing_of(connection, host, server, ctx.clock.now())
        opted_in = standing.opt_in is not ServerOptIn.NONE and not standing.opted_out
        return False, opted_in, ServerOptIn.CONTACT in rows_of(connection, host)


def _settle(ctx: Context, host: str, base: str, looks: _Looks) -> ServerCheck:
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        if load_servers(connection, [host])[host].blocked:  # perhaps meanwhile
            return words.blocked(host, now)
        server = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
        rows = rows_of(connection, host)
        for kind, said in looks.certain.items():
            # Strangers' questions about strangers' servers leave no trace.
            if said is not None or server is not None or kind in rows:
                keep(connection, host, kind, said, now)
        if looks.accounts is not None:
            hear_contact(connection, host, looks.accounts, now)
        standing = settle(ctx, connection, host, now)
        _keep_seen(ctx, connection, host, base, looks, standing, now)
        known = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
        asking = rows.get(ServerOptIn.CONTACT)
        if known is None and (
            asking is None or looks.accounts is not None or now - asking.first_seen_at > GRACE
        ):
            connection.execute(sa.delete(PROOFS).where(PROOFS.c.host == host))
        findings = [*looks.findings, *_findings_on_record(connection, host, known)]
    return words.answer(host, now, standing, looks.robots, findings)


def _findings_on_record(connection: Connection, host: str, server: object) -> list[Finding]:
    standing = rows_of(connection, host)
    findings = []
    row = standing.get(ServerOptIn.CONTACT)
    if (said := statement_of(row)) is not None and row is not None:
        where = str(row.statement.get("actor"))
        findings.append(Finding("contact", where, words.found(said), words.says(said)))
    opt_in = getattr(server, "opt_in", None)
    if opt_in == ServerOptIn.OPERATOR.value:
        says = N_("The operator of this index has recorded that the admin agreed.")
        findings.append(Finding("record", "our record", Found.IN, says))
    elif opt_in == ServerOptIn.RELAY.value:
        findings.append(Finding("relay", "our followers", Found.IN, N_("It has us as a relay.")))
    return findings


def _keep_seen(
    ctx: Context,
    connection: Connection,
    host: str,
    base: str,
    looks: _Looks,
    standing: Standing,
    now: datetime,
) -> None:
    if looks.robots.state is RobotsState.UNREADABLE:
        return  # its next visit asks again; a stranger's question at a bad moment hides nobody
    asked = standing.opt_in is not ServerOptIn.NONE and not standing.opted_out
    state = looks.robots.state_for(base + "/", solicited=asked)
    seen = ServerSeen(
        host=host, robots=state, crawl_delay=looks.robots.crawl_delay, nodeinfo=looks.nodeinfo,
        noindex_header=looks.noindex, seen_at=now,
    )  # fmt: skip
    server_seen(ctx, connection, seen, now)
