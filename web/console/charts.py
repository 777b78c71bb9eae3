"""Charts as SVG, drawn here: no script, no third party, every number also in a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date, format_skeleton
from markupsafe import Markup, escape

from web.i18n import current, gettext
from web.words import short

_WIDTH, _HEIGHT = 480, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 10, 14, 28
_INNER_WIDTH = _WIDTH - _LEFT - _RIGHT
_INNER_HEIGHT = _HEIGHT - _TOP - _BOTTOM


@dataclass(frozen=True, slots=True)
class Chart:
    """`said`: what it shows in a sentence. `rows`: its numbers, for the table."""

    title: str
    svg: Markup
    said: str
    rows: tuple[tuple[str, int], ...]
    unit: str


def lines(title: str, points: Sequence[tuple[date, int]], unit: str) -> Chart:
    """A curve over days. Days that nobody looked at are bridged."""
    rows = tuple((_day(day), value) for day, value in points)
    if not points:
        return Chart(title, Markup(""), gettext("Nothing was noted yet."), rows, unit)
    first, last = points[0], points[-1]
    said = gettext("{day}: {count}").format(day=_day(last[0]), count=short(last[1]))
    if first[0] != last[0]:
        said += gettext("; {day}: {count}").format(day=_day(first[0]), count=short(first[1]))
    days = max((last[0] - first[0]).days, 1)
    most = _round_up(max(value for _, value in points))

    def place(day: date, value: int) -> tuple[float, float]:
        across = _INNER_WIDTH * (day - first[0]).days / days if len(points) > 1 else _INNER_WIDTH
        return round(_LEFT + across, 1), round(_TOP + _INNER_HEIGHT * (1 - value / most), 1)

    dots = [place(day, value) for day, value in points]
    path = " ".join(f"{x},{y}" for x, y in dots)
    bottom = _TOP + _INNER_HEIGHT
    parts = [_grid(most)]
    if len(dots) > 1:
        area = f"{dots[0][0]},{bottom} {path} {dots[-1][0]},{bottom}"
        parts.append(f'<polygon class="area" points="{area}"/>')
        parts.append(f'<polyline class="curve" points="{path}"/>')
    parts.append(f'<circle class="dot" cx="{dots[-1][0]}" cy="{dots[-1][1]}" r="4"/>')
    labels = [(_LEFT, first[0], "start")] if len(dots) > 1 else []
    for x, day, anchor in (*labels, (_WIDTH - _RIGHT, last[0], "end")):
        parts.append(
            f'<text class="tick" x="{x}" y="{_HEIGHT - 8}" text-anchor="{anchor}">'
            f"{escape(_tick(day))}</text>"
        )
    return Chart(title, _svg(title, said, parts), said, rows, unit)


def bars(title: str, values: Sequence[tuple[str, int]], unit: str) -> Chart:
    """A column each, with its number above it."""
    total = sum(value for _, value in values)
    if not total:
        return Chart(title, Markup(""), gettext("There was none yet."), tuple(values), unit)
    most = max(value for _, value in values)
    top = max(values, key=lambda one: one[1])
    said = gettext("{count} in all, most of them: {bar}").format(count=short(total), bar=top[0])
    step = (_WIDTH - 2 * _RIGHT) / len(values)
    bottom = _TOP + _INNER_HEIGHT
    parts = [
        f'<line class="axis" x1="{_RIGHT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>'
    ]
    for index, (name, value) in enumerate(values):
        height = round((_INNER_HEIGHT - 16) * value / most, 1)
        x = round(_RIGHT + step * index + step * 0.15, 1)
        middle = round(x + step * 0.35, 1)
        if value:
            parts.append(
                f'<rect class="bar" x="{x}" y="{round(bottom - height, 1)}"'
                f' width="{round(step * 0.7, 1)}" height="{height}" rx="3"/>'
                f'<text class="tick" x="{middle}" y="{round(bottom - height - 5, 1)}"'
                f' text-anchor="middle">{escape(short(value))}</text>'
            )
        parts.append(
            f'<text class="tick small" x="{middle}" y="{_HEIGHT - 10}" text-anchor="middle">'
            f"{escape(name)}</text>"
        )
    return Chart(title, _svg(title, said, parts), said, tuple(values), unit)


def _svg(title: str, said: str, parts: Sequence[str]) -> Markup:
    label = escape(f"{title}: {said}")
    return Markup(  # noqa: S704 - numbers, and words that are escaped
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def _grid(most: int) -> str:
    parts = []
    steps = next(number for number in (4, 5, 3, 2, 1) if most % number == 0)
    for step in range(steps + 1):
        y = round(_TOP + _INNER_HEIGHT * (1 - step / steps), 1)
        parts.append(
            f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
            f'<text class="tick" x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">'
            f"{escape(short(most * step // steps))}</text>"
        )
    return "".join(parts)


def _round_up(value: int) -> int:
    """A round number that is not below: 1, 2, 4 or 10 times a power of ten, or four of it."""
    if value <= 4:
        return max(value, 1)
    power = 10 ** math.floor(math.log10(value))
    return next(int(step * power) for step in (1, 2, 4, 6, 8, 10) if step * power >= value)


def _day(day: date) -> str:
    return format_date(day, "medium", locale=current().locale)


def _tick(day: date) -> str:
    return format_skeleton("MMMd", day, locale=current().locale)
