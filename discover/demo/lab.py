"""The control host's API: rudeness, changes, the request log and the truth, as JSON.

POST /__lab__/rude     {"kind", "host", "path", "times", …options}
POST /__lab__/polite   {"host"?}                       forget rudeness
POST /__lab__/account  {"handle", …fields}             change a person
POST /__lab__/post     {"uri", …fields}                change a post
POST /__lab__/write    {"handle", "text", …fields}     a new post; gives its uri
POST /__lab__/host     {"host", …fields}               change a server
GET  /__lab__/log      ?host=&since=NUMBER             POST /__lab__/log/clear
GET  /__lab__/truth    everything;  /__lab__/hosts, /__lab__/account?handle= for parts
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import orjson

from discover.demo import truth, wellknown
from discover.demo.exchange import JSON, NOT_FOUND, Answer, Request, document, error
from discover.demo.people import Account, Post
from discover.demo.rude import Rule

if TYPE_CHECKING:
    from discover.demo.server import Server

_ACCOUNT_FIELDS = {field.name for field in fields(Account)} - {"index", "host", "number"}
_POST_FIELDS = {field.name for field in fields(Post)} - {"account", "number"}
_TUPLES = {"topics", "tags", "searchable_by", "also_known_as", "images", "options", "mentions"}


def answer(server: Server, request: Request) -> Answer:
    path = request.path.removeprefix("/__lab__/")
    if request.method == "GET":
        return _read(server, path, request.arguments)
    try:
        order = orjson.loads(request.body or b"{}")
        return document(_do(server, path, dict(order)), JSON)
    except (KeyError, ValueError, TypeError, LookupError) as fault:
        return error(422, f"{type(fault).__name__}: {fault}")


def _read(server: Server, path: str, arguments: dict[str, str]) -> Answer:
    world = server.world
    if path == "log":
        since = int(arguments.get("since", 0))
        return document(server.journal.entries(arguments.get("host"), since), JSON)
    if path == "truth":
        return document(world.truth(), JSON)
    if path == "hosts":
        return document([truth.host_truth(world, host) for host in world.hosts], JSON)
    if path == "account":
        try:
            account = find(server, arguments.get("handle", ""))
        except LookupError:
            return NOT_FOUND
        return document(truth.account_truth(world, account), JSON)
    return NOT_FOUND


def _do(server: Server, path: str, order: dict[str, Any]) -> Any:
    world = server.world
    match path:
        case "rude":
            parts = {
                key: order.pop(key) for key in ("kind", "host", "path", "times") if key in order
            }
            server.rudeness.add(Rule(**parts, options=order))
        case "polite":
            server.rudeness.clear(order.get("host"))
        case "account":
            account = find(server, order.pop("handle"))
            world.change_account(account.index, **_known(order, _ACCOUNT_FIELDS))
        case "post":
            post = find_post(server, order.pop("uri"))
            world.change_post(post.account, post.number, **_known(order, _POST_FIELDS))
        case "write":
            account = find(server, order.pop("handle"))
            text = order.pop("text")
            number = world.write_post(account.index, text, **_known(order, _POST_FIELDS))
            return {"uri": world.post_uri(world.post(account.index, number))}
        case "host":
            world.change_host(order.pop("host"), **order)
        case "log/clear":
            server.journal.clear()
        case _:
            raise LookupError(path)
    return {"ok": True}


def _known(order: dict[str, Any], names: set[str]) -> dict[str, Any]:
    if unknown := order.keys() - names:
        raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
    if "fields" in order:
        order["fields"] = tuple((name, value) for name, value in order["fields"])
    return {
        key: tuple(value) if key in _TUPLES and isinstance(value, list) else value
        for key, value in order.items()
    }


def find(server: Server, handle: str) -> Account:
    """By handle (`user@host`, either host of a split domain) or actor URI."""
    world = server.world
    name = handle.split("/")[2] if "://" in handle else handle.rpartition("@")[2]
    host = world.by_name.get(name) or world.apexes.get(name)
    account = wellknown.find_resource(world, host, handle) if host else None
    if account is None:
        raise LookupError(f"nobody is called {handle!r}")
    return account


def find_post(server: Server, uri: str) -> Post:
    world = server.world
    host = world.by_name[uri.split("/")[2]]
    for account in world.people(host):
        if world.last_number(account) and _prefix(server, account, uri):
            for number in range(1, world.last_number(account) + 1):
                post = world.post(account.index, number)
                if world.post_uri(post) == uri:
                    return post
    raise LookupError(f"there is no post {uri!r}")


def _prefix(server: Server, account: Account, uri: str) -> bool:
    """A quick no for Mastodon-like ids, which begin with their author's."""
    if account.host.software != "mastodon":
        return True
    return uri.startswith(server.world.account_uri(account) + "/")
