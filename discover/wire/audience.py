"""Who a post is for: from the most private reading upwards."""

from __future__ import annotations

import re
from typing import Any

from discover.model.actor import SearchableBy
from discover.model.post import Audience
from discover.wire.documents import Json
from discover.wire.jsonld import SEARCHABLE_BY, Names, as_list

# Exactly these, never by suffix: Pleroma marks local posts with `https://HOST/#Public`.
PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
# kmyblue: for logged-in people, or for this server only. A suffix is enough to be careful.
_LOCAL = re.compile(r"(?:^|[#:/])(?:LoginOnly|LoginUser|LocalPublic)$")
_FOLLOWERS = re.compile(r"/(?:followers|follower|subscribers)/?(?:\?.*)?$")


def read_audience(
    obj: Json, activity: Json | None = None, followers: str | None = None
) -> Audience:
    """The audience of an object by its `to` and `cc`.

    Only when the object has neither, those of the activity around it count. `followers` is the
    author's followers collection if known; without it a path that looks like one tells
    FOLLOWERS from DIRECT, which are both private.
    """
    source = obj
    if activity is not None and obj.get("to") is None and obj.get("cc") is None:
        source = activity
    to, cc = _recipients(source.get("to")), _recipients(source.get("cc"))
    if any(_LOCAL.search(recipient) for recipient in (*to, *cc)):
        return Audience.LOCAL
    if not PUBLIC.isdisjoint(to):
        return Audience.PUBLIC
    if not PUBLIC.isdisjoint(cc):
        return Audience.UNLISTED
    if any(name == followers or _FOLLOWERS.search(name) for name in (*to, *cc)):
        return Audience.FOLLOWERS
    return Audience.DIRECT


def read_searchable_by(names: Names) -> SearchableBy:
    """FEP-268d, of an object or actor. What is not understood narrows."""
    answer = SearchableBy.UNSAID
    for value in names.all(SEARCHABLE_BY):
        if value is None or value == []:
            continue  # the FEP: an empty list is as if nothing were said
        if PUBLIC.isdisjoint(_recipients(value)):
            return SearchableBy.NARROWED
        answer = SearchableBy.PUBLIC
    return answer


def _recipients(value: Any) -> list[str]:
    found: list[str] = []
    for item in as_list(value):
        if isinstance(item, dict):
            item = item.get("id", item.get("@id"))  # noqa: PLW2901
        if isinstance(item, str):
            found.append(item)
    return found
