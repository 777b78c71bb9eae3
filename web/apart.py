"""Decodes one picture in a process of its own, with bounds that the system holds.

AVIF keeps its size twice: in the container, which is all that can be judged beforehand, and in the
AV1 frames, which decide how much memory the decoder takes (libavif allows it 16384 by 16384 pixels
and scales the result to what the container said). So the decoder runs where little can be taken:
it ends with its process, and nothing else does.

Run as a file, not as a module: it imports nothing of ours. A picture comes in on standard input;
what goes out is the same picture as PNG, no larger than asked for.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from io import BytesIO
from pathlib import Path

from PIL import AvifImagePlugin, Image, ImageOps

MEMORY = 640 * 2**20  # bytes of address space: the interpreter, and 16 million pixels with room
_PROCESSOR_SECONDS = 5
_WALL_SECONDS = 20.0  # the machine may be busy
_MOST_SIDE = 10_000
_MOST_PIXELS = 16_000_000


class NotDecoded(ValueError):
    """Damaged, too large, or it took more than it may."""


def decode(body: bytes, at_most: int, memory: int = MEMORY) -> Image.Image:
    """The first frame, upright, as RGBA, its longer side at most `at_most` (not enlarged).

    `memory`: bytes of address space. NotDecoded.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own file, and numbers
            [sys.executable, "-I", str(Path(__file__)), str(at_most), str(memory)],
            input=body,
            capture_output=True,
            timeout=_WALL_SECONDS,
            check=True,
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise NotDecoded(type(error).__name__) from None
    with Image.open(BytesIO(done.stdout), formats=("PNG",)) as made:
        return made.convert("RGBA")


def _main() -> None:
    at_most, memory = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_SECONDS, _PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread would take address space for its stack
    with Image.open(BytesIO(sys.stdin.buffer.read()), formats=("AVIF",)) as opened:
        width, height = opened.size
        if max(width, height) > _MOST_SIDE or width * height > _MOST_PIXELS:
            raise NotDecoded(f"{width} by {height}")
        picture = ImageOps.exif_transpose(opened).convert("RGBA")
    picture.thumbnail((at_most, at_most), Image.Resampling.LANCZOS)
    picture.save(sys.stdout.buffer, "PNG", compress_level=1)


if __name__ == "__main__":
    _main()
