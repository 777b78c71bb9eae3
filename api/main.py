"""The application: routes, pages, and the layers around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from api import errors, openapi
from api.activitypub import inbox, notes, topic_routes
from api.activitypub import routes as activitypub
from api.activitypub.intake import HOST_RATE, Intake
from api.conditional import Conditional
from api.fasp import actor as fasp_actor
from api.fasp import routes as fasp
from api.fasp.door import Door, UnpackedGZip
from api.fasp.registrations import Registrations
from api.following import Homes
from api.headers import FrontDoor
from api.keeping_up import keeping_up
from api.limits import LimitMiddleware, Rate, client_key, much_more
from api.mastodon import routes as mastodon
from api.metrics import Metrics, TimingMiddleware
from api.routes import (
    accounts,
    checks,
    operations,
    removal,
    search,
    servers,
    suggestions,
    topics,
    transparency,
    trends,
)
from discover.bootstrap import App
from discover.services.consent.transparency import Remembered
from discover.services.console.status import status
from discover.services.find.server_directory import ServerDirectory
from web import discovering, embeds, evidence, follow, media, opensearch, packs, texts
from web import fasp as fasp_pages
from web import routes as pages
from web import servers as server_pages
from web import topics as topic_pages
from web.console import router as console
from web.console.doors import House
from web.i18n import Speaking

# A page of results shrinks to a fifth at the cheapest level; the rest is not worth the time.
_GZIP_BYTES, _GZIP_LEVEL = 1000, 1

# Routes are tried in this order: first what is asked most.
ROUTERS = tuple(
    module.router
    for module in (
        search,
        inbox,
        fasp_actor,
        fasp,
        *mastodon.MODULES,  # before our own accounts, whose path takes any word
        accounts,
        suggestions,
        trends,
        topics,
        checks,
        removal,
        transparency,
        servers,
        operations,
        activitypub,
        topic_routes,
        notes,
        openapi,
        pages,
        discovering,
        follow,
        evidence,
        media,
        server_pages,
        packs,  # before topics' pages: a feed is no topic
        topic_pages,
        fasp_pages,
        texts,
        embeds,
        opensearch,
    )
)


class Site(FastAPI):
    """Our inbox is asked before anything else of the application."""

    inbox_door: inbox.InboxDoor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.inbox_door.leads_to(scope):
            await self.inbox_door(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(app: App, rate: Rate | None = None, inbox_rate: Rate = HOST_RATE) -> FastAPI:
    """The web application over an opened `App`, which stays the caller's to close.

    `rate`: what one client may ask, and `inbox_rate`: what one server may send, for benchmarks
    and tests.
    """
    verifier = app.verifier()

    @asynccontextmanager
    async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
        async with verifier, images.running(), keeping_up(app.context):
            yield

    api = Site(
        title="Waypost",
        version=version("waypost"),
        openapi_url=None,  # served by our own route, without a script from elsewhere
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    api.state.waypost = app
    api.state.verifier = verifier
    api.state.intake = Intake(app, inbox_rate)
    api.state.inbox = inbox.Inbox(app, verifier, api.state.intake)
    laboratory = tuple(app.settings.laboratory())
    api.state.metrics = Metrics(partial(status, app.context, laboratory))
    api.state.checks = checks.Checks()
    api.state.removals = removal.Removals(app)
    api.state.homes = Homes(app)
    api.state.fasp = Door(app)
    api.state.fasp_registrations = Registrations(app)
    api.state.transparency = Remembered(app.context)
    api.state.servers = ServerDirectory(app.context)
    api.state.topics = topic_pages.AllTopics(app.context)
    images = media.Images(app, client_key)
    api.state.images = images
    errors.install(api)
    for router in ROUTERS:
        api.include_router(router)
    api.include_router(fasp.rest)
    if app.settings.console == "on":
        timings = api.state.metrics.requests
        api.state.console = House(app, client_key, timings, api.state.transparency)
        api.include_router(console)
    api.openapi = partial(openapi.describe, api, version("waypost"))  # type: ignore[method-assign]
    # The last added is the outermost.
    api.add_middleware(Conditional)
    api.add_middleware(UnpackedGZip, minimum_size=_GZIP_BYTES, compresslevel=_GZIP_LEVEL)
    api.add_middleware(LimitMiddleware, rate=rate)
    api.add_middleware(TimingMiddleware, metrics=api.state.metrics)
    api.add_middleware(FrontDoor)
    api.add_middleware(Speaking)
    clients = much_more(rate or Rate())
    api.inbox_door = inbox.InboxDoor(api.state.inbox, clients, api.state.metrics.requests)
    return api
