"""The world repeats, is big enough, and says the truth about itself."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import orjson

from discover.demo import site
from discover.demo.exchange import Request
from discover.demo.words import language, languages
from discover.demo.world import World

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def ask(world: World, url: str) -> tuple[int, Any]:
    host, _, rest = url.partition("://")[2].partition("/")
    path, _, query = f"/{rest}".partition("?")
    headers = {"accept": "application/activity+json", "user-agent": "test", "host": host}
    answer = site.respond(world, Request("GET", host, unquote(path), query, headers))
    return answer.status, orjson.loads(answer.body)


def outbox_items(world: World, actor: dict[str, Any]) -> list[Any]:
    status, page = ask(world, actor["outbox"])
    if status != 200:
        return []
    items = list(page.get("orderedItems", []))
    following = page.get("next") if items else page.get("first")
    while isinstance(following, str):
        _, page = ask(world, following)
        items += page["orderedItems"]
        following = page.get("next")
    return items


def test_the_same_seed_and_moment_give_the_same_world(small_truth: dict[str, Any]) -> None:
    assert World(seed=1, accounts=300, now=NOW).truth() == small_truth


def test_another_seed_gives_another_world(small_truth: dict[str, Any]) -> None:
    other = World(seed=2, accounts=300, now=NOW).truth()
    assert {a["uri"] for a in other["accounts"]} != {a["uri"] for a in small_truth["accounts"]}


def test_a_later_moment_moves_all_posts_along() -> None:
    early, late = (World(seed=1, accounts=30, now=NOW + timedelta(days=d)) for d in (0, 2))
    dates = [
        [p.published for i in range(30) for p in world.posts(world.account(i))]
        for world in (early, late)
    ]
    assert [b - a for a, b in zip(*dates, strict=True)] == [2 * 86_400] * len(dates[0])


def test_the_demo_world_has_forty_hosts_and_thousands_of_posts(
    small_truth: dict[str, Any],
) -> None:
    assert len(small_truth["hosts"]) == 40
    assert len(small_truth["accounts"]) == 300
    assert 3_000 < len(small_truth["posts"]) < 5_500
    assert sum(p["expect"]["indexed"] for p in small_truth["posts"]) > 800
    assert {h["software"] for h in small_truth["hosts"]} == {
        "mastodon", "misskey", "gotosocial", "pixelfed", "peertube", "lemmy", "wordpress",
        "takahe", "bridgy-fed",
    }  # fmt: skip


def test_people_write_in_eight_languages_about_thirty_topics() -> None:
    assert set(languages()) >= {"en", "de", "fr", "es", "it", "pt", "pl", "ja"}
    shared = set.intersection(*(set(language(code).topics) for code in languages()))
    assert len(shared) >= 30
    for code in languages():
        for topic in language(code).topics.values():
            assert topic.bios, (code, topic.key)
            assert len(topic.posts) >= 2, (code, topic.key)
            assert len(topic.tags) >= 2, (code, topic.key)


def test_texts_have_no_template_left_in_them(small_truth: dict[str, Any]) -> None:
    for post in small_truth["posts"]:
        assert not {"{", "}", "[", "]", "|"} & set(post["text"] + post["title"]), post
    texts = Counter(p["text"] for p in small_truth["posts"] if len(p["text"]) > 60)
    assert texts.most_common(1)[0][1] <= 6  # hardly anybody repeats somebody


def test_every_case_of_the_consent_table_is_there(small_truth: dict[str, Any]) -> None:
    traits = Counter(a["trait"] for a in small_truth["accounts"])
    for trait in (
        "open", "profile-only", "closed", "posts-only", "nobot", "noindex-tag", "nosearch-field",
        "nobot-name", "locked", "bot", "suspended", "memorial", "moved", "gone", "malformed",
        "noindex", "silent", "empty",
    ):  # fmt: skip
        assert traits[trait] >= 3, trait
    audiences = Counter(p["audience"] for p in small_truth["posts"])
    assert min(audiences[a] for a in ("public", "unlisted", "followers", "direct")) > 50
    assert any("too old" in p["expect"]["why_not"] for p in small_truth["posts"])
    assert any(p["boosted"] for p in small_truth["posts"])


def test_documents_say_what_the_truth_says(small: World, small_truth: dict[str, Any]) -> None:
    for row in small_truth["accounts"]:
        status, actor = ask(small, row["uri"])
        if row["trait"] == "gone":
            assert status in (404, 410)
            continue
        assert (status, actor["id"]) == (200, row["uri"])
        key = "toot:discoverable" if row["software"] == "takahe" else "discoverable"
        assert actor.get(key) == row["flags"]["discoverable"]
        assert actor.get("indexable") == row["flags"]["indexable"]


def test_what_ought_to_be_indexed_can_be_found_in_its_outbox(
    small: World, small_truth: dict[str, Any]
) -> None:
    wanted: dict[str, set[str]] = {}
    for post in small_truth["posts"]:
        if post["expect"]["indexed"]:
            wanted.setdefault(post["account"], set()).add(post["uri"])
    assert len(wanted) > 60
    for uri, posts in wanted.items():
        items = outbox_items(small, ask(small, uri)[1])
        seen = {item["object"]["id"] for item in items if item["type"] == "Create"}
        assert posts <= seen


def test_followers_only_and_direct_posts_are_withheld_except_on_leaky_servers(
    small: World, small_truth: dict[str, Any]
) -> None:
    leaky = {h["host"] for h in small_truth["hosts"] if h["leaky"]}
    leaked = 0
    for post in small_truth["posts"]:
        if post["audience"] in ("followers", "direct"):
            status, _ = ask(small, post["uri"])
            assert not post["expect"]["indexed"]
            assert status != 200 or post["uri"].split("/")[2] in leaky
            leaked += status == 200
    assert leaked > 0


def test_nobody_of_weak_flag_software_is_listed(small_truth: dict[str, Any]) -> None:
    weak = {"misskey", "takahe", "wordpress", "bridgy-fed"}
    rows = [a for a in small_truth["accounts"] if a["software"] in weak]
    assert any(a["flags"]["discoverable"] is True for a in rows)
    assert not any(a["expect"]["listed"] for a in rows)


def test_gotosocial_people_are_listed_but_never_their_posts(
    small_truth: dict[str, Any],
) -> None:
    rows = [a for a in small_truth["accounts"] if a["software"] == "gotosocial"]
    assert any(a["expect"]["listed"] for a in rows)
    assert not any(a["expect"]["posts_indexed"] for a in rows)


def test_some_people_can_only_be_found_through_others(small_truth: dict[str, Any]) -> None:
    found = Counter(a["findable"] for a in small_truth["accounts"] if a["expect"]["listed"])
    assert found["mention"] > 0
    assert found["directory"] > 100


def test_a_world_of_a_hundred_thousand_stays_small_in_memory() -> None:
    tracemalloc.start()
    world = World(seed=3, accounts=100_000, now=NOW)
    for index in range(0, 100_000, 997):
        account = world.account(index)
        for _ in zip(range(5), world.posts(account), strict=False):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(world.hosts) == 600
    assert peak < 60_000_000
    names = {host.name for host in world.hosts}
    assert len(names) == 600


def test_bios_have_no_template_left_in_them(small: World) -> None:
    for host in small.hosts:
        for account in small.people(host):
            assert not {"{", "}", "[", "]", "|"} & set(account.bio + account.name), account
