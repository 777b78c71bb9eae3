"""Mastodon.py and megalodon, real clients over real HTTP, take us for a Mastodon."""

from __future__ import annotations

from datetime import datetime

import pytest
from mastodon import MastodonNotFoundError, MastodonRatelimitError

from api.limits import Rate
from discover.model.actor import Handle
from discover.services.consent.withdraw import forget_person
from tests.mastodon.conftest import GAZERS, Town
from tests.support.site import serving


def names(accounts) -> list[str]:
    return [one["acct"].partition("@")[0] for one in accounts]


def everything(client, page) -> list[str]:
    """Ids of all pages, as the client follows them."""
    found = []
    while page:
        found += [one.id for one in page]
        page = client.fetch_next(page)
    return found


def test_mastodon_py_finds_people_posts_and_hashtags(standing: Town):
    client = standing.client(version_check_mode="created")
    found = client.search("astronomy")
    assert set(names(found.accounts)) == {*GAZERS, "stella"}
    assert {post.account.acct for post in found.statuses} >= {"stella@b.example"}
    assert [tag.name for tag in found.hashtags] == ["astronomy"]
    history = found.hashtags[0].history
    assert len(history) == 7
    assert sum(int(day.uses) for day in history) > 14
    assert client.search("#astronomy", result_type="hashtags").hashtags[0].name == "astronomy"
    exact = client.search("@stella@b.example").accounts[0]
    assert exact.acct == "stella@b.example"
    assert isinstance(exact.created_at, datetime)
    assert isinstance(found.statuses[0].created_at, datetime)


def test_mastodon_py_reads_a_search_page_by_page_without_losing_or_repeating(standing: Town):
    client = standing.client()
    page = client.search("astronomy", result_type="accounts", limit=3)
    seen = []
    while page is not None and page.accounts:
        assert len(page.accounts) <= 3
        seen += names(page.accounts)
        page = client.fetch_next(page)
    assert sorted(seen) == sorted([*GAZERS, "stella"])
    posts, offset = [], 0
    while page := client.search("Jupiter", result_type="statuses", limit=3, offset=offset).statuses:
        posts += [post.id for post in page]
        offset += 3
    assert len(posts) == len(set(posts)) == 7


def test_mastodon_py_looks_up_and_shows_one_account(standing: Town):
    client = standing.client()
    stella = client.account_lookup("stella@b.example")
    again = client.account(stella.id)
    assert again.acct == stella.acct == "stella@b.example"
    assert again.note == "<p>Observatory keeper #astronomy</p>"
    assert again.indexable
    assert again.last_status_at <= again.last_status_at.now(again.last_status_at.tzinfo)
    assert names(client.account_search("stella")) == ["stella"]


@pytest.mark.parametrize("who", ["shy@a.example", "nobody@nowhere.example", "stella", ""])
def test_mastodon_py_is_told_the_same_of_a_no_as_of_nobody(standing: Town, who: str):
    with pytest.raises(MastodonNotFoundError, match="Record not found"):
        standing.client().account_lookup(who)


def test_mastodon_py_turns_the_pages_of_an_account(standing: Town):
    client = standing.client()
    stella = client.account_lookup("stella@b.example")
    first = client.account_statuses(stella, limit=3)
    times = [post.created_at for post in first]
    assert times == sorted(times, reverse=True)
    whole = everything(client, first)
    assert len(whole) == len(set(whole)) == 8
    second = client.fetch_next(first)
    assert [post.id for post in client.fetch_previous(second)] == [post.id for post in first]
    answer = next(post for post in first if "Note 7" in post.content)
    assert answer.in_reply_to_id == whole[-1]
    assert answer.in_reply_to_account_id == stella.id
    assert len(client.account_statuses(stella, exclude_replies=True)) == 7
    [picture] = client.account_statuses(stella, only_media=True)
    assert (picture.spoiler_text, picture.sensitive) == ("bright light", True)
    assert picture.media_attachments[0].description == "A black sun"
    assert client.account_statuses(stella, pinned=True) == []
    assert client.status(picture.id).uri == picture.uri


def test_mastodon_py_turns_the_pages_of_the_directory(standing: Town):
    client = standing.client()
    active = client.directory(limit=4)
    assert len(everything(client, active)) == 9
    newest = client.directory(order="new", limit=1)
    assert names(newest) == ["baker"]
    assert client.directory(local=True) == []


def test_mastodon_py_is_suggested_people(standing: Town):
    people = standing.client().suggestions()
    assert {one.acct.partition("@")[0] for one in people} >= {"stella"}
    assert "shy" not in names(people)


def test_mastodon_py_reads_trends(standing: Town):
    client = standing.client()
    tags = client.trending_tags()
    assert "meteor" in [tag.name for tag in tags]
    meteor = next(tag for tag in tags if tag.name == "meteor")
    assert sum(int(day.accounts) for day in meteor.history) == 7
    assert "meteor" in [tag.name for tag in client.trends()]
    [link] = client.trending_links()
    assert link.url == "https://news.example/sky"
    [post] = client.trending_statuses()
    assert "Note one" in post.content
    one, other = client.trending_tags(limit=1), client.trending_tags(limit=1, offset=1)
    assert one[0].name != other[0].name


