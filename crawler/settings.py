"""Every Scrapy setting that matters to manners, written out; none is left to a default.

Scrapy's own middlewares and extensions are off: ours ask discover.policy and discover.net, so
that the crawl and every other request stand on the same rules.
"""

from __future__ import annotations

from typing import Any

from discover.net.manners import user_agent
from discover.settings import Settings

HANDLER = "crawler.handler.GuardedHandler"

# Requests pass from the first to the last, answers from the last to the first.
MIDDLEWARES = {
    "crawler.middlewares.gate.GateMiddleware": 100,
    "crawler.middlewares.robots.RobotsMiddleware": 200,
    "crawler.middlewares.knock.KnockMiddleware": 300,
    "crawler.middlewares.politeness.PolitenessMiddleware": 400,
    "crawler.middlewares.signing.SigningMiddleware": 500,  # last: its Date must be fresh
}


def scrapy_settings(settings: Settings) -> dict[str, Any]:
    return {
        "BOT_NAME": "waypost",
        "USER_AGENT": user_agent(settings),
        # asyncio alone, beside whatever else runs in this loop
        "TWISTED_REACTOR_ENABLED": False,
        # width: one request at a time per host, as many hosts as the operator wants
        "CONCURRENT_REQUESTS": settings.crawl_hosts * 2,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        # pauses come from discover.policy.politeness, host by host (see PolitenessMiddleware)
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_DELAY_JITTER": 0,
        "AUTOTHROTTLE_ENABLED": False,
        # bounds, held by the handler while the bytes come in
        "DOWNLOAD_TIMEOUT": settings.request_seconds,
        "DOWNLOAD_MAXSIZE": settings.document_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        "DOWNLOAD_HANDLERS_BASE": {},
        "DOWNLOAD_HANDLERS": {"http": HANDLER, "https": HANDLER},
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        # ours instead of Scrapy's
        "DOWNLOADER_MIDDLEWARES_BASE": {},
        "DOWNLOADER_MIDDLEWARES": MIDDLEWARES,
        "SPIDER_MIDDLEWARES_BASE": {},
        "EXTENSIONS_BASE": {},
        "ROBOTSTXT_OBEY": False,  # RobotsMiddleware obeys, by our rule about solicited fetches
        "ROBOTSTXT_USER_AGENT": user_agent(settings),
        "REDIRECT_ENABLED": False,  # followed by hand, each hop judged anew
        "METAREFRESH_ENABLED": False,
        "RETRY_ENABLED": False,  # the next visit is the retry
        "COMPRESSION_ENABLED": False,  # decompressed within bounds by the handler
        "COOKIES_ENABLED": False,
        "REFERER_ENABLED": False,
        "HTTPPROXY_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        # quiet and light
        "LOG_LEVEL": "WARNING",
        "LOG_FORMATTER": "crawler.quiet.QuietLog",
        "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
        "STATS_DUMP": False,
        "DOWNLOADER_STATS": False,
        "LOGSTATS_INTERVAL": 0,
    }
