"""How an admin says yes or no, place by place: what to write where, for which software."""

from __future__ import annotations

import json
from dataclasses import dataclass

from discover.model.words import N_
from discover.wire import statement

# What may be said, and its words in a select
SAYS: dict[str, str] = {
    "in": N_("in, with public posts"),
    "profiles": N_("in, profiles only"),
    "out": N_("out"),
}
SOFTWARE: dict[str, str] = {
    "mastodon": "Mastodon", "misskey": "Misskey, Sharkey …", "gotosocial": "GoToSocial",
    "pixelfed": "Pixelfed", "lemmy": "Lemmy", "peertube": "PeerTube", "wordpress": "WordPress",
    "pleroma": "Akkoma, Pleroma", "": N_("something else"),
}  # fmt: skip
_KIN = {
    "hometown": "mastodon", "glitch": "mastodon", "sharkey": "misskey", "firefish": "misskey",
    "iceshrimp": "misskey", "calckey": "misskey", "foundkey": "misskey", "cherrypick": "misskey",
    "akkoma": "pleroma",
}  # fmt: skip
# The easiest first. Which software can do what: docs/opting-in.md.
_WAYS = {
    "mastodon": ("mention", "relay", "fasp", "dns", "file"),
    "misskey": ("relay", "dns", "file"),
    "gotosocial": ("mention", "dns", "file"),
    "pixelfed": ("mention", "dns", "file"),
    "lemmy": ("dns", "file"),
    "peertube": ("dns", "file"),
    "wordpress": ("file", "dns"),
    "pleroma": ("mention", "relay", "dns", "file"),
    "": ("dns", "file", "mention", "relay"),
}
_NO_FILE_FOR = frozenset({"gotosocial", "pleroma"})  # their robots.txt may forbid the look at it
_OUT_WAYS = ("dns", "file", "mention", "robots")


@dataclass(frozen=True, slots=True)
class Way:
    """`copy`: label and text to copy, in order; `kind` picks the words in the template."""

    kind: str
    copy: tuple[tuple[str, str], ...]


def family(software: str | None) -> str:
    """The key of SOFTWARE that a NodeInfo name belongs to; "" for anything else."""
    name = (software or "").lower()
    name = _KIN.get(name, name)
    return name if name in _WAYS else ""


def ways(host: str, software: str, says: str, *, own_url: str, handle: str) -> tuple[Way, ...]:
    """Where this can be said with this software, the easiest place first.

    `host` may be empty: then an example stands for it. `handle` is our actor's, `own_url` where we
    are ourselves.
    """
    kinds = _WAYS[software]
    if says == "out":
        kinds = _OUT_WAYS
    elif says == "profiles":
        # a relay and a connection have no scope
        kinds = tuple(kind for kind in kinds if kind not in ("relay", "fasp"))
    host = host or "example.social"
    return tuple(_way(kind, host, software, says, own_url, handle) for kind in kinds)


def _way(kind: str, host: str, software: str, says: str, own_url: str, handle: str) -> Way:
    consent = "out" if says == "out" else "in"
    scope = "; scope=profiles" if says == "profiles" else ""
    if kind == "dns":
        record = f"v={statement.VERSION}; consent={consent}{scope}"
        return Way(kind, ((N_("Name"), statement.txt_name(host)), (N_("TXT record"), record)))
    if kind == "file":
        said = {"v": statement.VERSION, "consent": consent}
        if scope:
            said["scope"] = "profiles"
        text = json.dumps(said)
        address = f"https://{host}{statement.PATH}"
        return Way(
            kind, ((N_("Address"), address), (N_("The file"), text), *_places(software, text))
        )
    if kind == "relay":
        address = f"{own_url}/actor" if software == "pleroma" else f"{own_url}/inbox"
        return Way(kind, ((N_("Relay address"), address),))
    if kind == "fasp":
        return Way(kind, ())  # begun on our own page
    if kind == "mention":
        word = {"in": "server in", "profiles": "server in profiles", "out": "server out"}[says]
        return Way(kind, ((N_("The message"), f"@{handle} {word}"),))
    return Way("robots", ((N_("robots.txt"), "User-agent: Waypost\nDisallow: /"),))


def _places(software: str, text: str) -> tuple[tuple[str, str], ...]:
    """How the file gets to its address."""
    nginx = (
        "location = /.well-known/waypost.json {\n    default_type application/json;\n"
        f"    return 200 '{text}';\n}}"
    )
    caddy = (
        "handle /.well-known/waypost.json {\n    header Content-Type application/json\n"
        f"    respond `{text}`\n}}"
    )
    found = [("nginx", nginx), ("Caddy", caddy)]
    if software in ("mastodon", "pixelfed"):
        found.insert(0, (N_("Or put the file here"), "public/.well-known/waypost.json"))
    if software == "wordpress":
        found.insert(0, (N_("Put the file here"), ".well-known/waypost.json"))
    if software in _NO_FILE_FOR:
        found.append(
            (N_("And in robots.txt, so that we may look"), "User-agent: Waypost\nAllow: /")
        )
    return tuple(found)
