"""What every host answers before any ActivityPub: robots.txt, NodeInfo, WebFinger, host-meta."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discover.demo.dialects import dialect_of
from discover.demo.exchange import (
    HTML,
    JRD,
    JSON,
    NOT_FOUND,
    TEXT,
    Answer,
    Request,
    document,
    error,
    redirect,
)
from discover.demo.people import Account, Host

if TYPE_CHECKING:
    from discover.demo.world import World

_SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"
_BOTS = ("GPTBot", "CCBot", "ClaudeBot", "Scrapy", "Bytespider", "Amazonbot", "Google-Extended")


def answer(world: World, host: Host, request: Request) -> Answer | None:
    """None when the path is none of these."""
    path = request.path
    if path == "/robots.txt":
        return robots(world, host)
    if path == "/.well-known/webfinger":
        return webfinger(world, host, request)
    if path == "/.well-known/host-meta":
        return host_meta(world, host)
    if path == "/.well-known/nodeinfo" or path.startswith("/nodeinfo/"):
        return nodeinfo(world, host, request)
    if path == "/" and not request.query and not request.wants_activity:
        text = (
            f"<!doctype html><meta charset=utf-8><title>{host.title}</title><h1>{host.title}</h1>"
        )
        return Answer(200, f"{text}<p>{host.description}</p>".encode(), HTML)
    return None


# --- robots.txt


def robots(world: World, host: Host) -> Answer:
    if host.robots == "error":
        return Answer(503, b"temporarily overloaded", TEXT)
    text = _shipped(world, host)
    if host.robots == "forbids-us":
        text += "\nUser-agent: Waypost\nDisallow: /\n"
    elif host.robots == "allows-us":
        text += "\nUser-agent: Waypost\nAllow: /\n"
    return Answer(200, text.encode(), TEXT) if text else Answer(404, b"not found", TEXT)


def _shipped(world: World, host: Host) -> str:
    match host.software:
        case "mastodon":
            return (
                "# See http://www.robotstxt.org/robotstxt.html\n\n"
                "User-agent: GPTBot\nDisallow: /\n\n"
                "User-agent: *\nDisallow: /media_proxy/\nDisallow: /interact/\n"
                "Disallow: /api/v1/instance/domain_blocks\n"
            )
        case "gotosocial":
            delay = world.gotosocial_crawl_delay
            bots = "".join(f"User-agent: {bot}\n" for bot in _BOTS)
            return (
                f"# GoToSocial robots.txt\n\n{bots}Disallow: /\n\nUser-agent: *\n"
                + (f"Crawl-delay: {delay}\n" if delay else "")
                + "Disallow: /api/\nDisallow: /auth/\nDisallow: /emoji/\nDisallow: /fileserver/\n"
                "Disallow: /users/\nDisallow: /settings/\nDisallow: /.well-known/webfinger\n"
                "Disallow: /.well-known/nodeinfo\nDisallow: /nodeinfo/\n"
            )
        case "misskey":
            return "user-agent: *\nallow: /\nDisallow: /proxy/\n"
        case "pixelfed":
            return (
                "User-agent: *\nDisallow: /discover/places/\nDisallow: /stories/\nDisallow: /i/\n"
            )
        case "peertube":
            return "User-agent: *\nDisallow: /client/\nAllow: /\n"
        case "lemmy":
            return (
                "User-Agent: *\nDisallow: /login\nDisallow: /login_reset\nDisallow: /settings\n"
                "Disallow: /create_community\nDisallow: /admin\nDisallow: /search/\n"
                "Disallow: /inbox\nDisallow: /reports\nDisallow: /setup\nCrawl-delay: 0\n"
            )
        case "wordpress":
            return "User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n"
        case "bridgy-fed":
            return "User-agent: *\nDisallow: /convert/\nDisallow: /*?\n"
        case _:
            return ""


# --- NodeInfo


def nodeinfo(world: World, host: Host, request: Request) -> Answer:
    base = world.base(host)
    software = host.software
    if software == "gotosocial" and request.wants_activity:
        return error(406, "Not Acceptable")
    schemas = {
        "mastodon": ("2.0",),
        "gotosocial": ("2.0", "2.1"),
        "misskey": ("2.1", "2.0"),
        "lemmy": ("2.1",),
        "pixelfed": ("2.0",),
    }.get(software, ("2.0",))
    if request.path == "/.well-known/nodeinfo":
        stem = {"pixelfed": "/api/nodeinfo/", "wordpress": "/wp-json/activitypub/1.0/nodeinfo/"}
        links = [
            {
                "rel": f"{_SCHEMA}{schema}",
                "href": f"{base}{stem.get(software, '/nodeinfo/')}{schema}",
            }
            for schema in schemas
        ]
        if software == "lemmy":
            links[0]["href"] += ".json" if host.version < "1" else ""
        if software in ("wordpress", "peertube"):
            rel = "https://www.w3.org/ns/activitystreams#Application"
            links.append({"rel": rel, "href": _application(base, software)})
        return document({"links": links}, JRD if software == "gotosocial" else JSON)
    schema = request.path.removeprefix("/nodeinfo/").removesuffix(".json")
    if software == "takahe":
        # Django adds the slash by a redirect
        if not schema.endswith("/"):
            return redirect(f"{base}/nodeinfo/{schema}/", 301)
        schema = schema.rstrip("/")
    if schema not in schemas:
        return NOT_FOUND
    return nodeinfo_document(world, host, schema)


def _application(base: str, software: str) -> str:
    if software == "peertube":
        return f"{base}/accounts/peertube"
    return f"{base}/wp-json/activitypub/1.0/application"


def nodeinfo_document(world: World, host: Host, schema: str) -> Answer:
    software = host.software
    users: dict[str, Any] = {
        "total": host.size,
        "activeMonth": max(1, host.size * 6 // 10),
        "activeHalfyear": max(1, host.size * 8 // 10),
    }
    value: dict[str, Any] = {
        "version": schema,
        "software": {"name": software, "version": host.version},
        "protocols": ["activitypub"],
        "services": {"outbound": [], "inbound": []},
        "usage": {"users": users, "localPosts": int(host.size * world.mean_posts)},
        "openRegistrations": host.index % 3 == 0,
        "metadata": {"nodeName": host.title, "nodeDescription": host.description},
    }
    if software == "gotosocial":
        value["metadata"] = {}
        value["usage"] = {"users": {}, "localPosts": 0}
    elif software == "takahe":
        value["metadata"] = {}
    elif software == "wordpress":
        value["metadata"] = {"nodeName": host.title, "nodeIcon": f"{world.base(host)}/icon.png"}
        value["usage"]["users"] = {"total": host.size, "activeMonth": 1, "activeHalfyear": 1}
    elif software == "bridgy-fed":
        del value["metadata"]
    kind = f'application/json; profile="{_SCHEMA}{schema}#"; charset=utf-8'
    return document(value, kind)


# --- WebFinger


def find_resource(world: World, host: Host, resource: str) -> Account | None:
    """The account a WebFinger query means: acct:, bare handle, actor URI or profile URL."""
    dialect = dialect_of(host)
    if "://" in resource:
        start = f"{world.base(host)}/"
        if not resource.startswith(start):
            return None
        found = dialect.account_at(world, host, "/" + resource.removeprefix(start))
        return found[0] if found and not found[1] else None
    user, _, domain = resource.removeprefix("acct:").lstrip("@").rpartition("@")
    if domain.lower() not in (host.name, host.handle_host):
        return None
    return world.find(host, user)


def webfinger(world: World, host: Host, request: Request) -> Answer:
    if host.software == "gotosocial" and request.wants_activity:
        return error(406, "Not Acceptable")
    resource = request.arguments.get("resource", "")
    if not resource:
        return error(400, "resource is missing")
    account = find_resource(world, host, resource)
    if account is None:
        return error(400, "unknown resource") if host.software == "pixelfed" else NOT_FOUND
    if account.gone:
        return error(410 if account.gone != "404" else 404, "Gone")
    dialect = dialect_of(host)
    uri = dialect.account_uri(world, account)
    url = dialect.url(world, account)
    profile = {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": url}
    self_link = {"rel": "self", "type": "application/activity+json", "href": uri}
    links: list[dict[str, str]] = [profile, self_link]
    if host.software == "bridgy-fed":
        ld = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
        links.append({"rel": "self", "type": ld, "href": uri})
    elif host.software != "wordpress":
        rel = "http://ostatus.org/schema/1.0/subscribe"
        template = f"{world.base(host)}/authorize_interaction?uri={{uri}}"
        links.append({"rel": rel, "template": template})
    jrd: dict[str, Any] = {"subject": f"acct:{account.handle}", "links": links}
    if host.software not in ("misskey", "lemmy"):
        jrd["aliases"] = sorted({url, uri})
    return document(jrd, JRD)


def host_meta(world: World, host: Host) -> Answer:
    template = f"{world.base(host)}/.well-known/webfinger?resource={{uri}}"
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" type="application/xrd+xml" template="{template}"/>\n</XRD>\n'
    )
    return Answer(200, text.encode(), "application/xrd+xml; charset=utf-8")


def apex(world: World, host: Host, request: Request) -> Answer:
    """The bare domain of a split setup: it sends WebFinger on to where the actors live."""
    if request.path in ("/.well-known/webfinger", "/.well-known/nodeinfo"):
        if request.path.endswith("webfinger") and host.index % 2:
            return NOT_FOUND  # only host-meta knows
        return redirect(f"{world.base(host)}{request.target}", 301)
    if request.path == "/.well-known/host-meta":
        return host_meta(world, host)
    if request.path == "/robots.txt":
        return Answer(200, b"User-agent: *\nDisallow:\n", TEXT)
    if request.path == "/":
        text = f"<!doctype html><meta charset=utf-8><title>{host.title}</title><h1>Welcome</h1>"
        return Answer(200, text.encode(), HTML)
    return NOT_FOUND
