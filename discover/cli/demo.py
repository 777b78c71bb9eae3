"""`waypost demo`: a pretend fediverse on loopback, opted in and crawled for real."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import orjson

from discover.bootstrap import App
from discover.cli.output import UNAVAILABLE, console, fail, opened
from discover.cli.progress import describe, follow
from discover.cli.running import Together, run_everything
from discover.demo.server import start_in_thread
from discover.demo.world import World, this_hour
from discover.services.consent.servers import add_server, list_servers
from discover.settings import Settings

_NOTE = "pretend server of the demo"
# The pretend servers share one loopback port; a real host is left a second between requests.
_DEMO_DELAY = 0.02


def run_demo(settings: Settings, *, accounts: int, seed: int) -> None:
    began = time.monotonic()
    world = _world(settings.home, accounts, seed)
    try:
        lab = start_in_thread(world)
    except OSError as error:
        fail(f"the pretend fediverse cannot listen: {error.strerror}", UNAVAILABLE)
    try:
        demo = settings.model_copy(
            update={
                "lab_networks": (*settings.lab_networks, ip_network("127.0.0.0/8")),
                "lab_hosts": (*settings.lab_hosts, (f"*.{world.domain}", "127.0.0.1", lab.port)),
                "lab_plain_http": True,
                "crawl_delay": min(settings.crawl_delay, _DEMO_DELAY),
            }
        )
        with opened(demo, migrate=True) as app:
            new = _opt_in(app, world)
            console.print(
                f"A pretend fediverse of {len(world.hosts)} servers and {world.accounts} accounts"
                f" runs on loopback; {new} servers have just opted in"
            )
            run_everything(app, lambda together: _show(app, together, began))
    finally:
        lab.stop()


def _opt_in(app: App, world: World) -> int:
    """The hosts whose pretend admins agreed; done once, so that a second start finds it done."""
    known = {record.host for record in list_servers(app.context)}
    hosts = [host.name for host in world.hosts if host.opted_in and host.name not in known]
    for host in hosts:
        add_server(app.context, host, _NOTE)
    return len(hosts)


def _show(app: App, together: Together, began: float) -> None:
    """Progress until nothing is due any more, then how long it took."""
    now = follow(
        app,
        lambda p: not p.visits_due and not p.hosts_leased and not p.outbox,
        together.stop.is_set,
    )
    if not together.stop.is_set():
        took = time.monotonic() - began
        console.print(f"Ready after {took:.0f} s: {describe(now)}")
        console.print(f"Search at {app.settings.own_url}")


def _world(home: Path, accounts: int, seed: int) -> World:
    """The same world at every start, dates included, so that only what is due is crawled."""
    path = home / "demo.json"
    try:
        kept = orjson.loads(path.read_bytes())
        now = datetime.fromtimestamp(kept["now"], UTC)
        if (kept["seed"], kept["accounts"]) != (seed, accounts):
            fail(
                f"{home} holds a demo with --seed {kept['seed']} --accounts {kept['accounts']};"
                " choose another WAYPOST_HOME for another one"
            )
    except FileNotFoundError:
        now = this_hour()
        home.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            orjson.dumps({"seed": seed, "accounts": accounts, "now": int(now.timestamp())})
        )
    except (ValueError, KeyError, TypeError):
        fail(f"{path} is damaged; delete it to start the demo anew")
    return World(seed, accounts, now, gotosocial_crawl_delay=0)
