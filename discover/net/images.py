"""Pictures that remote documents point to, by the guarded client: typed, bounded, unsigned."""

from __future__ import annotations

from discover.ports import Fetcher

# What is decoded here. SVG is a document with scripts and never among them.
TYPES = frozenset(
    {"image/png", "image/apng", "image/jpeg", "image/jpg", "image/gif", "image/webp", "image/avif"}
)
ACCEPT = "image/webp, image/png, image/jpeg, image/gif, image/avif;q=0.5"
MOST_BYTES = 2_000_000
SECONDS = 8.0  # for one request


class NotAPicture(Exception):
    """There was an answer, and it is no picture that is shown here."""


async def fetch_picture(fetcher: Fetcher, url: str, *, solicited: bool) -> bytes:
    """The bytes of a raster image, as yet undecoded. Raises FetchError and NotAPicture."""
    fetched = await fetcher.get(url, accept=ACCEPT, solicited=solicited)
    if fetched.status != 200:
        raise NotAPicture(f"status {fetched.status}")
    if fetched.content_type not in TYPES:
        raise NotAPicture(f"type {fetched.content_type[:60]!r}")
    return fetched.body
