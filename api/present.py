"""Views to the plain dictionaries that leave. No decision is made here."""

from __future__ import annotations

from html import escape
from typing import Any

import orjson
from fastapi import Response

from discover.model.check import ServerCheck
from discover.model.query import HIGHLIGHT_END, HIGHLIGHT_START
from discover.model.verdict import Decision
from discover.model.views import (
    AccountExplanation,
    AccountView,
    EvidenceView,
    HistoryView,
    PostView,
    SearchAnswer,
    ServerExplanation,
)

Json = dict[str, Any]


def reply(document: Json, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """People's data as JSON; never cached, because a withdrawal takes effect at once."""
    return Response(
        orjson.dumps(document, option=orjson.OPT_UTC_Z),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def highlights(marked: dict[str, str]) -> dict[str, str]:
    """Escaped HTML with <mark> around the matches."""
    return {
        field: escape(text, quote=False)
        .replace(HIGHLIGHT_START, "<mark>")
        .replace(HIGHLIGHT_END, "</mark>")
        for field, text in marked.items()
    }


def account(view: AccountView) -> Json:
    return {
        "uri": view.uri,
        "handle": view.handle,
        "name": view.name,
        "summary": view.summary,
        "summary_html": view.summary_html,
        "url": view.url,
        "avatar": view.avatar_url,
        "type": view.type,
        "server": view.server,
        "software": view.software,
        "languages": view.languages,
        "tags": view.hashtags,
        "fields": [{"name": row.name, "value": row.value} for row in view.fields],
        "bot": view.bot,
        "locked": view.locked,
        "followers": view.followers,
        "following": view.following,
        "posts": view.posts,
        "last_post_at": view.last_post_at,
        "seen_at": view.seen_at,
        "why": view.why,
        "highlights": highlights(view.highlights),
    }


def author(view: AccountView) -> Json:
    return {
        "uri": view.uri,
        "handle": view.handle,
        "name": view.name,
        "url": view.url,
        "avatar": view.avatar_url,
        "server": view.server,
        "software": view.software,
        "bot": view.bot,
    }


def post(view: PostView) -> Json:
    return {
        "uri": view.uri,
        "url": view.url,
        "type": view.type,
        "author": author(view.author),
        "title": view.title,
        "text": view.text,
        "html": view.html,
        "content_warning": view.content_warning,
        "sensitive": view.sensitive,
        "language": view.language,
        "tags": view.hashtags,
        "media": [
            {"kind": m.kind.value, "url": m.url, "alt": m.alt, "blurhash": m.blurhash}
            for m in view.media
        ],
        "in_reply_to": view.in_reply_to,
        "published": view.published,
        "updated": view.updated,
        "highlights": highlights(view.highlights),
    }


def search(answer: SearchAnswer) -> Json:
    return {
        "accounts": [account(view) for view in answer.accounts],
        "posts": [post(view) for view in answer.posts],
        "next": answer.next,
    }


def decision(value: Decision) -> Json:
    return {
        "answer": value.answer.value,
        "reasons": [reason.value for reason in value.reasons],
        "sentences": value.sentences,
    }


def evidence(view: EvidenceView) -> Json:
    return {
        "what": view.what,
        "seen": view.seen,
        "source": view.source,
        "seen_at": view.seen_at,
        "rule_version": view.rule_version,
    }


def account_consent(view: AccountExplanation) -> Json:
    return {
        "handle": view.handle,
        "uri": view.uri,
        "server": view.server,
        "known": view.known,
        "list": decision(view.list),
        "suggest": decision(view.suggest),
        "index_posts": decision(view.index_posts),
        "trends": decision(view.trends),
        "evidence": [evidence(item) for item in view.evidence],
        "posts_indexed": view.posts_indexed,
        "rule_version": view.rule_version,
        "advice": view.advice,
        "history": [change(item) for item in view.history],
    }


def change(view: HistoryView) -> Json:
    return {
        "at": view.at,
        "answers": view.answers,
        "reasons": view.reasons,
        "seen": view.seen,
        "source": view.source,
        "door": view.door,
        "rule_version": view.rule_version,
    }


def server_consent(view: ServerExplanation) -> Json:
    return {
        "host": view.host,
        "software": view.software,
        "decision": decision(view.decision),
        "evidence": [evidence(item) for item in view.evidence],
        "accounts_listed": view.accounts_listed,
        "posts_indexed": view.posts_indexed,
        "rule_version": view.rule_version,
        "advice": view.advice,
    }


def server_check(found: ServerCheck) -> Json:
    return {
        "host": found.host,
        "checked_at": found.checked_at,
        "answer": found.answer,
        "scope": found.scope.value,
        "proof": found.proof.value,
        "findings": [
            {"what": one.what, "where": one.where, "found": one.found.value, "says": one.says}
            for one in found.findings
        ],
        "means": found.means,
        "next_steps": found.next_steps,
    }
