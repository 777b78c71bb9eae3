"""Undo a Content-Encoding without being blown up by it."""

from __future__ import annotations

import zlib

OFFERED = "gzip, deflate"
MAX_RATIO = 200  # honest JSON stays under 50
RATIO_FLOOR = 64 * 1024  # bytes; short documents may be as repetitive as they like


class BadEncoding(ValueError):
    """Damaged, unknown, or a decompression bomb."""


class TooLarge(ValueError):
    """More bytes than the bound."""


def decompress(raw: bytes, encoding: str, *, limit: int) -> bytes:
    """The body in clear, at most `limit` bytes.

    `encoding` is the Content-Encoding header: gzip, deflate (zlib or raw) or nothing; several on
    top of each other are refused. BadEncoding or TooLarge otherwise.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity") or not raw:
        if len(raw) > limit:
            raise TooLarge
        return raw
    if encoding in ("gzip", "x-gzip"):
        return _inflate(raw, zlib.MAX_WBITS | 16, limit)
    if encoding == "deflate":
        # RFC 9110 8.4.1.2 says zlib, some servers send the bare stream.
        zlib_wrapped = raw[0] & 0x0F == 8 and int.from_bytes(raw[:2], "big") % 31 == 0
        return _inflate(raw, zlib.MAX_WBITS if zlib_wrapped else -zlib.MAX_WBITS, limit)
    raise BadEncoding(f"encoding {encoding[:40]!r} was not offered")


def _inflate(raw: bytes, window: int, limit: int) -> bytes:
    most = min(limit, max(RATIO_FLOOR, len(raw) * MAX_RATIO))
    parts: list[bytes] = []
    size = 0
    rest = raw
    while True:
        stream = zlib.decompressobj(window)
        try:
            # One byte more than allowed shows that there is more than allowed.
            part = stream.decompress(rest, most - size + 1)
        except zlib.error as error:
            raise BadEncoding(str(error)) from None
        parts.append(part)
        size += len(part)
        if size > most:
            if most < limit:
                raise BadEncoding("decompression bomb")
            raise TooLarge
        if not stream.eof:
            raise BadEncoding("cut short")
        # gzip allows members one after another; anything else behind the end is padding.
        rest = stream.unused_data
        if window <= zlib.MAX_WBITS or not rest.startswith(b"\x1f\x8b"):
            return b"".join(parts)
