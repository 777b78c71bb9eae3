"""A crawl of the pretend fediverse, storing included, against a bare Scrapy spider."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.editions import Parts
from bench.measure import Goal, Result, median
from discover.demo.control import Lab
from discover.settings import Settings

SEED = 3
WAYS = {
    "alone": "crawler alone (as in the server edition)",
    "worker": "with the index in one process",
}


def run(_parts: Parts, *, quick: bool) -> Result:
    accounts, rounds = (60, 1) if quick else (500, 5)
    in_flight = Settings(_env_file=None).crawl_hosts
    result = Result(
        "crawl",
        "Crawl of the pretend fediverse against a bare Scrapy spider (requests a second)",
        ["crawl", "requests", "Waypost", "bare Scrapy", "ratio"],
        unit="requests a second",
    )
    rates: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    counts: list[int] = []
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-") as folder,
        _fediverse(accounts) as port,
    ):
        home = Path(folder)
        with Lab(port) as lab:
            hosts = home / "hosts"
            hosts.write_text("\n".join(one["host"] for one in lab.hosts() if one["opted_in"]))
            for number in range(rounds):
                for way in WAYS:
                    lab.clear_log()
                    place = home / f"{way}{number}"
                    ours = _seconds("bench.our_crawl", port, place, hosts, way)
                    log = lab.log()
                    asked = home / "requests.json"
                    asked.write_text(json.dumps(log))
                    theirs = _seconds("bench.bare_spider", port, asked, in_flight)
                    counts.append(len(log))
                    rates[way].append((len(log) / ours, len(log) / theirs))
    for way, pairs in rates.items():
        ours, theirs = median([a for a, _ in pairs]), median([b for _, b in pairs])
        ratio = median([a / b for a, b in pairs])
        result.rows.append(
            [WAYS[way], f"{median(counts):,.0f}", f"{ours:,.0f}", f"{theirs:,.0f}", f"{ratio:.2f}"]
        )
        result.goals.append(Goal(f"ratio, {WAYS[way]}", 0.8, ratio))
        result.bars |= {f"Waypost, {WAYS[way]}": ours, f"bare Scrapy, {way}": theirs}
    result.notes += [
        (
            f"{accounts} people on a pretend fediverse in a process of its own, no pause between"
            f" requests, {in_flight} in flight at most, a fresh database each round, {rounds} rounds in"
            " turn with the bare spider."
        ),
        (
            "Ours signs, checks addresses and robots.txt, parses, judges and stores. The bare spider"
            " has Scrapy's own handler and reactor, sends the very requests of the log (headers and"
            " signatures with them, without our one-at-a-time per host) and parses nothing. About a"
            " fifth of our processor time is for signing with RSA, which the bare one need not do. Keys,"
            " topics and the model of languages are loaded before the clock starts."
        ),
    ]
    return result


@contextmanager
def _fediverse(accounts: int) -> Iterator[int]:
    command = [sys.executable, "-m", "discover.demo", "--accounts", str(accounts)]
    command += ["--seed", str(SEED), "--gotosocial-crawl-delay", "0"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        yield int(child.stdout.readline().rsplit(maxsplit=1)[-1])
    finally:
        child.terminate()
        child.wait()


def _seconds(module: str, *arguments: object) -> float:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{module}:\n{done.stderr[-3000:]}")
    return float(done.stdout.split()[-1])
