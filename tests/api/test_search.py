"""Who may be found through the outermost door, and in which shape."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from discover.model.actor import ConsentSignals, Flag
from discover.services.facts import ACCOUNTS
from discover.services.index.indexing import index_all
from tests.support.site import HOST, MARTA, YES, actor

SEARCH = "/api/v1/search"


def handles(answer) -> set[str]:
    return {one["handle"] for one in answer.json()["accounts"]}


def texts(answer) -> set[str]:
    return {one["text"] for one in answer.json()["posts"]}


def test_account_that_said_no_is_not_found(site):
    answer = site.get(SEARCH, params={"q": "astronomy", "limit": 40})
    assert f"shy@{HOST}" not in handles(answer)
    assert f"marta@{HOST}" in handles(answer)


def test_unlisted_post_is_not_found(site):
    answer = site.get(SEARCH, params={"q": "astronomy", "type": "posts", "limit": 40})
    assert "A quiet astronomy thought" not in texts(answer)
    assert "Clear skies, the astronomy club meets tonight" in texts(answer)


def test_withdrawn_account_is_gone_at_once_although_the_index_still_has_it(own_site):
    asked = {"q": "marta", "type": "all", "limit": 40}
    assert f"marta@{HOST}" in handles(own_site.get(SEARCH, params=asked))
    no = replace(YES, discoverable=Flag.FALSE)
    own_site.see(replace(MARTA, actor=replace(MARTA.actor, signals=no)))
    answer = own_site.get(SEARCH, params=asked)
    assert f"marta@{HOST}" not in handles(answer)
    assert not any(one["author"]["handle"].startswith("marta@") for one in answer.json()["posts"])
    assert own_site.get(f"/api/v1/accounts/marta@{HOST}").status_code == 404


def test_many_hits_that_may_not_be_shown_cost_few_looks(own_site, monkeypatch):
    context = own_site.app.context
    own_site.see(*(actor(f"lens{number}", summary="A lens maker") for number in range(30)))
    index_all(context)
    asked = {"q": "lens", "type": "accounts", "limit": 1}
    assert len(handles(own_site.get(SEARCH, params=asked))) == 1
    with context.database.write() as connection:
        long_ago = context.clock.now() - timedelta(days=8)
        connection.execute(sa.update(ACCOUNTS).values(evidence_at=long_ago))
    looks, look = [], context.engine.search
    monkeypatch.setattr(context.engine, "search", lambda query: looks.append(query) or look(query))
    assert handles(own_site.get(SEARCH, params=asked)) == set()
    assert len(looks) <= 3


def test_account_carries_what_its_server_says(site):
    (marta,) = [
        one
        for one in site.get(SEARCH, params={"q": f"@marta@{HOST}", "type": "accounts"}).json()[
            "accounts"
        ]
        if one["handle"] == f"marta@{HOST}"
    ]
    assert marta["uri"] == MARTA.actor.uri
    assert marta["software"] == "mastodon"
    assert marta["bot"] is False
    assert marta["fields"] == [{"name": "Website", "value": "https://example.org"}]
    assert marta["avatar"] == "https://cdn.example/marta.png"


def test_highlights_are_escaped_html(site):
    answer = site.get(SEARCH, params={"q": "balcony", "type": "accounts"}).json()
    marked = " ".join(answer["accounts"][0]["highlights"].values())
    assert "<mark>balcony</mark>" in marked
    assert "& " not in marked
    assert "\ue000" not in marked


def test_post_keeps_its_warning_and_its_alt_text(site):
    answer = site.get(SEARCH, params={"q": "spiders", "type": "posts"}).json()
    (post,) = answer["posts"]
    assert post["content_warning"] == "spiders"
    assert post["sensitive"] is True
    assert post["media"][0]["alt"] == "A hairy spider"
    assert post["author"]["handle"] == f"marta@{HOST}"


def test_types_are_kept_apart(site):
    assert site.get(SEARCH, params={"q": "astronomy", "type": "accounts"}).json()["posts"] == []
    assert site.get(SEARCH, params={"q": "astronomy", "type": "posts"}).json()["accounts"] == []


def test_filters_may_be_repeated_or_separated_by_commas(site):
    both = {"en", "de"}
    one = site.get(f"{SEARCH}?q=astronomy&type=posts&lang=en,de&limit=40").json()["posts"]
    two = site.get(f"{SEARCH}?q=astronomy&type=posts&lang=en&lang=de-CH&limit=40").json()["posts"]
    assert {post["language"] for post in one} == both
    assert [post["uri"] for post in one] == [post["uri"] for post in two]
    only = site.get(f"{SEARCH}?q=astronomy&type=posts&lang=de").json()["posts"]
    assert {post["language"] for post in only} == {"de"}


def test_tag_is_found_in_any_spelling(site):
    assert site.get(SEARCH, params={"tag": "#Astronomy", "type": "accounts"}).json()["accounts"]
    assert not site.get(SEARCH, params={"tag": "knitting", "type": "accounts"}).json()["accounts"]


def test_media_and_time_narrow_the_posts(site):
    pictures = site.get(f"{SEARCH}?q=astronomy&type=posts&media=image").json()["posts"]
    assert [post["content_warning"] for post in pictures] == ["spiders"]
    assert site.get(f"{SEARCH}?q=astronomy&type=posts&until=2020-01-01").json()["posts"] == []


def test_next_leads_through_every_result_once(site):
    path, seen = f"{SEARCH}?q=astronomy&type=accounts&limit=2", []
    for _ in range(10):
        answer = site.get(path)
        seen += [one["uri"] for one in answer.json()["accounts"]]
        if answer.json()["next"] is None:
            assert "link" not in answer.headers
            break
        path = answer.links["next"]["url"]
        assert answer.json()["next"] in path
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.parametrize("limit", [1, 2, 40])
def test_a_whole_handle_brings_its_account_first_and_once(site, limit):
    path, seen = f"{SEARCH}?q=gazer3@{HOST}&type=accounts&limit={limit}", []
    while path:
        answer = site.get(path)
        seen += [one["handle"] for one in answer.json()["accounts"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert seen[0] == f"gazer3@{HOST}"
    assert len(seen) == len(set(seen))


def test_what_is_typed_narrows_what_the_form_asks_for(site):
    found = site.get(f"{SEARCH}?q=astronomy lang:de&type=posts&lang=en").json()["posts"]
    assert found == []
    found = site.get(f"{SEARCH}?q=astronomy lang:de&type=posts&lang=de,en").json()["posts"]
    assert {one["language"] for one in found} == {"de"}


def test_recent_posts_come_newest_first(site):
    answer = site.get(f"{SEARCH}?q=astronomy&type=posts&sort=recent&limit=40").json()
    dates = [post["published"][:19] for post in answer["posts"]]  # engines count seconds
    assert dates == sorted(dates, reverse=True)


def test_answers_about_people_are_not_kept_and_may_be_read_from_any_page(site):
    for path in (f"{SEARCH}?q=x", f"/api/v1/accounts/marta@{HOST}"):
        answer = site.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1000", "limit"),
        ("limit=many", "limit"),
        ("type=people", "type"),
        ("sort=up", "sort"),
        ("lang=klingonisch", "lang"),
        ("server=a%20b", "server"),
        ("media=smell", "media"),
        ("bot=perhaps", "bot"),
        ("since=yesterday", "since"),
        ("q=" + "a" * 301, "q"),
        ("lang=" + ",".join(f"{a}{b}" for a in "abcde" for b in "fghij"), "lang"),
    ],
)
def test_wrong_parameter_is_named_in_plain_words(site, query, field):
    answer = site.get(f"{SEARCH}?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 422
    assert [error["field"] for error in problem["errors"]] == [field]
    assert problem["detail"].startswith(f"{field}: ")
    assert "Input" not in problem["detail"]


def test_foreign_cursor_is_refused(site):
    answer = site.get(f"{SEARCH}?q=x&cursor=made-up")
    assert answer.status_code == 422
    assert "cursor" in answer.json()["detail"]


def test_overlong_address_is_refused(site):
    answer = site.get(f"{SEARCH}?q=x&x={'a' * 5000}")
    assert answer.status_code == 414
    assert answer.headers["content-type"] == "application/problem+json"


def test_unknown_account_and_one_that_said_no_get_the_same_answer(site):
    unknown = site.get(f"/api/v1/accounts/nobody@{HOST}")
    kept_out = site.get(f"/api/v1/accounts/shy@{HOST}")
    assert unknown.status_code == kept_out.status_code == 404
    assert unknown.content == kept_out.content


def test_listed_account_is_shown_with_its_posts(site):
    for spelling in (f"marta@{HOST}", f"@marta@{HOST}", f"Marta@{HOST.upper()}"):
        answer = site.get(f"/api/v1/accounts/{spelling}").json()
        assert answer["account"]["handle"] == f"marta@{HOST}"
        assert {post["language"] for post in answer["posts"]} == {"en", "de"}
        assert len(answer["posts"]) == 3


def test_what_is_no_handle_is_said_so(site):
    answer = site.get("/api/v1/accounts/marta")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "handle"


def test_anybody_may_read_why_an_account_is_listed_or_not(site):
    listed = site.get(f"/api/v1/accounts/marta@{HOST}/consent").json()
    assert listed["list"]["answer"] == "yes"
    assert {"server_opted_in", "discoverable"} <= set(listed["list"]["reasons"])
    assert listed["posts_indexed"] == 3
    assert any(item["source"] == MARTA.source_url for item in listed["evidence"])
    refused = site.get(f"/api/v1/accounts/shy@{HOST}/consent").json()
    assert refused["list"]["answer"] == "no"
    assert "not_discoverable" in refused["list"]["reasons"]
    assert len(refused["list"]["sentences"]) == len(refused["list"]["reasons"])
    stranger = site.get("/api/v1/accounts/who@elsewhere.example/consent").json()
    assert stranger["known"] is False
    assert stranger["list"]["answer"] != "yes"


def test_anybody_may_read_why_a_server_is_in_reach_or_not(site):
    inside = site.get(f"/api/v1/servers/{HOST.upper()}/consent").json()
    assert inside["host"] == HOST
    assert inside["decision"]["answer"] == "yes"
    outside = site.get("/api/v1/servers/elsewhere.example/consent").json()
    assert outside["decision"]["reasons"] == ["server_not_opted_in"]


def test_only_json_true_lists_a_newcomer(own_site):
    own_site.see(
        actor("late", signals=ConsentSignals(discoverable=Flag.MALFORMED, indexable=Flag.TRUE))
    )
    assert own_site.get(f"/api/v1/accounts/late@{HOST}").status_code == 404


@pytest.mark.parametrize(
    ("typed", "people", "texts"),
    [
        ("from:marta clear", set(), {"Clear skies, the astronomy club meets tonight"}),
        (f"from:marta@{HOST} lang:de", {f"marta@{HOST}"}, {"Sternbilder am Abend, astronomy"}),
        ("from:nobody astronomy", set(), set()),
        ("has:image", set(), {"Astronomy with spiders on the lens"}),
        ("is:sensitive astronomy", set(), {"Astronomy with spiders on the lens"}),
        ("#Astronomy balcony", {f"marta@{HOST}"}, set()),
        ("astronomy before:2020", set(), set()),
        ("server:elsewhere.example astronomy", set(), set()),
        ("from:marta clear -lang:de", set(), {"Clear skies, the astronomy club meets tonight"}),
        (f"clear -from:marta@{HOST}", set(), set()),
        (f"astronomy -server:{HOST}", set(), set()),
        ("astronomy -from:nobody #astronomy balcony -#astronomy", set(), set()),
        ("is:sensitive astronomy -has:image", set(), set()),
        ('"club meets" -spiders', set(), {"Clear skies, the astronomy club meets tonight"}),
    ],
)
def test_operators_in_the_words_narrow_what_is_found(site, typed, people, texts):
    found = site.get("/api/v1/search", params={"q": typed}).json()
    assert {one["handle"] for one in found["accounts"]} == people
    assert {one["text"] for one in found["posts"]} == texts
