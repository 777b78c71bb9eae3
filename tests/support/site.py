"""A Waypost that serves over real HTTP: real database, real engine, filled through the services."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvicorn

from api.limits import Rate
from api.main import create_app
from discover.bootstrap import App, open_app
from discover.model.actor import Actor, ActorType, ConsentSignals, Flag, Handle, ProfileField
from discover.model.instance import NodeInfo, RobotsState
from discover.model.observed import ActorSeen, Door, PostsSeen, ServerSeen
from discover.model.post import Audience, Media, MediaKind, Post
from discover.services.consent.servers import add_server
from discover.services.crawl.observe import observe
from discover.services.index.indexing import index_all
from discover.settings import Settings

PUBLIC = "https://waypost.example"
HOST = "stars.example"
YES = ConsentSignals(discoverable=Flag.TRUE, indexable=Flag.TRUE)
GENEROUS = Rate(per_second=10_000, burst=100_000)


@dataclass
class Site:
    app: App
    base: str
    client: httpx.Client

    def get(self, path: str, **options) -> httpx.Response:
        return self.client.get(path, **options)

    def page(self, path: str) -> httpx.Response:
        return self.client.get(path, headers={"Accept": "text/html"})

    def see(self, *observations) -> None:
        """What a visit saw, without bringing it to the index."""
        observe(self.app.context, observations)


def actor(user: str, *, host: str = HOST, signals: ConsentSignals = YES, **more) -> ActorSeen:
    uri = f"https://{host}/users/{user}"
    described = {
        "name": user.title(),
        "summary": f"{user} writes about astronomy",
        "summary_html": f"<p>{user} writes about astronomy</p>",
        "url": f"https://{host}/@{user}",
        "language": "en",
        "hashtags": ("astronomy",),
        "outbox": f"{uri}/outbox",
        "published": datetime.now(UTC) - timedelta(days=400),
        **more,
    }
    return ActorSeen(
        actor=Actor(uri=uri, type=ActorType.PERSON, username=user, signals=signals, **described),
        handle=Handle(user, host),
        source_url=uri,
        seen_at=datetime.now(UTC),
        door=Door.DIRECTORY,
    )


def post(seen: ActorSeen, number: int, text: str, **more) -> Post:
    uri = f"{seen.actor.uri}/statuses/{number}"
    plain = Post(
        uri=uri,
        type="Note",
        author=seen.actor.uri,
        audience=Audience.PUBLIC,
        published=datetime.now(UTC) - timedelta(hours=number),
        text=text,
        html=f"<p>{text}</p>",
        url=f"https://{HOST}/@{seen.actor.username}/{number}",
        language="en",
        hashtags=("astronomy",),
    )
    return replace(plain, **more)


def posts(seen: ActorSeen, *what: Post) -> PostsSeen:
    return PostsSeen(seen.actor.uri, what, f"{seen.actor.uri}/outbox", datetime.now(UTC))


MARTA = actor(
    "marta",
    name="Marta :star: Estrella",
    emojis=((":star:", "https://cdn.example/star.png"),),
    summary="Amateur astronomy from a balcony & more",
    summary_html='<p>Amateur astronomy from a balcony &amp; more <a href="https://stars.example/tags/astronomy">#astronomy</a></p>',
    fields=(ProfileField("Website", "https://example.org"),),
    avatar_url="https://cdn.example/marta.png",
)
KEPT_OUT = actor("shy", signals=ConsentSignals(discoverable=Flag.FALSE, indexable=Flag.TRUE))


def fill(app: App) -> None:
    """Marta said yes and wrote; Shy said no; five more say yes so that there are pages."""
    context = app.context
    add_server(context, HOST, "its admin wrote to us")
    many = [actor(f"gazer{number}") for number in range(5)]
    observe(
        context,
        [
            ServerSeen(
                HOST,
                RobotsState.ALLOWED,
                None,
                NodeInfo(software="mastodon", version="4.5"),
                seen_at=datetime.now(UTC),
            ),
            MARTA,
            KEPT_OUT,
            *many,
            posts(
                MARTA,
                post(MARTA, 1, "Clear skies, the astronomy club meets tonight"),
                post(MARTA, 2, "A quiet astronomy thought", audience=Audience.UNLISTED),
                post(
                    MARTA,
                    3,
                    "Astronomy with spiders on the lens",
                    content_warning="spiders",
                    sensitive=True,
                    media=(Media(MediaKind.IMAGE, "https://cdn.example/1.jpg", "A hairy spider"),),
                ),
                post(MARTA, 4, "Sternbilder am Abend, astronomy", language="de"),
            ),
            *(posts(one, post(one, 5, "Telescope notes on astronomy")) for one in many),
        ],
    )
    context.engine.prepare()
    index_all(context)


@contextmanager
def serving(app: App, rate: Rate = GENEROUS, *, inbox_rate: Rate = GENEROUS) -> Iterator[Site]:
    """Serve it from a thread on a free port of the loopback."""
    made = create_app(app, rate, inbox_rate)
    config = uvicorn.Config(made, host="127.0.0.1", port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        assert thread.is_alive(), "the server ended while starting"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=base, timeout=20) as client:
            yield Site(app, base, client)
    finally:
        server.should_exit = True
        thread.join(20)


@contextmanager
def filled_site(home: Path, rate: Rate = GENEROUS, **settings) -> Iterator[Site]:
    app = open_app(
        Settings(home=home, public_url=PUBLIC, contact="admin@waypost.example", **settings)
    )
    try:
        fill(app)
        with serving(app, rate) as site:
            yield site
    finally:
        app.close()
