"""Each software says things as the real one does."""

from __future__ import annotations

from typing import Any

from discover.demo.control import Lab
from tests.demo.conftest import Get

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def somebody(truth: dict[str, Any], software: str, **wanted: Any) -> dict[str, Any]:
    """An account with the most posts among those that fit."""
    rows = [
        a
        for a in truth["accounts"]
        if a["software"] == software
        and a["trait"] not in ("gone", "suspended")
        and all(a[key] == value for key, value in wanted.items())
    ]
    return max(rows, key=lambda a: a["posts"])


def test_mastodon_pages_by_max_id_with_create_and_announce(
    get: Get, small_truth: dict[str, Any]
) -> None:
    row = somebody(small_truth, "mastodon")
    actor = get(row["uri"]).json()
    assert {"discoverable", "indexable", "memorial", "featured"} <= actor.keys()
    root = get(actor["outbox"]).json()
    assert root["type"] == "OrderedCollection"
    assert root["first"].endswith("?page=true")
    first = get(root["first"]).json()
    assert len(first["orderedItems"]) == 20
    assert "max_id=" in first["next"]
    second = get(first["next"]).json()
    ids = [i["id"] for i in first["orderedItems"] + second["orderedItems"]]
    assert len(ids) == len(set(ids))
    dates = [i["published"] for i in first["orderedItems"] + second["orderedItems"]]
    assert dates == sorted(dates, reverse=True)
    kinds = {i["type"] for p in small_truth["accounts"][:60] for i in _items(get, p)}
    assert kinds == {"Create", "Announce"}


def _items(get: Get, row: dict[str, Any]) -> list[Any]:
    if row["software"] != "mastodon" or row["trait"] in ("gone", "suspended"):
        return []
    answer = get(row["uri"] + "/outbox?page=true", signed=True)
    assert answer.status_code == 200, (row, answer.text)
    return list(answer.json()["orderedItems"])


def test_mastodon_directory_lists_only_the_discoverable(
    get: Get, small_truth: dict[str, Any]
) -> None:
    rows = get("http://tabbyhouse.lab.test/api/v1/directory?local=true&limit=80").json()
    known = {a["uri"]: a for a in small_truth["accounts"]}
    assert len(rows) > 5
    assert all(known[row["uri"]]["flags"]["discoverable"] for row in rows)
    assert get("http://quietcorner.lab.test/api/v1/directory?local=true").status_code == 404


def test_old_mastodon_knows_no_indexable(get: Get, small_truth: dict[str, Any]) -> None:
    row = somebody(small_truth, "mastodon", host="knotwork.lab.test")
    assert "indexable" not in get(row["uri"]).json()


def test_hidden_follower_lists_count_only(get: Get, small_truth: dict[str, Any]) -> None:
    uri = somebody(small_truth, "mastodon")["uri"]
    assert get(f"{uri}/followers").json().keys() == {"@context", "id", "type", "totalItems"}
    assert get(f"{uri}/followers?page=1").status_code == 403


def test_misskey_has_a_next_page_even_after_the_last_post(
    get: Get, small_truth: dict[str, Any]
) -> None:
    row = somebody(small_truth, "misskey")
    actor = get(row["uri"]).json()
    assert "indexable" not in actor
    assert "published" not in actor
    page = get(get(actor["outbox"]).json()["first"]).json()
    while page["orderedItems"]:
        assert "until_id=" in page["next"]
        page = get(page["next"]).json()
    assert page["orderedItems"] == []


def test_gotosocial_wants_signatures_and_shows_bare_uris(
    get: Get, small_truth: dict[str, Any]
) -> None:
    row = somebody(small_truth, "gotosocial")
    assert get(row["uri"]).status_code == 401
    actor = get(row["uri"], signed=True).json()
    assert actor["publicKey"]["id"].endswith("/main-key")
    assert "indexable" not in actor
    root = get(actor["outbox"], signed=True).json()
    assert "totalItems" not in root
    page = get(root["first"], signed=True).json()
    assert page["orderedItems"]
    assert all(isinstance(item["object"], str) for item in page["orderedItems"])
    note = get(page["orderedItems"][0]["object"], signed=True).json()
    assert PUBLIC in (note["to"] if isinstance(note["to"], list) else [note["to"]])
    host = f"http://{row['host']}"
    finger = f"{host}/.well-known/webfinger?resource=acct:{row['handle']}"
    assert get(finger).status_code == 406
    assert get(finger, Accept="application/jrd+json").status_code == 200
    assert get(f"{host}/robots.txt", **{"User-Agent": ""}).status_code == 418
    assert get(f"{host}/api/v1/directory").status_code == 401


