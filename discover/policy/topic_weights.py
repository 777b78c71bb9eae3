"""How much an account is about a topic, from what it says of itself and what it posts.

Points are gathered from tags and words, each kind with a bound, and become a weight between 0
and 1. Whoever uses tags by the dozen says little with each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log2

from discover.model.topics import AccountTopic
from discover.policy.topics import Catalogue, Match

# Points
PROFILE_TAG = 3.0  # a hashtag in the bio or a field
FEATURED_TAG = 2.5  # a hashtag featured on the profile
PROFILE_WORD = 1.5  # a word of name, bio or fields
MOST_PROFILE_TAGS = 2  # tags of one topic that count; more of them say the same again
MOST_PROFILE_WORDS = 2
POST = 2.0  # times log2(1 + posts), each post at most once a topic

# Tag-stuffing
CALM_PROFILE = 8  # tags of a profile; of more, each counts less: 8/n
CALM_POST = 5  # tags of a post; of more, each counts less: 5/n
STUFFED_POST = 15  # a post with more tags than this counts nothing

HALF_LIFE = timedelta(days=45)  # an older post says less about today
LOOKED_AT = 60  # newest posts that are looked at
PARENT = 0.5  # what a topic gives to the wider one it belongs to
HALF_POINTS = 3.0  # points / (points + HALF_POINTS) is the weight
LEAST_WEIGHT = 0.15
MOST_TOPICS = 12  # of an account; the heaviest stay
MOST_EVIDENCE = 8  # tags and words that are remembered as the reason


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """What a listed account says of itself; tags are folded."""

    texts: tuple[str, ...] = ()  # name, bio, names and values of fields
    tags: tuple[str, ...] = ()
    featured: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostFacts:
    """A post that may be found and carries no content warning; tags are folded."""

    tags: tuple[str, ...]
    published: datetime


@dataclass(slots=True)
class _Gathered:
    points: float = 0.0
    tags: dict[str, None] = field(default_factory=dict)
    words: dict[str, None] = field(default_factory=dict)
    posts: int = 0
    recent: float = 0.0  # posts, the older the less


def weigh(
    profile: ProfileFacts,
    posts: Sequence[PostFacts],
    catalogue: Catalogue,
    match: Callable[[str], Sequence[Match]],
    now: datetime,
) -> tuple[AccountTopic, ...]:
    """An account's topics, the heaviest first. `match` leads a tag to topics, grown ones too."""
    gathered: dict[str, _Gathered] = {}
    _profile_tags(profile, match, gathered)
    _profile_words(profile, catalogue, gathered)
    for post in posts[:LOOKED_AT]:
        _post(post, match, gathered, now)
    for one in gathered.values():
        one.points += POST * log2(1 + one.recent)
    _lift(catalogue, gathered)
    topics = [
        AccountTopic(
            topic=topic,
            weight=round(one.points / (one.points + HALF_POINTS), 2),
            tags=tuple(one.tags)[:MOST_EVIDENCE],
            words=tuple(one.words)[:MOST_EVIDENCE],
            posts=one.posts,
        )
        for topic, one in gathered.items()
    ]
    topics = [one for one in topics if one.weight >= LEAST_WEIGHT]
    topics.sort(key=lambda one: (-one.weight, one.topic))
    return tuple(topics[:MOST_TOPICS])


def share_of_tag(tags: int, calm: int) -> float:
    """How much each of so many tags counts."""
    return min(1.0, calm / tags) if tags else 1.0


def _profile_tags(
    profile: ProfileFacts,
    match: Callable[[str], Sequence[Match]],
    gathered: dict[str, _Gathered],
) -> None:
    own = dict.fromkeys(profile.tags, PROFILE_TAG)
    worth = dict.fromkeys(profile.featured, FEATURED_TAG) | own
    share = share_of_tag(len(worth), CALM_PROFILE)
    for tag, points in worth.items():
        for topic, sure in match(tag):
            one = gathered.setdefault(topic, _Gathered())
            if len(one.tags) < MOST_PROFILE_TAGS:
                one.points += points * sure * share
            one.tags[tag] = None


def _profile_words(
    profile: ProfileFacts, catalogue: Catalogue, gathered: dict[str, _Gathered]
) -> None:
    for text in profile.texts:
        for word, topics in catalogue.in_text(text).items():
            for topic, sure in topics:
                one = gathered.setdefault(topic, _Gathered())
                if word in one.tags or word in one.words:
                    continue  # a tag of the bio is also a word of it
                if len(one.words) < MOST_PROFILE_WORDS:
                    one.points += PROFILE_WORD * sure
                one.words[word] = None


def _post(
    post: PostFacts,
    match: Callable[[str], Sequence[Match]],
    gathered: dict[str, _Gathered],
    now: datetime,
) -> None:
    if not post.tags or len(post.tags) > STUFFED_POST:
        return
    age = max(now - post.published, timedelta())
    worth = share_of_tag(len(post.tags), CALM_POST) * 0.5 ** (age / HALF_LIFE)
    best: dict[str, float] = {}
    for tag in post.tags:
        for topic, sure in match(tag):
            best[topic] = max(sure, best.get(topic, 0.0))
            gathered.setdefault(topic, _Gathered()).tags[tag] = None
    for topic, sure in best.items():
        gathered[topic].posts += 1
        gathered[topic].recent += worth * sure


def _lift(catalogue: Catalogue, gathered: dict[str, _Gathered]) -> None:
    """Astrophotography is also photography, and a wider topic is told of a narrower one."""
    own = {topic: one.points for topic, one in gathered.items()}
    for topic, points in own.items():
        one, share = gathered[topic], PARENT
        for parent in catalogue.ancestors(topic):
            above = gathered.setdefault(parent, _Gathered())
            above.points += points * share
            above.posts = max(above.posts, one.posts)
            _remember(above.tags, one.tags)
            _remember(above.words, one.words)
            share *= PARENT


def _remember(into: dict[str, None], more: Iterable[str]) -> None:
    for name in more:
        into[name] = None
