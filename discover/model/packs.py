"""One name for one starter pack, however its address or a message writes it."""

from __future__ import annotations

import re
import unicodedata

from discover.model.letters import INVISIBLE, MARKS, NON_JOINER

LONGEST_SLUG = 100  # characters
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_JOINERS = f"[{NON_JOINER}\u200d]"
# Letters, marks and numbers; joiners within.
_WORD = re.compile(rf"[^\W_](?:{_JOINERS}*(?:[^\W_]|[{MARKS}]))*")


def canonical(slug: str) -> str:
    """Its words in lower case (NFKC), with single hyphens between them; '' when there is no word.

    To do it again changes nothing.
    """
    lower = unicodedata.normalize("NFKC", _INVISIBLE.sub("", slug)).lower()
    words = _WORD.findall(unicodedata.normalize("NFKC", lower))
    return words_of("-".join(words)[:LONGEST_SLUG]).replace(" ", "-")


def words_of(slug: str) -> str:
    """The words of a canonical name, with spaces."""
    return " ".join(_WORD.findall(slug))
