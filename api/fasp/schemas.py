"""Shapes of the provider API, as its specification names them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class PrivacyPolicy(BaseModel):
    url: str
    language: str = Field(description="ISO 639-1")


class Capability(BaseModel):
    id: str
    version: str


class ProviderInfo(BaseModel):
    name: str
    privacyPolicy: list[PrivacyPolicy]  # noqa: N815
    capabilities: list[Capability]
    signInUrl: str = Field(description="The asking server's own status page here")  # noqa: N815
    contactEmail: str | None = None  # noqa: N815
    fediverseAccount: str | None = None  # noqa: N815


class TrendingContent(BaseModel):
    uri: str
    rank: int = Field(ge=1, le=100)


class ContentTrends(BaseModel):
    content: list[TrendingContent]


class TrendingHashtag(BaseModel):
    name: str = Field(description="With its #")
    rank: int = Field(ge=1, le=100)
    examples: list[str]


class HashtagTrends(BaseModel):
    hashtags: list[TrendingHashtag]


class TrendingLinkOut(BaseModel):
    url: str
    rank: int = Field(ge=1, le=100)
    examples: list[str]


class LinkTrends(BaseModel):
    links: list[TrendingLinkOut]


def body(description: str, *, required: bool = True) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads its own JSON object."""
    content = {"application/json": {"schema": {"type": "object"}}}
    return {"requestBody": {"required": required, "description": description, "content": content}}
