"""`make leaktest`: as many steps as you like, e.g. make leaktest STEPS=100000 SEED=5 JOBS=2."""

from __future__ import annotations

import argparse
import sys
import time
from multiprocessing import get_context

from tests.leak.trial import one_world

WORLD = 500  # steps after which a fresh world begins, so that people who left do not pile up


def main() -> int:
    parser = argparse.ArgumentParser(prog="make leaktest", description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="of the first world")
    parser.add_argument("--jobs", type=int, default=1, help="worlds at a time")
    parser.add_argument("--every", type=int, default=100, help="steps between looks at all doors")
    args = parser.parse_args()
    worlds = [
        (args.seed + number, min(WORLD, args.steps - number * WORLD), args.every)
        for number in range(-(-args.steps // WORLD))
    ]
    began, done, differences = time.monotonic(), 0, 0
    with get_context("spawn").Pool(args.jobs, maxtasksperchild=20) as pool:
        for seed, steps, difference in pool.imap_unordered(one_world, worlds):
            done += steps
            if difference:
                differences += 1
                print(f"seed {seed}: {difference}", file=sys.stderr, flush=True)
            rate = done / (time.monotonic() - began)
            print(f"{done} of {args.steps} steps, {rate:.0f} a second", flush=True)
    if differences:
        print(f"{differences} of {len(worlds)} worlds differ")
        return 1
    print(f"{done} steps, no difference: nothing leaked, nothing lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
