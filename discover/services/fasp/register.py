"""An admin registers a server with us: find its base URL, introduce ourselves, keep both keys.

Registering opts nobody in. It only makes a connection that the server's admin may confirm there;
the first call that the server's own key signs is the first thing that counts.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
import sqlalchemy as sa

from discover.model.fetched import FetchError, FetchFailure
from discover.model.words import Sentence
from discover.net import fasp as net
from discover.net.client import GuardedClient
from discover.net.keys import SigningKey
from discover.policy.origin import host_of
from discover.services.consent.proof_words import why
from discover.services.consent.servers import read_host
from discover.services.context import Context
from discover.services.fasp import invitations
from discover.services.fasp.partners import CONNECTIONS, Partner, is_blocked, load, public_bytes
from discover.wire import fasp
from discover.wire.documents import ParseError, read_document
from discover.wire.nodeinfo import nodeinfo_url, parse_nodeinfo, well_known_url
from discover.wire.signed import BadSignature

_BLOCKED = Sentence("This server is blocked here.")
_JSON = "application/json, */*;q=0.1"
_NODEINFO_PATH = "/.well-known/nodeinfo"
# Elsewhere on a host its users may have pages of their own, which do not speak for its admin.
_OWN_PATHS = ("", "/api/fasp")


class RegistrationRefused(Exception):
    """`why` is for the admin at the form, in their language. `status`: as HTTP would say it."""

    def __init__(self, why: Sentence, status: int = 422) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


@dataclass(frozen=True, slots=True)
class Found:
    """What a server says of itself. `named`: the base URL in its own NodeInfo."""

    host: str
    named: str | None
    choices: tuple[str, ...]  # to be proposed, the named one first


async def discover_base(ctx: Context, client: GuardedClient, server: str) -> Found:
    """By NodeInfo's `metadata.faspBaseUrl`, else what known software uses. RegistrationRefused."""
    try:
        host = read_host(server)
    except (ValueError, UnicodeError):
        raise RegistrationRefused(Sentence("That is not the address of a server.")) from None
    if host == host_of(ctx.own_url):
        raise RegistrationRefused(Sentence("That is this index itself."))
    if await asyncio.to_thread(is_blocked, ctx, host):
        raise RegistrationRefused(_BLOCKED, 403)
    origin = client.manners.base_url(host)
    said_by, named = await _nodeinfo(client, host, origin)
    if said_by is not None and said_by != host:
        host, origin = said_by, client.manners.base_url(said_by)
    choices = (named,) if named else fasp.proposals(origin)
    return Found(host, named, choices)


async def register(
    ctx: Context,
    client: GuardedClient,
    *,
    server: str,
    base_url: str,
    name: str,
    code: str | None,
) -> Partner:
    """Send our registration to the server. `code` None: none is needed.

    Raises RegistrationRefused with what to tell the admin; nothing is kept then.
    """
    if code is not None and not await asyncio.to_thread(invitations.is_good, ctx, code):
        raise RegistrationRefused(Sentence("This invitation code is not good (any more)."), 403)
    found = await discover_base(ctx, client, server)
    try:
        base = fasp.read_base_url(base_url)
    except ValueError:
        raise RegistrationRefused(
            Sentence("A base URL is an address such as https://example.social/api/fasp.")
        ) from None
    host, own = _speaks_for(found, base)
    if host == host_of(ctx.own_url) or await asyncio.to_thread(is_blocked, ctx, host):
        raise RegistrationRefused(_BLOCKED, 403)
    server_id = secrets.token_urlsafe(16)
    key = SigningKey.generate_ed25519(server_id)
    await asyncio.to_thread(_keep_asked, ctx, server_id, host, base, own=own, key=key)
    try:
        registered = await _introduce(ctx, client, base, key, name)
    except BaseException:
        await asyncio.to_thread(_forget, ctx, server_id)
        raise
    if code is not None and not await asyncio.to_thread(invitations.use, ctx, code):
        await asyncio.to_thread(_forget, ctx, server_id)
        raise RegistrationRefused(Sentence("This invitation code was used meanwhile."), 403)
    await asyncio.to_thread(_keep_registered, ctx, server_id, registered, {host, host_of(base)})
    made = await asyncio.to_thread(load, ctx, server_id)
    assert made is not None
    return made


def status_ticket(ctx: Context, server_id: str) -> str:
    """The secret half of the address of a connection's status page."""
    return ctx.digest(f"fasp status {server_id}")[:40]