def test_gotosocial_robots_forbid_actors_to_everybody(get: Get) -> None:
    text = get("http://slothwood.lab.test/robots.txt").text
    assert "Disallow: /users/" in text.partition("User-agent: *")[2]
    assert "Crawl-delay: 500" in text
    assert "User-agent: Scrapy" in text


def test_gotosocial_does_not_take_rfc_9421(get: Get, small_truth: dict[str, Any]) -> None:
    import time

    new = {
        "Signature-Input": f'sig1=("@method" "@target-uri");created={int(time.time())};keyid="k"',
        "Signature": "sig1=:c2lnbmVk:",
    }
    assert get(somebody(small_truth, "gotosocial")["uri"], **new).status_code == 401
    secure = somebody(small_truth, "mastodon", host="pociag.lab.test")["uri"]
    assert get(secure, **new).status_code == 200
    assert get(secure, signed=True).status_code == 200
    assert get(secure).status_code == 401
    assert get(secure, Signature="nonsense").status_code == 401


def test_pixelfed_counts_and_says_indexable_only(get: Get, small_truth: dict[str, Any]) -> None:
    row = somebody(small_truth, "pixelfed")
    actor = get(row["uri"]).json()
    assert "discoverable" not in actor
    assert isinstance(actor["indexable"], bool)
    outbox = get(actor["outbox"]).json()
    assert outbox["totalItems"] == row["posts"]
    assert not {"first", "orderedItems"} & outbox.keys()
    missing = f"http://{row['host']}/.well-known/webfinger?resource=acct:nobody@{row['host']}"
    assert get(missing).status_code == 400


def test_peertube_creates_videos_and_its_channels_announce_them(
    get: Get, small_truth: dict[str, Any]
) -> None:
    row = somebody(small_truth, "peertube", host="kinosaal.lab.test", type="Person")
    actor = get(row["uri"]).json()
    assert {"discoverable", "indexable"} <= actor.keys()
    page = get(get(actor["outbox"]).json()["first"]).json()
    video = page["orderedItems"][0]["object"]
    assert video["type"] == "Video"
    assert video["attributedTo"][0]["id"] == row["uri"]
    channel = get(video["attributedTo"][1]["id"]).json()
    announced = get(get(channel["outbox"]).json()["first"]).json()["orderedItems"][0]
    assert announced["type"] == "Announce"
    assert get(announced["object"]).json()["id"] == announced["object"]
    old = somebody(small_truth, "peertube", host="oldiron.lab.test")
    assert not {"discoverable", "indexable"} & get(old["uri"]).json().keys()
    assert get("http://kinosaal.lab.test/api/v1/accounts").json()["total"] >= 1
    assert get("http://kinosaal.lab.test/api/v1/video-channels").json()["total"] >= 1


def test_lemmy_communities_announce_pages_and_people_show_nothing(
    get: Get, small_truth: dict[str, Any]
) -> None:
    row = somebody(small_truth, "lemmy", type="Group")
    group = get(row["uri"]).json()
    assert group["discoverable"] is row["flags"]["discoverable"]
    outbox = get(group["outbox"]).json()
    assert outbox["type"] == "OrderedCollection"
    announce = outbox["orderedItems"][0]
    assert (announce["type"], announce["object"]["type"]) == ("Announce", "Create")
    page = announce["object"]["object"]
    assert page["type"] == "Page"
    assert page["attributedTo"] != row["uri"]
    person = get(page["attributedTo"]).json()
    assert "discoverable" not in person
    assert get(person["outbox"]).json()["orderedItems"] == []
    rows = get(f"http://{row['host']}/api/v3/community/list?limit=50").json()["communities"]
    assert row["uri"] in {c["community"]["actor_id"] for c in rows}


