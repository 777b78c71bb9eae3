"""Settings to a wired application: the one place that picks adapters."""

from __future__ import annotations

import os
import random
import secrets
import time
from datetime import UTC, datetime, timedelta
from functools import partial

from discover.engines.meilisearch import MeilisearchEngine
from discover.engines.tantivy import TantivyEngine
from discover.net import images
from discover.net.client import GuardedClient
from discover.net.dns import DnsResolver, NoResolver
from discover.net.keys import ActorKeys, SigningKey
from discover.net.lookout import GuardedLookout
from discover.net.manners import Manners
from discover.net.verify import Verifier
from discover.policy.consent import Rules
from discover.ports import Clock, SearchEngine
from discover.services.consent.gate import asked_for
from discover.services.consent.outs import keep_mark
from discover.services.consent.replay import replay
from discover.services.context import Context
from discover.services.federation.keys import load_keys
from discover.services.federation.remote_keys import RemoteKeys
from discover.settings import Settings
from discover.store.database import Database
from discover.store.journal import Journal

KEYS_FOLLOW_SECONDS = 5.0  # after a rotation, every process signs with the new keys


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SchemaOutdated(Exception):
    """The database was written by another version; `waypost migrate` brings it up."""


class App:
    """Settings and use-case context of one process."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self.settings = settings
        self.context = context
        self._keys: tuple[float, ActorKeys] | None = None

    @property
    def keys(self) -> ActorKeys:
        """Read again now and then, so that every process follows a rotation."""
        if self._keys is None or time.monotonic() - self._keys[0] > KEYS_FOLLOW_SECONDS:
            self._keys = (time.monotonic(), load_keys(self.context))
        return self._keys[1]

    def signing_key(self) -> SigningKey:
        """The key that signs now: RSA, which everybody verifies."""
        return self.keys.rsa

    def fetcher(self) -> GuardedClient:
        """The guarded client for everything that is not the crawl; an async context manager."""
        return GuardedClient(Manners.of(self.settings, self.context.clock, key=self.signing_key))

    def brisk_manners(self) -> Manners:
        """For when somebody waits: a short pause between a few requests, whose number is bounded."""
        pause = min(self.settings.crawl_delay, 0.2)
        brisk = self.settings.model_copy(update={"crawl_delay": pause, "crawl_delay_max": 1.0})
        return Manners.of(brisk, self.context.clock, key=self.signing_key)

    def picture_manners(self) -> Manners:
        """For people's pictures: small, soon, and unsigned, as any browser would ask."""
        bounds = {
            "crawl_delay": min(self.settings.crawl_delay, 0.2),
            "crawl_delay_max": 2.0,
            "document_bytes": images.MOST_BYTES,
            "request_seconds": min(self.settings.request_seconds, images.SECONDS),
        }
        return Manners.of(self.settings.model_copy(update=bounds), self.context.clock, key=None)

    def verifier(self) -> Verifier:
        """Says who signed a request to us; an async context manager.

        Somebody waits for the answer, so its fetches keep no pause of their own: their number is
        bounded per host instead (net.remote_keys.KeyLimits).
        """
        at_once = self.settings.model_copy(update={"crawl_delay": 0.0, "crawl_delay_max": 1.0})
        ctx = self.context
        manners = Manners.of(at_once, ctx.clock, key=self.signing_key)
        # Who signed spoke first, and nobody else that it names.
        client = GuardedClient(manners, asked_for(ctx, spoke_first=True), asked_for(ctx))
        return Verifier(client, ctx.clock, store=RemoteKeys(ctx))

    def close(self) -> None:
        self.context.engine.close()
        self.context.database.close()


def open_app(settings: Settings, *, clock: Clock | None = None, migrate: bool = True) -> App:
    """Open the database and the engine. The embedded edition brings its schema up by itself.

    Raises SchemaOutdated when the schema is not this version's and `migrate` is false.
    """
    database = Database(settings.database)
    if migrate or settings.embedded:
        database.migrate()
    elif not database.is_current():
        database.close()
        raise SchemaOutdated("the database has another version's tables; run: waypost migrate")
    engine = _engine(settings)
    laboratory = settings.lab_hosts and not settings.dns_servers
    lookout = GuardedLookout(NoResolver() if laboratory else DnsResolver(settings.dns_servers))
    journal = Journal(settings.home / "withdrawn.journal")
    database.committed = partial(keep_mark, journal)
    context = Context(
        database=database,
        engine=engine,
        clock=clock or SystemClock(),
        rules=rules_of(settings),
        jitter=random.random,
        suppression_key=_suppression_key(settings),
        embedded=settings.embedded,
        own_url=settings.own_url,
        actor_name=settings.actor_name,
        follow_people=settings.follow_people,
        topic_actors=frozenset(settings.topic_actors),
        topic_boosts_a_day=settings.topic_boosts_a_day,
        lookout=lookout,
        journal=journal,
    )
    replay(context)
    app = App(settings, context)
    lookout.manners = app.brisk_manners
    return app


def rules_of(settings: Settings) -> Rules:
    return Rules(
        deliberate_posts=settings.post_consent == "deliberate",
        retention=timedelta(days=settings.post_retention_days),
        hide_after=timedelta(days=settings.evidence_hide_days),
        purge_after=timedelta(days=settings.evidence_purge_days),
        extra_opt_out_tags=frozenset(settings.extra_opt_out_tags),
    )


def _engine(settings: Settings) -> SearchEngine:
    if settings.embedded:
        return TantivyEngine(settings.home / "index")
    return MeilisearchEngine(
        settings.search_url, settings.search_key.get_secret_value(), settings.search_prefix
    )


def _suppression_key(settings: Settings) -> bytes:
    """Apart from the database: whoever steals one of the two learns nobody's name."""
    if given := settings.suppression_key.get_secret_value():
        return given.encode()
    path = settings.home / "suppression.key"
    if not path.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        # Written whole under another name first: two processes may start at once.
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip().encode()
