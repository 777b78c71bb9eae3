"""Actor documents of every dialect (fediverse practice, FEP-5feb, FEP-268d, FEP-2c59)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from discover.model.actor import (
    Actor,
    ActorType,
    ConsentSignals,
    Flag,
    ProfileField,
    SearchableBy,
)
from discover.wire import hashtags
from discover.wire.audience import read_searchable_by
from discover.wire.dates import read_time
from discover.wire.documents import Json, ParseError
from discover.wire.jsonld import (
    DISCOVERABLE,
    INDEXABLE,
    Names,
    as_id,
    as_ids,
    as_list,
    as_text,
    refuses,
    strictest,
    texts,
    types,
)
from discover.wire.language import UNKNOWN, detect
from discover.wire.media import read_emojis, read_image
from discover.wire.optout import narrows_search, opt_out_tags
from discover.wire.text import html_text, plain, read_html
from discover.wire.urls import host_of, http_url

# Mastodon's own limits.
NAME = 2048
BIO = 20_000
FIELDS = 50
FIELD = 2047
ALIASES = 256
TAGS = 100
PEM = 20_000

_TYPES = {kind.value: kind for kind in ActorType}
_FIELD_TYPES = frozenset(
    {
        "PropertyValue",
        "schema:PropertyValue",
        "http://schema.org#PropertyValue",
        "http://schema.org/PropertyValue",
        "https://schema.org/PropertyValue",
    }
)
# What every whole actor document of known software has at least one of.
_SUBSTANCE = ("summary", "icon", "image", "tag", "attachment", "published", "followers")
_HIDES = ("_misskey_requireSigninToViewContents", "hidesToPublicFromUnauthedWeb")
_GATES = ("_misskey_makeNotesHiddenBefore", "_misskey_makeNotesFollowersOnlyBefore")
# Later than any post.
HIDDEN_FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)
# A move that names no readable target is a move all the same.
MOVED_NOWHERE = "about:blank"


def parse_actor(
    doc: Json,
    *,
    extra_opt_out_tags: frozenset[str] = frozenset(),
    detect_language: Callable[[str], str] = detect,
) -> Actor:
    """Read an actor document. ParseError if it is not one; nothing else is raised.

    `extra_opt_out_tags`: more tags that mean no, without '#'. `detect_language`: from plain
    text to a BCP 47 tag or `und`. Whether the document speaks for its id's host is not judged
    here.
    """
    kinds = types(doc)
    kind = _kind(kinds)
    uri = http_url(doc.get("id", doc.get("@id")))
    if uri is None:
        raise ParseError("the actor's id is not an http(s) URL")
    webfinger = _webfinger(doc)
    username = plain(as_text(doc.get("preferredUsername")), NAME + 1)
    if not username and webfinger:
        username = webfinger.partition("@")[0]
    if kind is not ActorType.TOMBSTONE and not 0 < len(username) <= NAME:
        raise ParseError("the actor has no usable preferredUsername")

    name = as_text(doc.get("name")) or as_text(doc.get("nameMap"))
    bio_html = as_text(doc.get("summary")) or as_text(doc.get("summaryMap"))
    bio = read_html(bio_html[:BIO])
    fields = [_field(item) for item in as_list(doc.get("attachment")) if isinstance(item, dict)]
    rows = [row for row in fields if row is not None]
    tag_keys = hashtags.in_tags(doc.get("tag"))
    # No limit here: a no counts wherever it stands.
    said = [
        bio.text if value is bio_html and len(value) <= BIO else html_text(value)
        for key in ("name", "summary")
        for value in texts(doc, key)
    ]
    said += [as_text(doc.get("_misskey_summary")), *(part for row in rows for part in row)]

    avatar, avatar_alt = read_image(doc.get("icon"))
    key_id, key_pem = _public_key(doc.get("publicKey"), uri)
    endpoints = doc.get("endpoints")
    return Actor(
        uri=uri,
        type=kind,
        username=username[:NAME],
        signals=_signals(doc, uri, name, said, tag_keys, extra_opt_out_tags),
        name=plain(html_text(name) if "<" in name else name, NAME),
        summary=bio.text,
        summary_html=bio.html,
        url=_page(doc.get("url")),
        fields=tuple(
            ProfileField(plain(label, FIELD), plain(value, FIELD)) for label, value in rows[:FIELDS]
        ),
        hashtags=tuple(dict.fromkeys((*tag_keys, *hashtags.in_text(bio.text))))[:TAGS],
        emojis=read_emojis(doc.get("tag")),
        language=detect_language(bio.text) if bio.text else UNKNOWN,
        avatar_url=avatar,
        avatar_alt=avatar_alt,
        header_url=read_image(doc.get("image"))[0],
        inbox=as_id(doc.get("inbox")),
        shared_inbox=as_id(endpoints.get("sharedInbox")) if isinstance(endpoints, dict) else None,
        outbox=as_id(doc.get("outbox")),
        followers=as_id(doc.get("followers")),
        following=as_id(doc.get("following")),
        featured=as_id(doc.get("featured")),
        featured_tags=as_id(doc.get("featuredTags")),
        webfinger=webfinger,
        also_known_as=as_ids(doc.get("alsoKnownAs"), ALIASES),
        published=read_time(doc.get("published")),
        public_key_id=key_id,
        public_key_pem=key_pem,
    )


def _kind(kinds: list[str]) -> ActorType:
    if ActorType.TOMBSTONE.value in kinds:
        return ActorType.TOMBSTONE
    for name in kinds:
        if name in _TYPES:
            return _TYPES[name]
    raise ParseError(f"not an actor but {', '.join(kinds)[:80] or 'of no type'}")


def _signals(
    doc: Json,
    uri: str,
    name: str,
    said: list[str],
    tag_keys: tuple[str, ...],
    extra: frozenset[str],
) -> ConsentSignals:
    names = Names(doc)
    discoverable, indexable = names.flag(DISCOVERABLE), names.flag(INDEXABLE)
    hint = software_hint(doc, uri)
    searchable_by = read_searchable_by(names)
    if narrows_search(said):
        searchable_by = SearchableBy.NARROWED
    return ConsentSignals(
        discoverable=discoverable,
        indexable=indexable,
        noindex=_strictest_no(names.any_prefix("noindex")),
        locked=refuses(names.any_prefix("manuallyApprovesFollowers")),
        suspended=refuses(names.any_prefix("suspended")),
        memorial=refuses(names.any_prefix("memorial")),
        moved_to=_moved(names.any_prefix("movedTo")),
        opt_out_tags=opt_out_tags(said, tag_keys, extra),
        searchable_by=searchable_by,
        hidden_from_strangers=any(refuses(names.any_prefix(key)) for key in _HIDES),
        posts_hidden_before=max(
            (
                _gate(value)
                for key in _GATES
                for value in names.any_prefix(key)
                if value is not None
            ),
            default=None,
        ),
        reduced=_reduced(doc, name, discoverable, indexable, hint),
        software_hint=hint,
    )


def software_hint(doc: Json, uri: str) -> str | None:
    """The software family that a document betrays by what only that family sends.

    The @context does not count: libraries declare Misskey's vocabulary for everybody.
    """
    if "isCat" in doc or any(key.startswith("_misskey_") for key in doc):
        return "misskey"
    host = host_of(uri)
    if host == "brid.gy" or host.endswith(".brid.gy"):
        return "bridgy-fed"
    generator = doc.get("generator")
    if "diaspora:guid" in doc or "friendica" in (
        as_text(generator.get("name")).lower() if isinstance(generator, dict) else ""
    ):
        return "friendica"
    return "bookwyrm" if "bookwyrmUser" in doc else None


def _strictest_no(values: list[Any]) -> Flag:
    """For a flag whose true means no: one true is enough."""
    return Flag.TRUE if any(value is True for value in values) else strictest(values)


def _reduced(doc: Json, name: str, discoverable: Flag, indexable: Flag, hint: str | None) -> bool:
    """Is this the stripped document that some servers show to readers they do not know?

    Akkoma's has no flag at all and nothing to read; Friendica's says `discoverable: false` and
    the username for a name. Any other false is a person's word and must count as a no, and a
    true is not taken away from a server that has little to say.
    """
    if Flag.TRUE in (discoverable, indexable) or any(key in doc for key in _SUBSTANCE):
        return False
    if discoverable is Flag.ABSENT and indexable is Flag.ABSENT:
        return True
    nameless = name in ("", as_text(doc.get("preferredUsername")))
    return hint == "friendica" and nameless


def _moved(values: list[Any]) -> str | None:
    for value in values:
        if value not in (None, False, "", [], {}):
            return as_id(value) or MOVED_NOWHERE
    return None


def _gate(value: Any) -> datetime:
    """Misskey: seconds since 1970, or zero and less for an age in seconds.

    By an age every post becomes hidden one day, and what cannot be read may mean anything:
    such people's posts count as hidden from now on.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        return HIDDEN_FOR_GOOD
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return HIDDEN_FOR_GOOD


