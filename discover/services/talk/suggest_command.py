"""What our actor answers to `suggest TOPIC`: a few people, from the one engine of suggestions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from discover.model.suggestions import Reason, Suggestion, SuggestionRequest
from discover.model.views import AccountView, SearchRequest
from discover.services.context import Context
from discover.services.find.search import search
from discover.services.hydrate import hydrate_suggestable
from discover.services.suggest.suggesting import suggest
from discover.services.topics.catalogue import catalogue
from discover.wire.hashtags import fold

MOST_PEOPLE = 5
MOST_TAGS = 4
# The reasons that our actor has words for: `because_…` in services/texts.
TOLD = frozenset({"topic", "tag", "word", "language", "new_voice", "week", "month"})


@dataclass(frozen=True, slots=True)
class Told:
    """One person of the answer. The hashtags that were asked for come first."""

    account_id: int
    handle: str
    url: str
    tags: tuple[str, ...]
    reasons: tuple[Reason, ...]


def people_for(ctx: Context, topic: str, language: str, writer: str) -> list[Told]:
    """For a topic named in any language, else for hashtags and words; never the writer, by URI."""
    words = [word for word in map(fold, topic.split()) if word]
    people: dict[int, Told] = {}
    for one in _found(ctx, topic, words, language, writer):
        if len(people) == MOST_PEOPLE:
            break
        if one.account.uri != writer:
            people.setdefault(one.account.id, _told(one.account, one.reasons, words))
    return list(people.values())


def _found(
    ctx: Context, topic: str, words: list[str], language: str, writer: str
) -> Iterator[Suggestion]:
    """The surest first: of the topic in the writer's language, of the topic, of the words."""
    seed = ctx.clock.now().toordinal()
    exclude = (writer,)
    together = "".join(words)
    if topics := tuple(one for one, _ in catalogue().match(together)):
        for languages in ((language,), ()):
            asked = SuggestionRequest(
                topics=topics, languages=languages, exclude=exclude, seed=seed, limit=MOST_PEOPLE
            )
            yield from suggest(ctx, asked).suggestions
    tags = tuple(dict.fromkeys([together, *words]))[:MOST_PEOPLE]
    asked = SuggestionRequest(tags=tags, words=tuple(words[:MOST_PEOPLE]), exclude=exclude)
    yield from suggest(ctx, asked).suggestions
    found = search(ctx, SearchRequest(text=topic, kind="accounts")).accounts
    with ctx.database.read() as connection:
        ids = [view.id for view in found]
        for view in hydrate_suggestable(ctx, connection, ids, ctx.clock.now()):
            yield Suggestion(view, 0.0, (), ())


def _told(view: AccountView, reasons: tuple[Reason, ...], words: list[str]) -> Told:
    tags = sorted(dict.fromkeys(view.hashtags), key=lambda tag: fold(tag) not in words)
    told = tuple(reason for reason in reasons if reason.kind in TOLD)
    return Told(view.id, view.handle, view.url or view.uri, tuple(tags[:MOST_TAGS]), told)
