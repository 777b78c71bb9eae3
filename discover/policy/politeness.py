"""How long a host is left alone after an answer. Pure: the moment comes in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# Mastodon counts in windows of 5 and 15 minutes and sends no Retry-After.
WAIT_AFTER_429 = timedelta(minutes=5)
LONGEST_WAIT = timedelta(days=3)  # whoever asks for more is asked again after this


def delay_after(
    *,
    least: float,
    crawl_delay: float | None,
    crawl_delay_max: float,
    response_seconds: float,
    failed: bool = False,
    previous: float = 0.0,
) -> float:
    """Seconds from the end of one answer to the next request to the same host.

    The largest of: the operator's `least`, the robots.txt `crawl_delay` (at most
    `crawl_delay_max`), and the time that the last answer took. An error (`failed`) never lowers
    what was waited before. `least` 0 is a laboratory: then the answer's time does not count.
    """
    asked = min(crawl_delay, crawl_delay_max) if crawl_delay is not None else 0.0
    measured = response_seconds if least > 0 else 0.0
    delay = max(least, asked, measured)
    return max(delay, previous) if failed else delay


def parked_until(status: int, headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the host may be asked again, if it told us to wait; None if it did not.

    Reads Retry-After (seconds or HTTP date, RFC 9110 10.2.3) on any status, and
    X-RateLimit-Remaining 0 with X-RateLimit-Reset (ISO 8601 or epoch seconds, GoToSocial and
    Mastodon). 429 without either: five minutes. Header names are in lower case.
    """
    moments = [_retry_after(headers.get("retry-after", ""), now)]
    reset = _reset(headers.get("x-ratelimit-reset", ""))
    exhausted = headers.get("x-ratelimit-remaining", "").strip() == "0"
    if status == 429 or exhausted:
        moments.append(reset)
    future = [moment for moment in moments if moment is not None and moment > now]
    if future:
        return min(max(future), now + LONGEST_WAIT)
    return now + WAIT_AFTER_429 if status == 429 else None


def _retry_after(text: str, now: datetime) -> datetime | None:
    text = text.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return now + min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _reset(text: str) -> datetime | None:
    text = text.strip()
    try:
        if text.replace(".", "", 1).isdigit():
            return datetime.fromtimestamp(float(text), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
