"""Hashtags as search finds them."""

from __future__ import annotations

from api.mastodon import shapes
from discover.services.context import Context
from discover.services.find.tags import find_tags


def find_hashtags(
    ctx: Context, text: str, limit: int, offset: int
) -> tuple[list[shapes.Json], bool]:
    """Mastodon's Tags whose names begin like this. Are there more behind them?"""
    found, more = find_tags(ctx, text, limit=limit, offset=offset)
    return [shapes.tag(one.tag, one.tag, one.history, ctx.own_url) for one in found], more
