"""The search field of the browser: OpenSearch 1.1, with suggestions while somebody types."""

from __future__ import annotations

from typing import Annotated, cast
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import orjson
from fastapi import APIRouter, Query, Request, Response

from discover.bootstrap import App
from discover.services.find.autocomplete import MOST_LETTERS, complete
from web import i18n
from web.assets import asset_url
from web.words import without_emoji

router = APIRouter(tags=["pages"])

DESCRIPTION_TYPE = "application/opensearchdescription+xml"
SUGGESTIONS_TYPE = "application/x-suggestions+json"
_OF_EACH = 4
_WORDS = {"type": "array", "items": {"type": "string"}}
_ROWS = {"type": "array", "items": {"anyOf": [{"type": "string"}, _WORDS]}}


def _app(request: Request) -> App:
    return cast("App", request.app.state.waypost)


@router.get(
    "/opensearch.xml",
    summary="OpenSearch description, for the browser's own search field",
    response_class=Response,
    responses={200: {"description": "OpenSearch 1.1", "content": {DESCRIPTION_TYPE: {}}}},
)
async def description(request: Request) -> Response:
    own = _app(request).context.own_url
    says = i18n.gettext("Find people and posts of the fediverse who want to be found.")
    addresses = (
        ("text/html", "results", f"{own}/search?q={{searchTerms}}"),
        (SUGGESTIONS_TYPE, "suggestions", f"{own}/opensearch/suggestions?q={{searchTerms}}"),
        (DESCRIPTION_TYPE, "self", f"{own}/opensearch.xml"),
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">',
        "<ShortName>Waypost</ShortName>",
        f"<Description>{escape(says)}</Description>",
        "<InputEncoding>UTF-8</InputEncoding>",
        f'<Image width="16" height="16" type="image/svg+xml">{escape(own + asset_url("waypost.svg"))}</Image>',
        *(
            f'<Url type="{kind}" rel="{relation}" method="get" template={quoteattr(address)}/>'
            for kind, relation, address in addresses
        ),
        "</OpenSearchDescription>",
    ]
    headers = {"Cache-Control": "public, max-age=86400", "Vary": "Accept-Language"}
    return Response("\n".join(lines), media_type=DESCRIPTION_TYPE, headers=headers)


@router.get(
    "/opensearch/suggestions",
    summary="What somebody who types in the browser's search field may mean",
    response_class=Response,
    responses={
        200: {
            "description": "What was typed, completions, descriptions, addresses",
            "content": {SUGGESTIONS_TYPE: {"schema": _ROWS}},
        }
    },
)
def suggestions(
    request: Request,
    q: Annotated[str, Query(description="What has been typed")] = "",
) -> Response:
    """OpenSearch Suggestions 1.1. Nothing of it is kept, here as everywhere."""
    app = _app(request)
    own, code = app.context.own_url, i18n.current().code
    typed = q[:MOST_LETTERS]
    found = complete(app.context, typed, _OF_EACH)
    rows: list[tuple[str, str, str]] = []  # completion, what it is, where it leads
    for topic, _ in found.topics:
        rows.append((topic.name(code), i18n.gettext("Topic"), f"{own}/topics/{topic.id}"))
    for view in found.accounts:
        where = f"{own}/account/{quote(view.handle, safe='@')}"
        name = without_emoji(view.name, view.emojis, view.handle)
        rows.append((f"@{view.handle}", name, where))
    for name, _ in found.tags:
        where = f"{own}/search?tag={quote(name)}"
        rows.append((f"#{name}", i18n.gettext("Hashtag"), where))
    document = [typed, *([row[place] for row in rows] for place in range(3))]
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
    return Response(orjson.dumps(document), media_type=SUGGESTIONS_TYPE, headers=headers)
