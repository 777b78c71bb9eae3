"""How each server software says things. One module a software, one table to choose."""

from __future__ import annotations

from discover.demo.dialects.base import Dialect
from discover.demo.dialects.bridgy import Bridgy
from discover.demo.dialects.gotosocial import GoToSocial
from discover.demo.dialects.lemmy import Lemmy
from discover.demo.dialects.mastodon import Mastodon
from discover.demo.dialects.misskey import Misskey
from discover.demo.dialects.peertube import PeerTube
from discover.demo.dialects.pixelfed import Pixelfed
from discover.demo.dialects.takahe import Takahe
from discover.demo.dialects.wordpress import WordPress
from discover.demo.people import Host

DIALECTS: dict[str, Dialect] = {
    dialect.software: dialect
    for dialect in (
        Mastodon(), Misskey(), GoToSocial(), Pixelfed(), PeerTube(), Lemmy(), WordPress(),
        Takahe(), Bridgy(),
    )
}  # fmt: skip


def dialect_of(host: Host) -> Dialect:
    return DIALECTS[host.software]
