"""Writes to a Tantivy folder until it is killed: `python writer.py FOLDER FIRST`.

Prints the number of each post after its batch was acknowledged. Every third batch is written
to the generation that a rebuild fills and swaps.
"""

from __future__ import annotations

import sys
from pathlib import Path

from discover.engines.tantivy import TantivyEngine
from discover.model.query import Kind, PostDocument

BATCH = 20


def made(number: int) -> PostDocument:
    text = f"survivor number {number} " + "filling words " * 20
    return PostDocument(number, 1, text, ("kept",), "en", "a.test", (), False, False, False, number)


def main(folder: str, first: str) -> None:
    engine = TantivyEngine(Path(folder))
    engine.prepare()
    number = int(first)
    for turn in range(1_000_000):
        engine.upsert([made(one) for one in range(number, number + BATCH)])
        number += BATCH
        print(number, flush=True)
        if turn % 3 == 2:
            with engine.rebuild(Kind.POSTS) as rebuild:
                rebuild.add([made(one) for one in range(number)])
                rebuild.swap()


if __name__ == "__main__":
    main(*sys.argv[1:])
