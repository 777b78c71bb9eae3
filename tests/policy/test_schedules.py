"""When to look again: pure, bounded, and later after each failure."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from discover.policy import frontier
from discover.policy.ranking import account_prior, diversify
from discover.policy.retry import LONGEST, next_try

NOW = datetime(2026, 11, 22, tzinfo=UTC)
jitters = st.floats(0, 1, exclude_max=True)


@given(st.floats(0, 1e6), jitters)
def test_accounts_are_visited_between_an_hour_and_three_days(rate, jitter):
    assert timedelta(hours=1) <= frontier.next_account_visit(rate, jitter) <= timedelta(days=3)


@given(st.floats(0.1, 1000), st.floats(0.1, 1000), jitters)
def test_who_posts_more_is_visited_no_later(one, other, jitter):
    often, seldom = max(one, other), min(one, other)
    assert frontier.next_account_visit(often, jitter) <= frontier.next_account_visit(seldom, jitter)


@given(st.integers(1, 13), jitters)
def test_failures_back_off_to_days_and_are_then_forgotten(failures, jitter):
    pause = frontier.next_after_failure(failures, jitter)
    later = frontier.next_after_failure(failures + 1, jitter)
    assert pause is not None
    assert timedelta(minutes=45) <= pause <= timedelta(days=5)
    assert later is None or later >= pause
    assert frontier.next_after_failure(frontier.FORGET_AFTER_FAILURES, jitter) is None


@given(st.integers(1, 10_000), jitters)
def test_work_is_retried_for_ever_but_not_in_a_hurry(attempts, jitter):
    assert timedelta(seconds=1) <= next_try(attempts, jitter) <= LONGEST


@given(st.none() | st.integers(-5, 10**12), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_the_prior_is_bounded_whatever_a_server_claims(followers, last):
    prior = account_prior(
        last_post_at=last,
        has_name=True,
        has_bio=True,
        has_avatar=True,
        has_fields=True,
        followers=followers,
        now=NOW,
    )
    assert 0 <= prior.value <= 1


def test_a_bragging_server_gains_nothing_beyond_the_cap():
    def prior(followers):
        return account_prior(
            last_post_at=NOW,
            has_name=True,
            has_bio=True,
            has_avatar=True,
            has_fields=False,
            followers=followers,
            now=NOW,
        ).value

    assert prior(10_000) == prior(10**9)
    assert prior(10) < prior(1000)


def test_one_server_does_not_fill_the_page():
    hits = [(f"big{i}", "big.example", 1.0 - i / 100) for i in range(10)]
    hits += [(f"small{i}", f"small{i}.example", 0.85) for i in range(3)]
    ranked = diversify(hits, lambda hit: hit[2], lambda hit: (hit[1], hit[0]))
    assert sorted(ranked) == sorted(hits)
    assert {hit[1] for hit in ranked[:6]} > {"big.example"}
    assert ranked[0][0] == "big0"


@given(st.lists(st.tuples(st.text(max_size=3), st.floats(0, 1)), max_size=30))
def test_diversity_drops_nobody(hits):
    ranked = diversify(hits, lambda hit: hit[1], lambda hit: (hit[0], hit[0]))
    assert sorted(ranked) == sorted(hits)


def test_somebody_who_asked_and_was_not_seen_is_tried_again_soon_then_as_others():
    pauses = [frontier.next_after_failure_of_newcomer(n, 0.0) for n in range(1, 6)]
    assert pauses[0] <= timedelta(seconds=30)
    assert sum(pauses[:3], timedelta()) < timedelta(minutes=15)
    assert pauses[3:] == [frontier.next_after_failure(n, 0.0) for n in (1, 2)]
