"""`make leaktest`: as many steps as you like, e.g. make leaktest STEPS=100000 SEED=5."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.leak.trial import Difference, run_trial

WORLD = 2000  # steps after which a fresh world begins, so that people who left do not pile up


def main() -> int:
    parser = argparse.ArgumentParser(prog="make leaktest", description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    began = last = time.monotonic()
    done, seed = 0, args.seed
    while done < args.steps:

        def show(step: int, _all: int, before: int = done) -> None:
            nonlocal last
            if time.monotonic() - last > 5:
                last = time.monotonic()
                rate = (before + step) / (last - began)
                print(f"{before + step} of {args.steps} steps, {rate:.0f} a second", flush=True)

        count = min(WORLD, args.steps - done)
        try:
            with tempfile.TemporaryDirectory(prefix="waypost-leak-") as home:
                run_trial(Path(home), seed, count, show)
        except Difference as difference:
            print(difference, file=sys.stderr)
            return 1
        done += count
        seed += 1
    print(f"{done} steps, no difference: nothing leaked, nothing lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
