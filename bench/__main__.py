"""`python -m bench [crawl|ingest|search|pages|memory|inbox|deliver|suggest|discovery|relevance …] [--quick]`, then `python -m bench report`."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from contextlib import ExitStack

from bench.editions import Parts

NAMES = (
    "crawl",
    "ingest",
    "search",
    "pages",
    "memory",
    "inbox",
    "deliver",
    "suggest",
    "discovery",
    "relevance",
    "leaving",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"of {', '.join(NAMES)}; or report"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work at all?")
    asked = parser.parse_args()
    if unknown := set(asked.names) - {*NAMES, "report"}:
        parser.error(f"there is no bench named {', '.join(sorted(unknown))}")
    if asked.names == ["report"]:
        from bench.report import write

        write()
        return 0
    with ExitStack() as stack:
        parts = Parts(stack)
        for name in asked.names or NAMES:
            began = time.monotonic()
            result = importlib.import_module(f"bench.{name}").run(parts, quick=asked.quick)
            result.print()
            result.save(quick=asked.quick)
            print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
