"""A small leak test of both editions; `make leaktest STEPS=100000` runs a large one."""

from __future__ import annotations

import asyncio

import pytest

from discover.services.servers import add_server
from tests.leak.trial import Difference, Trial, run_trial


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_histories_show_exactly_what_the_oracle_allows(tmp_path, seed):
    trial = run_trial(tmp_path, seed, 250)
    assert trial.steps["visit"] > 40
    if seed == 1:  # in others too few people write lately
        assert trial.steps["counted"] > 10
    assert trial.steps["suggested"] > 10
    assert trial.oracle.opted_in


def test_the_server_edition_shows_exactly_the_same(tmp_path, postgres_url, meilisearch_server):
    run_trial(
        tmp_path, 4, 60,
        database_url=postgres_url, search_url=meilisearch_server.url,
        search_key=meilisearch_server.key, search_prefix="leak",
    )  # fmt: skip


def test_the_trial_would_notice_a_leak(tmp_path):
    """The trial itself is tried: an oracle that knows of a no which Waypost has not heard of."""
    trial = Trial(tmp_path, 1)
    try:
        for host in trial.origin.servers:
            add_server(trial.app.context, host, "agreed")
            trial.oracle.opt_in(host)
            asyncio.run(trial._visit(host))
            trial.oracle.visited(host, trial.clock.now())
        trial.check(index_follows=True)
        uri = next(iter(trial.oracle.shown(trial.clock.moment)[0]))
        trial.oracle.forget(uri)
        with pytest.raises(Difference, match="leaked"):
            trial.check(index_follows=True)
    finally:
        trial.close()
