"""What operators change about the curated topics, and that it can be undone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from discover.services.console import audit_log
from discover.services.find.autocomplete import complete
from discover.services.find.tags import find_tags
from discover.services.index.indexing import index_all
from discover.services.tasks import run_next_task
from discover.services.topics.catalogue import catalogue, topic_view
from discover.services.topics.edits import add_edit, follow, list_edits, remove_edit
from tests.console.conftest import NAME
from tests.support.site import HOST, MARTA

PAGE = "/console/topics/astronomy"


@pytest.fixture
def editor(ada):
    """The list is the process's: whatever a test changes is undone."""
    work(ada)
    yield ada
    for one in list_edits(ada.context):
        remove_edit(ada.context, one.id)


def work(visitor):
    from datetime import timedelta

    visitor.clock.ahead += timedelta(seconds=11)
    while run_next_task(visitor.context):
        pass
    index_all(visitor.context)


def people(visitor, topic="astronomy"):
    view = topic_view(visitor.context, topic)
    return view.people if view is not None else None


def undo(visitor, number=None):
    edit = number or list_edits(visitor.context)[0].id
    return visitor.send("/console/topics/undo", "/console/topics", edit=str(edit))


def test_hidden_topic_is_shown_nowhere_until_it_is_back(editor):
    assert people(editor) == 6
    assert editor.see("/topics/astronomy").status_code == 200
    shown = editor.send(f"{PAGE}/hidden", PAGE)
    assert "hid a topic, astronomy" in shown.text
    assert editor.see("/topics/astronomy").status_code == 404
    assert catalogue().match("astronomy") == ()
    assert catalogue().by_id("astronomy") is None
    assert all(one.parent != "astronomy" for one in catalogue().topics.values())
    assert "hidden" in editor.see("/console/topics").text
    work(editor)
    undo(editor)
    work(editor)
    assert people(editor) == 6
    assert audit_log.page(editor.context)[0].act == "undid a change of topics"


def test_added_hashtag_leads_to_the_topic_once_everybody_is_measured_again(editor):
    seen = replace(
        MARTA,
        actor=replace(
            MARTA.actor, username="ulla", uri=f"https://{HOST}/users/ulla", name="Ulla",
            summary="", summary_html="", fields=(), hashtags=("quorvelism",),
        ),
        handle=replace(MARTA.handle, user="ulla"),
        source_url=f"https://{HOST}/users/ulla",
    )  # fmt: skip
    editor.site.see(seen)
    work(editor)
    assert people(editor) == 6
    page = editor.send(f"{PAGE}/tag", PAGE, value="#Quorvelism", language="de")
    assert "#quorvelism" in page.text
    work(editor)
    assert people(editor) == 7
    undo(editor)
    work(editor)
    assert people(editor) == 6


def test_banned_hashtag_leads_nowhere_and_is_not_offered(editor):
    tags, _ = find_tags(editor.context, "astron", limit=5, offset=0)
    assert [one.tag for one in tags] == ["astronomy"]
    assert [tag for tag, _ in complete(editor.context, "astron").tags] == ["astronomy"]
    editor.send("/console/topics/ban", "/console/topics", value="#Astronomy")
    assert catalogue().match("astronomy") == ()
    assert find_tags(editor.context, "astron", limit=5, offset=0) == ([], False)
    assert complete(editor.context, "astron").tags == ()
    # Who carries it stays.
    assert "@marta@" in editor.see("/search?q=marta").text
    undo(editor)
    assert catalogue().match("astronomy")


def test_topic_is_named_anew_in_one_language(editor):
    editor.send(f"{PAGE}/name", PAGE, value="Sternkunde", language="DE")
    topic = catalogue().by_id("astronomy")
    assert topic.name("de") == "Sternkunde"
    assert topic.name("en") == "Astronomy"
    editor.send(f"{PAGE}/name", PAGE, value="Himmelskunde", language="de")
    assert catalogue().by_id("astronomy").name("de") == "Himmelskunde"
    assert len(list_edits(editor.context)) == 1


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("astronomy/tag", {"value": "", "language": "de"}),
        ("astronomy/tag", {"value": "two words", "language": "de"}),
        ("astronomy/tag", {"value": "x", "language": "deutsch"}),
        ("astronomy/name", {"value": "x" * 61, "language": "de"}),
        ("no-such-topic/tag", {"value": "x", "language": "de"}),
        ("ban", {"value": "#"}),
    ],
)
def test_what_cannot_be_used_is_said_so_and_changes_nothing(editor, path, given):
    answer = editor.send(f"/console/topics/{path}", "/console/topics", **given)
    assert answer.status_code == 422
    assert list_edits(editor.context) == []


def test_the_same_change_twice_is_one(editor):
    assert add_edit(editor.context, NAME, "astronomy", "tag", "astrum", "la")
    assert not add_edit(editor.context, NAME, "astronomy", "tag", "#Astrum", "la")
    assert len(list_edits(editor.context)) == 1


def test_another_process_follows_what_stands_in_the_database(editor):
    from discover.services.topics import catalogue as topics
    from discover.services.topics import edits as topic_edits

    editor.send(f"{PAGE}/hidden", PAGE)
    topics.lay_over(None)  # as a process that has just started
    topic_edits._Followed.digest = None
    assert catalogue().by_id("astronomy") is not None
    follow(editor.context, at_once=True)
    assert catalogue().by_id("astronomy") is None


def test_topics_are_found_by_a_name_in_any_language(editor):
    text = editor.see("/console/topics?q=Astronomie").text
    assert 'href="/console/topics/astronomy"' in text
    assert editor.see("/console/topics/none").status_code == 404
