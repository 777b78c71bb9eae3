"""What may be read of somebody at this moment to know what they are like."""

from __future__ import annotations

from discover.policy.languages import of_account
from discover.services.index.documents import Judged

RECENT = 20  # newest posts of each account that are looked at


def languages_of(one: Judged) -> tuple[str, ...]:
    posts = one.row.languages if one.verdict.index_posts.allowed else ()
    return of_account(posts, one.row.language)


def language_of(one: Judged) -> str:
    return next(iter(languages_of(one)), "und")
