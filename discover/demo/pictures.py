"""Small PNG pictures made of numbers: avatars and the images in posts."""

from __future__ import annotations

import colorsys
import struct
import zlib
from functools import lru_cache

from discover.demo.chance import dice

_CELL = 16


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, palette: list[tuple[int, int, int]], rows: list[bytes]) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = b"".join(bytes(colour) for colour in palette)
    raw = b"".join(b"\0" + row for row in rows)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"PLTE", colours)
        + _chunk(b"IDAT", zlib.compress(raw, 6))
        + _chunk(b"IEND", b"")
    )


def _colour(hue: float, light: float, strength: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, light, strength)
    return int(red * 255), int(green * 255), int(blue * 255)


@lru_cache(512)
def avatar(number: int) -> bytes:
    """A mirrored pattern of 6 by 6 cells, 96 pixels wide."""
    chance = dice(50, number)
    hue = chance.random()
    palette = [_colour(hue, 0.9, 0.5), _colour(hue, 0.45, 0.55), _colour(hue + 0.12, 0.6, 0.6)]
    rows = []
    for _ in range(6):
        half = [chance.choice((0, 1, 1, 2, 0)) for _ in range(3)]
        row = b"".join(bytes([cell]) * _CELL for cell in half + half[::-1])
        rows += [row] * _CELL
    return _png(96, 96, palette, rows)


@lru_cache(512)
def picture(number: int) -> bytes:
    """A landscape: a sky that darkens, and two lines of hills; 160 by 120."""
    chance = dice(51, number)
    hue = chance.random()
    sky = [_colour(hue, 0.92 - 0.04 * step, 0.6) for step in range(8)]
    palette = [*sky, _colour(hue + 0.4, 0.5, 0.3), _colour(hue + 0.45, 0.3, 0.35)]
    far, near = [60 + chance.randrange(30)], [90 + chance.randrange(20)]
    for _ in range(159):
        far.append(min(100, max(35, far[-1] + chance.choice((-1, 0, 0, 1)))))
        near.append(min(115, max(70, near[-1] + chance.choice((-1, -1, 0, 1, 1)))))
    rows = []
    for y in range(120):
        cells = bytes(
            9 if y >= near[x] else 8 if y >= far[x] else min(7, y // 14) for x in range(160)
        )
        rows.append(cells)
    return _png(160, 120, palette, rows)
