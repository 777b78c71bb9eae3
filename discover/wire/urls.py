"""What counts as an address in a document."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

LONGEST = 2048
_BAD = re.compile(r"[\s\x00-\x1f\x7f<>\"\\^`{|}]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def http_url(value: Any) -> str | None:
    """The value itself if it is an absolute http(s) URL with a host and no user info."""
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        return None
    return value if len(value) <= LONGEST and host_of(value) else None


@lru_cache(maxsize=4096)
def host_of(url: str) -> str:
    """Host in lower case, with a port other than the scheme's own; '' when there is none."""
    if _BAD.search(url):
        return ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = parts.hostname
    if not host or parts.username is not None or parts.password is not None:
        return ""
    host = host.rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    if not port or port == _DEFAULT_PORTS.get(parts.scheme):
        return host
    return f"{host}:{port}"
