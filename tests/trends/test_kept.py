"""Counts that are kept for minutes say the same as counting anew, and forget who leaves at once."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from discover.model.actor import Flag, Handle
from discover.model.trends import TrendRequest
from discover.services.consent.blocklists import block_host
from discover.services.consent.withdraw import forget_person
from discover.services.tasks import enqueue, run_next_task
from discover.services.trends import counts as trend_counts
from discover.services.trends.counts import KEPT, kept
from discover.services.trends.heard import Window
from discover.services.trends.trending import trending_links, trending_tags
from discover.services.trends.uses import COUNTS, TAG
from tests.trends.conftest import DAY, HOUR

SKY = '<a href="https://news.example/sky">there</a>'
MINUTE = timedelta(minutes=1)


def count(square) -> None:
    """As the scheduler has it done."""
    enqueue(square.crowd.app.context, "trend_counts")
    assert run_next_task(square.crowd.app.context) == "trend_counts"


def is_kept(square, **asked) -> bool:
    context, wish = square.crowd.app.context, TrendRequest(**asked)
    window = Window(context.clock.now(), wish.window, wish.language)
    with context.database.read() as connection:
        return kept(context, connection, TAG, window) is not None


def others_speak(square) -> None:
    """Of something that stays kept."""
    square.all_say(square.people(5, "steady.example", name="d"), "As ever #steady")


def rows(square) -> list:
    with square.crowd.app.context.database.read() as connection:
        return connection.execute(sa.select(COUNTS)).all()


def test_what_is_kept_is_what_would_be_counted(square):
    people = square.crowd_of(8, 4)
    for day in range(1, 9):
        square.all_say(people[:3], "As every day #goodmorning", ago=day * DAY + HOUR)
    square.all_say(people[:3], f"As every day #goodmorning {SKY}", language="de")
    square.all_say(people[2:], f"Have you seen it? #Aurora {SKY}", ago=5 * HOUR)
    square.all_say(people[:2], "Olá #bomdia", language="pt-br", ago=10 * HOUR)
    asked = [
        {"window": timedelta(hours=hours), "language": language}
        for hours in (6, 24, 168)
        for language in (None, "de", "pt")
    ]
    services = (trending_tags, trending_links)
    before = [[square.asked(service, **one) for one in asked] for service in services]
    assert not is_kept(square)
    count(square)
    assert all(is_kept(square, **one) for one in asked if one["window"] > 6 * HOUR)
    assert [[square.asked(service, **one) for one in asked] for service in services] == before
    assert any(found for found in before[0])


def test_what_is_said_since_is_told_after_the_next_count(square):
    people = square.crowd_of(4, 4)
    square.all_say(people[:2], "Look #aurora")
    count(square)
    square.all_say(people[2:], "Look #aurora")
    assert square.tag("aurora").people == 2
    count(square)
    assert square.tag("aurora").people == 4


def test_whoever_leaves_is_out_of_kept_numbers_in_the_very_next_answer(square):
    people = square.crowd_of(4, 4)
    square.all_say(people, f"Look #aurora {SKY}")
    square.all_say(people[2:], "Ours #secret")
    others_speak(square)
    count(square)
    assert square.tag("aurora").people == 4
    assert forget_person(square.crowd.app.context, Handle("c3", "s3.example"))
    assert is_kept(square)
    found = square.tag("aurora")
    assert (found.people, found.uses) == (3, 3)
    assert sum(people for _, people, _ in found.history) == 3
    assert set(square.tags()) == {"aurora", "steady"}, "one voice is no trend"
    assert not any("s3.example" in str(row) for row in rows(square))
    assert forget_person(square.crowd.app.context, Handle("c2", "s2.example"))
    assert not any(row.name == "secret" for row in rows(square)), "a name of theirs alone goes"


def test_a_deleted_edited_or_withdrawn_post_is_out_of_kept_numbers(square):
    others_speak(square)
    people = square.crowd_of(6, 6)
    uris = [square.says(who, "Look #aurora") for who in people]
    count(square)
    square.deletes(uris[0])
    assert square.tag("aurora").people == 5
    count(square)
    square.says(people[1], "Nothing #clouds", uri=uris[1])
    assert square.tag("aurora").people == 4
    count(square)
    square.person("c2", "s2.example", indexable=Flag.FALSE)
    assert square.tag("aurora").people == 3
    count(square)
    square.person("c3", "s3.example", bot=True)
    assert square.tag("aurora").people == 2


def test_a_blocked_server_is_out_of_kept_numbers(square):
    square.all_say(square.crowd_of(3, 3), "Look #aurora")
    others_speak(square)
    count(square)
    block_host(square.crowd.app.context, "s0.example", "a farm")
    assert is_kept(square)
    assert square.tag("aurora").people == 2


def test_consent_that_ends_while_numbers_are_kept_is_not_counted(square):
    people = square.crowd_of(3, 3)
    square.crowd.clock.ahead = 7 * DAY - 5 * MINUTE
    for number in (0, 1):
        square.person(f"c{number}", f"s{number}.example")
    square.all_say(people, "Look #aurora")
    others_speak(square)
    count(square)
    assert square.tag("aurora").people == 3
    square.crowd.clock.ahead += 10 * MINUTE
    assert is_kept(square)
    assert square.tag("aurora").people == 2


def test_numbers_that_nobody_renewed_are_not_believed(square):
    people = square.crowd_of(3, 3)
    square.all_say(people[:2], "Look #aurora")
    count(square)
    square.says(people[2], "Look #aurora")
    square.crowd.clock.ahead = KEPT + MINUTE
    assert not is_kept(square)
    assert square.tag("aurora").people == 3


def test_whoever_leaves_while_it_is_counted_is_not_kept(square, monkeypatch):
    people = square.crowd_of(3, 3)
    square.all_say(people, "Look #aurora")
    context, counting = square.crowd.app.context, trend_counts._count

    def late(*given):
        found = counting(*given)
        forget_person(context, Handle("c2", "s2.example"))
        return found

    monkeypatch.setattr(trend_counts, "_count", late)
    count(square)
    assert not any("s2.example" in str(row) for row in rows(square))
    assert square.tag("aurora").people == 2
