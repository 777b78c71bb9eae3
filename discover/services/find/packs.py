"""Starter packs: people to follow together, each of whom may leave.

A pack of a topic or of a search is computed at every look, so whoever withdraws, may no longer be
suggested or leaves packs is out of it at once. A hand-picked one shows only those of the picked
who said yes themselves: to this pack (`pack in NAME`) or to being found at all (`in`). One that
somebody proposed (pack_proposals) shows only who said yes to this very pack.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Handle
from discover.model.packs import LONGEST_SLUG, canonical, words_of
from discover.model.topics import Topic
from discover.model.views import AccountView, BadRequest, SearchRequest
from discover.policy.languages import covered
from discover.policy.ranking import diversify
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, DELIBERATE, PERSONS
from discover.services.find.search import MAX_LIMIT, search
from discover.services.hydrate import hydrate_suggestable
from discover.services.topics.catalogue import accounts_of_topic, catalogue
from discover.store.database import table, upsert
from discover.store.lookup import Lookup, among
from discover.store.tables import Pack, PackLeft, PackMember
from discover.wire.hashtags import fold

PACKS = table(Pack)
MEMBERS = table(PackMember)
LEFT = table(PackLeft)

MOST_MEMBERS = 60
MOST_PICKED = 200
MOST_LEFT = 100
# Fewer are no pack: a name alone is not put on our pages because somebody thought of it.
LEAST_OF_PROPOSED = 2
_PROPOSED_LISTED = 100  # the newest; each is looked into
EVERY_PACK = ""
TOPIC, SEARCH = "topic-", "search-"
_LOOKED_AT = 300
_SLUG = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")

_WHO_LEFT = Lookup(sa.select(LEFT.c.person, LEFT.c.slug).where(among(LEFT.c.person)))
_WHO_SAID_IN = Lookup(
    sa.select(PERSONS.c.uri).where(among(PERSONS.c.uri), PERSONS.c.act.in_(DELIBERATE))
)


class Kind(StrEnum):
    TOPIC = "topic"
    SEARCH = "search"
    PICKED = "picked"


@dataclass(frozen=True, slots=True)
class PackView:
    """A pack as it may be shown at this moment. `topic` of a topic's pack, `words` of a search's."""

    slug: str
    kind: Kind
    members: tuple[AccountView, ...]
    title: str = ""  # a hand-picked one's own
    note: str = ""
    topic: Topic | None = None
    words: str = ""
    languages: tuple[str, ...] = ()
    hidden: bool = False  # by the operator
    proposed: bool = False  # by one of the people here


@dataclass(frozen=True, slots=True)
class PickedRow:
    slug: str
    title: str
    note: str
    hidden: bool
    proposed: bool


def topic_slug(topic_id: str) -> str:
    return f"{TOPIC}{topic_id}"


def search_slug(words: str) -> str:
    """BadRequest when there is nothing to search for."""
    if not canonical(words):
        raise BadRequest("q must hold at least one word")
    return canonical(f"{SEARCH}{words}")


def find_pack(
    ctx: Context, slug: str, languages: Collection[str] = (), *, operator: bool = False
) -> PackView | None:
    """None when there is no such pack. EngineUnavailable for one of a search. Any spelling of the
    slug will do; the view has the canonical one.

    `operator`: also one that is hidden, or proposed and not yet a pack.
    """
    if len(slug) > LONGEST_SLUG:
        return None
    slug = canonical(slug)
    spoken = tuple(languages)
    if slug.startswith(TOPIC):
        topic = catalogue().by_id(slug.removeprefix(TOPIC))
        if topic is None:
            return None
        return PackView(
            slug, Kind.TOPIC, _of_topic(ctx, slug, topic.id, spoken), topic=topic, languages=spoken
        )
    if slug.startswith(SEARCH):
        words = words_of(slug.removeprefix(SEARCH))
        members = _of_search(ctx, slug, words, spoken)
        return PackView(slug, Kind.SEARCH, members, words=words, languages=spoken)
    with ctx.database.read() as connection:
        row = connection.execute(sa.select(PACKS).where(PACKS.c.slug == slug)).first()
        if row is None or (row.hidden and not operator):
            return None
        members = _of_picked(ctx, connection, row, spoken)
        if row.proposed and not operator and len(members) < LEAST_OF_PROPOSED:
            everybody = _of_picked(ctx, connection, row, ()) if spoken else members
            if len(everybody) < LEAST_OF_PROPOSED:
                return None
    return PackView(
        slug,
        Kind.PICKED,
        members,
        title=row.title,
        note=row.note,
        languages=spoken,
        hidden=row.hidden,
        proposed=row.proposed,
    )


def picked_packs(ctx: Context) -> tuple[tuple[str, str, str], ...]:
    """Slug, title and note of every hand-picked pack that is shown, the newest first.

    Of the proposed ones those are named that are packs at this moment.
    """
    joined = (
        sa.select(sa.func.count())
        .where(MEMBERS.c.slug == PACKS.c.slug, MEMBERS.c.joined.is_(True))
        .scalar_subquery()
    )
    shown = sa.and_(
        PACKS.c.hidden.is_(False),
        sa.or_(PACKS.c.proposed.is_(False), joined >= LEAST_OF_PROPOSED),
    )
    with ctx.database.read() as connection:
        rows = connection.execute(sa.select(PACKS).where(shown).order_by(PACKS.c.at.desc())).all()
    proposed = [row.slug for row in rows if row.proposed][:_PROPOSED_LISTED]
    packs = {slug for slug in proposed if find_pack(ctx, slug) is not None}
    return tuple(
        (row.slug, row.title, row.note) for row in rows if not row.proposed or row.slug in packs
    )


def is_name(slug: str) -> bool:
    """May a hand-picked pack be called so?"""
    return bool(_SLUG.match(slug)) and len(slug) <= 60 and not slug.startswith((TOPIC, SEARCH))


# The operator


def every_picked_pack(ctx: Context) -> tuple[PickedRow, ...]:
    """Every hand-picked pack, hidden and proposed ones too, the newest first."""
    with ctx.database.read() as connection:
        rows = connection.execute(sa.select(PACKS).order_by(PACKS.c.at.desc())).all()
    return tuple(PickedRow(row.slug, row.title, row.note, row.hidden, row.proposed) for row in rows)


def hide_pack(ctx: Context, slug: str, *, hidden: bool) -> bool:
    """Show a hand-picked pack to nobody, or again. False when there is none."""
    with ctx.database.write() as connection:
        changed = connection.execute(
            sa.update(PACKS).where(PACKS.c.slug == slug).values(hidden=hidden)
        )
        return changed.rowcount > 0


def keep_pack(ctx: Context, slug: str, title: str, note: str = "") -> None:
    """Make a hand-picked pack, or give it another title. BadRequest for an unusable slug."""
    if not is_name(slug):
        raise BadRequest(
            "a pack's name must be of small letters, digits and single hyphens, 60 at most, and"
            f" must not begin with {TOPIC} or {SEARCH}"
        )
    if not title.strip() or len(title) > 100:
        raise BadRequest("a pack's title must have 1 to 100 characters")
    row = {"slug": slug, "title": title.strip(), "note": note.strip()[:1000], "at": ctx.clock.now()}
    with ctx.database.write() as connection:
        upsert(connection, Pack, [row], key=["slug"], update=["title", "note"])


def drop_pack(ctx: Context, slug: str) -> bool:
    """Remove a hand-picked pack. False when there is none."""
    with ctx.database.write() as connection:
        connection.execute(sa.delete(MEMBERS).where(MEMBERS.c.slug == slug))
        return connection.execute(sa.delete(PACKS).where(PACKS.c.slug == slug)).rowcount > 0


def pick(ctx: Context, slug: str, handles: Iterable[Handle]) -> tuple[Handle, ...]:
    """Pick listed accounts for a pack; returns those that are not listed here.

    They are shown once they said yes themselves. BadRequest when there is no such pack, or it
    would hold too many.
    """
    wanted = {handle.key: handle for handle in handles}
    with ctx.database.write() as connection:
        if connection.execute(sa.select(PACKS.c.slug).where(PACKS.c.slug == slug)).first() is None:
            raise BadRequest("there is no such pack")
        rows = connection.execute(
            sa.select(ACCOUNTS.c.id, ACCOUNTS.c.handle_key).where(
                ACCOUNTS.c.handle_key.in_(list(wanted))
            )
        ).all()
        now = ctx.clock.now()
        upsert(
            connection,
            PackMember,
            [{"slug": slug, "account_id": row.id, "joined": False, "at": now} for row in rows],
            key=["slug", "account_id"],
        )
        count = sa.select(sa.func.count()).select_from(MEMBERS).where(MEMBERS.c.slug == slug)
        if (connection.scalar(count) or 0) > MOST_PICKED:
            raise BadRequest(f"a pack holds {MOST_PICKED} people at most")
    found = {row.handle_key for row in rows}
    return tuple(handle for key, handle in wanted.items() if key not in found)


def unpick(ctx: Context, slug: str, handle: Handle) -> bool:
    """Take somebody off a hand-picked pack. False when they were not on it."""
    ids = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.handle_key == handle.key)
    with ctx.database.write() as connection:
        gone = connection.execute(
            sa.delete(MEMBERS).where(MEMBERS.c.slug == slug, MEMBERS.c.account_id.in_(ids))
        )
        return gone.rowcount > 0


# The people themselves


def leave(ctx: Context, connection: Connection, uri: str, slug: str = EVERY_PACK) -> None:
    """A no to one pack or to every pack, for good, within the caller's transaction.

    Whoever said no to very many packs wants to be in none.
    """
    slug = canonical(slug) or slug
    said = sa.select(sa.func.count()).where(LEFT.c.person == ctx.digest(uri))
    if slug != EVERY_PACK and (connection.scalar(said) or 0) >= MOST_LEFT:
        slug = EVERY_PACK
    row = {"person": ctx.digest(uri), "slug": _no_to(slug), "at": ctx.clock.now()}
    upsert(connection, PackLeft, [row], key=["person", "slug"])
    mine = MEMBERS.c.account_id.in_(sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == uri))
    these = mine if slug == EVERY_PACK else sa.and_(mine, MEMBERS.c.slug == slug)
    connection.execute(sa.delete(MEMBERS).where(these))


def join(ctx: Context, connection: Connection, uri: str, slug: str = EVERY_PACK) -> bool:
    """Take back this no and none else; for a pack that somebody was picked for it is their yes,
    which holds for that pack even if they left all others.

    False when there is no pack that they could be in: unknown, not picked for it, or one that is
    computed and they left every pack (`left_every_pack`).
    """
    slug = canonical(slug) or slug
    mine = LEFT.c.person == ctx.digest(uri)
    if slug == EVERY_PACK or is_computed(slug):
        connection.execute(sa.delete(LEFT).where(mine, LEFT.c.slug == _no_to(slug)))
        return not left_every_pack(ctx, connection, uri)
    account = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == uri)
    joined = connection.execute(
        sa.update(MEMBERS)
        .where(MEMBERS.c.slug == slug, MEMBERS.c.account_id.in_(account))
        .values(joined=True)
    )
    if not joined.rowcount:
        return False
    connection.execute(sa.delete(LEFT).where(mine, LEFT.c.slug == _no_to(slug)))
    return True


def left_every_pack(ctx: Context, connection: Connection, uri: str) -> bool:
    no = sa.select(LEFT.c.slug).where(LEFT.c.person == ctx.digest(uri), LEFT.c.slug == EVERY_PACK)
    return connection.execute(no).first() is not None


def _no_to(slug: str) -> str:
    """What a no is kept under. It holds for every spelling that finds the same people."""
    return "-".join(map(fold, slug.split("-")))


def is_pack(connection: Connection, slug: str) -> bool:
    return is_computed(slug) or (
        connection.execute(sa.select(PACKS.c.slug).where(PACKS.c.slug == slug)).first() is not None
    )


def is_computed(slug: str) -> bool:
    """Of a topic or a search: nobody picks who is in it."""
    if slug.startswith(TOPIC):
        return catalogue().by_id(slug.removeprefix(TOPIC)) is not None
    return slug.startswith(SEARCH) and len(slug) > len(SEARCH)


def _of_topic(
    ctx: Context, slug: str, topic_id: str, languages: Sequence[str]
) -> tuple[AccountView, ...]:
    """The heaviest of those who may be suggested; no server fills the pack."""
    with ctx.database.read() as connection:
        weights = dict(accounts_of_topic(connection, topic_id, _LOOKED_AT, 0, languages))
        views = _who_may(ctx, connection, slug, list(weights))
    views = diversify(views, lambda one: weights[one.id], lambda one: (one.server, one.uri))
    return tuple(views[:MOST_MEMBERS])


def _of_search(
    ctx: Context, slug: str, words: str, languages: Sequence[str]
) -> tuple[AccountView, ...]:
    ids: list[int] = []
    cursor: str | None = None
    while len(ids) < MOST_MEMBERS:
        found = search(
            ctx,
            SearchRequest(
                words, "accounts", tuple(languages), bot=False, limit=MAX_LIMIT, cursor=cursor
            ),
        )
        ids += [one.id for one in found.accounts]
        cursor = found.next
        if cursor is None:
            break
    with ctx.database.read() as connection:
        return tuple(_who_may(ctx, connection, slug, ids)[:MOST_MEMBERS])


def _of_picked(
    ctx: Context, connection: Connection, pack: Any, languages: Sequence[str]
) -> tuple[AccountView, ...]:
    """Who said yes; being found at all is no yes to what somebody else proposed."""
    slug = pack.slug
    rows = connection.execute(
        sa.select(MEMBERS.c.account_id, MEMBERS.c.joined)
        .where(MEMBERS.c.slug == slug)
        .order_by(MEMBERS.c.at, MEMBERS.c.account_id)
    ).all()
    joined = {row.account_id for row in rows if row.joined}
    views = _who_may(ctx, connection, slug, [row.account_id for row in rows], joined)
    asked = [] if pack.proposed else [view.uri for view in views]
    said_in = {row.uri for row in _WHO_SAID_IN(connection, asked)}
    return tuple(
        view
        for view in views
        if (view.id in joined or view.uri in said_in)
        and (not languages or set(covered(languages)) & set(view.languages))
    )


def _who_may(
    ctx: Context,
    connection: Connection,
    slug: str,
    ids: Sequence[int],
    joined: Collection[int] = (),
) -> list[AccountView]:
    """In this order, those who may be suggested at this moment and have not left this pack.

    `joined` said yes to it after they left every pack, if they did: to leave takes it away.
    """
    views = hydrate_suggestable(ctx, connection, ids, ctx.clock.now())
    names = {ctx.digest(view.uri): view.uri for view in views}
    noes: dict[str, set[str]] = {EVERY_PACK: set(), _no_to(slug): set()}
    for row in _WHO_LEFT(connection, names):
        noes.setdefault(row.slug, set()).add(names[row.person])
    return [
        view
        for view in views
        if view.uri not in noes[_no_to(slug)]
        and (view.id in joined or view.uri not in noes[EVERY_PACK])
    ]
