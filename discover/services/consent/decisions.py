"""A verdict as rows keep it."""

from __future__ import annotations

from typing import Any

from discover.model.verdict import AccountVerdict, Answer, Decision, Reason


def decisions_to_json(verdict: AccountVerdict) -> dict[str, Any]:
    """`{"list": ["yes", "reason", …], …}`."""
    return {
        name: [decision.answer.value, *(reason.value for reason in decision.reasons)]
        for name, decision in (
            ("list", verdict.list),
            ("suggest", verdict.suggest),
            ("index_posts", verdict.index_posts),
            ("trends", verdict.trends),
        )
    }


def decisions_from_json(answers: dict[str, Any], rule_version: str) -> AccountVerdict:
    def decision(name: str) -> Decision:
        answer, *reasons = answers[name]
        return Decision(Answer(answer), tuple(Reason(reason) for reason in reasons))

    return AccountVerdict(
        decision("list"),
        decision("suggest"),
        decision("index_posts"),
        decision("trends"),
        rule_version,
    )
