"""Reading an activity that was posted to us, without believing it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from discover.model.actor import ActorType
from discover.wire.activity import Boost, Embedded, Gone, Reference, read_item
from discover.wire.audience import PUBLIC
from discover.wire.documents import Json, ParseError
from discover.wire.jsonld import as_id, as_list, types
from discover.wire.urls import host_of, http_url

_ACTORS = frozenset(kind.value for kind in ActorType) - {ActorType.TOMBSTONE.value}
_RECIPIENTS = ("to", "cc", "bto", "bcc", "audience")
MOST_RECIPIENTS = 500

# Paths under which servers keep their own actor and nobody else's.
_SERVER_NAMES = frozenset(
    {"actor", "relay", "fetch", "instance", "instance.actor", "relay.actor", "application"}
    | {"peertube", "friendica", "proxy"}
)


def check(activity: Json) -> tuple[str, str]:
    """The actor and id, which every activity must have. ParseError says what is missing."""
    if not types(activity):
        raise ParseError("type is missing")
    actor, uri = actor_of(activity), id_of(activity)
    if actor is None:
        raise ParseError("actor is missing or no http(s) URL")
    if uri is None:
        raise ParseError("id is missing or no http(s) URL")
    return actor, uri


def id_of(activity: Json) -> str | None:
    return http_url(activity.get("id", activity.get("@id")))


def actor_of(activity: Json) -> str | None:
    """The one actor. None with several: nobody can sign for all of them."""
    actors = as_list(activity.get("actor"))
    return as_id(actors[0]) if len(actors) == 1 else None


def inner(activity: Json) -> Json | None:
    """The object as it is embedded, None when there is only its URI."""
    first = next(iter(as_list(activity.get("object"))), None)
    return first if isinstance(first, dict) else None


def object_uri(activity: Json) -> str | None:
    return as_id(activity.get("object"))


def follows_public(activity: Json) -> bool:
    """Does a Follow ask for everything that is public, as a relay is asked?"""
    first = next(iter(as_list(activity.get("object"))), None)
    if isinstance(first, dict):
        first = first.get("id", first.get("@id"))
    return isinstance(first, str) and first in PUBLIC


def is_a(doc: Json | None, *kinds: str) -> bool:
    return doc is not None and not set(types(doc)).isdisjoint(kinds)


def is_actor(doc: Json) -> bool:
    return not _ACTORS.isdisjoint(types(doc))


def pushed_post(activity: Json) -> tuple[str | None, str | None]:
    """Which post a Create, Update or Announce is about, and whose it says that it is.

    The author only where somebody names one; (None, None) when it is about no post.
    """
    item = read_item(activity)
    if isinstance(item, Boost):
        return item.uri, item.author
    if isinstance(item, Embedded):
        author = as_id(item.object.get("attributedTo")) or actor_of(activity)
        return item.uri, author
    if isinstance(item, Reference):
        return item.uri, actor_of(activity)
    held = inner(activity)
    # Lemmy's communities announce whole activities.
    if is_a(activity, "Announce") and is_a(held, "Create", "Update", "Delete"):
        assert held is not None
        return pushed_post(held)
    return (item.uri, None) if isinstance(item, Gone) else (None, None)


def addresses(activity: Json, actor: str) -> bool:
    """Is `actor` among the recipients or mentions of the activity or its object?"""
    for part in (activity, inner(activity) or {}):
        for name in _RECIPIENTS:
            if name not in part:
                continue
            for item in as_list(part[name])[:MOST_RECIPIENTS]:
                # What stands as a text is compared as it is: `actor` is an address.
                if (item if isinstance(item, str) else as_id(item)) == actor:
                    return True
        for tag in as_list(part.get("tag"))[:MOST_RECIPIENTS]:
            if isinstance(tag, dict) and tag.get("href") == actor:
                return True
    return False


def may_be_server(actor: str) -> bool:
    """Does this URI look like a server's own actor? Worth asking the server, no more."""
    last = urlsplit(actor).path.strip("/").rpartition("/")[2].lower()
    return last in ("", *_SERVER_NAMES) or last == host_of(actor)


def server_path(actor: str) -> bool:
    """A path that no user of any software we know can have."""
    path = urlsplit(actor).path.rstrip("/").lower()
    return path in ("", "/actor", "/relay", "/internal/fetch", "/i/actor", "/friendica")


def named_actors(doc: Json) -> frozenset[str]:
    """The actors that a JRD names as the server's own (FEP-2677, FEP-d556) or as `self`."""
    rels = ("self", "https://www.w3.org/ns/activitystreams#Application",
            "https://www.w3.org/ns/activitystreams#Service")  # fmt: skip
    links: list[Any] = as_list(doc.get("links"))[:100]
    return frozenset(
        href
        for link in links
        if isinstance(link, dict)
        and link.get("rel") in rels
        and (href := http_url(link.get("href")))
    )
