"""What a bench hands back, and the few numbers made of samples."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Goal:
    what: str
    wanted: float
    found: float
    at_least: bool = True  # False: less than that

    @property
    def met(self) -> bool:
        return self.found >= self.wanted if self.at_least else self.found < self.wanted


@dataclass(slots=True)
class Result:
    """One table with what was wanted of it. `bars` (label -> value) are drawn in `unit`."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bars: dict[str, float] = field(default_factory=dict)
    unit: str = ""

    def print(self) -> None:
        print(f"\n{self.title}")
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        for row in (self.columns, *self.rows):
            print(
                "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            )
        for goal in self.goals:
            sign = "≥" if goal.at_least else "<"
            print(
                f"  {'met' if goal.met else 'MISSED'}: {goal.what}:"
                f" {goal.found:.2f} (goal {sign} {goal.wanted:g})"
            )

    def save(self, *, quick: bool) -> None:
        RESULTS.mkdir(exist_ok=True)
        kept: dict[str, Any] = {
            **asdict(self),
            "quick": quick,
            "when": datetime.now(UTC).date().isoformat(),
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[1], 1),  # of the last five minutes, ours included
        }
        (RESULTS / f"{self.name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False))


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
