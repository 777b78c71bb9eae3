"""A small leak test of both editions; `make leaktest STEPS=100000` runs a large one."""

from __future__ import annotations

import pytest

from discover.services.consent.servers import add_server
from discover.services.crawl import visits
from tests.leak.doors import OEMBED_FRAME, Difference
from tests.leak.trial import Trial, run_trial


@pytest.mark.parametrize("seed", [1, 3, 5])
def test_random_histories_show_exactly_what_the_oracle_allows(tmp_path, seed):
    trial = run_trial(tmp_path, seed, 250, every=8)
    steps = trial.steps
    assert steps["visit"] > 8
    assert steps["worked off"] > 3  # pushes that were worth a task
    assert steps["announce"] > 1
    # The doors had somebody to show.
    assert steps["suggested"] > 0
    assert steps["FASP recommended"] > 0
    for path in (
        "/topics/astronomy",
        "/embed?topic=astronomy",
        OEMBED_FRAME,
        "/packs/topic-astronomy",
    ):
        assert steps[path] > 0, path
    assert trial.oracle.opted_in


def test_the_server_edition_shows_exactly_the_same(tmp_path, postgres_url, meilisearch_server):
    run_trial(
        tmp_path, 4, 60, every=20,
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
            visits.schedule_now(trial.app.context, hosts=[host])
            trial._turn(host, whole=True)
        trial.doors.check(index_follows=True, all_doors=True)
        uri = next(iter(trial.oracle.shown(trial.clock.moment)[0]))
        trial.oracle.forget(uri)
        with pytest.raises(Difference, match="leaked"):
            trial.doors.check(index_follows=True, all_doors=True)
    finally:
        trial.close()
