"""How fast a withdrawal took effect: known, hidden, gone from the raw index. Never whose."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from discover.model.actor import Handle
from discover.model.instance import RobotsState
from discover.model.observed import PostMissing
from discover.services.consent.retention import enforce_retention
from discover.services.consent.withdraw import forget_person
from discover.services.index.indexing import index_all, next_size
from discover.store.tables import Withdrawal
from tests.evidence.conftest import NO
from tests.support.site import HOST, post, posts


def test_from_the_moment_we_could_know_to_hidden_to_gone(home):
    home.see(home.person("marta"))
    index_all(home.ctx)
    seen = home.person("marta", signals=NO)
    home.clock.forward(seconds=2)
    home.see(seen)
    (row,) = home.rows(Withdrawal)
    assert row.cause == "account"
    assert row.known_at == seen.seen_at
    assert timedelta(seconds=2) <= row.hidden_at - row.known_at < timedelta(seconds=10)
    assert row.gone_at is None
    home.clock.forward(seconds=20)
    index_all(home.ctx)
    (row,) = home.rows(Withdrawal)
    assert row.gone_at == home.clock.now()
    assert row.outbox_id is None


def test_each_way_out_is_measured(home):
    marta = home.person("marta")
    home.see(marta, home.person("other"))
    home.see(posts(marta, post(marta, 1, "stars"), post(marta, 2, "more stars")))
    home.see(PostMissing(f"{marta.actor.uri}/statuses/1", home.clock.now()))
    no_posts = replace(marta.actor.signals, indexable=NO.discoverable)
    home.see(home.person("marta", signals=no_posts))
    forget_person(home.ctx, Handle("marta", HOST))
    home.see(home.robots(RobotsState.FORBIDDEN))
    assert [row.cause for row in home.rows(Withdrawal)] == ["post", "posts", "account", "server"]
    index_all(home.ctx)
    assert all(row.gone_at for row in home.rows(Withdrawal))


def test_what_time_takes_is_nobodys_withdrawal(home):
    marta = home.person("marta")
    home.see(marta)
    home.see(posts(marta, post(marta, 1, "stars")))
    home.clock.forward(days=200)
    enforce_retention(home.ctx)
    assert home.rows(Withdrawal) == []


def test_the_record_names_nobody(home):
    home.see(home.person("marta"))
    home.see(home.person("marta", signals=NO))
    assert "marta" not in str(home.rows(Withdrawal))
    assert HOST not in str(home.rows(Withdrawal))


def test_a_batch_that_kept_the_engine_too_long_is_followed_by_smaller_ones():
    assert next_size(4000, 4000, 8.0, 4000) == 500
    assert next_size(1000, 1000, 60.0, 4000) == 250  # never so small that nothing gets done


def test_batches_grow_while_the_engine_is_quick_and_never_beyond_the_limit():
    assert next_size(1000, 1000, 0.2, 4000) == 2000
    assert next_size(4000, 4000, 0.2, 4000) == 4000
    assert next_size(10, 1000, 0.01, 4000) == 1000  # a handful says nothing
    assert next_size(1000, 1000, 0.8, 4000) == 1250
    assert next_size(1000, 1000, 1.0, 4000) == 1000
