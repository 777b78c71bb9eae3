"""Which addresses, ports and URLs may be contacted. Remote documents choose URLs; we choose not to.

Only public unicast addresses pass (IANA special-purpose registries, RFC 6890). Anything that
carries an IPv4 address inside an IPv6 one is refused as a whole, but for NAT64 (RFC 6052), which
an IPv6-only host needs and whose inner address is judged like any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urljoin, urlsplit

from discover.model.host import host_name

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL = 4096  # characters; longer ones are no document's honest address

_FORBIDDEN_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")  # all else is unassigned, local, mapped or multicast
_FORBIDDEN_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks …
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")

_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_SAFE_PATH = "/%:@!$&'()*+,;=-._~?"


def is_public(address: Address) -> bool:
    """Whether an address is public unicast, whatever it wraps."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _FORBIDDEN_V4)
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_V6 and not any(address in network for network in _FORBIDDEN_V6)


def may_contact(address: Address, laboratory: Sequence[Network] = ()) -> bool:
    """Whether a connection to this address is allowed.

    `laboratory` are networks that the operator opened on purpose; they are compared with the
    address as it is, never with one wrapped inside it.
    """
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    return is_public(address) or any(
        address.version == network.version and address in network for network in laboratory
    )


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart and spelled in the one way in which it is sent and signed.

    `host` is lower-case ASCII without brackets; `path` starts with '/', holds the query, is
    percent-encoded and has no fragment.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header: the port only where it is not the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + self.path

    @property
    def literal(self) -> Address | None:
        """The address, where the host is one instead of a name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def read_url(url: str) -> Target:
    """Take a URL apart. ValueError with a plain reason if it is not one that we would send.

    Refused: other schemes than http and https, user names, control characters, blanks and
    backslashes, hosts that are neither a DNS name nor an address, over-long ones.
    """
    if len(url) > MAX_URL:
        raise ValueError("too long")
    if _UNSAFE.search(url):
        raise ValueError("control character, blank or backslash in it")
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise ValueError("neither http nor https")
    if "@" in parts.netloc:
        raise ValueError("user name in it")
    host = _read_host(parts.hostname or "")
    port = parts.port if parts.port is not None else DEFAULT_PORTS[scheme]
    path = quote(parts.path or "/", safe=_SAFE_PATH)
    if parts.query:
        path += "?" + quote(parts.query, safe=_SAFE_PATH)
    return Target(scheme, host, port, path)


def _read_host(host: str) -> str:
    if ":" in host:
        if "%" in host:
            raise ValueError("address with a zone")
        return str(IPv6Address(host))
    name = host_name(host)
    if name is None:
        raise ValueError("host is not a name")
    return name


def redirect_target(current: Target, location: str, *, plain_allowed: bool) -> Target:
    """Where a redirect leads. ValueError if it may not be followed.

    From https only to https; `plain_allowed` is for a laboratory that speaks http on purpose.
    """
    target = read_url(urljoin(str(current), location.partition("#")[0].strip()))
    if target.scheme == "http" and current.scheme == "https" and not plain_allowed:
        raise ValueError("from https to http")
    return target
