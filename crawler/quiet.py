"""Scrapy writes a line for every answer; thousands a second tell nobody anything."""

from __future__ import annotations

from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult


class QuietLog(LogFormatter):
    def crawled(  # type: ignore[override]
        self,
        request: Request,  # noqa: ARG002
        response: Response,  # noqa: ARG002
        spider: Spider,  # noqa: ARG002
    ) -> LogFormatterResult | None:
        return None
