"""How long a host is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discover.policy.politeness import LONGEST_WAIT, delay_after, parked_until

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECONDS = st.floats(0, 500)


@given(st.floats(0.01, 10), SECONDS | st.none(), st.floats(1, 60), SECONDS, SECONDS)
def test_delay_is_never_below_any_of_its_reasons(
    least: float, asked: float | None, cap: float, took: float, before: float
) -> None:
    delay = delay_after(least=least, crawl_delay=asked, crawl_delay_max=cap, response_seconds=took)
    assert delay == max(least, took, min(asked or 0, cap))
    failed = delay_after(
        least=least,
        crawl_delay=asked,
        crawl_delay_max=cap,
        response_seconds=took,
        failed=True,
        previous=before,
    )
    assert failed == max(delay, before)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (200, {}, None),
        (503, {}, None),
        (503, {"retry-after": "30"}, 30),
        (200, {"retry-after": "30"}, 30),
        (429, {}, 300),
        (429, {"retry-after": "nonsense"}, 300),
        (429, {"retry-after": "0"}, 300),
        (429, {"retry-after": "Sun, 22 Nov 2026 12:10:00 GMT"}, 600),
        (429, {"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 300),
        (429, {"x-ratelimit-reset": "2026-11-22T12:15:00.123456Z"}, 900.123456),
        (429, {"x-ratelimit-reset": str(int(NOW.timestamp()) + 60)}, 60),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-22T12:05:00Z"}, 300),
        (200, {"x-ratelimit-remaining": "7", "x-ratelimit-reset": "2026-11-22T12:05:00Z"}, None),
        (200, {"x-ratelimit-remaining": "0"}, None),
        (429, {"retry-after": "60", "x-ratelimit-reset": "2026-11-22T12:05:00Z"}, 300),
    ],
)
def test_hosts_word_is_kept(status: int, headers: dict[str, str], seconds: float | None) -> None:
    until = parked_until(status, headers, NOW)
    assert until == (None if seconds is None else NOW + timedelta(seconds=seconds))


@given(st.integers(100, 599), st.text(max_size=30), st.text(max_size=30))
def test_no_header_breaks_or_parks_for_ever(status: int, retry: str, reset: str) -> None:
    headers = {"retry-after": retry, "x-ratelimit-reset": reset, "x-ratelimit-remaining": "0"}
    until = parked_until(status, headers, NOW)
    assert until is None or NOW < until <= NOW + LONGEST_WAIT
