"""Pictures, decent and otherwise."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

from tests.support.rude_site import answer


def png(width=300, height=200, colour=(200, 30, 30, 255)) -> bytes:
    made = BytesIO()
    Image.new("RGBA", (width, height), colour).save(made, "PNG")
    return made.getvalue()


def gif() -> bytes:
    """Two frames: red, then blue."""
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    made = BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return made.getvalue()


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it is 30,000 by 30,000."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 6, 0, 0, 0)
    data = zlib.compress(b"\0" * 100_000)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def avif(width=300, height=200, **options) -> bytes:
    made = BytesIO()
    Image.new("RGBA", (width, height), "red").save(made, "AVIF", speed=10, **options)
    return made.getvalue()


def saying(body: bytes, width: int, height: int) -> bytes:
    """The same AVIF, whose container says another size than its frames have (ispe boxes)."""
    parts = body.split(b"ispe")
    size = struct.pack(">II", width, height)
    return b"ispe".join([parts[0], *(part[:4] + size + part[12:] for part in parts[1:])])


def webp_bomb() -> bytes:
    head = b"\0\0\0\0" + (16_383).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", len(head)) + head
    return b"RIFF" + struct.pack("<I", len(body)) + body


def picture(body: bytes, kind: str = "image/png"):
    return answer(200, body, {"content-type": kind})
