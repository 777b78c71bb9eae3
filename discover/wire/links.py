"""Addresses of pages that people link to: one spelling for one page."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from discover.wire.urls import host_of, http_url

LONGEST = 500  # a longer one is no article but a search, a login or a game
_TRACKING = frozenset(
    {
        "fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "ttclid",
        "igshid", "igsh", "mc_cid", "mc_eid", "mkt_tok", "ref_src", "ref_url", "cmpid", "ocid",
        "s_cid", "wt_mc", "wt_zmc", "xtor", "at_medium", "at_campaign", "guccounter", "srsltid",
        "_hsenc", "_hsmi", "vero_id", "oly_enc_id", "oly_anon_id", "rb_clickid", "si",
    }
)  # fmt: skip
_TRACKING_STARTS = ("utm_", "pk_", "mtm_", "at_custom", "hsa_", "ga_")


def page_of(link: str) -> str | None:
    """The page that a link leads to, without what only tells where the reader came from.

    https for http, host in lower case, no fragment, no tracking parameters; the others stay in
    their order. None for what is no http(s) address or too long to be a page to speak of.
    """
    if http_url(link) is None:
        return None
    parts = urlsplit(link)
    pairs = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _tracks(name.lower())
    ]
    page = urlunsplit(("https", host_of(link), parts.path or "/", urlencode(pairs), ""))
    return page if len(page) <= LONGEST else None


def _tracks(name: str) -> bool:
    return name in _TRACKING or name.startswith(_TRACKING_STARTS)
