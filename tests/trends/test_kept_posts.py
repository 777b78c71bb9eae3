"""Trending posts are counted ahead, too: the same answer, and whoever takes back is out at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from discover.model.actor import Handle
from discover.model.trends import TrendRequest
from discover.services.consent.blocklists import block_host
from discover.services.consent.withdraw import forget_person
from discover.services.facts import POSTS
from discover.services.federation.inbox import Received
from discover.services.federation.interactions import undone
from discover.services.tasks import enqueue, run_next_task
from discover.services.trends.counts import kept
from discover.services.trends.heard import Window
from discover.services.trends.trending import trending_posts
from discover.services.trends.uses import COUNTS, POST
from tests.trends.conftest import DAY, HOUR

MINUTE = timedelta(minutes=1)


def count(square) -> None:
    """As the scheduler has it done. Another post stays kept whatever happens to those of a test."""
    steady = square.says(square.person("steady", "steady.example"), "As ever")
    for who in square.people(4, "steady.example", name="d"):
        square.likes(who, steady)
    enqueue(square.crowd.app.context, "trend_counts")
    assert run_next_task(square.crowd.app.context) == "trend_counts"


def is_kept(square, **asked) -> bool:
    context, wish = square.crowd.app.context, TrendRequest(**asked)
    window = Window(context.clock.now(), wish.window, wish.language)
    with context.database.read() as connection:
        return kept(context, connection, POST, window) is not None


def rows(square, post: str) -> list:
    """What is kept of a post."""
    with square.crowd.app.context.database.read() as connection:
        name = str(connection.scalar(sa.select(POSTS.c.id).where(POSTS.c.uri == post)))
        ours = sa.select(COUNTS).where(COUNTS.c.kind == POST, COUNTS.c.name == name)
        return connection.execute(ours).all()


def loved(square, fans: list[str], *, name: str = "author", language: str = "en") -> str:
    """A post that all of them like."""
    post = square.says(square.person(name, f"{name}.example"), "A comet #sky", language=language)
    for who in fans:
        square.likes(who, post)
    return post


def takes_the_like_back(square, who: str, post: str) -> None:
    undo = {"type": "Undo", "actor": who, "object": {"type": "Like", "actor": who, "object": post}}
    now = square.crowd.clock.now()
    with square.crowd.app.context.database.write() as connection:
        undone(connection, Received(undo, who, "", None, None, now))


def test_what_is_kept_of_posts_is_what_would_be_counted(square):
    fans = square.crowd_of(6, 6)
    loved(square, fans, language="de")
    other = square.says(square.person("zoe", "z.example"), "A tide")
    for who in fans[:3]:
        square.likes(who, other, ago=8 * HOUR)
        square.says(who, "Yes!", in_reply_to=other, ago=2 * HOUR)
    asked = [
        {"window": timedelta(hours=hours), "language": language}
        for hours in (6, 24, 168)
        for language in (None, "de", "en")
    ]
    assert not is_kept(square)
    count(square)
    assert all(is_kept(square, **one) for one in asked)
    ahead = [square.asked(trending_posts, **one) for one in asked]
    with square.crowd.app.context.database.write() as connection:
        connection.execute(sa.delete(COUNTS))
    assert [square.asked(trending_posts, **one) for one in asked] == ahead
    assert [len(found) for found in ahead] == [3, 1, 2] * 3


def test_likes_since_are_told_after_the_next_count(square):
    fans = square.crowd_of(4, 4)
    comet = loved(square, fans[:2])
    tide = loved(square, fans[:3], name="zoe")
    count(square)
    for who in fans[2:]:
        square.likes(who, comet)
    assert [one for one in square.posts() if one in (comet, tide)] == [tide, comet]
    count(square)
    assert [one for one in square.posts() if one in (comet, tide)] == [comet, tide]


@pytest.mark.parametrize("how", ["fan leaves", "answerer leaves", "answer goes", "like goes"])
def test_who_takes_back_what_they_did_is_out_of_a_kept_post_at_once(square, how):
    fan, answerer = square.crowd_of(2, 2)
    post = loved(square, [fan])
    answer = square.says(answerer, "Yes!", in_reply_to=post)
    count(square)
    assert post in square.posts()
    if how == "fan leaves":
        forget_person(square.crowd.app.context, Handle("c0", "s0.example"))
    elif how == "answerer leaves":
        forget_person(square.crowd.app.context, Handle("c1", "s1.example"))
    elif how == "answer goes":
        square.deletes(answer)
    else:
        takes_the_like_back(square, fan, post)
    assert not any(row.servers for row in rows(square, post))
    assert post not in square.posts()
    assert is_kept(square)


def test_a_blocked_server_is_out_of_kept_posts(square):
    post = loved(square, square.crowd_of(2, 2))
    count(square)
    block_host(square.crowd.app.context, "s0.example", "a farm")
    assert is_kept(square)
    assert post not in square.posts()


def test_consent_that_ends_while_a_post_is_kept_is_not_counted(square):
    square.crowd_of(2, 2)
    square.crowd.clock.ahead = 7 * DAY - 5 * MINUTE
    old, new = "https://s0.example/users/c0", square.person("c1", "s1.example")
    post = loved(square, [old, new])
    count(square)
    assert post in square.posts()
    square.crowd.clock.ahead += 10 * MINUTE
    assert is_kept(square)
    assert post not in square.posts()


def test_of_a_post_that_goes_no_number_is_kept(square):
    post = loved(square, square.crowd_of(3, 3))
    count(square)
    assert rows(square, post)
    forget_person(square.crowd.app.context, Handle("author", "author.example"))
    with square.crowd.app.context.database.read() as connection:
        names = connection.scalars(sa.select(COUNTS.c.name).where(COUNTS.c.kind == POST)).all()
        held = {str(number) for number in connection.scalars(sa.select(POSTS.c.id))}
    assert names
    assert set(names) <= held


def test_an_edited_post_is_still_counted(square):
    post = loved(square, square.crowd_of(3, 3))
    count(square)
    author = "https://author.example/users/author"
    square.says(author, "A comet, edited", uri=post)
    assert post in square.posts()
