"""How good a ranked list is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.relevance.corpora import Person, Question

FIRST = 10
DEEP = 50


def ndcg(ranked: Sequence[Person], question: Question, people: Sequence[Person]) -> float:
    """0..1 for the first ten, with gains 2^grade - 1 (Järvelin and Kekäläinen; Burges)."""
    ideal = sorted((question.grade(one) for one in people), reverse=True)
    best = _gain(ideal)
    return _gain([question.grade(one) for one in ranked]) / best if best else 0.0


def recall(ranked: Sequence[Person], question: Question, people: Sequence[Person]) -> float:
    """Of those in the asked language, how many stand among the first fifty (of fifty at most)."""
    right = sum(question.grade(one) > 1 for one in people)
    found = sum(question.grade(one) > 1 for one in ranked[:DEEP])
    return found / min(right, DEEP) if right else 0.0


def servers(ranked: Sequence[Person]) -> float:
    """Different servers among the first ten, as a share."""
    first = ranked[:FIRST]
    return len({one.server for one in first}) / len(first) if first else 0.0


def _gain(grades: Sequence[int]) -> float:
    return sum(
        (math.pow(2, grade) - 1) / math.log2(place + 2)
        for place, grade in enumerate(grades[:FIRST])
    )