def test_mastodon_py_learns_what_this_server_is(standing: Town):
    client = standing.client(version_check_mode="created")
    assert client.verify_minimum_version("4.0.0")
    server = client.instance_v2()
    assert server.registrations.enabled is False
    assert server.usage.users.active_month == 9
    assert "Waypost" in server.version
    assert client.instance_v1().stats.user_count == 9
    assert client.instance_peers() == ["a.example", "b.example", "c.example"]
    assert client.ratelimit_limit == 100_000
    assert 0 < client.ratelimit_remaining < 100_000


def test_mastodon_py_finds_what_is_held_under_an_address_and_nothing_else(standing: Town):
    client = standing.client()
    for address in (
        "https://b.example/users/stella",
        "https://b.example/@stella",
        "https://home.example/@stella@b.example",
    ):
        assert names(client.search(address, resolve=True).accounts) == ["stella"]
    post = client.search("https://b.example/users/stella/statuses/101", resolve=True)
    assert "Note one" in post.statuses[0].content
    assert post.accounts == []
    for address in ("https://a.example/users/shy", "https://else.example/@unknown"):
        found = client.search(address, resolve=True)
        assert found.accounts == found.statuses == found.hashtags == []


def test_mastodon_py_never_sees_again_who_withdrew(town: Town):
    client = town.client()
    stella = client.account_lookup("stella@b.example")
    post = client.account_statuses(stella)[0]
    forget_person(town.crowd.app.context, Handle("stella", "b.example"))
    for ask in (
        lambda: client.account_lookup("stella@b.example"),
        lambda: client.account(stella.id),
        lambda: client.status(post.id),
    ):
        with pytest.raises(MastodonNotFoundError, match="Record not found"):
            ask()
    with pytest.raises(MastodonNotFoundError):
        client.account_statuses(stella)
    assert client.search(stella.uri, resolve=True).accounts == []
    assert client.search(post.uri, resolve=True).statuses == []
    assert "stella" not in names(client.search("observatory keeper").accounts)
    assert client.search("Jupiter").statuses == []
    assert "stella" not in names(client.directory())
    assert "stella" not in names(client.suggestions())
    assert client.trending_statuses() == []


def test_mastodon_py_understands_that_it_asks_too_much(standing: Town):
    with serving(standing.crowd.app, Rate(per_second=0.1, burst=3)) as site:
        client = Town(standing.crowd, site).client(ratelimit_method="throw")
        for left in (2, 1, 0):
            client.directory()
            assert client.ratelimit_remaining == left
        with pytest.raises(MastodonRatelimitError):
            client.directory()


def test_megalodon_searches_looks_up_pages_and_learns(standing: Town):
    asked = [
        ["search", "astronomy", {"type": "accounts", "limit": 40}],
        ["search", "astronomy", {"type": "accounts", "limit": 3, "offset": 3}],
        ["search", "Jupiter", {"type": "statuses"}],
        ["search", "astro", {"type": "hashtags"}],
        ["search", "https://b.example/users/stella", {"type": "accounts", "resolve": True}],
        ["lookupAccount", "stella@b.example"],
        ["lookupAccount", "shy@a.example"],
        ["searchAccount", "gazer1"],
        ["getInstance"],
        ["getInstancePeers"],
        ["getInstanceTrends", 5],
        ["getInstanceDirectory", {"limit": 4, "order": "new"}],
        ["GET", "/api/v2/suggestions", {"topic": "astronomy", "limit": 3}],
        ["GET", "/api/v1/trends/statuses"],
        ["GET", "/api/v1/trends/links"],
    ]
    answers = standing.megalodon(*asked)
    whole, page, posts, tags, resolved, stella, shy = answers[:7]
    assert set(names(whole["data"]["accounts"])) == {*GAZERS, "stella"}
    assert len(page["data"]["accounts"]) == 3
    assert 'rel="next"' in page["link"]
    assert len(posts["data"]["statuses"]) == 7
    assert {tag["name"] for tag in tags["data"]["hashtags"]} == {"astronomy", "astrodon"}
    assert names(resolved["data"]["accounts"]) == ["stella"]
    assert stella["data"]["acct"] == "stella@b.example"
    assert shy == {"status": 404, "error": {"error": "Record not found"}}
    search, server, peers, trends, directory, suggestions, statuses, links = answers[7:]
    assert names(search["data"])[0] == "gazer1"
    assert server["data"]["registrations"] is False
    assert peers["data"] == ["a.example", "b.example", "c.example"]
    assert "meteor" in [tag["name"] for tag in trends["data"]]
    assert names(directory["data"])[0] == "baker"
    assert len(directory["data"]) == 4
    assert len(suggestions["data"]) == 3
    assert all(one["source"] == "global" for one in suggestions["data"])
    assert "Note one" in statuses["data"][0]["content"]
    assert links["data"][0]["url"] == "https://news.example/sky"
    [older, newer] = standing.megalodon(
        ["getAccountStatuses", stella["data"]["id"], {"limit": 5}],
        ["getAccount", stella["data"]["id"]],
    )
    assert len(older["data"]) == 5
    assert "max_id=" in older["link"]
    assert newer["data"]["username"] == "stella"
