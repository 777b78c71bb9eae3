"""What operators changed about the curated topics: kept in the database, laid over the seed.

Every process that reads topics follows within seconds; then everybody is measured again.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from discover.model.topics import Topic
from discover.model.words import N_, Sentence
from discover.policy.topics import Catalogue, key
from discover.services.context import Context
from discover.services.topics.catalogue import lay_over, read_seed, seed_digest
from discover.store.database import insert_once, table, upsert
from discover.store.tables import Task, TopicEdit
from discover.wire.hashtags import fold

_EDITS = table(TopicEdit)
TAG, NAME, HIDDEN, BANNED = "tag", "name", "hidden", "banned"
_LONGEST = 60
_LANGUAGE = re.compile(r"^[a-z]{2,3}$")
_FOLLOW_SECONDS = 2.0
# Everybody is measured again when all processes have the new list.
_MEASURED_AFTER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Edit:
    """`topic` is empty for a banned tag. `what`: tag, name, hidden or banned."""

    id: int
    topic: str
    what: str
    language: str
    value: str
    operator: str
    at: datetime


class _Followed:
    lock = threading.Lock()
    looked_at: float | None = None
    digest: str | None = None
    banned: frozenset[str] = frozenset()


def list_edits(ctx: Context) -> list[Edit]:
    """In the order in which they were made."""
    with ctx.database.read() as connection:
        rows = connection.execute(sa.select(_EDITS).order_by(_EDITS.c.id)).all()
    return [
        Edit(row.id, row.topic, row.what, row.language, row.value, row.operator, row.at)
        for row in rows
    ]


def add_edit(
    ctx: Context, operator: str, topic: str, what: str, value: str = "", language: str = ""
) -> bool:
    """False when it is there already. ValueError with a sentence for what cannot be used."""
    value = _checked(topic, what, value, language)
    row = {
        "topic": topic, "what": what, "language": language if what in (TAG, NAME) else "",
        "value": value, "operator": operator, "at": ctx.clock.now(),
    }  # fmt: skip
    with ctx.database.write() as connection:
        if what == NAME:  # one name in a language
            same = (_EDITS.c.topic == topic, _EDITS.c.what == NAME, _EDITS.c.language == language)
            connection.execute(sa.delete(_EDITS).where(*same, _EDITS.c.value != value))
        made = insert_once(connection, TopicEdit, row, key=["topic", "what", "language", "value"])
        _measure_again(ctx, connection)
    follow(ctx, at_once=True)
    return made


def remove_edit(ctx: Context, number: int) -> bool:
    """The seed counts again there. False when there is no such edit."""
    with ctx.database.write() as connection:
        gone = connection.execute(sa.delete(_EDITS).where(_EDITS.c.id == number)).rowcount
        _measure_again(ctx, connection)
    follow(ctx, at_once=True)
    return bool(gone)


def follow(ctx: Context, *, at_once: bool = False) -> None:
    """Bring this process's list in line with the database; looks every few seconds at most."""
    with _Followed.lock:
        now = time.monotonic()
        recently = _Followed.looked_at is not None and now - _Followed.looked_at < _FOLLOW_SECONDS
        if recently and not at_once:
            return
        _Followed.looked_at = now
        edits = list_edits(ctx)
        digest = _digest(edits) if edits else None
        if digest == _Followed.digest:
            return
        lay_over((edited(edits), digest) if digest is not None else None)
        _Followed.banned = frozenset(one.value for one in edits if one.what == BANNED)
        _Followed.digest = digest


def is_banned(tag: str) -> bool:
    """May this folded tag be shown nowhere, in trends and while typing too?"""
    return bool(_Followed.banned) and key(tag) in _Followed.banned


def edited(edits: Sequence[Edit]) -> Catalogue:
    """The seed with these edits over it."""
    topics, lists = read_seed()
    hidden = {one.topic for one in edits if one.what == HIDDEN}
    banned = [one.value for one in edits if one.what == BANNED]
    changed = [
        _edited(topic, [one for one in edits if one.topic == topic.id], hidden, set(banned))
        for topic in topics
        if topic.id not in hidden
    ]
    return Catalogue(changed, fold, **{**lists, "generic": [*lists["generic"], *banned]})


def _edited(topic: Topic, edits: Sequence[Edit], hidden: set[str], banned: set[str]) -> Topic:
    names, hashtags = dict(topic.names), dict(topic.hashtags)
    for one in edits:
        if one.what == NAME:
            names[one.language] = one.value
        elif one.what == TAG:
            hashtags[one.language] = (*hashtags.get(one.language, ()), one.value)
    kept = {
        language: tuple(tag for tag in dict.fromkeys(tags) if key(tag) not in banned)
        for language, tags in hashtags.items()
    }
    return replace(
        topic,
        names=names,
        hashtags=kept,
        parent=None if topic.parent in hidden else topic.parent,
        related=tuple(one for one in topic.related if one not in hidden),
    )


def _checked(topic: str, what: str, value: str, language: str) -> str:
    """The value as it is kept."""
    value = " ".join(value.split())
    if len(value) > _LONGEST:
        raise ValueError(Sentence("That is longer than {most} characters.", most=_LONGEST))
    if what != BANNED and topic not in {one.id for one in read_seed()[0]}:
        raise ValueError(N_("There is no such topic."))
    if what in (TAG, NAME) and not _LANGUAGE.match(language):
        raise ValueError(N_("A language is given as two or three letters, such as de."))
    if what == HIDDEN:
        return ""
    if what in (TAG, BANNED):
        value = fold(value.removeprefix("#"))
        value = key(value) if what == BANNED else value
    elif what != NAME:
        raise ValueError(N_("There is no such change."))
    if not value or (what != NAME and " " in value):
        raise ValueError(N_("A name is not empty.") if what == NAME else N_("That is no hashtag."))
    return value


def _digest(edits: Sequence[Edit]) -> str:
    said = [(one.topic, one.what, one.language, one.value) for one in edits]
    whole = json.dumps([seed_digest(), said]).encode()
    return hashlib.sha256(whole).hexdigest()[:16]


def _measure_again(ctx: Context, connection: Any) -> None:
    due = ctx.clock.now() + _MEASURED_AFTER
    task = {"kind": "topics", "key": "", "payload": {}, "due_at": due}
    upsert(connection, Task, [task], key=["kind", "key"], update=["due_at"])