def _webfinger(doc: Json) -> str | None:
    value = as_text(doc.get("webfinger")).strip().removeprefix("acct:").lstrip("@")
    return value if 0 < len(value) <= NAME and "@" in value else None


def _field(item: Json) -> tuple[str, str] | None:
    """Name and value as text. FEP-fb2a also uses Note and Link for fields."""
    kinds = types(item)
    name, value = as_text(item.get("name")), as_text(item.get("value"))
    if _FIELD_TYPES.isdisjoint(kinds):
        if "Note" in kinds:
            value = as_text(item.get("content"))
        elif "Link" in kinds:
            value = http_url(item.get("href")) or ""
        else:
            return None
    return (html_text(name), html_text(value)) if name or value else None


def _page(value: Any) -> str | None:
    """The profile page: a string, a Link, or of several the one for people (text/html)."""
    first: str | None = None
    for item in as_list(value):
        url = http_url(item)
        if isinstance(item, dict):
            url = http_url(item.get("href") or item.get("id") or item.get("url"))
            if url and item.get("mediaType") == "text/html":
                return url
        first = first or url
    return first


def _public_key(value: Any, uri: str) -> tuple[str | None, str | None]:
    """Id and PEM of the first usable key that says it is this actor's."""
    for key in as_list(value):
        if isinstance(key, dict):
            pem, key_id = key.get("publicKeyPem"), http_url(key.get("id"))
            owner = as_id(key.get("owner")) or as_id(key.get("controller"))
            if isinstance(pem, str) and key_id and len(pem) <= PEM and owner in (uri, None):
                return key_id, pem
    return None, None
