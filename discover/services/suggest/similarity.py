"""Traits follow their accounts: worked out again for whoever changed, and for nobody else.

`mark` notes a change in its own transaction, `refresh` works it off, safe to do twice. Rows go
with their account by the database's own hand; `forget` is for those who stay listed but take
their posts back. Everything here is about one account each, so nothing else has to follow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import ActorType
from discover.policy import leading
from discover.policy import similarity as policy
from discover.policy.languages import primary
from discover.policy.ranking import account_prior
from discover.policy.similarity import Pool
from discover.policy.suggest import SMALL_SERVER, is_new_voice, may_suggest, mostly_warned
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.index.documents import (
    Judged,
    JudgedPost,
    judge_accounts,
    newest_posts,
)
from discover.services.suggest.learning import (
    common_words,
    leading_topics,
    meanings,
    profile_parts,
)
from discover.services.suggest.reading import RECENT, language_of, languages_of
from discover.services.topics.catalogue import catalogue, telling, topics_of
from discover.store.bulk import Insert
from discover.store.database import chunks, table, upsert
from discover.store.lookup import Lookup, among
from discover.store.tables import ChangedAccount, Task, TraitRow

TRAITS = table(TraitRow)
CHANGED = table(ChangedAccount)
_TASKS = table(Task)

TASK = "similarity"
# Who is like whom is worked out once a burst is over, not again and again beside it; but a burst
# that does not end makes nobody wait for longer than this.
_AFTER = timedelta(seconds=15)
_AT_LATEST = timedelta(minutes=2)
BATCH = 200
_WORDS_OF = 10  # posts of each account in which words of topics are looked for

# Statements are made once: to make one costs more than to run it.
_WAITING = sa.select(CHANGED.c.account_id, CHANGED.c.at).order_by(CHANGED.c.account_id)
_OLDEST = sa.select(sa.func.min(CHANGED.c.at))
_STILL = Lookup(
    sa.select(CHANGED.c.account_id, CHANGED.c.at)
    .where(among(CHANGED.c.account_id))
    .with_for_update(skip_locked=True)
)
_HERE = sa.select(ACCOUNTS.c.id).where(among(ACCOUNTS.c.id))
_KNOWN = Lookup(_HERE)
_FREE = Lookup(_HERE.with_for_update(read=True, key_share=True, skip_locked=True))
_DONE = sa.delete(CHANGED).where(among(CHANGED.c.account_id))
_MARK = Insert(ChangedAccount, ("account_id", "at"), unless=("account_id",), update=("at",))
_DROP = sa.delete(TRAITS).where(among(TRAITS.c.account_id))
_KEEP = sa.insert(TRAITS)
_PEOPLE = Lookup(
    sa.select(TRAITS.c.trait, sa.func.count().label("people"))
    .where(among(TRAITS.c.trait))
    .group_by(TRAITS.c.trait)
)
_HELD = Lookup(sa.select(TRAITS.c.account_id, TRAITS.c.trait).where(among(TRAITS.c.account_id)))
_HIGHEST = sa.select(sa.func.max(ACCOUNTS.c.id))
_same_server = (
    sa.select(ACCOUNTS.c.id)
    .where(ACCOUNTS.c.host == sa.bindparam("host"))
    .limit(SMALL_SERVER + 1)
    .subquery()
)
_SIZE = sa.select(sa.func.count()).select_from(_same_server)


def mark(connection: Connection, account_ids: Iterable[int], now: datetime) -> None:
    """These accounts changed: their traits are worked out again by the next `refresh`."""
    rows = [{"account_id": number, "at": now} for number in sorted(set(account_ids))]
    _MARK(connection, rows)


def call(connection: Connection, now: datetime) -> None:
    """Have marked accounts worked off soon after the last call. For the indexer, which is alone:
    rows of one key would make others wait for each other.
    """
    oldest = connection.scalar(_OLDEST) or now
    due = max(now, min(now + _AFTER, oldest + _AT_LATEST))
    task: dict[str, Any] = {"kind": TASK, "key": "", "payload": {}, "due_at": due}
    upsert(connection, Task, [task], key=["kind", "key"], update=[], update_values=_unless_failed)


def _unless_failed(called: Any) -> dict[str, Any]:
    """What failed keeps the pause that it was given."""
    due = sa.case((_TASKS.c.attempts == 0, called.due_at), else_=_TASKS.c.due_at)
    return {"due_at": due}


def forget(connection: Connection, account_ids: Iterable[int], now: datetime) -> None:
    """Drop what was derived from posts that are no longer to be read.

    The mark comes first: a `refresh` that has read those posts already holds it or sees it.
    """
    ids = sorted(set(account_ids))
    mark(connection, ids, now)
    for part in chunks(ids):
        connection.execute(_DROP, {"among": part})


def refresh(ctx: Context, limit: int = BATCH) -> int:
    """Work out the traits of accounts that changed. Returns how many were looked at."""
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        waiting = {row.account_id: row.at for row in connection.execute(_WAITING.limit(limit))}
        rows = _work_out(ctx, connection, list(waiting), now) if waiting else {}
    if not waiting:
        return 0
    with ctx.database.write() as connection:
        # Whoever changed meanwhile, or is being withdrawn at this moment, waits for another turn.
        still = {row.account_id: row.at for row in _STILL(connection, waiting)}
        same = [number for number, at in waiting.items() if still.get(number) == at]
        known = {row.id for row in _KNOWN(connection, same)}
        free = {row.id for row in _FREE(connection, same)}
        ours = [number for number in same if number in free or number not in known]
        for part in chunks(ours):
            connection.execute(_DROP, {"among": part})
        if kept := [row for number in ours if number in free for row in rows.get(number, ())]:
            connection.execute(_KEEP, kept)
        for part in chunks(ours):
            connection.execute(_DONE, {"among": part})
    return len(waiting)


def refresh_all(ctx: Context) -> int:
    """Until nobody waits."""
    done = 0
    while looked_at := refresh(ctx):
        done += looked_at
    return done


def mark_everybody(ctx: Context) -> int:
    """Work out everybody again, for example after the rules changed."""
    now, last, marked = ctx.clock.now(), 0, 0
    page = sa.select(ACCOUNTS.c.id).order_by(ACCOUNTS.c.id).limit(5000)
    while True:
        with ctx.database.write() as connection:
            ids = connection.scalars(page.where(ACCOUNTS.c.id > last)).all()
            mark(connection, ids, now)
        if not ids:
            return marked
        marked += len(ids)
        last = ids[-1]


def _work_out(
    ctx: Context, connection: Connection, ids: Sequence[int], now: datetime
) -> dict[int, list[dict[str, Any]]]:
    judged = {
        number: one
        for number, one in judge_accounts(ctx, connection, ids, now).items()
        if one.verdict.list.allowed
    }
    posts = newest_posts(ctx, connection, judged, RECENT, now)
    topics = topics_of(connection, judged)
    common = common_words(connection, {language_of(one) for one in judged.values()})
    said = {number: profile_parts(one) for number, one in judged.items()}
    learnt = meanings(
        connection, (token for some in said.values() for part in some for token in part.tokens)
    )
    uses = {
        number: _uses(one, posts.get(number, ()), common.get(language_of(one), frozenset()))
        for number, one in judged.items()
    }
    named = {
        policy.trait(kind, value)
        for both in uses.values()
        for kind, values in zip((policy.TAG, policy.WORD), both, strict=True)
        for value in values
    }
    people = {row.trait: row.people for row in _PEOPLE(connection, named)}
    held: dict[int, set[str]] = {}
    for row in _HELD(connection, ids):
        held.setdefault(row.account_id, set()).add(row.trait)
    everybody = connection.scalar(_HIGHEST) or 1
    sizes: dict[str, int] = {}
    found = {}
    for number, one in judged.items():
        host = one.row.host
        if host not in sizes:
            sizes[host] = connection.scalar(_SIZE, {"host": host}) or 0
        tags, words = uses[number]
        own = held.get(number, set())
        traits = policy.traits(
            topics=policy.topic_weights(
                {topic.topic: topic.weight for topic in topics.get(number, ())},
                _told(one, posts.get(number, ())),
                catalogue().ancestors,
                _first(one),
            ),
            tags=tags,
            words=words,
            leading=leading_topics(one, said[number], learnt),
            languages=languages_of(one),
            server=host,
            people=_others(people, own),
            everybody=everybody,
        )
        pool = _pool(one, posts.get(number, ()), sizes[host], now)
        found[number] = _rows(ctx, one, traits, pool, now)
    return found


def _others(people: Mapping[str, int], own: Collection[str]) -> Callable[[str], int]:
    """How many others are known to have a trait."""
    return lambda name: max(people.get(name, 0) - (name in own), 0)


def _rows(
    ctx: Context, one: Judged, traits: dict[str, float], pool: Pool, now: datetime
) -> list[dict[str, Any]]:
    row, chance = one.row, ctx.jitter()
    prior = account_prior(
        last_post_at=row.last_post_at,
        has_name=bool(row.name),
        has_bio=bool(row.summary),
        has_avatar=bool(row.avatar_url),
        has_fields=bool(row.fields),
        followers=row.followers,
        now=now,
    ).value
    return [
        {
            "account_id": row.id,
            "trait": name,
            "pool": pool.value,
            "weight": weight,
            "place": policy.place(weight, prior, chance),
        }
        for name, weight in traits.items()
    ]


def _pool(one: Judged, posts: Sequence[JudgedPost], size: int, now: datetime) -> Pool:
    warned = sum(post.facts.sensitive for post in posts)
    if not may_suggest(one.verdict, bots=True) or mostly_warned(len(posts), warned):
        return Pool.NOBODY
    if one.row.type in (ActorType.SERVICE, ActorType.APPLICATION):
        return Pool.BOTS
    fair = size <= SMALL_SERVER or is_new_voice(one.row.published, one.row.followers, now)
    return Pool.FAIR if fair else Pool.MANY


def _uses(
    one: Judged, posts: Sequence[JudgedPost], common: Collection[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Hashtags and words; what stands behind a content warning tells nothing."""
    row = one.row
    tags: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for post in posts:
        if not post.facts.sensitive:
            tags.update(set(post.facts.hashtags))
            words.update(policy.words_of(post.row.text))
    said = leading.by_place(row.summary, policy.words_of)
    for _name, value in row.fields:
        if "://" not in value:
            for word in policy.words_of(value):
                said.setdefault(word, leading.LATER)
    own = dict.fromkeys([*row.hashtags, *row.featured_tags])
    return policy.tag_uses(own, tags), policy.word_uses(said, words, common)


def _told(one: Judged, posts: Sequence[JudgedPost]) -> dict[str, int]:
    """In how many of the newest texts a word of each topic stands, or most words tell of it."""
    found: Counter[str] = Counter()
    calm = [post for post in posts if not post.facts.sensitive]
    texts = [(one.row.summary, one.row.language)]
    texts += [(post.row.text, post.row.language) for post in calm[:_WORDS_OF]]
    for text, language in texts:
        matches = catalogue().in_text(text).values()
        listed = {topic for some in matches for topic, _ in some}
        found.update(listed | telling().of(text, primary(language)))
    return found


def _first(one: Judged) -> tuple[str, ...]:
    """The topics that the bio begins with, or else its first hashtag that has any."""
    listed = next(iter(catalogue().in_text(one.row.summary).values()), ())
    tagged = (matches for tag in one.row.hashtags if (matches := catalogue().match(tag)))
    return tuple(topic for topic, _ in listed or next(tagged, ()))
