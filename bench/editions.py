"""Both editions on real parts, empty or filled."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bench import sample
from discover.bootstrap import App, open_app
from discover.services.crawl.observe import observe
from discover.services.index.indexing import index_all
from discover.settings import Settings
from tests.support.meilisearch import RunningMeilisearch, run_meilisearch
from tests.support.postgres import fresh_database, run_postgres

EDITIONS = ("embedded", "server")


@dataclass
class Parts:
    """Servers that are started when first asked for and end with the run."""

    stack: ExitStack
    kept: dict[tuple[str, int, int], Settings] = field(default_factory=dict)

    @cached_property
    def meilisearch(self) -> RunningMeilisearch:
        return self.stack.enter_context(run_meilisearch())

    @cached_property
    def postgres(self) -> str:
        return self.stack.enter_context(run_postgres())

    def settings(self, edition: str) -> Settings:
        """An empty place of its own, which lasts as long as the run."""
        home = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="waypost-bench-")))
        more: dict[str, Any] = {}
        if edition == "server":
            more = {
                "database_url": self.stack.enter_context(fresh_database(self.postgres)),
                "search_url": self.meilisearch.url,
                "search_key": self.meilisearch.key,
                "search_prefix": f"bench{secrets.token_hex(4)}",
            }
        return Settings(_env_file=None, home=home, **more)

    def filled(self, edition: str, accounts: int, posts: int) -> Settings:
        """A place with so many accounts and posts, filled once in a run."""
        key = (edition, accounts, posts)
        if key not in self.kept:
            settings = self.settings(edition)
            print(f"  filling the {edition} edition with {posts:,} posts …", flush=True)
            with opened(settings) as app:
                wide = wide_world(accounts, posts)
                sample.opt_in(app.context, wide)
                for batch in sample.batches(wide, posts):
                    observe(app.context, batch)
                index_all(app.context)
            self.kept[key] = settings
        return self.kept[key]


def environment(settings: Settings) -> dict[str, str]:
    """The same place for another process."""
    return {
        "WAYPOST_HOME": str(settings.home),
        "WAYPOST_DATABASE_URL": settings.database_url,
        "WAYPOST_SEARCH_URL": settings.search_url,
        "WAYPOST_SEARCH_KEY": settings.search_key.get_secret_value(),
        "WAYPOST_SEARCH_PREFIX": settings.search_prefix,
    }


def wide_world(accounts: int, posts: int) -> Any:
    """Enough people who write enough in public and lately; those who do not fill up accounts."""
    return sample.world(accounts, 2.3 * posts / accounts)


@contextmanager
def opened(settings: Settings) -> Iterator[App]:
    app = open_app(settings)
    try:
        app.context.engine.prepare()
        yield app
    finally:
        app.close()
