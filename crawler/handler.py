"""The crawl's transport: aiohttp to judged addresses, with bounds on time, bytes and bombs."""

from __future__ import annotations

import asyncio
import ssl
from typing import ClassVar, Self

import aiohttp
import yarl
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.trip import Trip, trip_of
from discover.model.fetched import FetchError, FetchFailure
from discover.net.conversation import Answer, Body
from discover.net.manners import CONNECT_SECONDS, Manners

KEEP_ALIVE_SECONDS = 15.0
_SKIPPED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class GuardedHandler:
    """Scrapy's DownloadHandlerProtocol. Connections go to addresses, never to names.

    aiohttp keys its connections by address, port and TLS server name, so one is only used
    again for the host that it was opened for.
    """

    lazy: ClassVar[bool] = False

    def __init__(self, manners: Manners) -> None:
        self._manners = manners
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # the number of hosts visited at once is the limit
                keepalive_timeout=KEEP_ALIVE_SECONDS,
                ssl=manners.tls,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=_SKIPPED,
            timeout=aiohttp.ClientTimeout(
                total=manners.limits.request_seconds, sock_connect=CONNECT_SECONDS
            ),
            max_line_size=16_384,
            max_field_size=16_384,
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.spider.manners)  # type: ignore[union-attr]

    async def close(self) -> None:
        await self._session.close()

    async def download_request(self, request: Request) -> Response:
        trip = trip_of(request)
        url = request.url
        trip.sending = asyncio.current_task()
        try:
            trip.answer = await self._send(trip)
        except TimeoutError as error:
            raise FetchError(FetchFailure.TIMEOUT, url) from error
        except (ssl.SSLError, aiohttp.ClientSSLError) as error:
            raise FetchError(FetchFailure.TLS, url, str(error)[:200]) from error
        except aiohttp.ClientConnectorError as error:
            raise FetchError(FetchFailure.CONNECT, url, str(error)[:200]) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchError(FetchFailure.BROKEN, url, str(error)[:200]) from error
        finally:
            trip.sending = None
        return Response(url, status=trip.answer.status, body=trip.answer.body)

    async def _send(self, trip: Trip) -> Answer:
        target = trip.ask.target
        route = await self._manners.resolver.route(target)
        headers = {"host": target.authority, **trip.ask.headers, **trip.signature}
        name = target.host if route.tls else None
        urls = route.urls()
        async with asyncio.timeout(self._manners.limits.request_seconds):
            for url in urls[:-1]:
                try:
                    return await self._send_once(url, name, headers, trip)
                except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
                    continue  # nothing was sent; the next address may answer
            return await self._send_once(urls[-1], name, headers, trip)

    async def _send_once(
        self, url: str, server_name: str | None, headers: dict[str, str], trip: Trip
    ) -> Answer:
        async with self._session.request(
            trip.ask.method,
            yarl.URL(url, encoded=True),
            headers=headers,
            data=trip.ask.body,
            allow_redirects=False,
            server_hostname=server_name,
        ) as response:
            found: dict[str, str] = {}
            for key, value in response.headers.items():
                name = key.lower()
                found[name] = f"{found[name]}, {value}" if name in found else value
            body = Body(self._manners, trip.ask)
            body.announce(found.get("content-length"))
            async for chunk in response.content.iter_any():
                if not body.feed(chunk):
                    response.close()
                    break
            return Answer(response.status, found, body.finish(found.get("content-encoding", "")))