def test_wordpress_roots_are_pages(get: Get, small_truth: dict[str, Any]) -> None:
    row = somebody(small_truth, "wordpress")
    actor = get(row["uri"]).json()
    assert (actor["discoverable"], actor["indexable"]) == (True, True)
    root = get(actor["outbox"]).json()
    assert root["type"] == "OrderedCollectionPage"
    seen = root["orderedItems"]
    while "next" in root:
        root = get(root["next"]).json()
        seen = seen + root["orderedItems"]
    assert len(seen) == row["posts"]
    assert seen[0]["object"]["type"] == "Article"
    assert get(seen[0]["object"]["id"]).json()["id"] == seen[0]["object"]["id"]
    users = get(f"http://{row['host']}/wp-json/wp/v2/users?per_page=100").json()
    assert row["handle"].split("@")[0] in {u["slug"] for u in users}


def test_takahe_has_ten_bare_notes_and_its_own_key(get: Get, small_truth: dict[str, Any]) -> None:
    row = somebody(small_truth, "takahe")
    actor = get(row["uri"]).json()
    assert isinstance(actor["toot:discoverable"], bool)
    assert "discoverable" not in actor
    outbox = get(actor["outbox"]).json()
    assert 0 < len(outbox["orderedItems"]) <= 10
    assert {item["type"] for item in outbox["orderedItems"]} == {"Note"}
    assert get(actor["followers"]).headers["content-type"].startswith("text/html")
    answer = get(f"http://{row['host']}/nodeinfo/2.0")
    assert (answer.status_code, answer.headers["location"][-1]) == (301, "/")


def test_the_bridge_sends_flags_nobody_chose_and_an_empty_outbox(
    get: Get, small_truth: dict[str, Any]
) -> None:
    actor = get(somebody(small_truth, "bridgy-fed")["uri"]).json()
    assert (actor["discoverable"], actor["indexable"]) == (True, True)
    assert isinstance(actor["featured"], dict)
    outbox = get(actor["outbox"]).json()
    assert (outbox["totalItems"], outbox["first"]["items"]) == (0, [])


def test_every_host_has_robots_and_nodeinfo(get: Get, lab: Lab) -> None:
    for host in lab.hosts():
        base = host["base"]
        robots = get(f"{base}/robots.txt")
        if host["robots"] == "error":
            assert robots.status_code == 503
        else:
            assert robots.status_code in (200, 404)
            assert ("Waypost" in robots.text) == (host["robots"] != "shipped")
        links = get(f"{base}/.well-known/nodeinfo", Accept="application/json").json()["links"]
        answer = get(links[0]["href"], Accept="application/json")
        if answer.status_code == 301:
            answer = get(answer.headers["location"], Accept="application/json")
        assert answer.json()["software"]["name"] == host["software"]


def test_handles_lead_to_actors_by_webfinger(get: Get, small_truth: dict[str, Any]) -> None:
    for row in small_truth["accounts"]:
        if row["trait"] == "gone":
            continue
        url = f"http://{row['host']}/.well-known/webfinger?resource=acct:{row['handle']}"
        jrd = get(url, Accept="application/jrd+json").json()
        assert jrd["subject"] == f"acct:{row['handle']}"
        assert row["uri"] in {link.get("href") for link in jrd["links"] if link["rel"] == "self"}


def test_split_domains_answer_for_the_apex(get: Get, small_truth: dict[str, Any]) -> None:
    split = [h for h in small_truth["hosts"] if h["host"] != h["handle_host"]]
    assert len(split) == 2
    ways = set()
    for host in split:
        apex = f"http://{host['handle_host']}"
        answer = get(f"{apex}/.well-known/webfinger?resource=acct:x@{host['handle_host']}")
        ways.add(answer.status_code)
        if answer.status_code == 301:
            assert answer.headers["location"].startswith(host["base"])
        assert host["host"] in get(f"{apex}/.well-known/host-meta").text
    assert ways <= {301, 404}


def test_pictures_are_pngs(get: Get, small_truth: dict[str, Any]) -> None:
    actor = get(somebody(small_truth, "mastodon")["uri"]).json()
    answer = get(actor["icon"]["url"])
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


def test_a_known_etag_gets_a_304(get: Get, small_truth: dict[str, Any]) -> None:
    uri = somebody(small_truth, "mastodon")["uri"]
    first = get(uri)
    second = get(uri, **{"If-None-Match": first.headers["etag"]})
    assert (second.status_code, second.content) == (304, b"")
