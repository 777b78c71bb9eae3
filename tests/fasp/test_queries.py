"""What connected servers ask and get: always lists, always people who said yes."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest

from discover.services.suggest.similarity import refresh_all
from discover.services.trends.levels import refresh_levels
from discover.store.tables import FaspDebugCall
from tests.fasp.conftest import Scene

SEARCH = "/account_search/v0/search"
RECOMMEND = "/follow_recommendation/v0/accounts"


@pytest.fixture
def filled(scene: Scene) -> Scene:
    """Seven people who like lighthouses, one who does not want to be found."""
    people = [scene.town.person(f"keeper{number}").uri for number in range(7)]
    people.append(scene.town.person("shy", discoverable=False).uri)
    scene.server.accounts = people
    scene.share()
    scene.server.fulfil()
    scene.house.work()
    for uri in people[:7]:  # who never writes is not suggested
        keeper = scene.town.people[uri]
        scene.server.event("content", "new", scene.town.post(keeper, f"{keeper.name} is awake"))
    scene.house.work()
    for name in ("account_search", "follow_recommendation", "trends", "callback"):
        scene.server.enable(name)
    refresh_all(scene.house.app.context)
    return scene


def test_provider_info_says_what_we_are(door: Scene):
    door.register()
    info = door.server.confirm().body
    assert info["name"] == "Waypost (waypost.test)"
    assert info["privacyPolicy"] == [{"url": "https://waypost.test/privacy", "language": "en"}]
    assert {one["id"]: one["version"] for one in info["capabilities"]} == {
        "account_search": "0.1",
        "callback": "0.1",
        "data_sharing": "0.1",
        "follow_recommendation": "0.1",
        "trends": "0.1",
    }
    assert door.client.get("/privacy").status_code == 200
    assert info["contactEmail"] == "tests@waypost.example"
    assert "fediverseAccount" not in info
    shown = door.client.get(urlsplit(info["signInUrl"]).path)
    assert shown.status_code == 200
    assert door.server.fingerprint in shown.text


def test_provider_info_without_a_contact_leaves_it_away(new_scene):
    scene = new_scene(contact="", fasp_name="Lighthouse search")
    scene.register()
    info = scene.server.confirm().body
    assert info["name"] == "Lighthouse search"
    assert "contactEmail" not in info
    assert "fediverseAccount" not in info


def test_search_gives_actor_uris_and_a_link_to_the_next_page(filled):
    got = filled.server.get(f"{SEARCH}?limit=3&term=lighthouses")
    assert got.status == 200
    seen = list(got.body)
    assert len(seen) == 3
    while "link" in got.headers:
        target, _, rel = got.headers["link"].partition(">; ")
        assert rel == 'rel="next"'
        path = target.removeprefix("<").removeprefix(filled.server.provider.base_url)
        got = filled.server.get(path)
        seen += got.body
    assert sorted(seen) == filled.server.accounts[:7]


def test_search_without_a_term_is_unprocessable(filled):
    for query in ("", "?term=", "?term=%20", "?limit=10"):
        got = filled.server.get(SEARCH + query)
        assert got.status == 422
        filled.server.check(got)
    for query in ("?term=a&limit=0", "?term=a&limit=-1", "?term=a&limit=x", "?term=a&cursor=x"):
        assert filled.server.get(SEARCH + query).status == 422


def test_a_search_without_results_is_an_empty_list(filled):
    got = filled.server.get(f"{SEARCH}?term=zeppelins")
    assert got.body == []
    assert got.raw == b"[]"


def test_whoever_left_a_moment_ago_is_found_by_no_server(filled):
    filled.server.disable("data_sharing")
    assert filled.server.get(f"{SEARCH}?term=lighthouses").body == []


def test_recommendations_are_for_the_account_and_never_itself(filled):
    me = filled.server.accounts[0]
    got = filled.server.get(f"{RECOMMEND}?accountUri={quote(me, safe='')}")
    assert got.status == 200
    assert got.body
    assert me not in got.body
    assert set(got.body) <= set(filled.server.accounts[:7])


def test_recommendations_for_somebody_unknown_are_a_list_and_they_are_not_kept(filled):
    stranger = filled.town.person("sam", "b.lab.test")
    before = len(filled.town.asked("b.lab.test"))
    got = filled.server.get(f"{RECOMMEND}?accountUri={quote(stranger.uri, safe='')}")
    assert isinstance(got.body, list)
    assert len(filled.town.asked("b.lab.test")) == before, "nobody there said yes to being read"
    assert filled.found("sam", "accounts") == []


def test_the_profile_of_a_member_who_is_not_listed_is_read_for_their_own_recommendations(filled):
    shy = filled.server.accounts[7]
    got = filled.server.get(f"{RECOMMEND}?accountUri={quote(shy, safe='')}")
    assert filled.town.asked("/users/shy")
    assert got.body
    assert shy not in got.body
    assert filled.found("shy", "accounts") == []


def test_recommendations_follow_basic_language_filtering(filled):
    me = quote(filled.server.accounts[0], safe="")
    assert filled.server.get(f"{RECOMMEND}?accountUri={me}&language=d").body == []
    assert filled.server.get(f"{RECOMMEND}?accountUri={me}&language=nonsense!").status == 422
    assert filled.server.get(f"{RECOMMEND}?language=en").status == 422
    assert filled.server.get(f"{RECOMMEND}?accountUri=nobody").status == 422


def test_trends_are_lists_also_when_nothing_trends(filled):
    for kind, name in (("content", "content"), ("hashtags", "hashtags"), ("links", "links")):
        for query in ("", "?withinLastHours=168&maxCount=5&language=pt-BR", "?language=*"):
            got = filled.server.get(f"/trends/v0/{kind}{query}")
            assert got.status == 200
            assert got.body == {name: []}
        for query in ("?withinLastHours=0", "?withinLastHours=169", "?maxCount=0", "?language=!"):
            assert filled.server.get(f"/trends/v0/{kind}{query}").status == 422


def test_a_hashtag_that_many_use_trends_with_its_hash_and_examples(filled):
    now = filled.house.clock.now()
    for number in range(6):
        author = filled.town.people[filled.server.accounts[number]]
        tag = {"type": "Hashtag", "name": "#Fog", "href": "https://a.lab.test/tags/fog"}
        uri = filled.town.post(
            author,
            f"Number {number} <a>#Fog</a> https://example.org/fog",
            tag=[tag],
            published=(now - timedelta(minutes=30)).isoformat(),
        )
        filled.server.event("content", "new", uri)
    filled.house.work()
    refresh_levels(filled.house.app.context)
    found = filled.server.get("/trends/v0/hashtags").body["hashtags"]
    assert [one["name"].lower() for one in found] == ["#fog"]
    assert 1 <= found[0]["rank"] <= 100
    assert found[0]["examples"]


def test_the_debug_callback_is_logged_and_answered_with_the_same_body(scene: Scene):
    scene.connect()
    assert scene.server.post("/debug/v0/callback/logs", {"hello": "world"}).status == 201
    assert scene.server.post("/debug/v0/callback/logs").status == 201
    assert scene.server.call("POST", "/debug/v0/callback/logs", b"[1]").status == 422
    scene.upkeep()
    assert scene.server.debugged == [{"hello": "world"}, None]
    logged = scene.house.rows(FaspDebugCall)
    assert [row.address for row in logged] == ["127.0.0.1"] * 2
    page = urlsplit(scene.server.provider.info["signInUrl"]).path
    shown = scene.client.get(page).text
    assert "hello" in shown
    assert "answered" in shown


def test_the_actor_is_where_the_specification_wants_it(door: Scene):
    got = door.client.get("/fasp/actor")
    assert got.status_code == 301
    assert got.headers["location"] == "https://waypost.test/actor"
    actor = door.client.get("/actor", headers={"accept": "application/activity+json"}).json()
    assert actor["type"] == "Application"
    finger = door.client.get(
        "/.well-known/webfinger",
        params={"resource": f"acct:{actor['preferredUsername']}@waypost.test"},
    )
    assert any(link.get("href") == actor["id"] for link in finger.json()["links"])
    door.register()
    assert door.partner().key.public_pem() not in str(actor), "its key is another one"


def test_answers_are_not_packed(filled):
    url = f"{filled.server.provider.base_url}{SEARCH}?term=lighthouses"
    headers = filled.server.sign("GET", url, b"") | {"accept-encoding": "gzip"}
    got = filled.server.send("GET", f"{SEARCH}?term=lighthouses", b"", headers)
    assert "content-encoding" not in got.headers
