"""The two Meilisearch indexes: settings, and documents as they are sent."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from discover.engines.weights import ONE_TYPO_FROM, SPELT_RIGHT, TWO_TYPOS_FROM
from discover.engines.words import gram_text, without_runs
from discover.model.query import AccountDocument, Kind, PostDocument

# Raise this when documents must be sent again; a change of settings alone needs no number, for
# Meilisearch applies it to what it holds.
DOCUMENT_VERSION = 2

MOST_HITS = 2000  # the deepest page: offset 1000 and a limit of 200, with room
MOST_FACET_VALUES = 100
PRIOR_STEPS = 10  # accounts are ranked by prior in steps, so that words still decide first

_TYPOS = {
    "enabled": True,
    "minWordSizeForTypos": {"oneTypo": ONE_TYPO_FROM, "twoTypos": TWO_TYPOS_FROM},
    "disableOnNumbers": True,
    "disableOnAttributes": ["grams", "handle", "name_grams", *SPELT_RIGHT],
    "disableOnWords": [],
}


# Letters with a stroke and the like, which Meilisearch does not take for their plain cousins.
_PLAIN = str.maketrans(
    {
        **dict(zip("łŁøØđĐħĦŧŦıŋŊ", "lLoOdDhHtTinN", strict=True)),
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "TH",
    }
)


_STROKED = re.compile(f"[{''.join(map(chr, _PLAIN))}]")


def plain(*texts: str) -> str:
    """The words that can also be written with plain letters, so written; mostly ''."""
    return " ".join(
        word.translate(_PLAIN)
        for text in texts
        if not text.isascii() and _STROKED.search(text)
        for word in text.split()
        if word.translate(_PLAIN) != word
    )


_HEX_TO_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


@lru_cache(maxsize=50_000)
def spelt(gram: str) -> str:
    """A pair of characters as one word of the letters a to p.

    Left to itself Meilisearch guesses a language for each text and each query, and takes 東京
    for Japanese in the one and for Chinese in the other. A spelt pair is the same word in both.
    """
    return "".join(f"{ord(character):05x}" for character in gram).translate(_HEX_TO_LETTERS)


def spelt_grams(*texts: str) -> str:
    return " ".join(map(spelt, gram_text(*texts).split()))


def settings(kind: Kind) -> dict[str, Any]:
    """What `prepare` asks for; searchable attributes stand in the order of their weight."""
    accounts = kind is Kind.ACCOUNTS
    filters = ["language", "server", "tags", "bot", "at"]
    rules = ["sort", "words", "typo", "proximity", "attribute", "exactness"]
    return {
        "searchableAttributes": [
            "username",
            "handle",
            "name",
            "name_grams",
            "tags",
            "bio",
            "topics",
            "fields",
            "grams",
            "terms",
            "plain",
        ]
        if accounts
        else ["tags", "text", "grams", "plain"],
        "filterableAttributes": sorted(
            [*filters, *(["id"] if accounts else ["account_id", "media", "sensitive", "reply"])]
        ),
        "sortableAttributes": ["at", "prior"] if accounts else ["at"],
        "displayedAttributes": ["id", "name", "bio"] if accounts else ["id", "text"],
        "rankingRules": [*rules, "prior:desc"] if accounts else [*rules, "at:desc"],
        "typoTolerance": _TYPOS,
        "pagination": {"maxTotalHits": MOST_HITS},
        "faceting": {"maxValuesPerFacet": MOST_FACET_VALUES, "sortFacetValuesBy": {"*": "count"}},
        "separatorTokens": ["_"],
    }


def account_fields(account: AccountDocument) -> dict[str, Any]:
    written = (account.bio, account.fields, account.terms, *account.tags, *account.topics)
    return {
        "id": account.id,
        "handle": account.handle,
        "username": account.username,
        "name": account.name,
        "bio": account.bio,
        "fields": account.fields,
        "tags": account.tags,
        "terms": account.terms,
        "topics": [name for name in dict.fromkeys(map(without_runs, account.topics)) if name],
        "language": account.languages,
        "server": account.server,
        "bot": account.bot,
        "at": account.last_active,
        "name_grams": spelt_grams(account.username, account.name),
        "grams": spelt_grams(*written),
        "plain": plain(account.name, *written),
        "prior": round(min(1.0, max(0.0, account.prior)) * PRIOR_STEPS),
    }


def post_fields(post: PostDocument) -> dict[str, Any]:
    return {
        "id": post.id,
        "account_id": post.account_id,
        "text": post.text,
        "tags": post.tags,
        "language": post.language,
        "server": post.server,
        "media": post.media,
        "sensitive": post.sensitive,
        "reply": post.reply,
        "bot": post.bot,
        "at": post.published,
        "grams": spelt_grams(post.text, *post.tags),
        "plain": plain(post.text, *post.tags),
    }
