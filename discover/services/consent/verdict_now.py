"""What is true for one actor at this moment, listed or never seen: for answers to that person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.verdict import AccountVerdict, Answer, Decision, Reason
from discover.policy.consent import AccountFacts, PersonAct, PersonFacts, decide_account
from discover.policy.origin import host_of
from discover.services.consent.decisions import decisions_from_json
from discover.services.consent.withdraw import POSTS, VERDICTS
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, DELIBERATE, load_persons, load_servers
from discover.services.index.documents import judge_rows

# What lies with the server's and the person's will and is asked anew each time
_OF_WILL = frozenset(
    {
        Reason.SERVER_OPTED_IN, Reason.PERSON_OPTED_IN, Reason.SUPPRESSED, Reason.PERSON_OPTED_OUT,
        Reason.PERSON_BLOCKED_US, Reason.SERVER_NOT_OPTED_IN, Reason.SERVER_OPTED_OUT,
        Reason.SERVER_BLOCKED, Reason.ROBOTS_UNREADABLE,
    }
)  # fmt: skip
# What a deliberate act overcomes
_OF_FLAGS = frozenset({Reason.DISCOVERABLE_WEAK})
_OF_POST_FLAGS = _OF_FLAGS | {
    Reason.INDEXABLE_WEAK, Reason.NEEDS_DELIBERATE_ACT, Reason.SERVER_PROFILES_ONLY,
    Reason.PERSON_PROFILE_ONLY,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class VerdictNow:
    verdict: AccountVerdict
    person: PersonFacts
    posts: int  # of theirs that can be found


def verdict_now(ctx: Context, connection: Connection, uri: str, now: datetime) -> VerdictNow:
    """Nothing is fetched. What was seen of somebody who is not listed counts as seen then."""
    kept = connection.execute(sa.select(VERDICTS).where(VERDICTS.c.uri == uri)).first()
    row = connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.uri == uri)).first()
    handle = row.handle_key if row is not None else kept.handle_key if kept is not None else None
    person = load_persons(ctx, connection, {uri: handle})[uri]
    if row is not None:
        verdict = judge_rows(ctx, connection, [row], now)[row.id].verdict
        posts = connection.scalar(sa.select(sa.func.count()).where(POSTS.c.account_id == row.id))
        return VerdictNow(verdict, person, (posts or 0) if verdict.index_posts.allowed else 0)
    return VerdictNow(unlisted_now(ctx, connection, uri, kept, person, now), person, 0)


def unlisted_now(
    ctx: Context,
    connection: Connection,
    uri: str,
    kept: Any,
    person: PersonFacts,
    now: datetime,
) -> AccountVerdict:
    """Of somebody who has no row as an account: no or unknown, never yes.

    `kept`: their row of verdicts, None when they were never judged.
    """
    host = host_of(uri) or ""
    server = load_servers(connection, [host])[host]
    today = decide_account(AccountFacts(server=server, signals=None, person=person), ctx.rules, now)
    if kept is None:
        return today
    before = decisions_from_json(kept.answers, kept.rule_version)
    overcome = overcome_posts = _OF_WILL
    if person.act.value in DELIBERATE:
        overcome |= _OF_FLAGS
        overcome_posts |= _OF_FLAGS if person.act is PersonAct.IN_PROFILE else _OF_POST_FLAGS
    return AccountVerdict(
        list=_left(before.list, today.list, overcome),
        suggest=_left(before.suggest, today.list, overcome),
        index_posts=_left(before.index_posts, today.list, overcome_posts),
        trends=_left(before.trends, today.list, overcome_posts),
        rule_version=today.rule_version,
    )


def _left(before: Decision, today: Decision, overcome: frozenset[Reason]) -> Decision:
    """Today's noes and those of then that stand. Without any it is unknown, never yes."""
    noes = list(today.reasons) if today.answer is Answer.NO else []
    if before.answer is Answer.NO:
        noes += [one for one in before.reasons if one not in overcome and one not in noes]
    if noes:
        return Decision(Answer.NO, tuple(noes))
    unknown = before.reasons if before.answer is Answer.UNKNOWN else (Reason.NEVER_SEEN,)
    return Decision(Answer.UNKNOWN, unknown)
