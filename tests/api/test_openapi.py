"""The description is true: every route is in it, and live answers are as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from api.main import ROUTERS, create_app
from tests.support.site import HOST

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
KNOWN = {
    "type", "properties", "required", "items", "anyOf", "enum", "const", "$ref", "format",
    "additionalProperties", "title", "description", "default", "maxLength", "prefixItems",
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str) -> Iterator[str]:
    """What in `value` is not as `schema` (the part of JSON Schema that we use) says."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    unknown = schema.keys() - KNOWN
    assert not unknown, f"this test does not know {unknown}"
    if "anyOf" in schema:
        if all(list(faults(value, one, document, at)) for one in schema["anyOf"]):
            yield f"{at}: none of the alternatives"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if "type" in schema:
        right = isinstance(value, TYPES[schema["type"]])
        if not right or (isinstance(value, bool) and schema["type"] in ("integer", "number")):
            yield f"{at}: {value!r} is not {schema['type']}"
            return
    if schema.get("format") == "date-time" and datetime.fromisoformat(value).tzinfo is None:
        yield f"{at}: {value!r} has no offset"
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{at}: {name} is missing"
        for name, part in value.items():
            if name in properties:
                yield from faults(part, properties[name], document, f"{at}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{at}: {name} is not described"
            elif isinstance(schema.get("additionalProperties"), dict):
                yield from faults(part, schema["additionalProperties"], document, f"{at}.{name}")
    if isinstance(value, list) and "items" in schema:
        for place, part in enumerate(value):
            yield from faults(part, schema["items"], document, f"{at}[{place}]")


@pytest.fixture(scope="module")
def document(site):
    return site.get("/api/openapi.json").json()


def test_every_route_is_described(site, document):
    described = {
        (method, path) for path, methods in document["paths"].items() for method in methods
    }
    served = {
        (method.lower(), route.path)
        for router in ROUTERS
        for route in router.routes
        for method in route.methods
    }
    assert described == served
    assert ("get", "/api/v1/search") in described
    # Two more: the operator's console, which is nobody else's business, and the provider's
    # signed answer for what is not there.
    assert len(create_app(site.app).router.routes) == len(ROUTERS) + 2, "a route outside of them"
    assert not [path for _, path in described if path.startswith("/console")]


def test_every_operation_says_what_it_does_and_how_it_fails(document):
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert operation["tags"], path
            assert "500" in operation["responses"], path
            for parameter in operation.get("parameters", ()):
                assert parameter["description"], (path, parameter)


def test_every_reference_leads_somewhere(document):
    names = set(re.findall(r"#/components/schemas/([\w-]+)", str(document)))
    assert names <= document["components"]["schemas"].keys()
    assert "Problem" in names


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/api/v1/search?q=astronomy&limit=3", "/api/v1/search"),
        ("/api/v1/search?q=nothingatallfits", "/api/v1/search"),
        ("/api/v1/search?limit=x", "/api/v1/search"),
        ("/api/v1/search?cursor=x", "/api/v1/search"),
        (f"/api/v1/accounts/marta@{HOST}", "/api/v1/accounts/{handle}"),
        (f"/api/v1/accounts/shy@{HOST}", "/api/v1/accounts/{handle}"),
        ("/api/v1/accounts/x", "/api/v1/accounts/{handle}"),
        ("/api/v1/accounts/1", "/api/v1/accounts/{handle}"),
        ("/api/v1/accounts/987654", "/api/v1/accounts/{handle}"),
        (f"/api/v1/accounts/lookup?acct=marta@{HOST}", "/api/v1/accounts/lookup"),
        ("/api/v1/accounts/lookup", "/api/v1/accounts/lookup"),
        ("/api/v1/accounts/search?q=astronomy", "/api/v1/accounts/search"),
        ("/api/v1/accounts/1/statuses", "/api/v1/accounts/{id}/statuses"),
        ("/api/v1/statuses/1", "/api/v1/statuses/{id}"),
        ("/api/v1/statuses/x", "/api/v1/statuses/{id}"),
        ("/api/v1/directory", "/api/v1/directory"),
        ("/api/v1/trends", "/api/v1/trends"),
        ("/api/v1/trends/tags", "/api/v1/trends/tags"),
        ("/api/v1/trends/links", "/api/v1/trends/links"),
        ("/api/v1/trends/statuses?lang=!", "/api/v1/trends/statuses"),
        ("/api/v2/search?q=astronomy", "/api/v2/search"),
        ("/api/v2/search", "/api/v2/search"),
        ("/api/v2/search?q=a&type=b", "/api/v2/search"),
        ("/api/v2/suggestions", "/api/v2/suggestions"),
        ("/api/v2/instance", "/api/v2/instance"),
        ("/api/v1/instance", "/api/v1/instance"),
        ("/api/v1/instance/peers", "/api/v1/instance/peers"),
        (f"/api/v1/accounts/marta@{HOST}/consent", "/api/v1/accounts/{handle}/consent"),
        (f"/api/v1/accounts/shy@{HOST}/consent", "/api/v1/accounts/{handle}/consent"),
        ("/api/v1/accounts/who@else.example/consent", "/api/v1/accounts/{handle}/consent"),
        (f"/api/v1/servers/{HOST}/consent", "/api/v1/servers/{host}/consent"),
        ("/api/v1/servers/else.example/consent", "/api/v1/servers/{host}/consent"),
        ("/api/v1/servers/a%20b/consent", "/api/v1/servers/{host}/consent"),
        ("/api/v1/topics", "/api/v1/topics"),
        ("/api/v1/topics?sort=x", "/api/v1/topics"),
        ("/api/v1/topics/astronomy", "/api/v1/topics/{topic_id}"),
        ("/api/v1/topics/nonsense", "/api/v1/topics/{topic_id}"),
        ("/api/v1/topics/astronomy/accounts?limit=1", "/api/v1/topics/{topic_id}/accounts"),
        ("/api/v1/topics/astronomy/accounts?cursor=x", "/api/v1/topics/{topic_id}/accounts"),
        ("/api/v1/autocomplete?q=astro", "/api/v1/autocomplete"),
        ("/packs", "/packs"),
        ("/packs/make", "/packs/make"),
        ("/packs/topic-astronomy", "/packs/{slug}"),
        ("/packs/topic-nonsense", "/packs/{slug}"),
        ("/packs/topic-astronomy/collection", "/packs/{slug}/collection"),
        ("/packs/topic-astronomy/following.csv", "/packs/{slug}/following.csv"),
        ("/packs/topic-astronomy/feed.rss", "/packs/{slug}/feed.{form}"),
        ("/packs/topic-astronomy/feed.x", "/packs/{slug}/feed.{form}"),
        ("/packs/topic-astronomy/qr.svg", "/packs/{slug}/qr.svg"),
        ("/topics/astronomy/feed.json", "/topics/{topic_id}/feed.{form}"),
        ("/topics/nonsense/feed.atom", "/topics/{topic_id}/feed.{form}"),
        ("/api/v1/transparency", "/api/v1/transparency"),
        ("/api/v1/transparency/log", "/api/v1/transparency/log"),
        ("/api/v1/transparency/log?after=-1", "/api/v1/transparency/log"),
        ("/transparency", "/transparency"),
        ("/remove", "/remove"),
        ("/healthz", "/healthz"),
        ("/readyz", "/readyz"),
        ("/metrics", "/metrics"),
        ("/actor", "/actor"),
        ("/outbox", "/outbox"),
        ("/.well-known/webfinger?resource=https://waypost.example/actor", "/.well-known/webfinger"),
        ("/.well-known/webfinger", "/.well-known/webfinger"),
        ("/.well-known/webfinger?resource=acct:a@b", "/.well-known/webfinger"),
        ("/.well-known/nodeinfo", "/.well-known/nodeinfo"),
        ("/nodeinfo/2.1", "/nodeinfo/{schema}"),
        ("/nodeinfo/9", "/nodeinfo/{schema}"),
        ("/actor/topics/astronomy", "/actor/topics/{topic}"),
        ("/api/v1/trending/hashtags?window=7d", "/api/v1/trending/hashtags"),
        ("/api/v1/trending/hashtags?window=8d", "/api/v1/trending/hashtags"),
        ("/api/v1/trending/links?lang=x%25", "/api/v1/trending/links"),
        ("/api/v1/trending/posts", "/api/v1/trending/posts"),
        ("/api/openapi.json", "/api/openapi.json"),
        ("/api", "/api"),
        ("/", "/"),
        ("/search?q=astronomy", "/search"),
        (f"/account/marta@{HOST}", "/account/{handle}"),
        ("/account/x", "/account/{handle}"),
        ("/why?handle=!", "/why"),
        ("/about", "/about"),
        ("/embed?topic=astronomy", "/embed"),
        ("/embed.js", "/embed.js"),
        ("/embed/v1.js", "/embed/v1.js"),
        ("/embeds", "/embeds"),
        ("/oembed?url=https://waypost.example/embed", "/oembed"),
        ("/oembed?url=https://else.example/", "/oembed"),
        ("/oembed?format=xml", "/oembed"),
        ("/opensearch.xml", "/opensearch.xml"),
        ("/opensearch/suggestions?q=astro", "/opensearch/suggestions"),
        ("/robots.txt", "/robots.txt"),
        ("/static/none.css", "/static/{name}"),
    ],
)
def test_live_answer_is_as_described(site, document, path, template):
    answer = site.get(path)
    described = document["paths"][template]["get"]["responses"]
    assert str(answer.status_code) in described
    content = described[str(answer.status_code)]["content"]
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in content
    if kind.endswith("json"):
        schema = content[kind]["schema"]
        assert list(faults(answer.json(), schema, document, "answer")) == []


def test_the_checker_notices_what_is_undescribed(document):
    schema = {"$ref": "#/components/schemas/Problem"}
    good = {"type": "about:blank", "title": "x", "status": 404, "detail": "x"}
    assert list(faults(good, schema, document, "answer")) == []
    assert list(faults({**good, "extra": 1}, schema, document, "answer"))
    assert list(faults({**good, "status": "404"}, schema, document, "answer"))
    assert list(faults({"type": "x"}, schema, document, "answer"))


def test_description_is_sent_once(site):
    first = site.get("/api/openapi.json")
    again = site.get("/api/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_written_page_names_every_public_path(document):
    written = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "pages" not in operation["tags"]:
                assert f"`{method.upper()} {path}`" in written, path
            for parameter in operation.get("parameters", ()):
                if path == "/api/v1/search":
                    assert f"| `{parameter['name']}` |" in written
