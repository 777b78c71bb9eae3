"""What is true, and what a correct indexer must make of it.

Deliberately naive and deliberately apart from `discover.policy`: the same rules written a second
time, from the consent table, so that the one can be held against the other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from discover.demo.people import DAY, PUBLIC, Account, Host, Post

if TYPE_CHECKING:
    from discover.demo.world import World

OLDEST = 180 * DAY
_OPT_OUT = {"nobot", "nobots", "noindex", "nosearch", "noarchive"}
_WEAK_DISCOVERABLE = {"misskey", "takahe", "wordpress", "bridgy-fed"}
_WEAK_INDEXABLE = {"wordpress", "bridgy-fed"}
_SENDS_FIELDS = {"mastodon", "misskey", "gotosocial", "takahe", "wordpress"}
_EVERYBODY = "https://www.w3.org/ns/activitystreams#Public"


def truth(world: World) -> dict[str, Any]:
    """`hosts`, `accounts` and `posts`, the last two with `expect`: what a correct indexer does."""
    accounts = [
        account_truth(world, account) for host in world.hosts for account in world.people(host)
    ]
    posts = [
        post_truth(world, account, post)
        for host in world.hosts
        for account in world.people(host)
        for post in world.posts(account)
    ]
    _mark_findable(world, accounts, posts)
    return {
        "seed": world.seed,
        "now": world.now.isoformat(),
        "hosts": [host_truth(world, host) for host in world.hosts],
        "accounts": accounts,
        "posts": posts,
    }


def host_truth(world: World, host: Host) -> dict[str, Any]:
    return {
        "host": host.name,
        "handle_host": host.handle_host,
        "software": host.software,
        "version": host.version,
        "title": host.title,
        "language": host.language,
        "topic": host.topic,
        "accounts": host.size,
        "secure": host.secure,
        "opted_in": host.opted_in,
        "robots": host.robots,
        "directory": has_directory(host),
        "leaky": host.leaky,
        "base": world.base(host),
    }


def has_directory(host: Host) -> bool:
    """Can people be found without knowing their names?"""
    return host.directory and host.software in (
        "mastodon", "misskey", "lemmy", "peertube", "wordpress",
    )  # fmt: skip


def sent_flags(account: Account) -> tuple[Any, Any]:
    """`discoverable` and `indexable` as this software sends them; None: the key is absent."""
    host = account.host
    match host.software:
        case "mastodon":
            return account.discoverable, None if host.version < "4.2" else account.indexable
        case "misskey" | "gotosocial" | "takahe":
            return account.discoverable, None
        case "pixelfed":
            return None, account.indexable
        case "peertube":
            new = int(host.version.split(".")[0]) >= 8
            return (account.discoverable, account.indexable) if new else (None, None)
        case "lemmy":
            return (account.discoverable if account.type == "Group" else None), None
        case _:  # WordPress, Bridgy Fed: constants
            return True, True


def why_not_listed(account: Account) -> list[str]:
    host = account.host
    discoverable, _ = sent_flags(account)
    reasons = []
    if not host.opted_in:
        reasons.append("server not opted in")
    if host.robots in ("forbids-us", "error"):
        reasons.append(f"robots.txt {host.robots}")
    if account.gone:
        reasons.append("gone")
    if account.moved_to and host.software not in ("takahe", "lemmy", "peertube", "bridgy-fed"):
        reasons.append("moved")
    if account.suspended and host.software in ("mastodon", "pixelfed"):
        reasons.append("suspended")
    if account.memorial and host.software == "mastodon":
        reasons.append("memorial")
    if account.noindex and host.software == "mastodon":
        reasons.append("noindex")
    if opt_out_tags(account):
        reasons.append("opt-out tag")
    if discoverable is not True:
        reasons.append("not discoverable")
    elif host.software in _WEAK_DISCOVERABLE:
        reasons.append("discoverable is weak")
    return reasons


def opt_out_tags(account: Account) -> set[str]:
    text = [account.bio, account.name]
    if account.host.software in _SENDS_FIELDS:
        text += [f"{name} {value}" for name, value in account.fields]
    if account.suspended and account.host.software == "mastodon":
        text = []
    return {tag.lower() for tag in re.findall(r"#(\w+)", " ".join(text))} & _OPT_OUT


def why_no_posts(account: Account) -> list[str]:
    reasons = why_not_listed(account)
    _, indexable = sent_flags(account)
    if indexable is not True:
        reasons.append("not indexable")
    elif account.host.software in _WEAK_INDEXABLE:
        reasons.append("indexable is weak")
    if account.searchable_by and _EVERYBODY not in account.searchable_by:
        reasons.append("searchableBy narrowed")
    if account.needs_login:
        reasons.append("hidden from strangers")
    return reasons


def account_truth(world: World, account: Account) -> dict[str, Any]:
    discoverable, indexable = sent_flags(account)
    listed = why_not_listed(account)
    posts = why_no_posts(account)
    return {
        "uri": world.account_uri(account),
        "handle": account.handle,
        "host": account.host.name,
        "software": account.host.software,
        "name": account.name,
        "type": account.type,
        "language": account.language,
        "topics": list(account.topics),
        "trait": account.trait,
        "flags": {"discoverable": discoverable, "indexable": indexable},
        "locked": account.locked,
        "posts": world.last_number(account),
        "expect": {
            "listed": not listed,
            "posts_indexed": not posts,
            "why_not_listed": listed,
            "why_no_posts": posts,
        },
    }


def post_truth(world: World, account: Account, post: Post) -> dict[str, Any]:
    reasons = why_no_posts(account)
    if post.boosted is not None:
        reasons.append("boost")
    if post.audience != PUBLIC:
        reasons.append(post.audience)
    if world.now_seconds - post.published > OLDEST:
        reasons.append("too old")
    if post.searchable_by and _EVERYBODY not in post.searchable_by:
        reasons.append("searchableBy narrowed")
    if post.kind == "page":
        reasons = [*reasons, "written by a person without flags"]
    return {
        "uri": world.post_uri(post),
        "account": world.account_uri(account),
        "kind": post.kind,
        "audience": post.audience,
        "published": post.published,
        "language": post.language,
        "topic": post.topic,
        "tags": list(post.tags),
        "text": post.text,
        "title": post.title,
        "warning": post.warning,
        "mentions": [world.index_uri(index) for index in post.mentions],
        "boosted": world.post_uri(world.post(*post.boosted)) if post.boosted else None,
        "expect": {"indexed": not reasons, "why_not": reasons},
    }


def _mark_findable(
    world: World, accounts: list[dict[str, Any]], posts: list[dict[str, Any]]
) -> None:
    """How a crawler that begins with directories only comes to know of an account.

    Directories first, then in rounds whom those whose posts may be read mention or boost in
    public, in posts that are young enough to be read.
    `findable` is "directory", "mention" or "".
    """
    by_uri = {row["uri"]: row for row in accounts}
    directories = {h.name for h in world.hosts if has_directory(h) and h.opted_in}
    authors = {row["uri"]: row["account"] for row in posts}
    for row in accounts:
        listed_there = row["software"] == "wordpress" or row["flags"]["discoverable"] is True
        found = row["host"] in directories and listed_there and row["type"] != "Tombstone"
        row["findable"] = "directory" if found else ""
    named: dict[str, set[str]] = {}
    for row in posts:
        if row["audience"] == PUBLIC and world.now_seconds - row["published"] <= OLDEST:
            people = named.setdefault(row["account"], set())
            people.update(row["mentions"])
            if row["boosted"] in authors:
                people.add(authors[row["boosted"]])
    fresh = [row for row in accounts if row["findable"]]
    while fresh:
        following = []
        for row in fresh:
            if not row["expect"]["posts_indexed"]:
                continue
            for uri in named.get(row["uri"], ()):
                other = by_uri[uri]
                if not other["findable"]:
                    other["findable"] = "mention"
                    following.append(other)
        fresh = following
