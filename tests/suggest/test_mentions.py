"""Who is suggested because two people mention each other, and what is kept of that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from discover.model.actor import Flag, Handle
from discover.model.observed import PostMissing
from discover.model.post import Audience
from discover.services.consent.withdraw import forget_person, forget_server
from discover.services.crawl.observe import observe
from discover.services.federation.mentions import MENTIONS, MOST
from tests.support.crowd import Crowd

LIKE_ADA = {"like": ("ada@a.example",)}


def kept(crowd: Crowd) -> int:
    with crowd.app.context.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(MENTIONS)) or 0


def two(crowd: Crowd) -> tuple[str, str]:
    """Ada and Bert, who mention each other."""
    ada, bert = crowd.person("ada"), crowd.person("bert")
    crowd.mention(ada, bert)
    crowd.mention(bert, ada)
    return ada, bert


def test_who_mentions_each_other_is_suggested_with_the_reason(crowd: Crowd) -> None:
    two(crowd)
    crowd.person("carl")
    crowd.settle()
    assert crowd.suggested(**LIKE_ADA)[0] == "bert"
    assert crowd.why("bert", **LIKE_ADA)["talks_with"] == {"handle": "ada@a.example"}


def test_a_mention_that_is_not_answered_suggests_nobody(crowd: Crowd) -> None:
    ada, bert = crowd.person("ada"), crowd.person("bert")
    crowd.mention(bert, ada)
    crowd.settle()
    assert "talks_with" not in crowd.why("bert", **LIKE_ADA)


def test_a_mention_of_somebody_who_is_listed_later_counts_when_it_is_seen_again(
    crowd: Crowd,
) -> None:
    ada = crowd.person("ada")
    crowd.mention(ada, "https://a.example/users/bert")
    assert kept(crowd) == 0, "nothing is kept of people who are not listed"
    bert = crowd.person("bert")
    crowd.mention(bert, ada)
    crowd.mention(ada, bert)
    assert kept(crowd) == 2


@pytest.mark.parametrize(
    "more",
    [
        {"audience": Audience.UNLISTED},
        {"audience": Audience.FOLLOWERS},
        {"audience": Audience.DIRECT},
        {"content_warning": "private"},
    ],
    ids=str,
)
def test_a_mention_that_is_not_for_everybody_is_not_kept(crowd: Crowd, more: dict) -> None:
    crowd.mention(crowd.person("ada"), crowd.person("bert"), **more)
    assert kept(crowd) == 0


@pytest.mark.parametrize("more", [{"indexable": Flag.FALSE}, {"bot": True}], ids=str)
def test_nothing_is_kept_of_people_who_may_not_be_counted(crowd: Crowd, more: dict) -> None:
    ada, bert = crowd.person("ada"), crowd.person("bert", **more)
    crowd.mention(ada, bert)
    crowd.mention(bert, ada)
    assert kept(crowd) == 0


def test_who_calls_out_to_many_speaks_to_nobody(crowd: Crowd) -> None:
    ada = crowd.person("ada")
    others = [crowd.person(f"friend{number}") for number in range(MOST + 1)]
    crowd.mention(ada, *others)
    assert kept(crowd) == 0
    crowd.mention(ada, *others[:MOST], number=101)
    assert kept(crowd) == MOST


def test_an_edit_that_takes_a_mention_out_takes_it_back(crowd: Crowd) -> None:
    ada, _ = two(crowd)
    crowd.mention(ada, text="I asked somebody else")
    assert kept(crowd) == 1
    crowd.settle()
    assert "talks_with" not in crowd.why("bert", **LIKE_ADA)


def _forgotten(crowd: Crowd) -> None:
    forget_person(crowd.app.context, Handle("bert", "a.example"))


def _server_out(crowd: Crowd) -> None:
    forget_server(crowd.app.context, "a.example")


def _unindexed(crowd: Crowd) -> None:
    crowd.person("bert", (), indexable=Flag.FALSE)


def _hidden(crowd: Crowd) -> None:
    crowd.person("bert", (), discoverable=Flag.FALSE)


def _bot(crowd: Crowd) -> None:
    crowd.person("bert", (), bot=True)


@pytest.mark.parametrize("leave", [_forgotten, _server_out, _unindexed, _hidden, _bot])
def test_either_sides_withdrawal_takes_both_directions_at_once(
    crowd: Crowd, leave: Callable[[Crowd], None]
) -> None:
    two(crowd)
    assert kept(crowd) == 2
    leave(crowd)
    assert kept(crowd) == 0


def test_a_deleted_post_takes_its_mentions_along(crowd: Crowd) -> None:
    ada, _ = two(crowd)
    observe(crowd.app.context, [PostMissing(f"{ada}/statuses/100", crowd.clock.now())])
    assert kept(crowd) == 1
