"""The people of a topic, page by page, each with what tells that they are about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from discover.model.topics import AccountTopic
from discover.model.views import AccountView, BadRequest
from discover.services.context import Context
from discover.services.hydrate import hydrate_accounts
from discover.services.topics.catalogue import accounts_of_topic, topics_of

MOST_ON_A_PAGE = 40
# Nobody reads further; whoever wants more of them asks for a language.
DEEPEST = 2000


@dataclass(frozen=True, slots=True)
class TopicPeople:
    """`next` is the offset of the next page, None at the end."""

    people: tuple[tuple[AccountView, AccountTopic], ...]
    next: int | None


def topic_people(
    ctx: Context,
    topic_id: str,
    *,
    languages: Collection[str] = (),
    limit: int = 20,
    offset: int = 0,
) -> TopicPeople:
    """One page, heaviest first, of those who may be shown at this moment.

    `languages` are primary subtags, any of them. BadRequest when limit or offset are out of
    bounds.
    """
    if not 1 <= limit <= MOST_ON_A_PAGE:
        raise BadRequest(f"limit must be between 1 and {MOST_ON_A_PAGE}")
    if not 0 <= offset <= DEEPEST:
        raise BadRequest("cursor is not one that we gave out")
    people: list[tuple[AccountView, AccountTopic]] = []
    with ctx.database.read() as connection:
        now = ctx.clock.now()
        while True:
            found = accounts_of_topic(connection, topic_id, limit + 1, offset, languages)
            ids = [account_id for account_id, _ in found]
            views = {view.id: view for view in hydrate_accounts(ctx, connection, ids, now)}
            topics = topics_of(connection, views)
            for place, account_id in enumerate(ids):
                if len(people) == limit:
                    after = offset + place
                    return TopicPeople(tuple(people), after if after <= DEEPEST else None)
                own = [one for one in topics.get(account_id, ()) if one.topic == topic_id]
                if account_id in views and own:
                    people.append((views[account_id], own[0]))
            offset += len(ids)
            if len(ids) <= limit or offset > DEEPEST:
                return TopicPeople(tuple(people), None)
