"""From a URL to addresses that were checked. Connections are made to these, not to the name.

The name is looked up once, every address it gives is judged, and the caller connects to one of
the judged addresses by its number: a name that changes its answer in between (DNS rebinding)
changes nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from discover.model.fetched import FetchError, FetchFailure
from discover.policy.address import (
    DEFAULT_PORTS,
    Address,
    Network,
    Target,
    may_contact,
    read_url,
)

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]

NAME_SECONDS = 60.0  # how long a looked-up name is believed; its addresses were judged then
MAX_NAMES = 4096
MAX_ADDRESSES = 4  # tried one after another


async def system_lookup(host: str, port: int) -> list[str]:
    """Every address the system's resolver gives, in its order. OSError when there is none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach a target: judged addresses, the port there, and whether TLS is spoken."""

    target: Target
    addresses: tuple[Address, ...]
    port: int
    tls: bool

    def urls(self) -> tuple[str, ...]:
        """The request URL with the host replaced by each address, best first."""
        scheme = "https" if self.tls else "http"
        return tuple(
            f"{scheme}://{f'[{a}]' if a.version == 6 else a}:{self.port}{self.target.path}"
            for a in self.addresses
        )


@dataclass(frozen=True, slots=True)
class LabHosts:
    """The laboratory's map of names to addresses.

    A key is a name (for the schemes' own ports), a `name:port`, or a `*.domain` for every name
    below a domain. The most exact key wins.
    """

    entries: dict[str, tuple[Address, int]]
    plain_http: bool = False

    @classmethod
    def of(cls, entries: Sequence[tuple[str, str, int]], *, plain_http: bool = False) -> LabHosts:
        """ValueError if an entry does not lead to a literal address."""
        return cls({name: (ip_address(to), port) for name, to, port in entries}, plain_http)

    def find(self, target: Target) -> tuple[Address, int] | None:
        if not self.entries:
            return None
        exact = self.entries.get(f"{target.host}:{target.port}")
        if exact is not None:
            return exact
        if target.port not in DEFAULT_PORTS.values():
            return None
        found = self.entries.get(target.host)
        name = target.host
        while found is None and "." in name:
            name = name.partition(".")[2]
            found = self.entries.get(f"*.{name}")
        return found

    def covers(self, target: Target) -> bool:
        return self.find(target) is not None


class Resolver:
    """Judges URLs and finds their addresses."""

    def __init__(
        self,
        *,
        networks: Sequence[Network] = (),
        lab: LabHosts | None = None,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._networks = tuple(networks)
        self._lab = lab or LabHosts({})
        self._lookup = lookup
        self._names: dict[tuple[str, int], tuple[float, tuple[Address, ...]]] = {}

    def read(self, url: str) -> Target:
        """Take a URL apart and judge all that can be judged without a look-up.

        FetchError(ADDRESS_REFUSED) for forbidden schemes, ports and literal addresses.
        """
        try:
            target = read_url(url)
        except ValueError as error:
            raise FetchError(FetchFailure.ADDRESS_REFUSED, url[:200], str(error)) from None
        self.judge(target)
        return target

    def judge(self, target: Target) -> None:
        url = str(target)
        mapped = self._lab.find(target)
        if target.scheme == "http" and not (mapped and self._lab.plain_http):
            raise FetchError(FetchFailure.ADDRESS_REFUSED, url, "plain http")
        if mapped is None and target.port != DEFAULT_PORTS[target.scheme]:
            raise FetchError(FetchFailure.ADDRESS_REFUSED, url, f"port {target.port}")
        address = mapped[0] if mapped else target.literal
        if address is not None and not may_contact(address, self._networks):
            raise FetchError(FetchFailure.ADDRESS_REFUSED, url, f"address {address}")

    def plain_allowed(self, target: Target) -> bool:
        """Whether http may be spoken to this host: only in a laboratory."""
        return self._lab.plain_http and self._lab.covers(target)

    def base_url(self, host: str) -> str:
        """`https://host`, or `http://host` for a laboratory host that speaks plain http."""
        try:
            target = read_url(f"http://{host}/")
        except ValueError:
            return f"https://{host}"
        return f"http://{host}" if self.plain_allowed(target) else f"https://{host}"

    async def route(self, target: Target) -> Route:
        """The judged addresses of a target. FetchError if there are none or one is forbidden.

        One forbidden address condemns the name: an honest public name has none.
        """
        self.judge(target)
        mapped = self._lab.find(target)
        if mapped is not None:
            return Route(target, (mapped[0],), mapped[1], tls=not self._lab.plain_http)
        literal = target.literal
        if literal is not None:
            return Route(target, (literal,), target.port, tls=True)
        return Route(target, await self._addresses(target), target.port, tls=True)

    async def _addresses(self, target: Target) -> tuple[Address, ...]:
        now = asyncio.get_running_loop().time()
        key = (target.host, target.port)
        known = self._names.get(key)
        if known is not None and known[0] > now:
            return known[1]
        try:
            found = await self._lookup(target.host, target.port)
            addresses = tuple(ip_address(text) for text in found)
        except (OSError, ValueError, UnicodeError) as error:
            raise FetchError(FetchFailure.NAME_UNRESOLVED, str(target), str(error)) from None
        if not addresses:
            raise FetchError(FetchFailure.NAME_UNRESOLVED, str(target), "no address")
        for address in addresses:
            if not may_contact(address, self._networks):
                raise FetchError(
                    FetchFailure.ADDRESS_REFUSED, str(target), f"resolves to {address}"
                )
        addresses = addresses[:MAX_ADDRESSES]
        if len(self._names) >= MAX_NAMES:
            self._names.clear()
        self._names[key] = (now + NAME_SECONDS, addresses)
        return addresses