async def _nodeinfo(client: GuardedClient, host: str, origin: str) -> tuple[str | None, str | None]:
    """Which host answers for this one, and the base URL that it names itself; None: unsaid.

    Both documents must come from one host, the first of them from the well-known path there, so
    that nobody can make a document that was uploaded to a server speak for that server.
    """
    try:
        links = await client.get(
            well_known_url(host, origin.partition(":")[0]), accept=_JSON, solicited=False
        )
        answering = host_of(links.final_url)
        if links.status != 200 or urlsplit(links.final_url).path != _NODEINFO_PATH:
            return None, None
        info = await client.get(
            nodeinfo_url(read_document(links.body)), accept=_JSON, solicited=False
        )
        if info.status != 200 or host_of(info.final_url) != answering:
            return None, None
        named = parse_nodeinfo(read_document(info.body)).fasp_base_url
        return answering, fasp.read_base_url(named) if named else None
    except (FetchError, ParseError, ValueError):
        return None, None


def _speaks_for(found: Found, base: str) -> tuple[str, bool]:
    """Whose admin is behind this base URL, and is that certain?"""
    if found.named is not None and base == found.named:
        return found.host, True
    host = host_of(base)
    assert host is not None
    return host, urlsplit(base).path.rstrip("/") in _OWN_PATHS


async def _introduce(
    ctx: Context, client: GuardedClient, base: str, key: SigningKey, name: str
) -> fasp.Registered:
    body = fasp.registration(
        name=name,
        base_url=our_base(ctx),
        server_id=key.key_id,
        key=public_bytes(key),
    )
    line = net.Line(base, key, None)
    try:
        answer = await net.call(
            client, ctx.clock, line, "POST", "/registration", orjson.dumps(body)
        )
    except FetchError as error:
        raise RegistrationRefused(_why(error), 502) from None
    if 300 <= answer.status < 400:
        raise RegistrationRefused(
            Sentence(
                "{url} redirects elsewhere. Give the base URL where it really is.",
                url=f"{base}/registration",
            ),
            502,
        )
    if answer.status == 404:
        raise RegistrationRefused(
            Sentence(
                "There is nothing at {url}. Is FASP switched on at the server"
                " (Mastodon: EXPERIMENTAL_FEATURES=fasp), and is this its base URL?",
                url=f"{base}/registration",
            ),
            502,
        )
    if not 200 <= answer.status < 300:
        raise RegistrationRefused(
            Sentence(
                "The server refused our registration with status {status}. If this index is"
                " registered there already, delete that entry first.",
                status=answer.status,
            ),
            502,
        )
    try:
        registered = fasp.read_registered(net.document(answer))
        if "signature-input" in answer.headers:  # known servers sign it, the text is not clear
            net.verify_answer(
                answer.status, answer.headers, answer.body, registered.key, ctx.clock.now()
            )
    except (ParseError, BadSignature) as error:
        raise RegistrationRefused(
            Sentence("The server's answer cannot be used: {error}.", error=str(error)), 502
        ) from None
    return registered


def our_base(ctx: Context) -> str:
    """Our own base URL, which all paths of the specification are relative to."""
    return f"{ctx.own_url}/fasp"


def _why(error: FetchError) -> Sentence:
    if error.failure is FetchFailure.ADDRESS_REFUSED:
        return Sentence("This address may not be contacted: it is not a public https address.")
    return Sentence("The server cannot be reached now ({why}).", why=why(error))


def _keep_asked(
    ctx: Context, server_id: str, host: str, base: str, *, own: bool, key: SigningKey
) -> None:
    row = {
        "id": server_id, "host": host, "base_url": base, "own": own, "private_pem": key.pem(),
        "remote_id": server_id, "capabilities": [], "created_at": ctx.clock.now(),
    }  # fmt: skip
    with ctx.database.write() as connection:
        connection.execute(sa.insert(CONNECTIONS), row)


def _keep_registered(
    ctx: Context, server_id: str, registered: fasp.Registered, hosts: set[str | None]
) -> None:
    url = registered.completion_url or ""
    with ctx.database.write() as connection:
        connection.execute(
            sa.update(CONNECTIONS)
            .where(CONNECTIONS.c.id == server_id)
            .values(
                remote_id=registered.fasp_id,
                remote_key=fasp.write_key(registered.key),
                # A link that we show must not lead an admin anywhere else.
                completion_url=url if host_of(url) in hosts else "",
            )
        )


def _forget(ctx: Context, server_id: str) -> None:
    with ctx.database.write() as connection:
        connection.execute(sa.delete(CONNECTIONS).where(CONNECTIONS.c.id == server_id))
