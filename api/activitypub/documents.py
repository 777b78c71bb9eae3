"""Our actor's documents. Pure: every value comes in as an argument.

Sources: ActivityPub, RFC 7033 (WebFinger), NodeInfo 2.0 and 2.1, FEP-d556, FEP-2c59.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

ACTIVITY = "application/activity+json"
LINKED = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
AS = "https://www.w3.org/ns/activitystreams"
NODEINFO = "http://nodeinfo.diaspora.software/ns/schema"
PROFILE_PAGE = "http://webfinger.net/rel/profile-page"
SUMMARY = (
    "<p>Waypost is a search index of the fediverse that asks first. It reads public profiles and "
    "posts of servers and people that have opted in, and nothing else.</p>"
)


def host_of(base: str) -> str:
    return urlsplit(base).netloc


def actor(base: str, name: str, public_key_pem: str) -> Json:
    """`base` is our public address without a trailing slash."""
    uri = f"{base}/actor"
    return {
        "@context": [
            AS,
            "https://w3id.org/security/v1",
            "https://purl.archive.org/socialweb/webfinger",
            {
                "toot": "http://joinmastodon.org/ns#",
                "discoverable": "toot:discoverable",
                "indexable": "toot:indexable",
            },
        ],
        "id": uri,
        "type": "Application",
        "preferredUsername": name,
        "webfinger": f"{name}@{host_of(base)}",
        "name": "Waypost",
        "summary": SUMMARY,
        "url": f"{base}/about",
        "inbox": f"{base}/inbox",
        "outbox": f"{base}/outbox",
        "endpoints": {"sharedInbox": f"{base}/inbox"},
        "discoverable": False,
        "indexable": False,
        "publicKey": {
            "id": f"{uri}#main-key",
            "owner": uri,
            "publicKeyPem": public_key_pem,
        },
    }


def outbox(base: str) -> Json:
    """We publish nothing."""
    return {
        "@context": AS,
        "id": f"{base}/outbox",
        "type": "OrderedCollection",
        "totalItems": 0,
        "orderedItems": [],
    }


def same_resource(resource: str, base: str, name: str) -> bool:
    """Does a WebFinger resource name our actor? Its handle, its id, or our bare address."""
    host = host_of(base)
    if resource.lower().startswith("acct:"):
        account = resource[5:].lstrip("@").lower()
        # `acct:host@host` is how Mastodon asks for the actor of a whole server.
        return account in (f"{name}@{host}".lower(), f"{host}@{host}".lower())
    return resource.rstrip("/") in (f"{base}/actor", base, f"{base}/about")


def webfinger(base: str, name: str, rels: list[str]) -> Json:
    uri = f"{base}/actor"
    links = [
        {"rel": "self", "type": ACTIVITY, "href": uri},
        {"rel": f"{AS}#Service", "type": ACTIVITY, "href": uri},
        {"rel": PROFILE_PAGE, "type": "text/html", "href": f"{base}/about"},
    ]
    return {
        "subject": f"acct:{name}@{host_of(base)}",
        "aliases": [uri],
        "links": [link for link in links if not rels or link["rel"] in rels],
    }


def nodeinfo_links(base: str) -> Json:
    return {
        "links": [
            {"rel": f"{NODEINFO}/{version}", "href": f"{base}/nodeinfo/{version}"}
            for version in ("2.1", "2.0")
        ]
    }


def nodeinfo(base: str, schema: str, version: str) -> Json:
    """`schema` is "2.0" or "2.1". Nobody has an account here, so there are no users."""
    software: Json = {"name": "waypost", "version": version}
    if schema == "2.1":
        software["homepage"] = f"{base}/about"
    return {
        "version": schema,
        "software": software,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": False,
        "usage": {"users": {}},
        "metadata": {
            "nodeName": "Waypost",
            "nodeDescription": "A search index of the fediverse that asks first",
        },
    }
