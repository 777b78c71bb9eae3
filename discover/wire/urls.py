"""What counts as an address in a document."""

from __future__ import annotations

import re
from typing import Any

from discover.model.host import host_of_uri

LONGEST = 2048
_BAD = re.compile(r"[\s\x00-\x1f\x7f<>\"\\^`{|}]")
# Nearly all addresses look like this, and of those nothing else has to be asked.
_PLAIN = re.compile(
    r"https?://(?=[^/]{1,253}/)[a-z0-9][a-z0-9\-]*(?:\.[a-z0-9\-]+)*/[!#-;=?-\[\]_a-z~]*\Z"
)


def http_url(value: Any) -> str | None:
    """The value itself if it is an absolute http(s) URL with a host and no user info."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    if _PLAIN.match(value):
        return value
    return value if value.startswith(("https://", "http://")) and host_of(value) else None


def host_of(url: str) -> str:
    """Host in lower-case ASCII, with a port other than the scheme's own; '' when there is none."""
    return "" if _BAD.search(url) else host_of_uri(url) or ""
