"""Settings to a wired application: the one place that picks adapters."""

from __future__ import annotations

import os
import random
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from discover.engines.meilisearch import MeilisearchEngine
from discover.engines.tantivy import TantivyEngine
from discover.net.client import GuardedClient
from discover.net.keys import SigningKey
from discover.net.manners import Manners
from discover.net.verify import Verifier
from discover.policy.consent import Rules
from discover.ports import Clock, SearchEngine
from discover.services.context import Context
from discover.services.keys import load_or_make
from discover.services.remote_keys import RemoteKeys, SeenSignatures
from discover.settings import Settings
from discover.store.database import Database


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ActorKeys:
    """The keys our actor signs with."""

    rsa: SigningKey

    @property
    def public_pem(self) -> str:
        return self.rsa.public_pem()


class SchemaOutdated(Exception):
    """The database was written by another version; `waypost migrate` brings it up."""


class App:
    """Settings and use-case context of one process."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self.settings = settings
        self.context = context

    @cached_property
    def keys(self) -> ActorKeys:
        key_id = f"{self.settings.own_url}/actor#main-key"
        pem = load_or_make(self.context, "rsa", lambda: SigningKey.generate_rsa(key_id).pem())
        return ActorKeys(SigningKey.from_pem(key_id, pem))

    def fetcher(self) -> GuardedClient:
        """The guarded client for everything that is not the crawl; an async context manager."""
        return GuardedClient(Manners.of(self.settings, self.context.clock, key=self.keys.rsa))

    def verifier(self) -> Verifier:
        """Says who signed a request to us; an async context manager.

        Somebody waits for the answer, so its fetches keep no pause of their own: their number is
        bounded per host instead (net.remote_keys.KeyLimits).
        """
        at_once = self.settings.model_copy(update={"crawl_delay": 0.0, "crawl_delay_max": 1.0})
        ctx = self.context
        client = GuardedClient(Manners.of(at_once, ctx.clock, key=self.keys.rsa))
        return Verifier(client, ctx.clock, store=RemoteKeys(ctx), replays=SeenSignatures(ctx))

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
    )
    return App(settings, context)


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
