"""Lists of blocked servers, as they go around in the fediverse.

Mastodon's export (`#domain,#severity,#reject_media,…`, docs.joinmastodon.org/admin/moderation),
the CSV files of IFTAS and of Oliphant (the same columns, with or without '#', sometimes only
`domain`), and plain lists, one host a line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from discover.model.host import host_name

_HOST = re.compile(
    r"^(?=.{1,253}$)[a-z0-9_]([a-z0-9_\-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_\-]*[a-z0-9])?)+$"
)
_DOMAIN = ("domain", "host", "hostname", "instance", "server")
_SEVERITIES = ("suspend", "silence", "noop", "none")
# Words of other software for the same two things
_SAME = {"limit": "silence", "silenced": "silence", "suspended": "suspend", "block": "suspend"}
_COMMENT = ("public_comment", "publiccomment", "comment", "reason")
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Block:
    host: str
    severity: str = "suspend"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Blocklist:
    """`blocks` by host, each once. `obfuscated`: lines with `*`, `unreadable`: lines without a host."""

    blocks: tuple[Block, ...]
    obfuscated: int = 0
    unreadable: int = 0


def read_blocklist(text: str) -> Blocklist:
    """Any of the forms. A host that stands twice is blocked as severely as its severest line."""
    text = text.removeprefix("\ufeff")
    blocks: dict[str, Block] = {}
    obfuscated = unreadable = 0
    for cells in _rows(text):
        written = cells["domain"].strip()
        if "*" in written.removeprefix("*."):
            obfuscated += 1
            continue
        host = read_blocked_host(written)
        if host is None:
            unreadable += 1
            continue
        severity = cells["severity"].strip().lower() or "suspend"
        severity = _SAME.get(severity, severity)
        if severity not in _SEVERITIES:
            severity = "suspend"
        known = blocks.get(host)
        if known is None or _SEVERITIES.index(severity) < _SEVERITIES.index(known.severity):
            blocks[host] = Block(host, severity, cells["reason"].strip()[:_LONGEST_REASON])
    return Blocklist(tuple(blocks.values()), obfuscated, unreadable)


def read_blocked_host(text: str) -> str | None:
    """A host name in lower case and ASCII, without port; None if it is none.

    `*.example.org` means the same as `example.org`, which covers what is below it.
    """
    host = text.strip().lower().removeprefix("*.")
    host = re.sub(r"^https?://", "", host).partition("/")[0].partition(":")[0].strip(".")
    name = host_name(host)
    return name if name and _HOST.match(name) else None


def _rows(text: str) -> Iterable[Mapping[str, str]]:
    columns: dict[str, int] | None = None
    for number, cells in enumerate(csv.reader(text.splitlines())):
        if not cells or not any(cell.strip() for cell in cells):
            continue
        if number == 0 and (columns := _columns(cells)) is not None:
            continue
        if cells[0].lstrip().startswith("#"):
            continue  # a remark
        if columns is not None:
            yield {name: _cell(cells, place) for name, place in columns.items()}
        else:
            # Without a header: the host, and Mastodon's severity where there is one
            second = _cell(cells, 1).strip().lower()
            known = second in _SEVERITIES or second in _SAME
            remark = cells[0].partition("#")
            yield {
                "domain": remark[0],
                "severity": second if known else "",
                "reason": remark[2].strip(),
            }


def _columns(cells: list[str]) -> dict[str, int] | None:
    names = [cell.strip().lower().removeprefix("#").strip() for cell in cells]
    domain = next((names.index(name) for name in _DOMAIN if name in names), None)
    if domain is None:
        return None
    comment = next((names.index(name) for name in _COMMENT if name in names), -1)
    severity = names.index("severity") if "severity" in names else -1
    return {"domain": domain, "severity": severity, "reason": comment}


def _cell(cells: list[str], place: int) -> str:
    return cells[place] if 0 <= place < len(cells) else ""
