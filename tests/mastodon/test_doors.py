"""What the Mastodon-compatible doors say on the wire, to anybody."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from discover.model.actor import Handle
from discover.model.observed import PostMissing
from discover.services.consent.blocklists import block_host
from discover.services.consent.withdraw import forget_person
from discover.services.crawl.observe import observe
from tests.mastodon.conftest import Town

EVERY_LIST = (
    "/api/v1/accounts/search?q=astronomy",
    "/api/v1/directory",
    "/api/v2/suggestions",
    "/api/v1/trends/statuses",
)
_INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def link(answer) -> dict[str, str]:
    found = re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers.get("link", ""))
    return {relation: address for address, relation in found}


def test_answers_may_be_read_everywhere_and_kept_nowhere(standing: Town):
    answer = standing.get("/api/v1/directory")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert _INSTANT.match(answer.headers["x-ratelimit-reset"])
    exposed = answer.headers["access-control-expose-headers"]
    assert {"Link", "X-RateLimit-Remaining"} <= set(exposed.split(", "))
    assert "set-cookie" not in answer.headers


def test_instants_and_ids_are_written_as_mastodon_writes_them(standing: Town):
    stella = standing.json("/api/v1/accounts/lookup", acct="@stella@b.example")
    assert isinstance(stella["id"], str)
    assert stella["created_at"].endswith("T00:00:00.000Z")
    assert re.match(r"^\d{4}-\d\d-\d\d$", stella["last_status_at"])
    post = standing.json(f"/api/v1/accounts/{stella['id']}/statuses")[0]
    assert _INSTANT.match(post["created_at"])
    assert post["account"] == stella
    assert post["visibility"] == "public"


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/api/v2/search", 400, "param is missing or the value is empty: q"),
        ("/api/v2/search?q=x&type=cats", 422, "type must be accounts, statuses or hashtags"),
        (f"/api/v2/search?q={'x' * 301}", 422, "q must not be longer than 300 characters"),
        ("/api/v1/accounts/987654321", 404, "Record not found"),
        ("/api/v1/accounts/0", 404, "Record not found"),
        (f"/api/v1/accounts/{'9' * 40}", 404, "Record not found"),
        ("/api/v1/statuses/987654321", 404, "Record not found"),
        ("/api/v1/statuses/cat", 404, "Record not found"),
        ("/api/v2/timelines", 404, "Record not found"),
        (
            "/api/v2/suggestions?topic=nosuchthing",
            422,
            "topic: there is no topic 'nosuchthing'; /api/v1/topics lists them.",
        ),
    ],
)
def test_every_refusal_is_one_sentence_under_error(standing: Town, path, status, error):
    answer = standing.get(path)
    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert answer.headers["content-type"] == "application/json"


def test_a_number_is_answered_as_mastodon_does_and_a_handle_as_we_do(standing: Town):
    stella = standing.json("/api/v1/accounts/lookup", acct="stella@b.example")
    assert standing.json(f"/api/v1/accounts/{stella['id']}") == stella
    assert standing.json(f"/api/v1/accounts/{stella['id']}/") == stella
    ours = standing.json("/api/v1/accounts/stella@b.example")
    assert ours["account"]["handle"] == "stella@b.example"
    refused = standing.get("/api/v1/accounts/nobody@b.example")
    assert refused.headers["content-type"] == "application/problem+json"


def test_odd_limits_and_offsets_are_read_as_mastodon_reads_them(standing: Town):
    def how_many(**asked):
        return len(standing.json("/api/v1/directory", **asked))

    assert how_many(limit="all") == how_many(limit=-80) == how_many(limit=999) == 9
    assert how_many(limit=0) == how_many(offset=9) == how_many(offset=10**30) == 0
    assert how_many(offset="x", limit="2") == 2
    assert standing.json("/api/v2/search", q="astronomy", type="accounts", offset=5000) == {
        "accounts": [],
        "statuses": [],
        "hashtags": [],
    }
    # Without a type there is no paging: that is Mastodon's rule, too.
    whole = standing.json("/api/v2/search", q="astronomy")
    assert standing.json("/api/v2/search", q="astronomy", offset=3) == whole


def test_links_lead_through_every_page_and_back(standing: Town):
    answer = standing.get("/api/v1/directory?limit=4&order=new")
    pages = [answer.json()]
    while following := link(answer).get("next"):
        assert "order=new" in following
        answer = standing.get("/api" + following.partition("/api")[2])
        pages.append(answer.json())
    assert [len(page) for page in pages] == [4, 4, 1]
    answer = standing.get("/api" + link(answer)["prev"].partition("/api")[2])
    assert answer.json() == pages[1]


def test_statuses_are_searched_by_author_and_between_others(standing: Town):
    stella = standing.json("/api/v1/accounts/lookup", acct="stella@b.example")["id"]

    def found(**asked):
        asked = {"q": "astronomy", "type": "statuses", **asked}
        return standing.json("/api/v2/search", **asked)["statuses"]

    hers = sorted(found(account_id=stella), key=lambda post: post["created_at"])
    assert {post["account"]["id"] for post in hers} == {stella}
    assert len(hers) == 7
    between = found(account_id=stella, min_id=hers[1]["id"], max_id=hers[4]["id"])
    assert {post["id"] for post in between} == {hers[2]["id"], hers[3]["id"]}
    assert found(account_id="none") == []
    baker = standing.json("/api/v1/accounts/lookup", acct="baker@c.example")["id"]
    assert found(account_id=baker) == []


def test_a_page_goes_on_behind_a_post_that_is_gone(standing: Town):
    stella = standing.json("/api/v1/accounts/lookup", acct="stella@b.example")["id"]
    address = f"/api/v1/accounts/{stella}/statuses"
    whole = [post["id"] for post in standing.json(address)]
    gone = max(map(int, whole)) + 1000
    assert len(standing.json(address, max_id=gone)) == len(whole)
    assert standing.json(address, max_id=min(map(int, whole))) == standing.json(
        address, max_id=str(min(map(int, whole)))
    )


def test_no_list_shows_people_of_a_blocked_server_or_expired_consent(town: Town):
    def hosts(path: str) -> set[str]:
        found = town.json(path)
        accounts = [one.get("account", one) for one in found]
        return {one["acct"].partition("@")[2] for one in accounts}

    before = {path: hosts(path) for path in EVERY_LIST}
    assert all("b.example" in found for found in before.values())
    block_host(town.crowd.app.context, "b.example", "for this test")
    assert all("b.example" not in hosts(path) for path in EVERY_LIST)
    assert any(hosts(path) for path in EVERY_LIST)
    town.crowd.clock.ahead = timedelta(days=8)
    assert not any(hosts(path) for path in EVERY_LIST)
    assert town.get("/api/v1/accounts/lookup?acct=gazer0@a.example").status_code == 404


def test_an_answer_to_a_post_that_may_not_be_shown_answers_nothing(town: Town):
    found = town.json("/api/v2/search", q="Jupiter", type="statuses")["statuses"]
    answer = next(post for post in found if "Note 7" in post["content"])
    parent = town.json(f"/api/v1/statuses/{answer['in_reply_to_id']}")
    assert "Note one" in parent["content"]
    gone = PostMissing(parent["uri"], town.crowd.clock.now())
    observe(town.crowd.app.context, [gone])
    later = town.json(f"/api/v1/statuses/{answer['id']}")
    assert later["in_reply_to_id"] is later["in_reply_to_account_id"] is None


def test_suggestions_say_why_in_the_readers_language_and_leave_out_whom_they_are_told(
    standing: Town,
):
    asked = {"topic": "astronomy", "limit": 20}
    found = standing.json("/api/v2/suggestions", **asked)
    names = [one["account"]["username"] for one in found]
    assert "stella" in names
    assert "baker" not in names
    reasons = found[0]["waypost"]["reasons"]
    assert {"kind": "topic", "text": "Writes about Astronomy"} in reasons
    without = standing.json("/api/v2/suggestions", **asked, exclude="stella@b.example")
    assert "stella" not in [one["account"]["username"] for one in without]
    like = standing.json("/api/v2/suggestions", like="stella@b.example")
    assert like
    assert all(one["sources"] == ["similar_to_recently_followed"] for one in like)
    german = standing.get("/api/v2/suggestions?topic=astronomy&hl=de").json()[0]
    assert german["waypost"]["reasons"][0]["text"] != found[0]["waypost"]["reasons"][0]["text"]


def test_hashtags_are_found_only_while_somebody_who_may_be_counted_uses_them(town: Town):
    def found(text: str) -> list[str]:
        answer = town.json("/api/v2/search", q=text, type="hashtags")
        return [tag["name"] for tag in answer["hashtags"]]

    assert found("bak") == ["baking"]
    assert found("#ASTRO") == ["astronomy", "astrodon"]
    assert found("@baking") == found("%") == []
    town.crowd.clock.ahead = timedelta(days=8)  # the only baker's consent is too old by then
    assert found("bak") == []
    town.crowd.clock.ahead = timedelta()
    assert found("bak") == ["baking"]
    forget_person(town.crowd.app.context, Handle("baker", "c.example"))
    assert found("bak") == []
