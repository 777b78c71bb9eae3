"""What every outgoing request stands on, whichever client sends it."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from discover import VERSION
from discover.net.pace import Pace
from discover.net.resolve import LabHosts, Lookup, Resolver, system_lookup
from discover.net.robots import RobotsCache
from discover.net.signing import KeySource, Scheme, SchemeMemory, SchemeStore, Signer
from discover.policy.robots import AGENT
from discover.ports import Clock
from discover.settings import Settings

CONNECT_SECONDS = 8.0  # for one address; the whole request has its own bound


@dataclass(frozen=True, slots=True)
class Limits:
    document_bytes: int
    request_seconds: float
    redirects: int


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to contact a host. `solicited`: a verified opt-in addressed to us covers it."""

    solicited: bool


# Who may be contacted, by host as in a URL (with a port that is not the usual one). None means that nothing is sent (blocked, opted out, another's lease).
Gate = Callable[[str], Awaitable[Grant | None]]


async def open_gate(_host: str) -> Grant | None:
    return Grant(solicited=True)


@dataclass(frozen=True, slots=True)
class Manners:
    """Guard, robots.txt, pace, signatures and identity, shared by all clients of a process."""

    limits: Limits
    user_agent: str
    resolver: Resolver
    robots: RobotsCache
    pace: Pace
    schemes: SchemeStore
    signer: Signer | None  # None: unsigned
    tls: ssl.SSLContext
    clock: Clock

    @classmethod
    def of(
        cls,
        settings: Settings,
        clock: Clock,
        *,
        key: KeySource | None,
        schemes: SchemeStore | None = None,
        lookup: Lookup = system_lookup,
    ) -> Manners:
        """ValueError if a laboratory host does not lead to an address, OSError without CA file."""
        pace = Pace(clock, least=settings.crawl_delay, longest=settings.crawl_delay_max)
        lab = LabHosts.of(settings.lab_hosts, plain_http=settings.lab_plain_http)
        return cls(
            limits=Limits(settings.document_bytes, settings.request_seconds, settings.redirects),
            user_agent=user_agent(settings),
            resolver=Resolver(networks=settings.lab_networks, lab=lab, lookup=lookup),
            robots=RobotsCache(clock, pace),
            pace=pace,
            schemes=schemes or SchemeMemory(Scheme(settings.signature_first), clock),
            signer=Signer(key, clock) if key is not None else None,
            tls=tls_context(settings),
            clock=clock,
        )

    def base_url(self, host: str) -> str:
        """Where a host's own documents are: `https://host`, or http in a laboratory."""
        return self.resolver.base_url(host)

    def close(self) -> None:
        if self.signer is not None:
            self.signer.close()


def user_agent(settings: Settings) -> str:
    contact = f"; {settings.contact}" if settings.contact else ""
    return f"{AGENT}/{VERSION} (+{settings.own_url}/about{contact})"


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Verification on, TLS 1.2 or newer, the laboratory's authority added to the system's."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.lab_ca_file is not None:
        context.load_verify_locations(settings.lab_ca_file)
    return context
