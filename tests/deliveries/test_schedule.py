"""When a host is tried again, and what its answers mean."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discover.model.fetched import FetchFailure
from discover.policy.delivery import (
    FEW_TRIES,
    GIVE_UP_AFTER,
    LONGEST,
    Meaning,
    is_over,
    meaning_of,
    meaning_of_failure,
    pause,
)

jitters = st.floats(0, 1, exclude_max=True)


@given(st.integers(1, 10_000), jitters)
def test_a_failing_host_is_left_alone_for_minutes_up_to_twelve_hours(failures, jitter):
    assert timedelta(seconds=40) <= pause(failures, jitter) <= LONGEST


@given(st.integers(1, 100), jitters)
def test_each_failure_in_a_row_makes_the_pause_no_shorter(failures, jitter):
    assert pause(failures + 1, jitter) >= pause(failures, jitter)


def test_a_dead_host_is_probed_less_than_forty_times_in_seven_days():
    tries, passed = 1, timedelta()
    while passed < GIVE_UP_AFTER:
        passed += pause(tries, 0.999)
        tries += 1
    assert tries < 40


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, "done"), (202, "done"), (204, "done"), (301, "doubtful"), (308, "doubtful"),
        (400, "doubtful"), (401, "again"), (403, "again"), (404, "gone"), (405, "doubtful"),
        (408, "again"), (410, "gone"), (413, "doubtful"), (422, "doubtful"), (429, "again"),
        (500, "again"), (501, "again"), (503, "again"), (599, "again"),
    ],
)  # fmt: skip
def test_what_a_status_means(status, meaning):
    assert meaning_of(status) is Meaning(meaning)


@pytest.mark.parametrize("failure", list(FetchFailure))
def test_silence_is_never_taken_for_delivery(failure):
    assert meaning_of_failure(failure) is not Meaning.DONE


@given(st.sampled_from(Meaning), st.integers(1, 50), st.timedeltas(timedelta(0), timedelta(20)))
def test_everything_ends_within_its_bound(meaning, attempts, age):
    over = is_over(meaning, attempts=attempts, age=age)
    if meaning is Meaning.DONE:
        assert not over
    elif meaning in (Meaning.GONE, Meaning.NEVER) or age >= GIVE_UP_AFTER:
        assert over
    else:
        assert over == (meaning is Meaning.DOUBTFUL and attempts >= FEW_TRIES)
