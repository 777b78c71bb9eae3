"""What our actor says, one module for each language."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from discover.model.verdict import Reason
from discover.wire.command_words import LANGUAGES


@dataclass(frozen=True, slots=True)
class Texts:
    """Sentences by name, some with a `{place}`; reasons as told to the person concerned."""

    words: dict[str, str]
    reasons: dict[Reason, str]


def _read(language: str) -> Texts:
    module = import_module(f"discover.services.talk.texts.{language}")
    return Texts(module.WORDS, module.REASONS)


TEXTS: dict[str, Texts] = {language: _read(language) for language in LANGUAGES}
