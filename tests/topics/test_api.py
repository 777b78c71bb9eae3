"""Topics over the API: the list, one topic, its people, and completion while typing."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from discover.model.actor import ConsentSignals, Flag
from discover.services.facts import ACCOUNTS
from discover.services.index.indexing import index_all
from tests.support.site import HOST, actor, filled_site, post, posts

NO = ConsentSignals(discoverable=Flag.FALSE, indexable=Flag.FALSE)


@pytest.fixture
def site(tmp_path):
    """Three who are about astronomy, each in words of their own, and a birder."""
    with filled_site(tmp_path / "home") as made:
        plain = {"summary": "Hello", "summary_html": "<p>Hello</p>", "hashtags": ()}
        people = {
            "astro": actor("astro", **plain),
            "sterne": actor("sterne", **plain | {"language": "de"}),
            "hoshi": actor("hoshi", **plain | {"language": "ja", "hashtags": ("天文",)}),
            "birdy": actor("birdy", **plain | {"summary": "Birding in the marshes"}),
        }
        made.see(*people.values())
        made.see(
            posts(people["astro"], *(post(people["astro"], n, "Look", hashtags=("astrodon",)) for n in (1, 2, 3))),
            posts(people["sterne"], *(post(people["sterne"], n, "Da", language="de", hashtags=("astronomie",)) for n in (1, 2))),
        )  # fmt: skip
        index_all(made.app.context)
        made.people = people
        yield made


def handles(answer) -> set[str]:
    return {one["account"]["handle"] for one in answer.json()["accounts"]}


def test_astronomy_finds_people_who_only_use_tags_of_other_languages(site):
    found = handles(site.get("/api/v1/topics/astronomy/accounts"))
    assert {f"astro@{HOST}", f"sterne@{HOST}", f"hoshi@{HOST}"} <= found
    assert f"birdy@{HOST}" not in found


def test_searching_for_a_topic_by_any_of_its_names_finds_the_same_people(site):
    for words in ("astronomy", "Astronomie", "sterrenkunde", "天文", "علم الفلك"):
        found = site.get("/api/v1/search", params={"q": words, "type": "accounts"}).json()
        names = {one["handle"] for one in found["accounts"]}
        assert {f"astro@{HOST}", f"sterne@{HOST}", f"hoshi@{HOST}"} <= names, words
        assert f"birdy@{HOST}" not in names


def test_people_of_a_topic_come_with_what_tells_so(site):
    answer = site.get("/api/v1/topics/astronomy/accounts").json()
    astro = next(one for one in answer["accounts"] if one["account"]["handle"] == f"astro@{HOST}")
    assert astro["tags"] == ["astrodon"]
    assert astro["posts"] == 3
    assert 0 < astro["weight"] < 1


def test_people_of_a_topic_by_language(site):
    found = handles(site.get("/api/v1/topics/astronomy/accounts?lang=de"))
    assert f"sterne@{HOST}" in found
    assert not {f"astro@{HOST}", f"hoshi@{HOST}"} & found


def test_people_of_a_topic_page_by_page(site):
    everybody = handles(site.get("/api/v1/topics/astronomy/accounts?limit=40"))
    path, seen = "/api/v1/topics/astronomy/accounts?limit=1", []
    while path:
        answer = site.get(path)
        seen += handles(answer)
        link = answer.headers.get("link", "")
        path = link[1 : link.index(">")] if link else None
    assert len(seen) == len(set(seen)) == len(everybody)
    assert set(seen) == everybody


def test_who_takes_back_consent_is_gone_from_a_topic_at_once(site):
    before = site.get("/api/v1/topics/astronomy").json()["people"]
    site.see(actor("hoshi", signals=NO))
    assert f"hoshi@{HOST}" not in handles(site.get("/api/v1/topics/astronomy/accounts"))
    assert site.get("/api/v1/topics/astronomy").json()["people"] == before - 1
    assert "天文" not in str(site.get("/api/v1/autocomplete", params={"q": "天文"}).json()["tags"])


def test_one_topic_tells_tags_languages_and_movement(site):
    topic = site.get("/api/v1/topics/astronomy?lang=de").json()
    assert topic["name"] == "Astronomie"
    assert {"name": "astrodon", "people": 1} in topic["tags"]
    assert {"language": "de", "people": 2} in topic["languages"]
    assert topic["week"] >= 2
    assert topic["week_before"] == 0
    assert topic["parent"] == "science"
    assert "space" in topic["related"]


def test_topics_are_listed_by_people_or_by_name(site):
    by_people = site.get("/api/v1/topics").json()["topics"]
    counts = [one["people"] for one in by_people]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 0
    by_name = site.get("/api/v1/topics?sort=name&lang=fr").json()["topics"]
    assert len(by_name) == len(by_people) >= 150
    names = [one["name"] for one in by_name]
    assert names == sorted(names, key=str.casefold)
    assert "Astronomie" in names


def test_unknown_topic_is_a_problem(site):
    for path in ("/api/v1/topics/nonsense", "/api/v1/topics/nonsense/accounts"):
        answer = site.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    answer = site.get("/api/v1/topics/astronomy/accounts?cursor=x")
    assert answer.status_code == 422
    assert "cursor" in answer.json()["detail"]


def test_completion_knows_topics_in_every_language_tags_and_accounts(site):
    found = site.get("/api/v1/autocomplete?q=astro").json()
    assert "astronomy" in [one["id"] for one in found["topics"]]
    assert "astrodon" in [one["name"] for one in found["tags"]]
    assert f"astro@{HOST}" in [one["handle"] for one in found["accounts"]]
    german = site.get("/api/v1/autocomplete?q=Sterrenk&lang=de").json()
    assert german["topics"][0]["name"] == "Astronomie"


@pytest.mark.parametrize("typed", ["astrnomy", "astroonmy", "astronnomy", "asttonomy"])
def test_completion_forgives_a_wrong_letter(site, typed):
    found = site.get("/api/v1/autocomplete", params={"q": typed}).json()
    assert found["topics"][0]["id"] == "astronomy"
    tags = site.get("/api/v1/autocomplete", params={"q": "#astrodan"}).json()
    assert [one["name"] for one in tags["tags"]] == ["astrodon"]
    assert tags["accounts"] == []


def test_completion_offers_no_tag_of_people_whose_evidence_is_too_old(site):
    offered = site.get("/api/v1/autocomplete?q=%23astro").json()["tags"]
    assert "astrodon" in [one["name"] for one in offered]
    context = site.app.context
    with context.database.write() as connection:
        long_ago = context.clock.now() - timedelta(days=8)
        connection.execute(sa.update(ACCOUNTS).values(evidence_at=long_ago))
    offered = site.get("/api/v1/autocomplete?q=%23astro").json()["tags"]
    assert "astrodon" not in [one["name"] for one in offered]


def test_completion_of_nothing_is_empty_and_of_too_much_a_problem(site):
    assert site.get("/api/v1/autocomplete?q=%20").json() == {
        "topics": [], "tags": [], "accounts": [],
    }  # fmt: skip
    assert site.get("/api/v1/autocomplete", params={"q": "x" * 101}).status_code == 422


def test_post_behind_a_content_warning_tells_nothing_of_its_author(site):
    quiet = actor("quiet", summary="Hello", summary_html="<p>Hello</p>", hashtags=())
    site.see(quiet)
    site.see(posts(quiet, post(quiet, 1, "…", hashtags=("astrodon",), content_warning="eclipse")))
    index_all(site.app.context)
    assert f"quiet@{HOST}" not in handles(site.get("/api/v1/topics/astronomy/accounts"))


def test_tag_stuffing_tells_less_than_a_few_tags(site):
    many = tuple(f"tag{n}" for n in range(30))
    stuffed = actor("stuffed", summary="Hello", hashtags=("astronomy", *many))
    site.see(stuffed)
    site.see(posts(stuffed, post(stuffed, 1, "!", hashtags=("astronomy", *many[:20]))))
    index_all(site.app.context)
    answer = site.get("/api/v1/topics/astronomy/accounts?limit=40").json()["accounts"]
    order = [one["account"]["handle"] for one in answer]
    assert order[-1] == f"stuffed@{HOST}"
    assert answer[-1]["posts"] == 0
