"""Who counts in trends, and who cannot push them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from discover.model.actor import Flag, Handle
from discover.model.instance import RobotsState
from discover.model.observed import ServerSeen
from discover.model.post import Audience
from discover.model.views import BadRequest
from discover.services.consent.blocklists import block_host
from discover.services.consent.retention import enforce_retention
from discover.services.consent.servers import add_server
from discover.services.consent.withdraw import forget_person, forget_server
from discover.services.crawl.observe import observe
from discover.services.facts import SERVERS
from discover.services.trends.levels import refresh_levels
from discover.services.trends.uses import LEVELS, USES
from discover.store.database import upsert
from discover.store.tables import PersonRow
from discover.wire.post import parse_post
from tests.trends.conftest import DAY, HOUR

WEEK = timedelta(days=7)
SKY = '<a href="https://news.example/sky">there</a>'


def test_nothing_trends_where_nobody_speaks(square):
    assert square.tags() == square.links() == square.posts() == []


def test_what_several_people_speak_of_trends_with_its_spelling_people_and_examples(square):
    people = square.crowd_of(4, 4)
    square.all_say(people[:3], "What a sky #AstroPhotography")
    square.says(people[3], "Old sky #astrophotography", ago=2 * HOUR)
    square.says(people[3], "Older sky #astrophotography", ago=3 * HOUR)
    found = square.tag("astrophotography")
    assert found.name == "AstroPhotography"
    assert (found.people, found.uses, found.rank, found.expected) == (4, 5, 100, 0.0)
    assert len(found.examples) == 3
    assert sum(people for _, people, _ in found.history[:2]) >= 4
    assert len(found.history) == 7


def test_a_person_who_posts_a_hundred_times_does_not_trend(square):
    pusher = square.person("pusher")
    for number in range(100):
        square.says(pusher, f"Buy now {number} #mycoin", ago=timedelta(minutes=number))
    assert "mycoin" not in square.tags()


def test_a_server_with_fifty_accounts_does_not_beat_ten_people_on_eight_servers(square):
    square.all_say(square.people(50, "farm.example"), "Ours #farmtag")
    square.all_say(square.crowd_of(10, 8), "All of us #earthquake")
    found = square.tags()
    assert found[0] == "earthquake"
    assert square.tag("farmtag").rank < 60


def test_what_is_as_loud_as_always_does_not_trend_beside_what_rises(square):
    people = square.crowd_of(8, 8)
    for day in range(1, 29):
        square.all_say(people[:5], "As every day #goodmorning", ago=day * DAY + HOUR)
    square.all_say(people[:5], "As every day #goodmorning")
    square.all_say(people[4:], "Have you seen it? #aurora")
    assert square.tags() == ["aurora"]
    refresh_levels(square.crowd.app.context)
    assert square.tags() == ["aurora"], "the same with levels kept as with levels worked out"
    assert square.tags(window=WEEK)[0] == "aurora"


@pytest.mark.parametrize("hour", [0.5, 12, 23.5])
def test_what_comes_on_one_weekday_is_no_news_on_that_day(square, hour):
    now = square.crowd.clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    square.crowd.clock.ahead += midnight + DAY + hour * HOUR - now
    people = square.crowd_of(5, 5)
    for week in range(1, 5):
        square.all_say(people, "My cat #caturday", ago=7 * week * DAY + HOUR)
    square.all_say(people, "My cat #caturday")
    assert square.tags() == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"audience": Audience.UNLISTED}, "unlisted"),
        ({"sensitive": True}, "sensitive"),
        ({"content_warning": "food"}, "warned about"),
        ({"audience": Audience.FOLLOWERS}, "for followers"),
        ({"ago": -2 * HOUR}, "of the future"),
        ({"ago": 8 * DAY}, "older than a week"),
    ],
)
def test_some_posts_never_trend(square, said, why):
    for who in square.crowd_of(4, 4):
        square.says(who, f"Hush #secret {SKY}", **said)
    for asked in ({}, {"window": WEEK}):
        assert square.tags(**asked) == [], why
        assert square.links(**asked) == [], why


def test_activity_is_booked_to_when_it_happened(square):
    people = square.crowd_of(3, 3)
    square.all_say(people, "Yesterday's news #eclipse", ago=30 * HOUR)
    assert square.tags(window=24 * HOUR) == []
    assert square.tags(window=48 * HOUR) == ["eclipse"]
    found = square.tag("eclipse", window=48 * HOUR)
    then = square.crowd.clock.now() - 30 * HOUR
    (day,) = [day for day, people, _ in found.history if people]
    assert day == int(then.timestamp()) // 86_400 * 86_400


def test_a_clock_that_is_a_little_fast_is_booked_to_now(square):
    square.all_say(square.crowd_of(3, 3), "Soon #eclipse", ago=timedelta(minutes=-50))
    assert square.tags(window=HOUR) == ["eclipse"]


def test_a_post_seen_again_or_edited_counts_once(square):
    people = square.crowd_of(3, 3)
    uris = [square.says(who, "Look #aurora") for who in people]
    square.says(people[0], "Look #aurora", uri=uris[0])
    square.says(people[0], "Look there #aurora", uri=uris[0])
    assert (square.tag("aurora").people, square.tag("aurora").uses) == (3, 3)
    square.says(people[0], "Nothing to see #clouds", uri=uris[0])
    assert square.tag("aurora").people == 2
    square.says(people[1], "Look #aurora", uri=uris[1], content_warning="light")
    assert square.tags() == []


def test_a_deleted_or_unlisted_post_no_longer_counts(square):
    people = square.crowd_of(4, 4)
    uris = [square.says(who, "Look #aurora") for who in people]
    square.deletes(uris[0])
    assert square.tag("aurora").people == 3
    square.says(people[1], "Look #aurora", uri=uris[1], audience=Audience.UNLISTED)
    assert square.tag("aurora").people == 2


def test_whoever_leaves_counts_no_more_in_the_very_next_answer(square):
    people = square.crowd_of(4, 4)
    square.all_say(people, f"Look #aurora {SKY}")
    liked = square.says(people[0], "My picture")
    for who in people[1:]:
        square.likes(who, liked)
    assert square.tag("aurora").people == 4
    assert square.posts() == [liked]
    context = square.crowd.app.context
    refresh_levels(context)
    assert forget_person(context, Handle("c3", "s3.example"))
    found = square.tag("aurora")
    assert found.people == 3
    assert not any("s3.example" in uri for uri in found.examples)
    with context.database.read() as connection:
        assert connection.execute(sa.select(LEVELS)).all() == []
        names = connection.scalars(sa.select(USES.c.account_id).distinct()).all()
    assert len(names) == 3
    forget_server(context, "s2.example")
    assert square.tag("aurora").people == 2
    assert square.posts() == []
    forget_server(context, "s1.example")
    assert square.tags() == square.links() == []


def test_whoever_takes_back_their_posts_counts_no_more(square):
    people = square.crowd_of(3, 3)
    square.all_say(people, "Look #aurora")
    square.person("c0", "s0.example", indexable=Flag.FALSE)
    assert square.tag("aurora").people == 2


def test_a_bot_counts_in_no_trend_but_a_person_again_does(square):
    people = square.crowd_of(3, 3)
    square.all_say(people, f"Look #aurora {SKY}")
    assert square.tag("aurora").people == 3
    square.person("c0", "s0.example", bot=True)
    assert square.tag("aurora").people == 2
    square.says(people[0], "Beep #aurora")
    assert square.tag("aurora").people == 2
    square.person("c0", "s0.example")
    assert square.tag("aurora").people == 3


def test_consent_too_old_is_not_counted(square):
    square.all_say(square.crowd_of(3, 3), "Look #aurora")
    square.crowd.clock.ahead = 6 * DAY
    assert square.tags(window=WEEK) == ["aurora"]
    square.crowd.clock.ahead = 7 * DAY - HOUR / 2
    square.person("c0", "s0.example")
    square.crowd.clock.ahead = 7 * DAY + HOUR / 2
    assert square.tags(window=WEEK) == [], "one voice is left"


def test_a_blocked_servers_people_are_not_counted(square):
    square.all_say(square.crowd_of(3, 3), "Look #aurora")
    block_host(square.crowd.app.context, "s0.example", "a farm")
    assert square.tag("aurora").people == 2


def test_a_tag_stuffer_counts_for_ten_tags_of_a_post(square):
    words = " ".join(f"#stuff{number}" for number in range(20))
    square.all_say(square.crowd_of(3, 3), words)
    assert set(square.tags(limit=50)) == {f"stuff{number}" for number in range(10)}


def test_a_language_is_a_range_that_ends_at_a_hyphen(square):
    people = square.crowd_of(6, 6)
    square.all_say(people[:2], "Bom dia #bomdia", language="pt-br")
    square.all_say(people[2:4], "Guten Tag #gutentag", language="de")
    square.all_say(people[4:], "Den #den", language="den")
    assert square.tags(language="pt") == ["bomdia"]
    assert square.tags(language="pt-BR") == ["bomdia"]
    assert square.tags(language="pt-PT") == []
    assert square.tags(language="de") == ["gutentag"]
    assert square.tags(language="d") == []
    assert len(square.tags(language="*")) == 3
    with pytest.raises(BadRequest):
        square.tags(language="d%")


def test_what_is_usual_in_one_language_may_be_news_in_another(square):
    people = square.crowd_of(8, 8)
    for day in range(1, 29):
        square.all_say(people[:4], "Every day #festival", ago=day * DAY + HOUR, language="fr")
    square.all_say(people[:4], "Every day #festival", language="fr")
    square.all_say(people[4:], "Fest! #festival", language="de-at")
    assert square.tags(language="fr") == []
    assert square.tags(language="de") == ["festival"]
    refresh_levels(square.crowd.app.context)
    assert square.tags(language="fr") == []
    assert square.tags(language="de") == ["festival"]


def test_a_link_is_one_page_however_it_was_shared(square):
    first, second, third = square.crowd_of(3, 3)
    square.says(first, 'Read <a href="https://News.example/story?id=7&utm_source=x#top">this</a>')
    square.says(
        second,
        'So true <a href="http://news.example/story?id=7&fbclid=1">it</a> '
        '<a href="https://s1.example/@c1/5">me</a>',
        title="The story",
    )
    square.says(
        third, '<a href="https://s2.example/tags/x" class="mention hashtag" rel="tag">#x</a>'
    )
    assert square.links() == ["https://news.example/story?id=7"]


def test_a_link_is_called_what_most_people_call_it(square):
    people = square.crowd_of(4, 4)
    for who, words in zip(
        people, ("You must see this", "The lighthouse", "The lighthouse", "here"), strict=True
    ):
        square.says(who, f'Read <a href="https://news.example/story">{words}</a>')
    assert square.titles() == ["The lighthouse"]


def test_a_link_is_called_what_is_attached_to_the_posts(square):
    people = square.crowd_of(4, 4)
    page = "https://news.example/story"
    for number, who in enumerate(people):
        attached = {"type": "Link", "href": f"{page}?utm_source={number}"}
        if number % 2:
            attached["name"] = "How <b>lighthouses</b> work"
        post = parse_post(
            {
                "id": f"{who}/1", "type": "Note", "attributedTo": who, "content": "<p>So true</p>",
                "attachment": [attached], "to": "https://www.w3.org/ns/activitystreams#Public",
            }
        )  # fmt: skip
        square.says(who, "So true", links=post.links, link_titles=post.link_titles)
    assert square.titles() == ["How lighthouses work"]


def test_posts_trend_by_the_people_who_like_boost_or_answer_them(square):
    author, *others = square.crowd_of(8, 8)
    loved = square.says(author, "My telescope", ago=20 * DAY)
    second = square.says(author, "My other telescope")
    answered = square.says(others[0], "What do you think?", language="de")
    for who in [author, *others[:5]]:
        square.likes(who, loved)
    for who in others[:3]:
        square.likes(who, second)
        square.likes(who, answered, ago=30 * HOUR)
    for who in others[1:4]:
        square.says(who, "A lot!", in_reply_to=answered)
    square.says(others[0], "Me too", in_reply_to=answered)
    assert square.posts() == [loved, answered], "one post of each author, whatever its age"
    assert square.posts(language="de") == [answered]
    assert square.posts(offset=1) == [answered]
    square.says(author, "My telescope", uri=loved, sensitive=True, ago=20 * DAY)
    assert loved not in square.posts()


def test_pages_follow_one_another(square):
    people = square.crowd_of(5, 5)
    for number in range(2, 6):
        square.all_say(people[:number], f"#t{number}")
    assert square.tags(limit=2) == ["t5", "t4"]
    assert square.tags(limit=2, offset=2) == ["t3", "t2"]
    ranks = [square.tag(f"t{number}").rank for number in (5, 4, 3, 2)]
    assert ranks == [100, 80, 60, 40]


def test_retention_and_old_uses(square):
    square.all_say(square.crowd_of(3, 3), "Look #aurora")
    context = square.crowd.app.context
    square.crowd.clock.ahead = 38 * DAY
    refresh_levels(context)
    with context.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(USES)) == 0
    enforce_retention(context)
    assert square.tags(window=WEEK) == []


def test_somebody_who_asked_themselves_counts_without_their_server(square):
    people = square.crowd_of(2, 2)
    context = square.crowd.app.context
    row = {
        "uri": "https://alone.example/users/solo", "act": "in", "tags": [], "blocked_us": False,
        "source": "in this test", "at": square.crowd.clock.now(),
    }  # fmt: skip
    with context.database.write() as connection:
        upsert(connection, PersonRow, [row], key=["uri"])
    server = ServerSeen("alone.example", RobotsState.ALLOWED, None, None, seen_at=row["at"])
    add_server(context, "alone.example", "for its robots.txt")
    observe(context, [server])
    with context.database.write() as connection:
        connection.execute(
            sa.update(SERVERS).where(SERVERS.c.host == "alone.example").values(opt_in="none")
        )
    square.hosts.add("alone.example")
    people.append(square.person("solo", "alone.example"))
    square.all_say(people, "Look #aurora")
    assert square.tag("aurora").people == 3


def test_the_door_answers_as_it_says(square):
    square.all_say(square.crowd_of(3, 3), f"Look #Aurora {SKY}")
    with square.door() as door:
        found = door.get("/api/v1/trending/hashtags?window=2d&lang=en&limit=1")
        assert found.status_code == 200
        assert found.headers["cache-control"] == "no-store"
        (tag,) = found.json()["hashtags"]
        assert (tag["name"], tag["people"], tag["rank"]) == ("Aurora", 3, 100)
        (link,) = door.get("/api/v1/trending/links").json()["links"]
        assert link["url"] == "https://news.example/sky"
        assert door.get("/api/v1/trending/posts").json() == {"posts": []}
        for wrong in ("window=8d", "window=0h", "window=x", "lang=d%25", "limit=0", "offset=-1"):
            refused = door.get(f"/api/v1/trending/links?{wrong}")
            assert refused.status_code == 422, wrong
            assert refused.headers["content-type"] == "application/problem+json"


def test_the_door_leads_to_the_next_page(square):
    people = square.crowd_of(4, 4)
    for number in (2, 3, 4):
        square.all_say(people[:number], f"#t{number}")
    with square.door() as door:
        path, names = "/api/v1/trending/hashtags?limit=2&window=24h", []
        while path:
            page = door.get(path)
            names += [tag["folded"] for tag in page.json()["hashtags"]]
            path = page.links["next"]["url"] if "next" in page.links else ""
        assert names == ["t4", "t3", "t2"]
