"""Who is suggested to whom, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from discover.model.actor import Flag, Handle
from discover.model.views import BadRequest
from discover.policy.suggest import REASONS
from discover.services.consent.withdraw import forget_person, forget_server
from discover.services.index.indexing import index_all
from discover.services.suggest import similarity
from discover.services.suggest.similarity import CHANGED, TRAITS, refresh_all
from discover.store.database import table
from discover.store.tables import Task
from tests.support.crowd import Crowd

DAY = timedelta(days=1)
TASKS = table(Task)
STARS = ("A clear night #astronomy #astrodon", "Saturn today #astronomy", "#astronomy again")


def traits(crowd: Crowd) -> set[str]:
    with crowd.app.context.database.read() as connection:
        return set(connection.scalars(sa.select(TRAITS.c.trait)))


def test_people_of_a_topic_are_suggested_with_the_reason(crowd: Crowd) -> None:
    crowd.person("stella", STARS)
    crowd.person("karl", ("Sourdough day #baking", "Rye #baking"))
    crowd.settle()
    assert crowd.suggested(topics=("astronomy",)) == ["stella"]
    assert crowd.why("stella", topics=("astronomy",))["topic"] == {"topic": "astronomy"}
    assert crowd.suggest(topics=("astronomy",)).suggestions[0].topics[0] == "astronomy"


def test_a_newcomer_gets_people_who_write_in_their_language(crowd: Crowd) -> None:
    crowd.person("stella", STARS)
    crowd.person("sternchen", ("Klare Nacht #astronomie", "#astronomie"), language="de")
    crowd.settle()
    assert crowd.suggested(topics=("astronomy",), languages=("de",)) == ["sternchen"]
    assert crowd.suggested(languages=("de",)) == ["sternchen"]
    why = crowd.why("sternchen", topics=("astronomy",), languages=("de",))
    assert why["language"] == {"language": "de"}


def test_more_like_somebody_are_those_who_use_the_same_rare_tags(crowd: Crowd) -> None:
    crowd.person("ada", ("look #lighthouses #fresnel", "#lighthouses"))
    crowd.person("bert", ("mine #lighthouses", "and #fresnel"))
    crowd.person("carl", ("#knitting today",))
    crowd.settle()
    assert crowd.suggested(like=("ada@a.example",)) == ["bert"]
    why = crowd.why("bert", like=("https://a.example/users/ada",))
    assert why["tag_like"]["handle"] == "ada@a.example"


def test_a_set_of_accounts_brings_people_like_any_of_them(crowd: Crowd) -> None:
    crowd.person("ada", ("#lighthouses", "#lighthouses"))
    crowd.person("bert", ("#lighthouses",))
    crowd.person("carl", ("#weaving", "#weaving"))
    crowd.person("dora", ("#weaving",))
    crowd.settle()
    found = crowd.suggested(like=("ada@a.example", "carl@a.example"))
    assert sorted(found) == ["bert", "dora"]


def test_a_profile_that_was_read_brings_people_who_use_its_tags(crowd: Crowd) -> None:
    crowd.person("ada", ("#lighthouses",))
    crowd.settle()
    assert crowd.suggested(tags=("lighthouses",)) == ["ada"]
    assert crowd.why("ada", tags=("lighthouses",))["tag"] == {"tag": "lighthouses"}


def test_people_whom_the_same_people_boost_are_suggested(crowd: Crowd) -> None:
    ada, bert = crowd.person("ada"), crowd.person("bert")
    for name in ("fan", "friend"):
        fan = crowd.person(name)
        crowd.boost(fan, ada)
        crowd.boost(fan, bert)
    crowd.settle()
    assert crowd.suggested(like=("ada@a.example",))[0] == "bert"
    assert crowd.why("bert", like=("ada@a.example",))["also_boosted"] == {"handle": "ada@a.example"}


def test_one_shared_fan_is_not_told(crowd: Crowd) -> None:
    ada, bert, fan = (crowd.person(name) for name in ("ada", "bert", "fan"))
    crowd.boost(fan, ada)
    crowd.boost(fan, bert)
    crowd.settle()
    assert "also_boosted" not in crowd.why("bert", like=("ada@a.example",))


def test_who_is_followed_or_dismissed_is_not_suggested(crowd: Crowd) -> None:
    for name in ("ada", "bert", "carl"):
        crowd.person(name, STARS)
    crowd.settle()
    exclude = ("@ada@a.example", "https://a.example/users/bert", "nobody@nowhere.example")
    assert crowd.suggested(topics=("astronomy",), exclude=exclude) == ["carl"]


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"locked": True}, "locked"),
        ({"age": 91 * DAY}, "silent for 90 days"),
        ({"warning": "spiders"}, "behind warnings only"),
        ({"bio": ""}, "without a profile"),
        ({"posts": ()}, "without posts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_is_listed_but_not_for_suggesting_is_not_suggested(
    crowd: Crowd, more: dict, name: str
) -> None:
    crowd.person("ada", STARS, bio="the sky #astronomy")
    crowd.person("quiet", **({"posts": STARS, "bio": "the sky #astronomy"} | more))
    crowd.settle()
    assert crowd.suggested(topics=("astronomy",), bots=True) == ["ada"]
    assert crowd.suggested(like=("ada@a.example",), bots=True) == []
    assert "quiet" not in crowd.suggested()


def test_bots_are_suggested_only_on_request(crowd: Crowd) -> None:
    crowd.person("robot", STARS, bot=True)
    crowd.settle()
    assert crowd.suggested(topics=("astronomy",)) == []
    assert crowd.suggested(topics=("astronomy",), bots=True) == ["robot"]


def test_who_withdraws_is_not_in_the_next_answer_and_leaves_no_traits(crowd: Crowd) -> None:
    crowd.person("stella", STARS)
    crowd.settle()
    assert crowd.suggested(topics=("astronomy",)) == ["stella"]
    forget_person(crowd.app.context, Handle("stella", "a.example"))
    assert crowd.suggested(topics=("astronomy",)) == []
    assert traits(crowd) == set()


def test_a_server_that_leaves_takes_everybodys_traits_with_it(crowd: Crowd) -> None:
    crowd.person("stella", STARS)
    crowd.settle()
    forget_server(crowd.app.context, "a.example")
    assert traits(crowd) == set()
    crowd.settle()
    assert traits(crowd) == set()


def test_who_takes_their_posts_back_has_no_traits_of_posts_at_once(crowd: Crowd) -> None:
    crowd.person("ada", ("#lighthouses",), bio="keeper of #weaving")
    crowd.settle()
    assert {"tag:lighthouses", "tag:weaving"} <= traits(crowd)
    crowd.person("ada", (), bio="keeper of #weaving", indexable=Flag.FALSE)
    assert "tag:lighthouses" not in traits(crowd)
    crowd.settle()
    assert "tag:lighthouses" not in traits(crowd)
    assert "tag:weaving" in traits(crowd)


def test_who_says_no_is_gone_before_the_traits_know(crowd: Crowd) -> None:
    crowd.person("stella", STARS)
    crowd.settle()
    crowd.clock.ahead = 8 * DAY  # the evidence was not renewed
    assert crowd.suggested(topics=("astronomy",)) == []


def test_a_refresh_that_overlaps_a_withdrawal_writes_nothing(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.person("stella", STARS)
    crowd.settle()
    ctx = crowd.app.context
    similarity.mark_everybody(ctx)
    worked_out = similarity._work_out

    def and_then_she_leaves(*args, **kwargs):
        found = worked_out(*args, **kwargs)
        monkeypatch.undo()
        forget_person(ctx, Handle("stella", "a.example"))
        return found

    # On SQLite a reader does not hinder a writer either.
    monkeypatch.setattr(similarity, "_work_out", and_then_she_leaves)
    refresh_all(ctx)
    assert traits(crowd) == set()


def test_only_who_changed_is_worked_out_again(crowd: Crowd) -> None:
    crowd.person("ada", ("#lighthouses",))
    crowd.person("bert", ("#lighthouses",))
    crowd.settle()
    with crowd.app.context.database.read() as connection:
        assert connection.execute(sa.select(CHANGED)).all() == []
    crowd.person("bert", ("#lighthouses", "#weaving"))
    index_all(crowd.app.context)
    assert refresh_all(crowd.app.context) == 1


def test_pages_follow_each_other_without_repeating(crowd: Crowd) -> None:
    for number in range(12):
        crowd.person(f"p{number}", STARS)
    crowd.settle()
    first = crowd.suggest(topics=("astronomy",), limit=5, seed=3)
    second = crowd.suggest(topics=("astronomy",), limit=5, offset=5, seed=3)
    last = crowd.suggest(topics=("astronomy",), limit=5, offset=10, seed=3)
    assert first.more
    assert second.more
    assert not last.more
    seen = [one.account.uri for page in (first, second, last) for one in page.suggestions]
    assert len(seen) == len(set(seen)) == 12


def test_a_large_server_leaves_room_for_a_small_one(crowd: Crowd) -> None:
    crowd.opt_in("small.example")
    for number in range(60):
        crowd.person(f"big{number}", STARS[:1], followers=9000)
    crowd.person("tiny", STARS[:1], host="small.example", followers=3)
    crowd.settle()
    assert "tiny" in crowd.suggested(topics=("astronomy",), limit=10)


def test_servers_can_be_chosen(crowd: Crowd) -> None:
    crowd.opt_in("b.example")
    crowd.person("ada", STARS)
    crowd.person("bea", STARS, host="b.example")
    crowd.settle()
    assert crowd.suggested(topics=("astronomy",), servers=("b.example",)) == ["bea"]
    assert crowd.suggested(servers=("b.example",)) == ["bea"]


def test_unknown_topics_are_refused_in_words(crowd: Crowd) -> None:
    with pytest.raises(BadRequest, match="no topic"):
        crowd.suggest(topics=("nonsense",))


def test_accounts_that_are_not_listed_bring_nobody(crowd: Crowd) -> None:
    crowd.person("ada", STARS)
    crowd.settle()
    assert crowd.suggested(like=("stranger@elsewhere.example",)) == []


def test_every_reason_is_of_the_closed_set(crowd: Crowd) -> None:
    ada = crowd.person("ada", STARS, followers=4)
    crowd.person("bert", STARS, followers=4)
    crowd.boost(ada, crowd.person("carl", STARS))
    crowd.settle()
    for asked in ({"topics": ("astronomy",)}, {"like": ("ada@a.example",)}, {}):
        for one in crowd.suggest(**asked).suggestions:
            assert one.reasons
            assert all(reason.kind in REASONS for reason in one.reasons)


def due_in(crowd: Crowd, *calls: int) -> int:
    """Seconds after the first mark at which marked people are worked off, called at those."""
    ctx = crowd.app.context
    begin = ctx.clock.now()
    with ctx.database.write() as connection:
        connection.execute(sa.delete(CHANGED))
        connection.execute(sa.delete(TASKS))
        similarity.mark(connection, [1], begin)
        for seconds in calls:
            similarity.call(connection, begin + timedelta(seconds=seconds))
        due = connection.scalar(sa.select(TASKS.c.due_at))
    return round((due - begin).total_seconds())


def test_likeness_is_worked_out_once_a_burst_of_news_is_over(crowd: Crowd) -> None:
    assert due_in(crowd, 0) == 15
    assert due_in(crowd, 0, 14, 28) == 43


def test_likeness_does_not_wait_for_a_burst_that_does_not_end(crowd: Crowd) -> None:
    assert due_in(crowd, *range(0, 119, 10)) == 120
    assert due_in(crowd, *range(0, 200, 10)) == 190


def test_likeness_that_failed_is_not_tried_again_with_every_news(crowd: Crowd) -> None:
    ctx = crowd.app.context
    later = ctx.clock.now() + timedelta(hours=1)
    with ctx.database.write() as connection:
        similarity.call(connection, ctx.clock.now())
        connection.execute(sa.update(TASKS).values(attempts=3, due_at=later))
        similarity.call(connection, ctx.clock.now())
        assert connection.scalar(sa.select(TASKS.c.due_at)) == later
