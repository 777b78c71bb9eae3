"""Words that name a topic, typed into the search."""

from __future__ import annotations

from typing import Any

from discover.model.actor import Handle
from discover.model.views import SearchRequest
from discover.services.consent.withdraw import forget_person
from discover.services.find.search import search
from tests.support.crowd import Crowd


def page(crowd: Crowd, text: str, **asked: Any) -> tuple[list[str], str | None]:
    answer = search(crowd.app.context, SearchRequest(text=text, kind="accounts", **asked))
    return [one.handle.partition("@")[0] for one in answer.accounts], answer.next


def test_people_of_a_topic_are_found_by_its_name_in_any_language(crowd: Crowd) -> None:
    crowd.person("stella", ("Saturn #astrodon", "#astrodon again"))
    crowd.person("hoshi", ("今夜の空 #天文",), language="ja")
    crowd.settle()
    for name in ("astronomy", "Astronomie", "天文"):
        assert sorted(page(crowd, name)[0]) == ["hoshi", "stella"]


def test_who_writes_the_language_of_the_words_comes_first(crowd: Crowd) -> None:
    crowd.person("hoshi", ("今夜の空 #天文", "#天文 "), language="ja")
    crowd.person("stella", ("Saturn #astronomy", "#astronomy again"))
    crowd.settle()
    assert page(crowd, "天文")[0][0] == "hoshi"
    assert page(crowd, "astronomy")[0][0] == "stella"


def test_who_may_be_listed_but_not_suggested_is_still_found(crowd: Crowd) -> None:
    crowd.person("locked", ("Saturn #astronomy", "#astronomy again"), locked=True)
    crowd.settle()
    assert page(crowd, "astronomy")[0] == ["locked"]


def test_who_withdraws_is_not_found_by_a_topic_either(crowd: Crowd) -> None:
    crowd.person("stella", ("Saturn #astrodon", "#astrodon again"))
    crowd.settle()
    forget_person(crowd.app.context, Handle("stella", "a.example"))
    assert page(crowd, "astronomy")[0] == []


def test_filters_hold_for_the_topics_people_too(crowd: Crowd) -> None:
    crowd.person("hoshi", ("今夜の空 #天文",), language="ja")
    crowd.person("stella", ("Saturn #astronomy",))
    crowd.person("robot", ("Saturn #astronomy",), bot=True)
    crowd.settle()
    assert page(crowd, "astronomy", languages=("ja",))[0] == ["hoshi"]
    assert "robot" not in page(crowd, "astronomy", bot=False)[0]
    assert page(crowd, "astronomy", servers=("b.example",))[0] == []


def test_pages_of_a_topic_show_everybody_once(crowd: Crowd) -> None:
    for number in range(9):
        language, tag = ("en", "#astronomy") if number % 2 else ("de", "#astronomie")
        crowd.person(f"p{number}", (f"Saturn {tag}", f"Mars {tag}"), language=language)
    crowd.settle()
    names, cursor = page(crowd, "astronomy", limit=4)
    while cursor:
        more, cursor = page(crowd, "astronomy", limit=4, cursor=cursor)
        names += more
    assert sorted(names) == sorted(f"p{number}" for number in range(9))
