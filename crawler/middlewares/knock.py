"""Knocks a second time with the other signature scheme, once, and remembers what worked."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.trip import request_for, trip_of
from discover.net.signing import SchemeStore


class KnockMiddleware:
    def __init__(self, schemes: SchemeStore) -> None:
        self._schemes = schemes

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.spider.manners.schemes)  # type: ignore[union-attr]

    def process_response(self, request: Request, response: Response) -> Response | Request:
        trip = trip_of(request)
        if trip.scheme is None or trip.answer is None:
            return response
        host = trip.ask.target.authority
        if trip.knocks:
            self._schemes.learn(host, trip.scheme, trip.answer.status)
            return response
        other = self._schemes.second(host, trip.scheme, trip.answer.status, trip.answer.body)
        if other is None:
            return response
        trip.knocks, trip.scheme, trip.answer = 1, other, None
        return request_for(trip)
