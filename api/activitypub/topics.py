"""Documents of topic actors. They live under our actor's address and share its keys and inbox."""

from __future__ import annotations

from html import escape

from api.activitypub.documents import ACTIVITY, AS, PROFILE_PAGE, Json, host_of
from api.activitypub.documents import actor as main_actor
from discover.model.topics import Topic
from discover.net.keys import ActorKeys
from discover.services.context import Context
from discover.services.topics.actors import (
    actor_uri,
    has_actor,
    topic_of_uri,
    topic_of_user,
    user_of,
)
from discover.services.topics.catalogue import catalogue


def topic_of_resource(ctx: Context, resource: str) -> str | None:
    """The topic whose actor a WebFinger resource names: by its handle, its id or its page."""
    if resource.lower().startswith("acct:"):
        user, _, host = resource[5:].lstrip("@").lower().partition("@")
        return topic_of_user(ctx, user) if host == host_of(ctx.own_url).lower() else None
    topic = resource.removeprefix(f"{ctx.own_url}/topics/")
    return topic if has_actor(ctx, topic) else topic_of_uri(ctx, resource)


def webfinger(ctx: Context, topic: str, rels: list[str]) -> Json:
    uri, page = actor_uri(ctx, topic), f"{ctx.own_url}/topics/{topic}"
    links = [
        {"rel": "self", "type": ACTIVITY, "href": uri},
        {"rel": PROFILE_PAGE, "type": "text/html", "href": page},
    ]
    return {
        "subject": f"acct:{user_of(topic)}@{host_of(ctx.own_url)}",
        "aliases": [uri, page],
        "links": [link for link in links if not rels or link["rel"] in rels],
    }


def actor(ctx: Context, topic: str, keys: ActorKeys) -> Json:
    """As our own actor's, with the same keys under names of its own; type Service."""
    uri = actor_uri(ctx, topic)
    document = main_actor(ctx.own_url, ctx.actor_name, keys)
    about = catalogue().by_id(topic)
    assert about is not None  # whoever has an actor is in the catalogue
    return document | {
        "id": uri,
        "type": "Service",
        "preferredUsername": user_of(topic),
        "webfinger": f"{user_of(topic)}@{host_of(ctx.own_url)}",
        "name": f"{about.name('en')} (Waypost)",
        "summary": _summary(about, ctx),
        "url": f"{ctx.own_url}/topics/{topic}",
        **{name: f"{uri}/{name}" for name in ("outbox", "followers", "following", "featured")},
        "discoverable": True,
        "publicKey": {
            "id": keys.rsa.of(uri).key_id,
            "owner": uri,
            "publicKeyPem": keys.public_pem,
        },
        "assertionMethod": [
            {
                "id": key.of(uri).key_id,
                "type": "Multikey",
                "controller": uri,
                "publicKeyMultibase": key.multikey(),
            }
            for key in (keys.ed25519, *keys.retired)
        ],
    }


def _summary(about: Topic, ctx: Context) -> str:
    return (
        f"<p>A few posts a day about {escape(about.name('en'))}, by people who said that they may"
        f' be found and suggested. How it chooses: <a href="{escape(ctx.own_url)}/about">about'
        "</a>. Automated.</p>"
    )


def outbox(uri: str, announces: list[Json]) -> Json:
    """The newest boosts whose posts may still be shown."""
    return {
        "@context": AS,
        "id": f"{uri}/outbox",
        "type": "OrderedCollection",
        "totalItems": len(announces),
        "orderedItems": announces,
    }
