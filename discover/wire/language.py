"""Which language a text is in: what it declares, else what a detector is sure of."""

from __future__ import annotations

import re
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from discover.model.letters import NON_JOINER, WORD

UNKNOWN = "und"
_TAG = re.compile(r"^[a-z]{2,3}(?:-[a-z0-9]{1,8})*$")
_NOISE = re.compile(rf"https?://\S+|www\.\S+|[@#＃][{WORD}{NON_JOINER}.@・·-]+|:\w+:|[\d_\W]+")
_KANA = re.compile("[\u3041-\u309f\u30a1-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7af]")
_HAN = re.compile("[\u4e00-\u9fff]")
# Scripts that one living language writes nearly alone.
_SCRIPTS = (
    (re.compile("[\u0370-\u03ff]"), "el"),
    (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u0e00-\u0e7f]"), "th"),
    (re.compile("[\u10a0-\u10ff]"), "ka"),
    (re.compile("[\u0530-\u058f]"), "hy"),
)
LEAST_LETTERS = 16  # below it the detector guesses
LEAST_PROBABILITY = 0.55  # wrong answers to short texts stay below it
MOST_CHARACTERS = 1000  # enough to know; keeps the time bounded


def declared(tag: object) -> str | None:
    """A BCP 47 tag in lower case with hyphens; None for `und`, nonsense and nothing."""
    if not isinstance(tag, str):
        return None
    tag = tag.strip().lower().replace("_", "-")
    return tag if _TAG.match(tag) and not tag.startswith(("und", "mul", "zxx")) else None


def detect(text: str) -> str:
    """The language of plain text without URLs, mentions and hashtags, or `und`."""
    letters = _NOISE.sub(" ", text[: 2 * MOST_CHARACTERS]).strip()[:MOST_CHARACTERS]
    if not letters:
        return UNKNOWN
    if not letters.isascii():
        certain = _by_script(letters)
        if certain:
            return certain
    if len(letters) < LEAST_LETTERS and not _HAN.search(letters):
        return UNKNOWN
    language, probability = _identifier().classify(letters)
    certain_enough = probability >= LEAST_PROBABILITY and language != "zxx"  # "no language"
    return str(language) if certain_enough else UNKNOWN


def _by_script(letters: str) -> str | None:
    total = len(letters) - letters.count(" ")
    if len(_KANA.findall(letters)) * 10 >= total:  # even among many kanji kana is Japanese
        return "ja"
    if len(_HANGUL.findall(letters)) * 2 >= total:
        return "ko"
    for script, language in _SCRIPTS:
        if len(script.findall(letters)) * 2 >= total:
            return language
    return None


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
