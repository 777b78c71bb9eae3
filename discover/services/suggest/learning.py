"""What words say, learnt from a sample of fixed size: which everybody writes, which tell of topics."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy import leading
from discover.policy import similarity as policy
from discover.policy.leading import Learning, Part
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.index.documents import Judged, judge_accounts, newest_posts
from discover.services.suggest.reading import RECENT, language_of
from discover.services.topics.catalogue import catalogue, topics_of
from discover.store.database import chunks, table
from discover.store.lookup import Lookup, among
from discover.store.tables import CommonWord, TellingWord

COMMON = table(CommonWord)
TELLING = table(TellingWord)

SAMPLE = 2000  # accounts that are asked
_BATCH = 200
_WRITTEN = 1000  # rows at once

_HIGHEST = sa.select(sa.func.max(ACCOUNTS.c.id))
_COMMON = Lookup(sa.select(COMMON.c.language, COMMON.c.word).where(among(COMMON.c.language)))
_MEANINGS = Lookup(
    sa.select(TELLING.c.language, TELLING.c.word, TELLING.c.topic, TELLING.c.weight).where(
        among(TELLING.c.word)
    )
)

# language -> word -> topic -> how much it tells of it
Learnt = dict[str, dict[str, dict[str, float]]]


def learn_words(ctx: Context) -> int:
    """Which words everybody writes, and which tell of topics. Returns how many there are.

    Nothing is kept of words that fewer than `TELLING_PEOPLE` write; whoever has left meanwhile is
    not among those who are asked the next time.
    """
    common: dict[str, Counter[str]] = {}
    everybody: Counter[str] = Counter()
    learning: dict[str, Learning] = defaultdict(Learning)
    people: list[tuple[str, set[str], dict[str, float]]] = []
    with ctx.database.read() as connection:
        for part in chunks(_sample(ctx, connection), _BATCH):
            for one, texts, tags, topics in _asked(ctx, connection, part):
                language = language_of(one)
                everybody[language] += 1
                words = {word for text in texts for word in policy.words_of(text)}
                common.setdefault(language, Counter()).update(words)
                tokens = {token for text in texts for token in leading.tokens(text)}
                tokens.update(map(leading.tag_token, tags))
                learning[language].count(tokens)
                people.append((language, tokens, topics))
    for language, tokens, topics in people:
        learning[language].add(tokens, topics)
    of_all = [
        {"language": language, "word": word}
        for language, counts in common.items()
        for word in sorted(policy.common_words(counts, everybody[language]))
    ]
    telling = [
        {"language": language, "word": word, "topic": topic, "weight": round(weight, 3)}
        for language, one in learning.items()
        for word, topics in one.learnt()
        for topic, weight in topics.items()
    ]
    with ctx.database.write() as connection:
        _instead(connection, COMMON, of_all)
        _instead(connection, TELLING, telling)
    return len(of_all) + len(telling)


def _instead(connection: Connection, source: sa.Table, rows: list[dict[str, Any]]) -> None:
    connection.execute(sa.delete(source))
    for few in chunks(rows, _WRITTEN):
        connection.execute(sa.insert(source), list(few))


def common_words(connection: Connection, languages: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in _COMMON(connection, languages):
        found.setdefault(row.language, set()).add(row.word)
    return found


def meanings(connection: Connection, tokens: Iterable[str]) -> Learnt:
    found: Learnt = defaultdict(lambda: defaultdict(dict))
    for row in _MEANINGS(connection, set(tokens)):
        found[row.language][row.word][row.topic] = row.weight
    return found


def profile_parts(one: Judged) -> list[Part]:
    row = one.row
    return leading.parts(row.summary, row.hashtags, row.featured_tags)


def leading_topics(one: Judged, said: Iterable[Part], learnt: Learnt) -> dict[str, float]:
    """The topics that a profile leads with, of unit length together."""
    known = learnt.get(language_of(one), {})
    return leading.leading(said, lambda token: known.get(token, {}), _listed)


def _listed(part: Part) -> list[tuple[str, float]]:
    if part.tag:
        return list(catalogue().match(part.tag))
    return [match for some in catalogue().in_text(part.text).values() for match in some]


def _sample(ctx: Context, connection: Connection) -> list[int]:
    highest = connection.scalar(_HIGHEST) or 0
    if highest <= SAMPLE:
        return list(range(1, highest + 1))
    step = highest / SAMPLE
    return list(range(1 + int(ctx.jitter() * step), highest + 1, max(1, int(step))))


def _asked(
    ctx: Context, connection: Connection, ids: Collection[int]
) -> list[tuple[Judged, list[str], set[str], dict[str, float]]]:
    """Those of the sample who are listed: texts and hashtags that may be read, and their topics."""
    now = ctx.clock.now()
    judged = {
        number: one
        for number, one in judge_accounts(ctx, connection, list(ids), now).items()
        if one.verdict.list.allowed
    }
    posts = newest_posts(ctx, connection, judged, RECENT, now)
    topics = topics_of(connection, judged)
    return [
        (
            one,
            [one.row.summary, *(post.row.text for post in posts.get(number, ()))],
            {
                *one.row.hashtags,
                *one.row.featured_tags,
                *(tag for post in posts.get(number, ()) for tag in post.facts.hashtags),
            },
            {topic.topic: topic.weight for topic in topics.get(number, ())},
        )
        for number, one in judged.items()
    ]
