"""A server whose people have pictures on another host, and a Waypost that lists them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import httpx

from discover.bootstrap import open_app
from discover.model.actor import Handle
from discover.model.instance import RobotsState
from discover.model.observed import ServerSeen
from discover.model.views import AccountView
from discover.services.consent.servers import add_server
from discover.services.crawl.observe import observe
from discover.services.find.accounts import find_account
from discover.settings import Settings
from tests.support.rude_site import RudeSite
from tests.support.site import Site, actor, serving

HOST = "stars.lab.test"
CDN = "cdn.lab.test"


@dataclass
class Town:
    """A server with people, the host that keeps their pictures, and a Waypost that lists them."""

    site: Site
    rude: RudeSite
    home: Path

    def person(self, user: str, url: str | None = None, **more) -> AccountView:
        """Listed, with the avatar at this address."""
        url = url or f"https://{CDN}/{user}.png"
        self.site.see(actor(user, host=HOST, avatar_url=url, **more))
        view = find_account(self.site.app.context, Handle(user, HOST))
        assert view is not None
        return view

    def fetches(self) -> int:
        return sum(path != "/robots.txt" for path in self.rude.paths())

    def get(self, path: str | None, **headers: str) -> httpx.Response:
        assert path is not None
        return self.site.get(path, headers=headers)

    def on_disk(self) -> list[Path]:
        return [path for path in (self.home / "images").rglob("*") if path.is_file()]


@contextmanager
def town(home: Path, rude: RudeSite, **settings) -> Iterator[Town]:
    given = {
        "lab_networks": (ip_network("127.0.0.0/8"),),
        "lab_hosts": (("*.lab.test", "127.0.0.1", rude.port),),
        "lab_plain_http": True,
        "crawl_delay": 0.0,
        "request_seconds": 1.0,
        **settings,
    }
    app = open_app(Settings(_env_file=None, home=home, **given))
    try:
        app.context.engine.prepare()
        add_server(app.context, HOST, "its admin agreed, in this test")
        observe(app.context, [ServerSeen(HOST, RobotsState.ALLOWED, None, None, seen_at=now(app))])
        with serving(app) as site:
            yield Town(site, rude, home)
    finally:
        app.close()


def now(app):
    return app.context.clock.now()
