"""The public shapes, as the OpenAPI document describes them.

`present.py` makes the answers; a test validates live answers against these. Unknown members
are forbidden here so that nothing undocumented slips out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FieldError(Shape):
    field: str = Field(description="The parameter to blame")
    detail: str = Field(description="What is wrong with it, in plain words")


class Problem(Shape):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None


class ProfileFieldOut(Shape):
    name: str
    value: str = Field(description="Plain text")


class AuthorOut(Shape):
    uri: str
    handle: str = Field(description="`user@host`")
    name: str
    url: str | None
    avatar: str | None
    server: str
    software: str | None
    bot: bool


class AccountOut(Shape):
    """A listed account. All text comes from the account's own server."""

    uri: str = Field(description="The actor's id")
    handle: str = Field(description="`user@host`")
    name: str
    summary: str = Field(description="Plain text")
    summary_html: str = Field(description="Sanitised HTML")
    url: str | None = Field(description="The profile page for people")
    avatar: str | None = Field(description="Image address on the account's own server")
    type: str = Field(description="Person, Service, Group …")
    server: str
    software: str | None
    languages: list[str]
    tags: list[str] = Field(description="Hashtags without '#'")
    fields: list[ProfileFieldOut]
    bot: bool
    locked: bool
    followers: int | None = Field(description="As the server claims; null where it does not say")
    following: int | None
    posts: int | None
    last_post_at: datetime | None
    seen_at: datetime = Field(description="When its consent was last seen at its own server")
    why: list[str] = Field(description="Why it ranks where it does, in words")
    highlights: dict[str, str] = Field(
        description="Field to escaped HTML, matches between <mark> and </mark>"
    )


class MediaOut(Shape):
    kind: Literal["image", "video", "audio", "other"]
    url: str
    alt: str
    blurhash: str | None


class PostOut(Shape):
    """An indexed post."""

    uri: str
    url: str | None
    type: str
    author: AuthorOut
    title: str
    text: str = Field(description="Plain text, without the content warning")
    html: str = Field(description="Sanitised HTML")
    content_warning: str
    sensitive: bool
    language: str = Field(description="BCP 47, `und` when unknown")
    tags: list[str]
    media: list[MediaOut]
    in_reply_to: str | None
    published: datetime
    updated: datetime | None
    highlights: dict[str, str]


class SearchOut(Shape):
    accounts: list[AccountOut]
    posts: list[PostOut]
    next: str | None = Field(description="Give it as `cursor` to read on; null at the end")


class AccountPage(Shape):
    account: AccountOut
    posts: list[PostOut] = Field(description="Newest posts that are searchable here")


class DecisionOut(Shape):
    answer: Literal["yes", "no", "unknown"]
    reasons: list[str] = Field(description="From a closed set")
    sentences: list[str] = Field(description="The same reasons in words")


class EvidenceOut(Shape):
    what: str
    seen: dict[str, str] = Field(description="Signal to its value as seen")
    source: str
    seen_at: datetime
    rule_version: str


class ChangeOut(Shape):
    """One change of a verdict."""

    at: datetime
    answers: dict[str, str] = Field(description="Question to yes, no or unknown")
    reasons: dict[str, list[str]] = Field(description="Question to its reasons")
    seen: dict[str, str]
    source: str
    door: str = Field(description="What made us look: directory, mention, refresh …")
    rule_version: str


class AccountConsentOut(Shape):
    handle: str
    uri: str | None
    server: str
    known: bool = Field(description="False: we hold nothing about it")
    list: DecisionOut = Field(description="May the profile be found?")
    suggest: DecisionOut = Field(description="May it be suggested to others?")
    index_posts: DecisionOut = Field(description="May its public posts be searched?")
    trends: DecisionOut = Field(description="May it count in trends?")
    evidence: tuple[EvidenceOut, ...]
    posts_indexed: int
    rule_version: str
    advice: tuple[str, ...] = Field(description="What to do to change it")
    history: tuple[ChangeOut, ...] = Field(description="Changes of the verdict, newest first")


class ServerConsentOut(Shape):
    host: str
    software: str | None
    decision: DecisionOut = Field(description="May this server's consenting people be listed?")
    evidence: list[EvidenceOut]
    accounts_listed: int
    posts_indexed: int
    rule_version: str
    advice: list[str]


class Health(Shape):
    status: Literal["ok"]


class Ready(Shape):
    status: Literal["ready"]
    database: Literal["ok"]
    engine: Literal["ok"]


class Jrd(BaseModel):
    """RFC 7033 JSON Resource Descriptor."""

    subject: str
    aliases: list[str]
    links: list[dict[str, str]]


class Document(BaseModel):
    """A JSON document whose shape its own standard describes."""

    model_config = ConfigDict(extra="allow")


class FindingOut(Shape):
    what: Literal["block", "record", "relay", "dns", "well-known", "contact", "robots.txt"]
    where: str = Field(description="What was looked at")
    found: Literal["in", "out", "nothing", "unknown"] = Field(
        description="`nothing`: looked, nothing is said there. `unknown`: could not look now"
    )
    says: str = Field(description="What was found, in plain words")


class ServerCheckOut(Shape):
    """What a server's admin has said, wherever we know to look."""

    host: str
    checked_at: datetime
    answer: Literal["in", "out", "none", "blocked"] = Field(
        description="`none`: nobody has said anything, which means not listed"
    )
    scope: Literal["all", "profiles"]
    proof: str = Field(description="The proof that the server is in by; `none` without one")
    findings: list[FindingOut]
    means: list[str] = Field(description="What follows from it, in plain words")
    next_steps: list[str] = Field(description="What the admin may do next")
