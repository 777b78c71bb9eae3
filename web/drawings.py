"""Small drawings as SVG, made here; what each shows is also said in words."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

_SPARK = (96, 28)
_WIDTH, _HEIGHT, _TOP, _BOTTOM = 640, 200, 22, 26


def sparkline(values: Sequence[int], said: str) -> Markup:
    """Columns side by side, oldest first; `said` stands for it where it cannot be seen."""
    width, height = _SPARK
    most = max([*values, 1])
    step = width / max(len(values), 1)
    parts = [
        f'<rect x="{index * step + 1:.1f}" y="{height - tall:.1f}" width="{step - 2:.1f}"'
        f' height="{tall:.1f}" rx="1.5"/>'
        for index, value in enumerate(values)
        for tall in (max(1.5, height * value / most),)
    ]
    return _svg("spark", width, height, said, parts)


def histogram(
    labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]], said: str
) -> Markup:
    """For each label one column of each series, with its number above; classes `s0`, `s1` …"""
    most = max([*(value for _, values in series for value in values), 1])
    room = _HEIGHT - _TOP - _BOTTOM
    step = _WIDTH / max(len(labels), 1)
    wide = step * 0.8 / max(len(series), 1)
    parts = [f'<line x1="0" x2="{_WIDTH}" y1="{_HEIGHT - _BOTTOM}" y2="{_HEIGHT - _BOTTOM}"/>']
    for index, label in enumerate(labels):
        left = index * step
        for number, (_, values) in enumerate(series):
            value = values[index]
            if not value:
                continue
            tall = max(2.0, room * value / most)
            x, y = left + step * 0.1 + number * wide, _HEIGHT - _BOTTOM - tall
            parts.append(
                f'<rect class="s{number}" x="{x:.1f}" y="{y:.1f}" width="{wide - 2:.1f}"'
                f' height="{tall:.1f}" rx="2"/>'
                f'<text x="{x + wide / 2 - 1:.1f}" y="{y - 5:.1f}">{value}</text>'
            )
        parts.append(
            str(
                Markup('<text x="{:.1f}" y="{}">{}</text>').format(
                    left + step / 2, _HEIGHT - 8, label
                )
            )
        )
    return _svg("columns", _WIDTH, _HEIGHT, said, parts)


def _svg(kind: str, width: int, height: int, said: str, parts: Sequence[str]) -> Markup:
    head = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    inner = Markup("".join(parts))  # noqa: S704 - numbers, and words that are escaped
    return head.format(kind, width, height, said) + inner + Markup("</svg>")
