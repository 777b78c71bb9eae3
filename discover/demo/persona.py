"""Who lives on a server: one person made from the seed, with one case of the consent table each."""

from __future__ import annotations

from random import Random
from typing import Any

from discover.demo.chance import dice, mix
from discover.demo.people import DAY, Account, Host
from discover.demo.words import Language, language, languages, topic_emoji, write

# Fifty places at a table; each person sits at one. The names are what the person is there to show.
TRAITS = (
    *["open"] * 24,
    *["profile-only"] * 5,
    *["closed"] * 5,
    "posts-only",
    "nobot",
    "noindex-tag",
    "nosearch-field",
    "nobot-name",
    "locked",
    "locked",
    "bot",
    "suspended",
    "memorial",
    "moved",
    "gone",
    "malformed",
    "noindex",
    "silent",
    "empty",
)

_FLAGS: dict[str, tuple[Any, Any]] = {
    "profile-only": (True, False),
    "closed": (False, False),
    "posts-only": (False, True),
    "suspended": (False, False),
    "malformed": ("true", 1),
}


def trait_of(seed: int, index: int) -> str:
    return TRAITS[(index * 7 + seed * 13) % len(TRAITS)]


def language_of(seed: int, host: Host, index: int) -> str:
    draw = mix(seed, 20, index) % 100
    if draw < 78:
        return host.language
    if draw < 88:
        return "en"
    codes = languages()
    return codes[mix(seed, 21, index) % len(codes)]


def name_of(seed: int, host: Host, index: int) -> tuple[str, str]:
    """Display name and the stem of the user name."""
    words = language(language_of(seed, host, index))
    chance = dice(seed, 22, index)
    first, first_plain = words.first[int(chance.random() * len(words.first))]
    last, last_plain = words.last[int(chance.random() * len(words.last))]
    style = int(chance.random() * 6)
    stem = (
        first_plain,
        f"{first_plain}_{last_plain}",
        f"{first_plain}{last_plain}",
        f"{first_plain[0]}{last_plain}",
        last_plain,
        f"{first_plain}_{last_plain[0]}",
    )[style]
    if words.family_first:
        return f"{last}{first}" if style else first, stem
    return (first if style in (0, 5) else f"{first} {last}"), stem


def kind_of_actor(host: Host, number: int, trait: str) -> str:
    """Communities on Lemmy, channels on PeerTube, bots anywhere else."""
    if host.software == "lemmy":
        return "Group" if number % 3 == 0 else "Person"
    if host.software == "peertube":
        return "Group" if number % 2 else "Person"
    return "Service" if trait == "bot" else "Person"


def make_account(
    seed: int, host: Host, index: int, username: str, now: int, mean_posts: float
) -> Account:
    trait = trait_of(seed, index)
    number = index - host.first
    words = language(language_of(seed, host, index))
    name, _ = name_of(seed, host, index)
    chance = dice(seed, 23, index)
    topics = _topics(words, host, chance)
    kind = kind_of_actor(host, number, trait)
    posts = _post_count(host, kind, chance, mean_posts)
    idle = int(chance.expovariate(1 / 4) * DAY) % (60 * DAY)
    span = int(min(500, 1 + posts * (0.3 + 6 * chance.random())) * DAY)
    if trait == "silent":
        idle += (100 + int(chance.random() * 150)) * DAY
    bio, fields, tags = _bio(words, topics, trait, kind, chance)
    discoverable, indexable = _FLAGS.get(trait, (True, True))
    if trait == "empty":
        name, bio, fields, tags = "", "", (), ()
    if trait == "nobot-name":
        name += " #NoBot"
    if kind == "Group":
        name = _group_name(words, topics[0], chance)
    reach = chance.paretovariate(0.9)
    return Account(
        index=index,
        host=host,
        number=number,
        username=username,
        name=name,
        bio=bio,
        language=words.code,
        topics=topics,
        trait=trait,
        type=kind,
        discoverable=discoverable,
        indexable=indexable,
        noindex=trait == "noindex",
        locked=trait == "locked",
        suspended=trait == "suspended",
        memorial=trait == "memorial",
        gone=("410", "404", "tombstone")[index % 3] if trait == "gone" else "",
        needs_login=trait == "noindex" and host.software in ("misskey", "gotosocial"),
        fields=fields,
        tags=tags,
        created=now - idle - span - int(chance.random() * 1500 + 30) * DAY,
        posts=posts,
        idle=idle,
        span=span,
        followers=min(40_000, int(8 * reach)),
        following=int(20 + chance.random() * 400),
    )


def _post_count(host: Host, kind: str, chance: Random, mean: float) -> int:
    if host.software == "lemmy" and kind == "Person":
        return 0  # people post into communities
    if host.software == "peertube" and kind == "Group":
        return 0  # a channel shows its account's videos
    if host.software in ("wordpress", "peertube"):
        mean *= 0.6
    return 1 + min(400, int(chance.expovariate(1 / max(mean - 1, 0.5))))


def _topics(words: Language, host: Host, chance: Random) -> tuple[str, ...]:
    keys = tuple(words.topics)
    picked: list[str] = []
    if host.topic in words.topics and chance.random() < 0.45:
        picked.append(host.topic)
    for _ in range(1 + int(chance.random() * 2.4)):
        key = keys[int(chance.random() * len(keys))]
        if key not in picked:
            picked.append(key)
    return tuple(picked)


def _bio(
    words: Language, topics: tuple[str, ...], trait: str, kind: str, chance: Random
) -> tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]:
    lines = [write(chance.choice(words.topics[key].bios), chance) for key in topics[:2]]
    if trait == "bot":
        lines.append(chance.choice(words.bots))
    elif kind == "Person" and chance.random() < 0.6:
        lines.append(write(chance.choice(words.tails), chance))
    emoji = topic_emoji()
    text = words.space.join(lines)
    if chance.random() < 0.4:
        text += " " + "".join(emoji.get(key, "") for key in topics)
    tags = tuple(chance.choice(words.topics[key].tags) for key in topics)
    if chance.random() < 0.55:
        text += "\n\n" + " ".join(tags)
    if trait == "nobot":
        text += "\n\n#nobot"
    elif trait == "noindex-tag":
        text += "\n\n" + chance.choice(("#NoIndex", "#nosearch", "#noarchive", "#nobots"))
    fields: tuple[tuple[str, str], ...] = ()
    if chance.random() < 0.5 and words.fields:
        spot = int(chance.random() * len(words.fields))
        fields = (words.fields[spot], words.fields[(spot + 1) % len(words.fields)])
    if trait == "nosearch-field":
        fields = (*fields, ("Search engines", "#nosearch"))
    return text, fields, tuple(tag.lstrip("#") for tag in tags) if chance.random() < 0.4 else ()


def _group_name(words: Language, topic: str, chance: Random) -> str:
    tag = words.topics[topic].tags[0].lstrip("#")
    return f"{tag} {topic_emoji().get(topic, '')}".strip() if chance.random() < 0.8 else tag
