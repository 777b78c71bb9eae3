"""TXT records, asked of the system's resolvers or of those that a setting names."""

from __future__ import annotations

from collections.abc import Sequence

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdtypes.txtbase
import dns.resolver

from discover.ports import DnsFailure

SECONDS = 6.0  # for one question, retries and TCP included
_MOST_RECORDS = 50


class DnsResolver:
    """ports.TxtResolver by dnspython. `servers`: address and port; empty: the system's."""

    def __init__(
        self, servers: Sequence[tuple[str, int]] = (), *, seconds: float = SECONDS
    ) -> None:
        self._servers = tuple(servers)
        self._seconds = seconds
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def txt(self, name: str) -> tuple[str, ...]:
        """See ports.TxtResolver. A record's strings are joined, as SPF and DKIM do (RFC 7208, 3.3)."""
        try:
            answer = await self._made().resolve(
                dns.name.from_text(name), "TXT", search=False, lifetime=self._seconds
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError, ValueError) as error:
            # SERVFAIL, REFUSED, a time-out, a label that is too long: nobody has said anything.
            raise DnsFailure(name, type(error).__name__) from None
        return tuple(
            b"".join(record.strings).decode("utf-8", "replace")
            for record in list(answer)[:_MOST_RECORDS]
            if isinstance(record, dns.rdtypes.txtbase.TXTBase)
        )

    def _made(self) -> dns.asyncresolver.Resolver:
        if self._resolver is None:
            resolver = dns.asyncresolver.Resolver(configure=not self._servers)
            if self._servers:
                resolver.nameservers = [
                    dns.nameserver.Do53Nameserver(address, port) for address, port in self._servers
                ]
            resolver.cache = None  # a check looks now
            self._resolver = resolver
        return self._resolver


class NoResolver:
    """For a laboratory: its hosts' names mean nothing to the world's name servers."""

    async def txt(self, name: str) -> tuple[str, ...]:
        raise DnsFailure(name, "no name server in this laboratory")
