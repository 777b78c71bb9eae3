"""Everything that pages say is said in every language, with its values and markup in place."""

from __future__ import annotations

import pytest

from web import messages
from web.i18n import DEFAULT, LANGUAGES, catalogue


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


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "خادم واحد"), (2, "خادمان"), (3, "3 خوادم"), (11, "11 خادمًا"), (99, "99 خادمًا"),
     (100, "100 خادم"), (102, "102 خادم"), (103, "103 خوادم"), (111, "111 خادمًا")],
)  # fmt: skip
def test_arabic_counts_as_arabic_does(count, said):
    message = catalogue("ar").ngettext("%(num)s server", "%(num)s servers", count)
    assert message % {"num": count} == said


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 serwer"), (4, "4 serwery"), (12, "12 serwerów"), (22, "22 serwery")]
)
def test_polish_counts_as_polish_does(count, said):
    message = catalogue("pl").ngettext("%(num)s server", "%(num)s servers", count)
    assert message % {"num": count} == said
