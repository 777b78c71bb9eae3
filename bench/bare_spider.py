"""Scrapy as it ships, fetching a list of URLs and parsing nothing: prints the seconds it took.

`python -m bench.bare_spider PORT REQUESTS_FILE IN_FLIGHT`
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response


class BareSpider(scrapy.Spider):
    name = "bare"

    def __init__(self, port: int, file: Path) -> None:
        super().__init__()
        self.port = port
        self.asked: list[dict[str, Any]] = json.loads(file.read_text())
        self.began = time.perf_counter()

    async def start(self) -> AsyncIterator[Any]:
        self.began = time.perf_counter()
        for one in self.asked:
            yield scrapy.Request(
                f"http://127.0.0.1:{self.port}{one['path']}",
                method=one["method"],
                headers={**one["headers"], "Host": one["host"]},
                body=b"{}" if one["method"] == "POST" else b"",
                dont_filter=True,
                callback=self.parse,
            )

    async def parse(self, response: Response, **_more: Any) -> None:
        pass

    def closed(self, _reason: str) -> None:
        print(time.perf_counter() - self.began, flush=True)


def main(port: int, file: Path, in_flight: int) -> None:
    process = CrawlerProcess(
        {
            "LOG_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "CONCURRENT_REQUESTS": in_flight,
            "CONCURRENT_REQUESTS_PER_DOMAIN": in_flight,
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": False,
            # What was asked is in the list, hop by hop; a refusal is an answer.
            "REDIRECT_ENABLED": False,
            "RETRY_ENABLED": False,
            "HTTPERROR_ALLOW_ALL": True,
        }
    )
    process.crawl(BareSpider, port, file)
    process.start()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
