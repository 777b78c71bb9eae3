"""The sentences that come from elsewhere in Waypost and are said on pages: all of each closed set.

Sentences made where they are needed (`Sentence`, `Counted`, `N_`) are found by reading the code.
"""

from __future__ import annotations

from collections.abc import Iterable

from discover.model.verdict import SENTENCES
from discover.policy.suggest import REASONS
from discover.services.consent.why import ADVICE, LEAVE
from discover.settings import Settings


def closed_sets() -> dict[str, Iterable[str]]:
    """File -> message ids."""
    return {
        "discover/model/verdict.py": SENTENCES.values(),
        "discover/policy/suggest.py": REASONS.values(),
        "discover/services/consent/why.py": [*ADVICE.values(), LEAVE],
        "discover/settings.py": [
            field.description for field in Settings.model_fields.values() if field.description
        ],
    }
