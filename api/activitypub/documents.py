"""Our actor's documents. Pure: every value comes in as an argument.

Sources: ActivityPub, RFC 7033 (WebFinger), RFC 6415 (host-meta), NodeInfo 2.0 and 2.1, FEP-d556,
FEP-2c59, FEP-521a (keys), FEP-2677 (the actor of a whole server, in NodeInfo).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from discover.net.keys import ActorKeys

Json = dict[str, Any]

ACTIVITY = "application/activity+json"
LINKED = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
JRD = "application/jrd+json"
AS = "https://www.w3.org/ns/activitystreams"
NODEINFO = "http://nodeinfo.diaspora.software/ns/schema"
PROFILE_PAGE = "http://webfinger.net/rel/profile-page"
SUMMARY = (
    "<p>Waypost is a search index of the fediverse that asks first. It reads public profiles and "
    "posts of servers and people that have opted in, and nothing else.</p>"
)


def host_of(base: str) -> str:
    return urlsplit(base).netloc


def actor(base: str, name: str, keys: ActorKeys) -> Json:
    """`base` is our public address without a trailing slash.

    The terms that not everybody has at hand are defined in place: nobody has to fetch a context to
    read us.
    """
    uri = f"{base}/actor"
    return {
        "@context": [
            AS,
            "https://w3id.org/security/v1",
            {
                "toot": "http://joinmastodon.org/ns#",
                "discoverable": "toot:discoverable",
                "indexable": "toot:indexable",
                "featured": {"@id": "toot:featured", "@type": "@id"},
                "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
                "webfinger": "https://purl.archive.org/socialweb/webfinger#webfinger",
                "sec": "https://w3id.org/security#",
                "Multikey": "sec:Multikey",
                "assertionMethod": {
                    "@id": "sec:assertionMethod",
                    "@type": "@id",
                    "@container": "@set",
                },
                "controller": {"@id": "sec:controller", "@type": "@id"},
                "publicKeyMultibase": {"@id": "sec:publicKeyMultibase", "@type": "sec:multibase"},
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
        "followers": f"{base}/followers",
        "following": f"{base}/following",
        "featured": f"{base}/featured",
        "endpoints": {"sharedInbox": f"{base}/inbox"},
        "manuallyApprovesFollowers": False,
        "discoverable": False,
        "indexable": False,
        "publicKey": {
            "id": keys.rsa.key_id,
            "owner": uri,
            "publicKeyPem": keys.public_pem,
        },
        # The keys of before the last rotation stay here until nothing signed by them can come.
        "assertionMethod": [
            {
                "id": key.key_id,
                "type": "Multikey",
                "controller": uri,
                "publicKeyMultibase": key.multikey(),
            }
            for key in (keys.ed25519, *keys.retired)
        ],
    }


def collection(base: str, name: str, total: int) -> Json:
    """A count. Whom we hear from and write to is nobody else's business; we publish nothing."""
    return {
        "@context": AS,
        "id": f"{base}/{name}",
        "type": "OrderedCollection",
        "totalItems": total,
        **({} if total else {"orderedItems": []}),
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


def host_meta(base: str) -> str:
    """XRD with the one link that is asked for: where WebFinger is."""
    template = f"{base}/.well-known/webfinger?resource={{uri}}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" type="{JRD}" template={quoteattr(template)}/>\n'
        "</XRD>\n"
    )


def nodeinfo_links(base: str) -> Json:
    versions = [
        {"rel": f"{NODEINFO}/{version}", "href": f"{base}/nodeinfo/{version}"}
        for version in ("2.1", "2.0")
    ]
    return {"links": [*versions, {"rel": f"{AS}#Application", "href": f"{base}/actor"}]}


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
