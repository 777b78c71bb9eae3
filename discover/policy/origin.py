"""Which host a URI belongs to, and whether two URIs belong to the same one."""

from __future__ import annotations

from discover.model.host import host_of_uri as host_of

__all__ = ["host_of", "same_origin"]


def same_origin(one: str, other: str) -> bool:
    """Do both URIs live on one host? False when either has none."""
    host = host_of(one)
    return host is not None and host == host_of(other)
