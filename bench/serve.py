"""The API alone in a process of its own: `python -m bench.serve PORT`, settings from outside."""

from __future__ import annotations

import sys

import uvicorn

from api.limits import Rate
from api.main import create_app
from bench.editions import opened
from discover.cli.running import settle
from discover.settings import Settings


def main(port: int) -> None:
    with opened(Settings(_env_file=None)) as app:
        rate = Rate(per_second=1_000_000, burst=10_000_000)
        api = create_app(app, rate)
        settle()
        uvicorn.run(api, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
