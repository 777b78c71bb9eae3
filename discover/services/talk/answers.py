"""Answers of our actor: plain sentences in the writer's language, addressed to the writer alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

from discover.model.suggestions import Reason as SuggestionReason
from discover.model.verdict import Decision, Reason
from discover.policy.consent import PersonAct
from discover.services.consent.verdict_now import VerdictNow
from discover.services.context import Context
from discover.services.talk.suggest_command import Told
from discover.services.talk.texts import TEXTS
from discover.services.topics.catalogue import catalogue
from discover.wire.command_words import LANGUAGES
from discover.wire.commands import Command, Message
from discover.wire.language import detect

CONTEXT = "https://www.w3.org/ns/activitystreams"
_FALLBACK = "en"
_SAID = {
    PersonAct.NONE: "said_none",
    PersonAct.IN: "said_in",
    PersonAct.IN_PROFILE: "said_in_profile",
    PersonAct.IN_TAGS: "said_in_tags",
    PersonAct.OUT: "said_out",
}
_HELP = (
    "help_in", "help_in_profile", "help_only", "help_out", "help_status", "help_why",
    "help_suggest", "help_pack", "help_pack_name", "help_server",
)  # fmt: skip


def choose_language(command: Command | None, declared: str | None, text: str) -> str:
    """That of the words, else the declared one, else the detected one, else English.

    A word that several languages share, or all, leaves the choice to the others.
    """
    spoken = command.languages if command is not None else frozenset[str]()
    if len(spoken) == 1:
        return next(iter(spoken))
    for guess in ((declared or "").partition("-")[0], detect(text)):
        if guess in (spoken or LANGUAGES):
            return guess
    return next((one for one in LANGUAGES if one in spoken), _FALLBACK)


class Reply:
    """Paragraphs and lists in one language, gathered as HTML."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = TEXTS[language]
        self._blocks: list[str] = []
        self.named: list[int] = []  # accounts that it tells of

    @property
    def html(self) -> str:
        return "".join(self._blocks)

    def say(self, *names: str, **places: str) -> None:
        """Sentences by name, in one paragraph."""
        said = " ".join(self._texts.words[name].format(**places) for name in names)
        self._blocks.append(f"<p>{escape(said, quote=False)}</p>")

    def give(self, heading: str, reasons: Iterable[Reason]) -> None:
        """A heading and reasons below it; nothing without reasons."""
        told = [self._texts.reasons[one] for one in reasons if one in self._texts.reasons]
        if told:
            self.say(heading)
            self._list(escape(one, quote=False) for one in told)

    def help(self, heading: str, own_url: str) -> None:
        self.say(heading)
        self._list(escape(self._texts.words[name], quote=False) for name in _HELP)
        self.more(f"{own_url}/about")

    def more(self, url: str) -> None:
        self._blocks.append(f"<p>{escape(self._texts.words['more'])} {_link(url, url)}</p>")

    def people(self, people: Iterable[Told]) -> None:
        """Without the `@` that some software takes for a mention."""
        people = list(people)
        self.named += [one.account_id for one in people]
        self._list(self._person(one) for one in people)

    def _person(self, one: Told) -> str:
        tags = escape(" ".join(f"#{tag}" for tag in one.tags))
        reasons = "; ".join(self._because(reason) for reason in one.reasons)
        told = f"{_link(one.url, one.handle)} {tags}".rstrip()
        return f"{told} ({escape(reasons, quote=False)})" if reasons else told

    def _because(self, reason: SuggestionReason) -> str:
        values = dict(reason.values)
        if topic := catalogue().by_id(values.get("topic", "")):
            values["topic"] = topic.name(self.language)
        return self._texts.words[f"because_{reason.kind}"].format(**values)

    def status(self, now: VerdictNow) -> None:
        verdict = now.verdict
        self.say(_listed(verdict.list))
        if verdict.list.allowed:
            if verdict.index_posts.allowed:
                self.say("posts", count=str(now.posts))
            else:
                self.say("no_posts")
            self.say("suggested" if verdict.suggest.allowed else "not_suggested")
        tags = " ".join(f"#{tag}" for tag in sorted(now.person.tags))
        self.say(_SAID[now.person.act], tags=tags)
        if not verdict.list.allowed:
            self.give("obstacles", verdict.list.reasons)

    def why(self, now: VerdictNow, own_url: str) -> None:
        verdict = now.verdict
        if verdict.list.allowed:
            self.give("why_listed", verdict.list.reasons)
            self._not_allowed("why_no_posts", verdict.index_posts)
            self._not_allowed("why_not_suggested", verdict.suggest)
        else:
            self.say(_listed(verdict.list))
            self.give("why_unlisted", verdict.list.reasons)
        self.more(f"{own_url}/why")

    def still_needed(self, now: VerdictNow) -> None:
        """After an opt-in: what else it takes until it is true."""
        verdict, profile = now.verdict, now.person.act is PersonAct.IN_PROFILE
        if verdict.list.answer.value == "no":
            self.give("obstacles", verdict.list.reasons)
        elif not verdict.list.allowed:
            self.say("soon", "needs_profile" if profile else "needs")
        elif not profile:
            self._not_allowed("obstacles_posts", verdict.index_posts)

    def _not_allowed(self, heading: str, decision: Decision) -> None:
        if not decision.allowed:
            self.give(heading, decision.reasons)

    def _list(self, items: Iterable[str]) -> None:
        self._blocks.append("<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>")


def _listed(decision: Decision) -> str:
    if decision.allowed:
        return "listed"
    return "unlisted" if decision.answer.value == "no" else "unseen"


def _link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}" rel="nofollow noopener noreferrer">{escape(text)}</a>'


def direct_note(
    ctx: Context, message: Message, reply: Reply, now: datetime, handle: str | None = None
) -> dict[str, Any]:
    """Create{Note} to the writer of `message` and nobody else.

    Its id follows from the message's, so that one message never gets two answers. `handle`:
    `user@host` if it is known.
    """
    parts = urlsplit(message.author)
    user = parts.path.rstrip("/").rpartition("/")[2].lstrip("@") or parts.netloc
    writer = handle or f"{user}@{parts.netloc}"
    activity = _note(ctx, message.author, writer, f"answers {message.uri}", reply, now)
    activity["object"]["inReplyTo"] = message.uri
    return activity


def question_note(
    ctx: Context, uri: str, handle: str, about: str, reply: Reply, now: datetime
) -> dict[str, Any]:
    """Create{Note} that asks one person something; about the same thing it is the same note."""
    return _note(ctx, uri, handle, f"asks {uri} about {about}", reply, now)


def _note(
    ctx: Context, to: str, handle: str, what: str, reply: Reply, now: datetime
) -> dict[str, Any]:
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{ctx.actor_uri} {what}")
    mention = (
        f'<span class="h-card"><a href="{escape(to)}" class="u-url mention">'
        f"@<span>{escape(handle.partition('@')[0])}</span></a></span>"
    )
    content = f"<p>{mention}</p>{reply.html}"
    published = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    note = {
        "id": f"{ctx.own_url}/notes/{name}",
        "type": "Note",
        "attributedTo": ctx.actor_uri,
        "to": [to],
        "cc": [],
        "tag": [{"type": "Mention", "href": to, "name": f"@{handle}"}],
        "content": content,
        "contentMap": {reply.language: content},
        "published": published,
    }
    return {
        "@context": CONTEXT,
        "id": f"{ctx.own_url}/activities/{name}",
        "type": "Create",
        "actor": ctx.actor_uri,
        "to": [to],
        "cc": [],
        "published": published,
        "object": note,
    }
