"""Which host a URI belongs to, and whether two URIs belong to the same one."""

from __future__ import annotations

import re

from discover.model.host import host_of_uri as host_of

__all__ = ["addresses_above", "host_of", "likely_handle_key", "same_origin"]

_NAMED = re.compile(
    r"https?://[^/?#]+/(?:ap/users/|users/|user/|u/|accounts/|author/|profile/|@)([\w.-]+)/?\Z",
    re.ASCII,
)


def same_origin(one: str, other: str) -> bool:
    """Do both URIs live on one host? False when either has none."""
    host = host_of(one)
    return host is not None and host == host_of(other)


def addresses_above(uri: str) -> list[str]:
    """The addresses that this one stands below, its host's own not among them."""
    return [uri[:place] for place, letter in enumerate(uri) if letter == "/"][3:]


def likely_handle_key(uri: str) -> str | None:
    """The handle that an actor at this address has on most servers, lower case: for looking
    whether somebody of this name said no, never to show it or to find a yes by it.
    """
    named, host = _NAMED.match(uri), host_of(uri)
    return None if named is None or host is None else f"{named[1]}@{host}".lower()
