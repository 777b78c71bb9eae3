"""Static files under names that carry their content's hash, so they may be kept for ever."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    name: str  # style.1a2b3c4d5e.css
    media_type: str
    body: bytes
    packed: bytes  # gzip


@cache
def assets() -> dict[str, Asset]:
    """Every static file by its hashed name, read once."""
    found: dict[str, Asset] = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            body = path.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:10]
            name = f"{path.stem}.{digest}{path.suffix}"
            found[name] = Asset(name, _TYPES[path.suffix], body, gzip.compress(body, 9, mtime=0))
    return found


@cache
def asset_url(name: str) -> str:
    """`style.css` -> `/static/style.1a2b3c4d5e.css`. KeyError when there is no such file."""
    stem, _, suffix = name.rpartition(".")
    for hashed in assets():
        if hashed.startswith(f"{stem}.") and hashed.endswith(f".{suffix}"):
            return f"/static/{hashed}"
    raise KeyError(name)
