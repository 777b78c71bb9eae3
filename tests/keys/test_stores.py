"""The memory of signatures and of remote keys, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from discover.bootstrap import open_app
from discover.net.remote_keys import KnownKey
from discover.services.federation.remote_keys import RemoteKeys
from discover.services.federation.signatures import SEEN, SeenSignatures
from discover.settings import Settings
from tests.support.postgres import fresh_database, run_postgres


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def context(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("stores")
    if request.param == "sqlite":
        app = open_app(Settings(_env_file=None, home=home))
        yield app.context
        app.close()
        return
    with run_postgres() as server, fresh_database(server) as address:
        app = open_app(Settings(_env_file=None, home=home, database_url=address))
        yield app.context
        app.close()


def asked(context, *digests, until=timedelta(hours=1)):
    memories = [SeenSignatures(context), SeenSignatures(context)]  # two processes

    async def all_at_once():
        moment = datetime.now(UTC) + until
        return await asyncio.gather(
            *(memories[n % 2].first_time(one, moment) for n, one in enumerate(digests))
        )

    return asyncio.run(all_at_once())


def test_each_signature_counts_once_however_many_come_at_once(context):
    digests = [f"once-{number % 50}" for number in range(400)]
    assert sum(asked(context, *digests)) == 50
    assert not any(asked(context, *digests))


def test_a_signature_that_time_refuses_is_forgotten(context):
    assert asked(context, "old", until=timedelta(seconds=-1)) == [True]
    assert asked(context, "new") == [True]
    with context.database.read() as connection:
        left = set(connection.scalars(sa.select(SEEN.c.digest)))
    assert "old" not in left
    assert "new" in left


def test_a_key_is_kept_changed_and_forgotten(context):
    store = RemoteKeys(context)
    now = datetime.now(UTC).replace(microsecond=0)
    key = KnownKey("https://a.test/u#k", "https://a.test/u", "a.test", "PEM", None, None, now)
    store.keep(key)
    assert store.find(key.key_id) == key
    changed = KnownKey("https://a.test/u#k", "https://a.test/u", "a.test", "NEW", None, None, now)
    store.keep(changed)
    assert store.find(key.key_id) == changed
    store.forget(key.key_id)
    assert store.find(key.key_id) is None


def test_only_the_newest_keys_of_a_host_are_kept(context):
    store = RemoteKeys(context, most=1000, most_of_host=10)
    now = datetime.now(UTC)
    for number in range(30):
        moment = now + timedelta(seconds=number)
        uri = f"https://many.test/{number}"
        store.keep(KnownKey(f"{uri}#k", uri, "many.test", "PEM", None, None, moment))
    kept = [number for number in range(30) if store.find(f"https://many.test/{number}#k")]
    assert kept == list(range(20, 30))
