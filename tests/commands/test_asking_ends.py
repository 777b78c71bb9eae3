"""Where nobody asks for us any more, nobody is asked."""

from __future__ import annotations

from datetime import timedelta

from discover.model.actor import Handle
from discover.services.consent.servers import remove_server
from discover.services.consent.why import explain_account
from discover.services.crawl.visits import schedule_now
from tests.support.town import HOST, OUR_ACTOR, activity


def later(talk, days):
    """What is asked of their server in these days."""
    talk.town.site.seen.clear()
    for _ in range(days):
        talk.house.clock.ahead += timedelta(days=1)
        talk.house.work()
    talk.house.clock.ahead = timedelta()  # what they sign next is of today
    return talk.town.asked(HOST)


def test_server_is_left_alone_once_the_last_who_came_in_there_has_left(talk, ann):
    talk.say(ann, "in")
    assert later(talk, 3)
    talk.say(ann, "out")
    assert later(talk, 9) == []


def test_server_is_left_alone_while_the_only_one_who_came_in_there_blocks_us(talk, ann):
    talk.say(ann, "in")
    talk.house.hear(ann, "Block", OUR_ACTOR)
    assert later(talk, 3) == []
    talk.house.hear(ann, "Undo", activity(ann, "Block", OUR_ACTOR))
    assert talk.house.found("ann", "accounts") == [ann.uri]


def test_who_came_in_behind_a_block_is_found_when_it_goes_though_the_server_went_meanwhile(
    talk, ann
):
    talk.house.opt_in()
    talk.house.hear(ann, "Block", OUR_ACTOR)
    talk.say(ann, "in")
    remove_server(talk.house.app.context, HOST)
    talk.house.hear(ann, "Undo", activity(ann, "Block", OUR_ACTOR))
    assert talk.house.found("ann", "accounts") == [ann.uri]


def test_who_is_asked_after_by_name_where_nobody_opted_in_is_asked_once(talk, ann):
    handle = Handle("ann", HOST)
    for _ in range(2):
        schedule_now(talk.house.app.context, handles=[handle])
        talk.town.site.seen.clear()
        talk.house.work()
        assert talk.town.asked("/users/ann")
        assert not explain_account(talk.house.app.context, handle).list.allowed
        assert later(talk, 40) == []
