"""Pictures of the main pages: `make screenshots`, into docs/pictures/.

A whole Waypost against the pretend fediverse, its pages in a real browser, small WebP files.
`python -m tests.support.screenshots FOLDER` puts every page, wide and narrow, light and dark,
there as PNG, for looking at them while changing them.

People write emoji and Japanese: Debian's fonts-noto-color-emoji and fonts-droid-fallback draw them.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from discover.model.views import SearchRequest
from discover.services.find.search import search
from discover.services.suggest.similarity import refresh_all
from tests.support.chromium import chromium
from tests.support.journey import travelling
from tests.support.paths import ROOT
from tests.support.site import GENEROUS, Site, serving

PICTURES = ROOT / "docs" / "pictures"
# Name -> address, width, colour scheme
SHOWN = {
    "home": ("/", 1200, "light"),
    "results": ("/search?q=photography", 1200, "light"),
    "results-dark": ("/search?q=photography", 1200, "dark"),
    "discover": ("/discover?topic=technology&topic=nature&seed=3", 1200, "light"),
    "account": ("/account/{handle}", 1200, "light"),
    "phone-arabic": ("/?hl=ar", 390, "light"),
    "phone-discover": ("/discover", 390, "dark"),
}
LOOKED_AT = {
    "home": "/", "results": "/search?q=photography", "filters": "/search?q=photo&lang=en",
    "nothing": "/search?q=zzzzqq", "discover": "/discover",
    "suggested": "/discover?topic=photography&topic=gardening", "account": "/account/{handle}",
    "follow": "/follow?account={handle}", "several": "/follow?account={handle}&account={other}",
    "arabic": "/search?q=photography&hl=ar", "german": "/discover?hl=de", "error": "/nothing",
}  # fmt: skip


@contextmanager
def filled(home: Path) -> Iterator[tuple[Site, str, str]]:
    """A served Waypost and two handles with much to show."""
    with travelling(home, accounts=160) as trip:
        trip.opt_in_all()
        trip.crawl()
        refresh_all(trip.app.context)
        found = search(
            trip.app.context, SearchRequest("photography", kind="accounts", limit=40)
        ).accounts
        people = sorted(found, key=lambda one: (-len(one.emojis), -len(one.summary)))
        with serving(trip.app, GENEROUS) as site:
            yield site, people[0].handle, people[1].handle


def shoot(browser: Browser, address: str, width: int, scheme: str, *, whole: bool) -> bytes:
    height = 844 if width < 600 else 800
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        locale="en",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    taken = page.screenshot(full_page=whole)
    context.close()
    return taken


def main() -> None:
    look = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    only = sys.argv[2:]
    with (
        tempfile.TemporaryDirectory() as home,
        filled(Path(home)) as (site, handle, other),
        chromium() as browser,
    ):
        if look is not None:
            look.mkdir(parents=True, exist_ok=True)
            for name, path in LOOKED_AT.items():
                if only and name not in only:
                    continue
                for width in (360, 1200):
                    for scheme in ("light", "dark"):
                        address = site.base + path.format(handle=handle, other=other)
                        picture = shoot(browser, address, width, scheme, whole=True)
                        (look / f"{name}-{width}-{scheme}.png").write_bytes(picture)
        else:
            PICTURES.mkdir(parents=True, exist_ok=True)
            for name, (path, width, scheme) in SHOWN.items():
                address = site.base + path.format(handle=handle, other=other)
                picture = shoot(browser, address, width, scheme, whole=False)
                Image.open(io.BytesIO(picture)).save(
                    PICTURES / f"{name}.webp", quality=72, method=6
                )


if __name__ == "__main__":
    main()
