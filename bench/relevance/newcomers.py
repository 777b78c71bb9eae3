"""What newcomers type, and who stands in the way of those they mean. Labels are the generator's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from bench.relevance.corpora import EVERYTHING, Corpus, Person, Question, corpus
from discover.demo.people import PUBLIC
from discover.demo.words import Language, Topic, write
from discover.demo.words import language as written_language
from discover.demo.world import World
from discover.wire.hashtags import fold

NAME, ANOTHER, BOTH, ASKED, MISSPELT = "name", "another word", "two words", "asked", "misspelt"

TUNED_ON, REPORTED = 11, 23  # seeds: weights were chosen on the one, the other is reported
RECENTLY = timedelta(days=80)  # nobody may be missing because they are silent
PASSING = 5  # every fifth person mentions somebody else's topic in a post
STUFFERS = 0.03  # of all people: two dozen hashtags in the bio, a dozen in each post
LOUD = 0.03  # of all people: followed by very many, one post on each of eight topics
LONG_ENOUGH = 6  # letters of a word that is misspelt
_ASKING = {
    "en": "people who love {}",
    "de": "Leute, die {} mögen",
    "fr": "des gens qui aiment {}",
    "es": "gente a la que le gusta {}",
    "it": "persone che amano {}",
    "pt": "pessoas que gostam de {}",
    "pl": "ludzie, którzy lubią {}",
    "ja": "{}が好きな人",
}


def demo(accounts: int, seed: int = REPORTED) -> Corpus:
    """Who is a person, writes in public and did so lately, and a crowd in their way (see `crowd`)."""
    world = World(seed, accounts, posts=8.0)
    now = datetime.now(UTC)
    people: list[Person] = []
    for index in range(world.accounts):
        account = world.account(index)
        posts = [
            post
            for post in world.posts(account)
            if post.text and post.audience == PUBLIC and not post.warning and not post.boosted
        ]
        if account.type != "Person" or not account.bio or not posts or account.gone:
            continue
        people.append(
            Person(
                index,
                account.topics,
                account.language,
                account.host.name,
                account.bio,
                tuple(post.text for post in posts[:20]),
                account.followers,
                tuple(fold(tag) for tag in account.tags),
                min(now - datetime.fromtimestamp(posts[0].published, UTC), RECENTLY),
            )
        )
    chance = Random(seed)
    words = questions(sorted({person.language for person in people}), chance)
    return corpus("the pretend fediverse", list(crowd(people, chance)), words)


def questions(languages: Sequence[str], chance: Random) -> list[Question]:
    """Each topic in each language, typed in five ways (fewer where there is no other word)."""
    found: list[Question] = []
    for language in languages:
        topics = written_language(language).topics
        used = Counter(tag for topic in topics.values() for tag in topic.tags)
        for key, topic in sorted(topics.items()):
            name, *others = (tag.lstrip("#") for tag in topic.tags)
            others = [tag for tag in others if used[f"#{tag}"] == 1]
            typed = {NAME: name, ASKED: _ASKING[language].format(name)}
            if others:
                typed[ANOTHER] = chance.choice(others)
                typed[BOTH] = f"{name} {chance.choice(others)}"
            if wrong := _misspelt(name, chance):
                typed[MISSPELT] = wrong
            found += [Question(language, (key,), words, how=how) for how, words in typed.items()]
    return found


def _misspelt(word: str, chance: Random) -> str:
    """One letter missing, doubled, or swapped with its neighbour; never the first. '' if too short
    or in a script where nobody mistypes so.
    """
    if len(word) < LONG_ENOUGH or not word.isalpha() or ord(max(word)) > 0x24F:
        return ""
    place = 1 + int(chance.random() * (len(word) - 2))
    return chance.choice(
        (
            word[:place] + word[place + 1 :],
            word[:place] + word[place] + word[place:],
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        )
    )


def crowd(people: Sequence[Person], chance: Random) -> Iterator[Person]:
    """The people, some with a passing mention; then tag-stuffers and the loud."""
    for place, person in enumerate(people):
        if place % PASSING:
            yield person
            continue
        words = written_language(person.language)
        strange = [topic for key, topic in words.topics.items() if key not in person.topics]
        posts = (*person.posts, _post(chance.choice(strange), 1, words, chance))
        yield replace(person, posts=posts)
    number = max(one.number for one in people)
    for _ in range(int(STUFFERS * len(people))):
        number += 1
        yield _stuffer(number, chance.choice(people), chance)
    for _ in range(int(LOUD * len(people))):
        number += 1
        yield _loud(number, chance.choice(people), chance)


def _stuffer(number: int, like: Person, chance: Random) -> Person:
    words = written_language(like.language)
    topics = list(words.topics.values())
    tags = " ".join(topic.tags[0] for topic in chance.sample(topics, 24))
    posts = [_post(chance.choice(topics), 12, words, chance) for _ in range(6)]
    return _nobody(number, like, tags, posts, followers=int(200 + 2000 * chance.random()))


def _loud(number: int, like: Person, chance: Random) -> Person:
    words = written_language(like.language)
    posts = [_post(topic, 1, words, chance) for topic in chance.sample([*words.topics.values()], 8)]
    bio = write(chance.choice(words.tails), chance)
    return _nobody(number, like, bio, posts, followers=int(50_000 + 500_000 * chance.random()))


def _nobody(number: int, like: Person, bio: str, posts: Sequence[str], *, followers: int) -> Person:
    """Right for no question, on the server and in the language of somebody."""
    return replace(
        like,
        number=number,
        topics=(EVERYTHING,),
        bio=bio,
        posts=tuple(posts),
        followers=followers,
        featured=(),
    )


def _post(topic: Topic, tags: int, words: Language, chance: Random) -> str:
    others = [one.tags[0] for one in words.topics.values() if one.key != topic.key]
    chosen = [topic.tags[0], *chance.sample(others, tags - 1)]
    return " ".join([write(chance.choice(topic.posts), chance), *chosen])
