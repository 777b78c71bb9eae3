"""What people write: one post made from the seed."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from discover.demo.chance import dice, mix
from discover.demo.people import DIRECT, FOLLOWERS, PUBLIC, UNLISTED, Account, Post
from discover.demo.words import Language, Topic, language, topic_emoji, write

if TYPE_CHECKING:
    from discover.demo.world import World

_KINDS = {"peertube": "video", "wordpress": "article", "lemmy": "page"}
_SHORT = frozenset({"mastodon", "misskey", "gotosocial", "pixelfed", "takahe", "bridgy-fed"})
_BOOSTS = frozenset({"mastodon", "misskey"})


def audience_of(seed: int, index: int, number: int, software: str) -> str:
    """Who may read it. The kinds that never reach strangers exist only where people chat."""
    if software not in _SHORT:
        return PUBLIC
    draw = mix(seed, 30, index, number) % 100
    if draw < 78:
        return PUBLIC
    return UNLISTED if draw < 89 else FOLLOWERS if draw < 96 else DIRECT


def is_boost(seed: int, index: int, number: int, software: str) -> bool:
    return software in _BOOSTS and mix(seed, 31, index, number) % 100 < 12


def published_at(seed: int, now: int, account: Account, number: int) -> int:
    """Unix seconds. Strictly rising with `number` up to the account's last post."""
    last = account.posts
    if number > last:  # written during a test, one after the other
        return now + (number - last)
    if last <= 1:
        return now - account.idle
    jitter = (mix(seed, 32, account.index, number) % 900) / 1000
    age = (last - number + jitter) / last
    return now - account.idle - int(account.span * age * (0.4 + 0.6 * age)) - (last - number)


def make_post(world: World, account: Account, number: int) -> Post:
    seed, index, software = world.seed, account.index, account.host.software
    published = published_at(seed, world.now_seconds, account, number)
    chance = dice(seed, 33, index, number)
    audience = audience_of(seed, index, number, software)
    if is_boost(seed, index, number, software):
        target = _older_post(world, account, published, chance)
        if target is not None:
            public = PUBLIC if audience in (PUBLIC, DIRECT) else UNLISTED
            return Post(index, number, public, published, kind="boost", boosted=target)
    words = language(account.language)
    topic = account.topics[int(chance.random() ** 1.5 * len(account.topics))]
    kind = _KINDS.get(software, "note")
    if kind != "note":
        return _long_post(words, topic, kind, index, number, published, chance)
    return _note(world, account, words, topic, number, published, audience, chance)


def _note(
    world: World,
    account: Account,
    words: Language,
    topic: str,
    number: int,
    published: int,
    audience: str,
    chance: Random,
) -> Post:
    random = chance.random
    known = words.topics[topic]
    mentions: list[int] = []
    options: tuple[str, ...] = ()
    reply_to = None
    pieces: list[str] = []
    draw = random()
    if draw < 0.12 and account.host.software != "pixelfed":
        reply_to = _older_post(world, account, published, chance)
    if reply_to is not None:
        mentions.append(reply_to[0])
        pieces.append(f"@{world.handle_of(reply_to[0])}")
        pieces.append(words.replies[int(random() * len(words.replies))])
        if random() < 0.35:
            pieces.append(write(known.posts[int(random() * len(known.posts))], chance))
    elif draw < 0.15 and account.host.software in ("mastodon", "misskey"):
        question, options = words.polls[int(random() * len(words.polls))]
        pieces.append(question)
    else:
        if random() < 0.4:
            pieces.append(words.openers[int(random() * len(words.openers))])
        pieces.append(write(known.posts[int(random() * len(known.posts))], chance))
        if random() < 0.16:
            friend = world.friend_of(account, int(random() * 6))
            if friend is not None:
                mentions.append(friend)
                callout = words.callouts[int(random() * len(words.callouts))]
                pieces.append(callout.replace("{who}", f"@{world.handle_of(friend)}"))
        if random() < 0.45:
            pieces.append(words.closers[int(random() * len(words.closers))])
    if audience == DIRECT and not mentions:
        friend = world.friend_of(account, int(random() * 6))
        if friend is not None:
            mentions.append(friend)
            pieces.insert(0, f"@{world.handle_of(friend)}")
    text = words.space.join(pieces)
    if random() < 0.15:
        text += " " + topic_emoji().get(topic, "")
    tags = _pick_tags(known, chance) if reply_to is None and random() < 0.8 else []
    if random() < 0.1:
        text += f"\n\nhttps://example.org/{topic}/{1 + int(random() * 400)}"
    if tags:
        text += "\n\n" + " ".join(tags)
    images: tuple[str, ...] = ()
    if random() < (1.0 if account.host.software == "pixelfed" else 0.14):
        images = (words.alts[int(random() * len(words.alts))],)
    warning = words.warnings[int(random() * len(words.warnings))] if random() < 0.06 else ""
    return Post(
        account=account.index,
        number=number,
        audience=audience,
        published=published,
        kind="question" if options else "note",
        text=text,
        language=words.code,
        topic=topic,
        warning=warning,
        tags=tuple(tag.lstrip("#") for tag in tags),
        mentions=tuple(mentions),
        images=images,
        options=options,
        reply_to=reply_to,
        updated=published + 600 if random() < 0.04 else None,
    )


def _pick_tags(topic: Topic, chance: Random) -> list[str]:
    """One to three of the topic's hashtags, in its order."""
    start = int(chance.random() * len(topic.tags))
    count = 1 + int(chance.random() * 2.5)
    picked = (topic.tags[(start + step) % len(topic.tags)] for step in range(count))
    return list(dict.fromkeys(picked))


def _long_post(
    words: Language,
    topic: str,
    kind: str,
    index: int,
    number: int,
    published: int,
    chance: Random,
) -> Post:
    """An article, a video with its description, or a page in a community."""
    known = words.topics[topic]
    templates = list(known.posts)
    chance.shuffle(templates)
    lead = write(templates[0], chance)
    size = {"article": 4, "video": 2, "page": 1}[kind]
    body = [write(template, chance) for template in templates[1 : 1 + size]]
    body.append(words.closers[int(chance.random() * len(words.closers))])
    tags = known.tags[: 1 + int(chance.random() * 3)]
    return Post(
        account=index,
        number=number,
        audience=PUBLIC,
        published=published,
        kind=kind,
        title=lead.rstrip(".。!").split(";")[0],
        text="\n\n".join(body),
        language=words.code,
        topic=topic,
        tags=tuple(tag.lstrip("#") for tag in tags),
        images=(words.alts[int(chance.random() * len(words.alts))],) if kind == "article" else (),
    )


def _older_post(
    world: World, account: Account, before: int, chance: Random
) -> tuple[int, int] | None:
    """A public post of a friend, older than `before`, that is no boost itself."""
    for _ in range(4):
        friend = world.friend_of(account, int(chance.random() * 6))
        if friend is None or friend == account.index:
            continue
        other = world.account(friend)
        software = other.host.software
        if other.posts == 0 or software not in _SHORT:
            continue
        number = 1 + int(chance.random() * other.posts)
        if (
            published_at(world.seed, world.now_seconds, other, number) < before
            and audience_of(world.seed, friend, number, software) == PUBLIC
            and not is_boost(world.seed, friend, number, software)
        ):
            return friend, number
    return None
