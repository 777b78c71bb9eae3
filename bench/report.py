"""Results to docs/performance.md and its plots."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bench.measure import RESULTS

PAGE = Path("docs/performance.md")
PLOTS = Path("docs/performance")
ORDER = (
    "crawl",
    "ingest",
    "search",
    "pages",
    "memory",
    "leaving",
    "inbox",
    "deliver",
    "suggest",
    "discovery",
)
INK, OURS, THEIRS = "#333333", "#2a6f97", "#b8c4cc"

INTRODUCTION = """# Speed

Everything here is measured side by side in one run by `make bench`, on real parts: the pretend
fediverse over real HTTP, SQLite and PostgreSQL, Tantivy and Meilisearch. This page is made from
the last run of each by `python -m bench report`.

**How to read it.** The ratios count, not the absolute numbers: ours and the bare part take turns
within the same minutes on the same machine, {cores} shared cores in a container, and each number
is a median. Each section is one run. Where a goal is missed, it says so.

Milliseconds (search) suffer most from whatever else runs meanwhile. Where the load average is well
above the number of cores, other work was in the way, and the numbers say little about an idle
machine.
"""


RELEVANCE_PAGE = Path("docs/relevance.md")
RELEVANCE = """# Do the right people come first?

Labelled questions on two corpora whose topics are known, asked of both engines and of three
baselines in one run of `python -m bench relevance`. This page is made from the last run by
`python -m bench report`; where a goal is missed, it says so. How results are ranked is in
[ranking](ranking.md).
"""


def write() -> None:
    PLOTS.mkdir(exist_ok=True)
    results = {name: json.loads(_path(name).read_text()) for name in ORDER if _path(name).exists()}
    cores = next((one["cores"] for one in results.values()), "?")
    for result in results.values():
        _plot(result)
    sections = _kept() | {name: _section(result) for name, result in results.items()}
    PAGE.write_text(
        "\n".join(
            [
                INTRODUCTION.format(cores=cores),
                *(sections[name] for name in ORDER if name in sections),
            ]
        )
    )
    print(f"wrote {PAGE}")
    if _path("relevance").exists():
        result = json.loads(_path("relevance").read_text())
        _plot(result)
        RELEVANCE_PAGE.write_text("\n".join([RELEVANCE, _section(result)]))
        print(f"wrote {RELEVANCE_PAGE}")


def _kept() -> dict[str, str]:
    """The page's sections by their benches: what was not measured anew stays as it is."""
    pieces = PAGE.read_text().split("\n## ")[1:] if PAGE.exists() else []
    found = {}
    for piece in pieces:
        if plot := re.search(r"\(performance/(\w+)\.svg\)", piece):
            found[plot[1]] = f"## {piece.rstrip()}\n"
    return found


def _path(name: str) -> Path:
    return RESULTS / f"{name}.json"


def _section(result: dict[str, Any]) -> str:
    rows = [result["columns"], ["---"] * len(result["columns"]), *result["rows"]]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    goals = "\n".join(
        f"- {goal['what']}: **{goal['found']:.2f}** (goal {'≥' if goal['at_least'] else '<'}"
        f" {goal['wanted']:g}): {'met' if _met(goal) else '**missed**'}"
        for goal in result["goals"]
    )
    notes = "\n".join(f"- {note}" for note in result["notes"])
    size = ", in the small size of `--quick`" if result["quick"] else ""
    load = f"; load average {result['load']} on {result['cores']} cores" if "load" in result else ""
    return (
        f"## {result['title']}\n\nMeasured {result['when']}{size}{load}.\n\n{table}\n\n"
        + (f"{goals}\n\n" if goals else "")
        + f"![{result['unit']}](performance/{result['name']}.svg)\n\n{notes}\n"
    )


def _met(goal: dict[str, Any]) -> bool:
    found, wanted = goal["found"], goal["wanted"]
    return bool(found >= wanted if goal["at_least"] else found < wanted)


def _plot(result: dict[str, Any]) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "waypost"
    from matplotlib import pyplot as plt

    labels, values = list(result["bars"]), list(result["bars"].values())
    figure, axes = plt.subplots(figsize=(7, 0.4 * len(labels) + 0.8))
    colours = [THEIRS if label.startswith("bare") else OURS for label in labels]
    bars = axes.barh(labels, values, color=colours)
    axes.bar_label(bars, [f"{value:,.{0 if value > 20 else 1}f}" for value in values], padding=4)
    axes.invert_yaxis()
    axes.set_xlabel(result["unit"], color=INK)
    axes.margins(x=0.12)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(left=False, colors=INK)
    figure.tight_layout()
    figure.savefig(PLOTS / f"{result['name']}.svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
