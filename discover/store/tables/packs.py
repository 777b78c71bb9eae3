"""Hand-picked starter packs, and who has left which pack."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey
from sqlmodel import Field, SQLModel

from discover.store.tables.columns import (
    default_column,
    instant_column,
    owner_column,
    text_column,
)


class Pack(SQLModel, table=True):
    """A pack that the operator picked, or a listed person proposed (`proposed`).

    Packs of topics and searches are computed, not kept.
    """

    __tablename__ = "packs"
    slug: str = Field(primary_key=True)
    title: str = text_column()
    note: str = text_column()
    hidden: bool = default_column(False)  # by the operator; its members stay what they said
    proposed: bool = default_column(False)
    account_id: int | None = Field(  # who proposed it, while they are listed
        default=None,
        sa_column=Column(BigInteger, ForeignKey("accounts.id", ondelete="SET NULL"), index=True),
    )
    at: datetime | None = instant_column(nullable=False)


class PackMember(SQLModel, table=True):
    """Somebody picked; shown once they have said yes themselves. Goes with the account."""

    __tablename__ = "pack_members"
    slug: str = Field(primary_key=True)
    account_id: int = owner_column("accounts.id", primary_key=True)
    joined: bool = default_column(False)  # they told us: pack in
    asked_at: datetime | None = instant_column(index=True)  # when our actor asked them
    at: datetime | None = instant_column(nullable=False)


class PackLeft(SQLModel, table=True):
    """A no to one pack, or to all ("" as the slug), by a keyed hash of who said it."""

    __tablename__ = "packs_left"
    person: str = Field(primary_key=True)
    slug: str = Field(primary_key=True)
    at: datetime | None = instant_column(nullable=False)
