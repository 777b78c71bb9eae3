"""What each type of activity means to us: one table. What is not in it is not kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

from discover.services.context import Context
from discover.services.federation import following, follows, interactions, people, pushes
from discover.services.federation.reach import concerning
from discover.services.talk import commands
from discover.services.topics import actors as topic_actors
from discover.wire.jsonld import types
from discover.wire.received import addresses

if TYPE_CHECKING:
    from discover.services.federation.inbox import Received

Handler = Callable[[Context, Connection, "Received"], None]

# Anybody may hand these on: they may take something away, and only make us look.
HANDED_ON = frozenset({"Update", "Delete"})
# These our relays may hand on: they too only tell us where to look. All others must come from
# their own actor.
FORWARDABLE = HANDED_ON | frozenset({"Create", "Announce", "Move", "Add", "Remove"})
_ABOUT_PEOPLE = FORWARDABLE | {"Like"}


def _create(ctx: Context, connection: Connection, received: Received) -> None:
    if received.proven and addresses(received.activity, ctx.actor_uri):
        commands.handle(ctx, connection, received)
    pushes.created(ctx, connection, received)


def _follow(ctx: Context, connection: Connection, received: Received) -> None:
    follows.followed(ctx, connection, received)
    topic_actors.followed(ctx, connection, received)


def _undo(ctx: Context, connection: Connection, received: Received) -> None:
    follows.undone(ctx, connection, received)
    topic_actors.undone(ctx, connection, received)
    people.unblocked(ctx, connection, received)
    interactions.undone(connection, received)


HANDLERS: dict[str, Handler] = {
    "Follow": _follow,
    "Undo": _undo,
    "Accept": following.accepted,
    "Reject": following.rejected,
    "Create": _create,
    "Update": pushes.updated,
    "Delete": pushes.deleted,
    "Move": pushes.moved,
    "Block": people.blocked,
    "Flag": people.flagged,
    "Announce": pushes.announced,
    "Like": interactions.liked,
    "Add": pushes.featured,
    "Remove": pushes.featured,
}


def kind_of(activity: dict[str, Any]) -> str | None:
    """The first of its types that we know."""
    for kind in types(activity):
        if kind in HANDLERS:
            return kind
    return None


def wanted(ctx: Context, connection: Connection, group: Sequence[Received]) -> list[bool]:
    """Which of these are worth a row? Most of what is pushed is about people we do not know."""
    answers, asked = [], []
    for place, received in enumerate(group):
        kind = kind_of(received.activity)
        if kind in _ABOUT_PEOPLE:
            activity = received.activity
            to_us = kind == "Create" and received.proven and addresses(activity, ctx.actor_uri)
            answers.append(to_us)
            if not to_us:
                asked.append(place)
        else:
            answers.append(kind is not None)
    found = concerning(ctx, connection, [group[place] for place in asked])
    for place, answer in zip(asked, found, strict=True):
        answers[place] = answer
    return answers


def dispatch(ctx: Context, connection: Connection, received: Received) -> None:
    """Apply one activity inside the caller's transaction."""
    kind = kind_of(received.activity)
    if kind is not None and (received.proven or kind in FORWARDABLE):
        HANDLERS[kind](ctx, connection, received)
