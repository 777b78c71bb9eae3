"""Everything that pages say is said in every language, with its values and markup in place."""

from __future__ import annotations

import pytest

from web import messages
from web.i18n import DEFAULT, LANGUAGES


@pytest.fixture(scope="module")
def found():
    return messages.extracted()


def test_the_messages_of_templates_of_code_and_of_closed_sets_are_found(found):
    assert "Skip to content" in found
    assert "Uses #{tag}" in found
    assert "This person opted out." in found


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != DEFAULT])
def test_every_message_is_translated(found, code):
    catalogue = messages.read(code)
    wrong = {}
    for message in found:
        known = catalogue.get(message if isinstance(message, str) else message[0])
        said = messages.strings(known)
        if problems := messages.faults(message, said):
            wrong[message] = problems
    assert not wrong, f"{len(wrong)} messages; `make messages`, then say them: {wrong}"


def test_a_broken_placeholder_or_tag_is_noticed():
    assert messages.faults("Uses #{tag}", ["Nutzt #{tagg}"])
    assert messages.faults("Uses #{tag}", ["Nutzt es"])
    assert messages.faults("a <b>c</b>", ["a c"])
    assert messages.faults(("%(num)s post", "%(num)s posts"), ["Ein Beitrag", ""])
    assert not messages.faults(
        ("%(num)s post", "%(num)s posts"), ["Ein Beitrag", "%(num)s Beiträge"]
    )
