"""All that is held about a person: one list, for handing it out and for letting it go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from discover.policy.origin import addresses_above, likely_handle_key
from discover.services.context import Context
from discover.store.database import table
from discover.store.tables import (
    Account,
    AccountTagRow,
    AccountTopicRow,
    AuditEntry,
    BlockedHost,
    BlocklistDraft,
    ChangedAccount,
    CommandRow,
    CommonWord,
    ConsentLogEntry,
    Daily,
    Delivery,
    DeliveryFailure,
    DeliveryHost,
    FaspConnection,
    FaspDebugCall,
    FaspInvitation,
    FaspRequest,
    Follower,
    Following,
    HostLease,
    IndexRebuild,
    Interaction,
    JournalMark,
    KeyRow,
    Lock,
    LoginTry,
    Mention,
    NotePerson,
    Operator,
    OperatorSession,
    OutboxRow,
    Pack,
    PackLeft,
    PackMember,
    PersonRow,
    Post,
    RemoteKey,
    RemovalCode,
    Report,
    SeenActivity,
    SeenSignature,
    SentNote,
    Server,
    ServerProof,
    Suppression,
    TagBesideRow,
    TagRow,
    Task,
    TaskRun,
    TellingWord,
    TopicBoost,
    TopicCatalogue,
    TopicDayRow,
    TopicEdit,
    TopicFollower,
    TouchedTag,
    TraitRow,
    TrendCount,
    TrendLevel,
    TrendUse,
    VerdictHistory,
    VerdictRow,
    Visit,
    Withdrawal,
)

_ACCOUNTS, _POSTS = table(Account), table(Post)


@dataclass(frozen=True, slots=True)
class Person:
    """Everything by which rows know one person."""

    handle_key: str
    uris: tuple[str, ...]
    account_ids: tuple[int, ...]
    inboxes: tuple[str, ...]  # their own, not their server's shared one
    digests: tuple[str, ...]  # of the names, as Context.digest makes them

    @property
    def names(self) -> tuple[str, ...]:
        """The handle, where there is one, and the URIs."""
        return (self.handle_key, *self.uris) if self.handle_key else self.uris


# Tables without a row about a single person, and why
NOBODYS: dict[type[SQLModel], str] = {
    Server: "about a server, in its admin's name",
    HostLease: "about a host",
    ServerProof: "about a server, in its admin's name",
    BlockedHost: "about a host",
    DeliveryHost: "about a host",
    Lock: "about our own processes",
    TaskRun: "about our own processes",
    KeyRow: "our own keys",
    SeenSignature: "digests that lead to nobody",
    SeenActivity: "digests that lead to nobody",
    ConsentLogEntry: "counts and servers only",
    Withdrawal: "anonymous",
    Daily: "anonymous",
    OutboxRow: "numbers of rows that are shown themselves",
    Operator: "who runs this index",
    OperatorSession: "who runs this index",
    LoginTry: "digests that lead to nobody",
    AuditEntry: "what those who run this index did, to servers and lists",
    BlocklistDraft: "hosts",
    IndexRebuild: "numbers",
    TopicEdit: "words",
    TagRow: "hashtags, with how many people use them",
    TouchedTag: "hashtags to count again",
    TopicCatalogue: "a version of our own list",
    CommonWord: "words that many people use",
    TellingWord: "words that several people use",
    FaspConnection: "about a server, in its admin's name",
    FaspRequest: "what a server was asked for",
    FaspInvitation: "digests that lead to nobody",
    FaspDebugCall: "what an admin sent to try a connection",
    JournalMark: "a number of bytes",
    TrendCount: "numbers over several people, emptied when one of them leaves",
    TrendLevel: "means over several people, dropped when one of them leaves",
}

# Not deleted when a person leaves: what keeps them out, and what following.part takes back
_STAYS = frozenset({Suppression, PackLeft, Following})


def person(ctx: Context, connection: Connection, handle_key: str, *uris: str) -> Person:
    """Whoever has this handle, with the actor URIs that we know under it and those given."""
    known = set(uris)
    for model in (Account, VerdictRow, Visit):
        source = table(model)
        known |= set(
            connection.scalars(
                sa.select(source.c.uri).where(
                    source.c.handle_key == handle_key, source.c.uri.is_not(None)
                )
            )
        )
    known |= _nameless(connection, handle_key)
    ids = connection.scalars(sa.select(_ACCOUNTS.c.id).where(_ACCOUNTS.c.uri.in_(known))).all()
    inboxes: set[str] = set()
    for keeper, name in ((Account, "uri"), (RemoteKey, "actor"), (Follower, "actor")):
        source = table(keeper)
        rows = connection.execute(
            sa.select(source.c.inbox, source.c.shared_inbox).where(source.c[name].in_(known))
        )
        inboxes |= {row.inbox for row in rows if row.inbox and row.inbox != row.shared_inbox}
    names = sorted(known)
    return Person(
        handle_key=handle_key,
        uris=tuple(names),
        account_ids=tuple(ids),
        inboxes=tuple(sorted(inboxes)),
        digests=tuple(ctx.digest(name) for name in (handle_key, *names)),
    )


def _nameless(connection: Connection, handle_key: str) -> set[str]:
    """Actors whose handle nobody has proven yet, at the address that usually goes with this one."""
    found: set[str] = set()
    name, _, host = handle_key.partition("@")
    named = [
        sa.select(source.c.uri).where(source.c.handle_key.is_not(None))
        for source in (_ACCOUNTS, table(VerdictRow))
    ]
    for model in (VerdictRow, Visit):
        source = table(model)
        uris = connection.scalars(
            sa.select(source.c.uri).where(
                source.c.host == host,
                source.c.handle_key.is_(None),
                sa.func.lower(source.c.uri).contains(name, autoescape=True),
                *(source.c.uri.not_in(others) for others in named),
            )
        )
        # An appointment may be for a post of theirs.
        found |= {
            address
            for uri in uris
            for address in (uri, *addresses_above(uri))
            if likely_handle_key(address) == handle_key
        }
    return found


def where(who: Person) -> Mapping[type[SQLModel], sa.ColumnElement[bool]]:
    """For each table that may know a person: which of its rows are about this one."""

    def column(model: type[SQLModel], name: str) -> sa.Column[Any]:
        return table(model).c[name]

    def named(model: type[SQLModel], name: str = "uri") -> sa.ColumnElement[bool]:
        return column(model, name).in_(who.uris)

    def mentioned(model: type[SQLModel], name: str) -> sa.ColumnElement[bool]:
        text = sa.cast(column(model, name), sa.Text)
        return sa.or_(sa.false(), *(text.contains(f'"{uri}"', autoescape=True) for uri in who.uris))

    posts = sa.select(_POSTS.c.id).where(_POSTS.c.account_id.in_(who.account_ids))
    return {
        Interaction: sa.or_(
            column(Interaction, "account_id").in_(who.account_ids),
            column(Interaction, "post_id").in_(posts),
        ),
        Mention: sa.or_(
            column(Mention, "account_id").in_(who.account_ids),
            column(Mention, "author_id").in_(who.account_ids),
        ),
        TrendUse: column(TrendUse, "post_id").in_(posts),
        TopicBoost: column(TopicBoost, "post_id").in_(posts),
        TopicFollower: named(TopicFollower, "actor"),
        Post: column(Post, "account_id").in_(who.account_ids),
        Account: named(Account),
        VerdictRow: sa.or_(
            named(VerdictRow), column(VerdictRow, "handle_key") == who.handle_key
        ),
        VerdictHistory: named(VerdictHistory),
        PersonRow: named(PersonRow),
        Visit: sa.or_(
            named(Visit),
            column(Visit, "handle_key") == who.handle_key,
            # To their posts, too
            *(column(Visit, "uri").startswith(f"{uri}/", autoescape=True) for uri in who.uris),
        ),
        RemoteKey: named(RemoteKey, "actor"),
        Follower: named(Follower, "actor"),
        Following: named(Following, "actor"),
        SentNote: named(SentNote, "addressee"),
        NotePerson: column(NotePerson, "account_id").in_(who.account_ids),
        Report: sa.or_(named(Report, "actor"), mentioned(Report, "objects")),
        CommandRow: column(CommandRow, "person").in_(who.digests),
        RemovalCode: sa.or_(
            named(RemovalCode), column(RemovalCode, "handle_key") == who.handle_key
        ),
        Delivery: sa.or_(
            column(Delivery, "inbox").in_(who.inboxes), mentioned(Delivery, "body")
        ),
        DeliveryFailure: column(DeliveryFailure, "inbox").in_(who.inboxes),
        Task: mentioned(Task, "payload"),
        **{
            derived: column(derived, "account_id").in_(who.account_ids)
            for derived in (
                AccountTopicRow, AccountTagRow, TagBesideRow, TopicDayRow, PackMember, TraitRow,
                ChangedAccount,
            )
        },
        Pack: column(Pack, "account_id").in_(who.account_ids),
        PackLeft: column(PackLeft, "person").in_(who.digests),
        Suppression: column(Suppression, "digest").in_(who.digests),
    }  # fmt: skip


def let_go(connection: Connection, who: Person) -> None:
    """Delete it all, but for the hash that keeps them out and our Follow, which is undone.

    Listed accounts go by withdrawal first. Reports about them stay with the operator, who may have to act on them.
    """
    for model, about in where(who).items():
        if model in _STAYS:
            continue
        if model is Report:
            about = table(Report).c.actor.in_(who.uris)  # noqa: PLW2901
        connection.execute(sa.delete(table(model)).where(about))
