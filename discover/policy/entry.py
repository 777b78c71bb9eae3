"""Who gets into the console and stays there: passwords, waits after wrong ones, sessions, forms."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from discover.model.words import N_, Sentence

# A session that nothing was asked in for so long is over; so is every session after this time.
IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)

PASSWORD_LENGTH = 12  # characters; NIST SP 800-63B section 3.1.1.2 asks for length, not for kinds
PASSWORD_MOST = 1000
NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,31}$")

# So many wrong passwords cost nothing; each more doubles the wait.
FREE_TRIES = 5
_FIRST_WAIT = timedelta(seconds=2)
# A name waits less than a client: others' tries must not keep its owner out for long.
MOST_FOR_NAME = timedelta(minutes=2)
MOST_FOR_CLIENT = timedelta(minutes=30)
TRIES_FORGOTTEN = timedelta(days=1)


def spelled(password: str) -> str:
    """One spelling, however the keyboard composed it (RFC 8265 section 4.2: NFC)."""
    return unicodedata.normalize("NFC", password)


def password_fault(password: str) -> str | None:
    """Why this may not be a password, as a sentence."""
    if len(spelled(password)) < PASSWORD_LENGTH:
        return Sentence("A password has at least {count} characters.", count=PASSWORD_LENGTH)
    if len(password) > PASSWORD_MOST:
        return Sentence("A password has at most {count} characters.", count=PASSWORD_MOST)
    if len(set(password)) < 4:
        return N_("That password is guessed at once.")
    return None


def next_try_at(failures: int, last_at: datetime, most: timedelta) -> datetime | None:
    """When the next password may be tried after so many wrong ones; None: at once."""
    over = failures - FREE_TRIES
    if over < 0:
        return None
    doubled: int = 2 ** min(over, 20)  # far beyond every maximum, and still a number
    return last_at + min(_FIRST_WAIT * doubled, most)


def session_over(began: datetime, seen: datetime, now: datetime) -> bool:
    return now - seen >= IDLE or now - began >= LONGEST


def from_our_own_page(fetch_site: str | None, origin: str | None, host: str | None) -> bool:
    """Was a form sent by a page of ours? By Sec-Fetch-Site, else by Origin against Host.

    Neither is sent by what is no browser, which has no session of anybody's either.
    """
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return origin is None or urlsplit(origin).netloc.lower() == (host or "").lower()
