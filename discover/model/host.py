"""How a host is spelled: in one way, wherever it comes from.

A name outside ASCII becomes what a request would really ask for (UTS 46 without transition, IDNA
2008, RFC 5891). Every other reading makes two owners of one name: for IDNA 2003 `straße.social`
is `strasse.social`, which somebody else may hold.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import urlsplit

import idna

LONGEST = 253
_NAME = re.compile(r"(?!-)[a-z0-9_\-]+(\.[a-z0-9_\-]+)*\Z")
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)
_PORT = re.compile(r"[0-9]{1,5}\Z")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Nearly all URIs look like this; the parser takes ten times as long to say the same of them.
_PLAIN = re.compile(r"https?://([a-z0-9][a-z0-9\-]*(?:\.[a-z0-9\-]+)*)/")
_KEPT_UP_TO = 512  # characters of a URI; what is remembered is strangers' to choose


def host_name(text: str) -> str | None:
    """A DNS name (or an IPv4 address) in lower-case ASCII, no dot at its end; None if it is none."""
    if len(text) > LONGEST + 1:
        return None
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode("ascii")
        except UnicodeError:  # idna's own errors are such
            return None
    name = text.lower().removesuffix(".")
    return name if len(name) <= LONGEST and _NAME.match(name) else None


def host_and_port(text: str) -> str | None:
    """`host` or `host:port` as people and handles write it; https' own port falls away."""
    name, colon, port = text.partition(":")
    host = host_name(name)
    if host is None or (colon and not (_PORT.match(port) and int(port) <= 65535)):
        return None
    return host if not colon or int(port) == 443 else f"{host}:{int(port)}"


def host_typed(text: str) -> str | None:
    """`host` or `host:port` as people paste it: with its scheme, a path, an @ before it."""
    text = _SCHEME.sub("", text.strip()).partition("/")[0]
    return host_and_port(text.removeprefix("@"))


def host_of_uri(uri: str) -> str | None:
    """Host of an http(s) URI with a port that is not the scheme's own; None if there is none.

    User info makes a URI unusable. An IPv6 address stands in brackets, in its short form.
    """
    if (plain := _PLAIN.match(uri)) and len(plain[1]) <= LONGEST:
        return plain[1]
    return _kept(uri) if len(uri) <= _KEPT_UP_TO else _host_of_uri(uri)


def _host_of_uri(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
        port, name = parts.port, parts.hostname or ""
        default = _DEFAULT_PORTS.get(parts.scheme)
        if default is None or "@" in parts.netloc or "%" in name:
            return None
        host = f"[{IPv6Address(name)}]" if ":" in name else host_name(name)
    except ValueError:
        return None
    if host is None:
        return None
    return host if port in (None, default) else f"{host}:{port}"


_kept = lru_cache(maxsize=8192)(_host_of_uri)
