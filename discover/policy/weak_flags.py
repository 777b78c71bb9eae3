"""Which software sends a consent flag that nobody chose.

A weak value alone never lists a person: they need a deliberate act of their own. Sources are the
files named in fediverse software's own code; see docs/consent.md for the reasoning per row.
"""

from __future__ import annotations

DISCOVERABLE = "discoverable"
INDEXABLE = "indexable"

# software (NodeInfo name, lower case) -> flags whose `true` is the software's, not the person's
_MISSKEY_FAMILY = (
    "misskey", "sharkey", "firefish", "calckey", "foundkey", "iceshrimp", "iceshrimp.net",
    "cherrypick", "catodon", "magnetar", "meisskey", "hajkey", "rosekey", "neko",
)  # fmt: skip

WEAK: dict[str, frozenset[str]] = {
    # isExplorable is true by default; forks send indexable = not noindex, an opt-out
    **dict.fromkeys(_MISSKEY_FAMILY, frozenset({DISCOVERABLE, INDEXABLE})),
    # identity.discoverable is true by default
    "takahe": frozenset({DISCOVERABLE}),
    # discoverable is a constant; indexable is the site-wide "blog is public" option
    "wordpress": frozenset({DISCOVERABLE, INDEXABLE}),
    # both are set for every bridged account that does not say otherwise
    "bridgy-fed": frozenset({DISCOVERABLE, INDEXABLE}),
    "bridgyfed": frozenset({DISCOVERABLE, INDEXABLE}),
    "brid.gy": frozenset({DISCOVERABLE, INDEXABLE}),
}

# Hosts of a software that hides behind another name or none
_HOST_SUFFIXES = {"brid.gy": "bridgy-fed"}


def effective_software(host: str, software: str | None, hint: str | None) -> str | None:
    """The software whose row applies: a telling host, then the document's own hint, then NodeInfo.

    The hint wins over NodeInfo, because forks rename themselves but keep their documents' terms.
    """
    for suffix, name in _HOST_SUFFIXES.items():
        if host == suffix or host.endswith("." + suffix):
            return name
    return hint or software


def is_weak(software: str | None, flag: str) -> bool:
    """Is `true` for this flag the doing of the software?"""
    return software is not None and flag in WEAK.get(software.lower(), frozenset())
