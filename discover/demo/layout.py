"""Which servers there are, and how many people live on each."""

from __future__ import annotations

from typing import Any

from discover.demo.chance import dice
from discover.demo.people import Host
from discover.demo.words import hosts_data, language, languages

# The mix of software beyond the hosts named in data/hosts.json.
_CYCLE = (
    "mastodon", "mastodon", "misskey", "mastodon", "gotosocial", "mastodon", "pixelfed", "mastodon",
    "mastodon", "peertube", "mastodon", "lemmy", "mastodon", "misskey", "mastodon", "wordpress",
    "mastodon", "gotosocial", "mastodon", "takahe",
)  # fmt: skip

VERSIONS = {
    "mastodon": ("4.4.8", "4.5.2", "4.5.2+glitch", "4.1.25", "4.3.14"),
    "misskey": ("2025.10.0", "2025.4.1"),
    "gotosocial": ("0.20.1+git-1d8e6a2", "0.19.2+git-8fd6b7a"),
    "pixelfed": ("0.12.5", "0.12.3"),
    "peertube": ("8.2.0", "6.3.2"),
    "lemmy": ("0.19.13", "1.0.0"),
    "wordpress": ("6.8.2", "6.7.1"),
    "takahe": ("0.11.0", "0.12.0-dev"),
    "bridgy-fed": ("1.0.0",),
}

# People of one host relative to a Mastodon host of the same rank.
_CROWD = {"gotosocial": 0.3, "wordpress": 0.2, "takahe": 0.3, "bridgy-fed": 0.4, "peertube": 0.6}


def host_count(accounts: int) -> int:
    """About 40 servers for 300 people, at most 600."""
    return min(accounts, max(9, int(accounts**0.65)), 600)


def make_hosts(seed: int, accounts: int, count: int, domain: str) -> list[Host]:
    """Servers of one world, sizes adding up to `accounts`, each at least one."""
    hosts = [_host(seed, index, domain) for index in range(count)]
    weights = []
    for host in hosts:
        luck = dice(seed, 11, host.index).random()
        weights.append((0.25 + 2.5 * luck**3) * _CROWD.get(host.software, 1.0))
    total = sum(weights)
    spare, first, carry = accounts - count, 0, 0.0
    for host, weight in zip(hosts, weights, strict=True):
        carry += spare * weight / total
        extra = int(carry + 1e-9)
        carry -= extra
        host.first, host.size = first, 1 + extra
        first += host.size
    hosts[0].size += accounts - first
    for host in hosts[1:]:
        host.first += accounts - first
    return hosts


def _host(seed: int, index: int, domain: str) -> Host:
    data = hosts_data()
    chance = dice(seed, 10, index)
    extra: dict[str, Any] = {}
    if index < len(data["hosts"]):
        name, software, code, topic, title, description, *rest = data["hosts"][index]
        extra = dict(rest[0]) if rest else {}
    else:
        adjectives, nouns = data["adjectives"], data["nouns"]
        spot = index - len(data["hosts"])
        noun, turn = spot % len(nouns), spot // len(nouns)
        adjective = (turn + noun) % len(adjectives)
        name = f"{adjectives[adjective]}-{nouns[noun]}"
        if turn >= len(adjectives):
            name += f"-{turn // len(adjectives)}"
        software = _CYCLE[spot % len(_CYCLE)]
        code = chance.choice(languages())
        topic = chance.choice(tuple(language(code).topics))
        title = name.replace("-", " ").title()
        description = f"{title}, a friendly corner of the fediverse."
        extra = _specials(spot)
    handle_host = f"{name}.{domain}"
    versions = VERSIONS[software]
    split = extra.pop("split", "")
    return Host(
        index=index,
        name=f"{split}.{handle_host}" if split else handle_host,
        handle_host=handle_host,
        software=software,
        version=extra.pop("version", versions[chance.randrange(len(versions))]),
        title=title,
        description=description,
        language=code,
        topic=topic,
        secure=extra.pop("secure", software == "gotosocial"),
        **extra,
    )


def _specials(spot: int) -> dict[str, Any]:
    """Every kind of special server turns up once in about 23."""
    specials: dict[int, dict[str, Any]] = {
        3: {"split": "social"},
        6: {"secure": True},
        10: {"robots": "forbids-us"},
        14: {"directory": False},
        17: {"opted_in": False},
        19: {"robots": "allows-us"},
        21: {"leaky": True},
        22: {"robots": "error"},
    }
    return dict(specials.get(spot % 23, {}))
