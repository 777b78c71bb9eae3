"""How each server software says things. One module a software, one table to choose."""

from __future__ import annotations

from discover.demo.dialects.base import Dialect
from discover.demo.dialects.mastodon import Mastodon
from discover.demo.people import Host

DIALECTS: dict[str, Dialect] = {"mastodon": Mastodon()}


def dialect_of(host: Host) -> Dialect:
    return DIALECTS[host.software]
