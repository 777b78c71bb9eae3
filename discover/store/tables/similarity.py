"""What listed accounts have in common. All of it is derived from them and leaves with them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, String
from sqlmodel import Field, SQLModel

from discover.store.tables.columns import default_column, instant_column, owner_column

# Compared by code point in both databases, so that traits of one kind are a range.
_Plain = String().with_variant(String(collation="C"), "postgresql")


class TraitRow(SQLModel, table=True):
    """One trait of an account, such as `tag:astrodon` (discover.policy.similarity).

    Read both ways: what somebody is like, and who is like that, the best placed first.
    """

    __tablename__ = "account_traits"
    __table_args__ = (
        # whole rows, so that candidates are found in the index alone
        Index("ix_account_traits_trait", "trait", "pool", "place", "account_id", "weight"),
        {"sqlite_with_rowid": False},
    )
    account_id: int = owner_column("accounts.id", primary_key=True)
    trait: str = Field(sa_column=Column(_Plain, primary_key=True, nullable=False))
    pool: int = default_column(0)  # policy.similarity.Pool
    weight: float = default_column(0.0)  # 0..1
    place: float = default_column(0.0)  # weight, lifted by how alive and described the account is


class ChangedAccount(SQLModel, table=True):
    """An account whose traits are to be worked out again."""

    __tablename__ = "changed_accounts"
    account_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime | None = instant_column(nullable=False)


class CommonWord(SQLModel, table=True):
    """A word that so many people of a language write that it tells nothing about anybody."""

    __tablename__ = "common_words"
    language: str = Field(primary_key=True)  # primary subtag
    word: str = Field(primary_key=True)


class TellingWord(SQLModel, table=True):
    """A word, hashtag or emoji that people of a language write who are about a topic, and hardly
    anybody else; never one that only one or two of them write.
    """

    __tablename__ = "telling_words"
    word: str = Field(primary_key=True)
    language: str = Field(primary_key=True)  # primary subtag
    topic: str = Field(primary_key=True)
    weight: float = default_column(0.0)  # 0..1, how much more than everybody
