"""What a person types into the search field: words, and operators such as `from:` or `has:image`.

Typing is never refused: an operator that is not known is a word, one whose value cannot be used
stands in `ignored`. The same reading serves the page, the API's `q` and the command line.

| Typed | Means |
| --- | --- |
| `"two words"` | exactly these, in this order |
| `-word` | without this word |
| `#tag` | this hashtag |
| `from:user@host`, `from:user` | by this account |
| `lang:de` | in this language |
| `server:example.social` | on this server |
| `has:image`, `video`, `audio`, `media` | posts with it |
| `-from:`, `-lang:`, `-server:`, `-has:`, `-#tag` | without these |
| `is:reply`, `is:bot`, `is:sensitive`, each with or without `-` | only, or none, of these |
| `before:2026-03-01`, `after:`, `during:`; a month or a year will do | by date, in UTC |
| `-before:2026-03-01`, `-after:` | of that day or newer, of that day or older |
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta

from discover.model.host import host_and_port
from discover.wire.hashtags import fold

MOST_VALUES = 20  # of one operator
_MEDIA = ("image", "video", "audio", "other")
# Quotation marks of many keyboards open and close a phrase.
_PIECE = re.compile(
    r"""(?P<minus>(?<!\S)[-−])?
        (?:(?P<name>(?<!\w)[A-Za-z]{2,8}):)?
        (?:["“”„«](?P<phrase>[^"“”„«»]*)(?:["“”»]|$)|(?P<word>[^\s"“”„«»]+))""",
    re.VERBOSE,
)
_LANGUAGE = re.compile(r"^[a-z]{2,3}(?:[-_][\w-]*)?$")
_HOST = re.compile(r"^[^\s/@?#:]+\.[^\s/@?#:.]+(?::\d{1,5})?$")
_ACCOUNT = re.compile(r"^@?[\w.\-+~%]+(?:@[\w.\-]+(?::\d{1,5})?)?$")
_DATE = re.compile(r"^(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?$")
_SAME = {
    "language": "lang", "domain": "server", "host": "server", "site": "server", "instance": "server",
    "by": "from", "since": "after", "until": "before",
}  # fmt: skip
_QUESTIONS = {"reply": "reply", "bot": "bot", "automated": "bot", "sensitive": "sensitive",
              "cw": "sensitive"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unwanted:
    """What stands behind a minus; the values are those of `Typed`."""

    accounts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """`text` are the loose words; `accounts` are `user@host` or `user`, in lower case; `languages`
    primary subtags; `tags` folded. `since` is inclusive, `until` exclusive.
    """

    text: str = ""
    phrases: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    reply: bool | None = None
    bot: bool | None = None
    sensitive: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    without: Unwanted = field(default_factory=Unwanted)
    ignored: tuple[str, ...] = ()  # as typed

    @property
    def posts_only(self) -> bool:
        """Only posts have media, answer somebody or carry a warning."""
        return (
            bool(self.media or self.without.media)
            or self.reply is not None
            or self.sensitive is not None
        )

    @property
    def empty(self) -> bool:
        """Nothing was said that could find anything."""
        return all(
            getattr(self, one.name) in ("", (), None)
            for one in fields(self)
            if one.name not in ("exclude", "without", "ignored")
        )


@dataclass(slots=True)
class _Reading:
    lists: dict[str, list[str]] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None

    def add(self, name: str, *values: str, minus: bool = False) -> None:
        kept = self.lists.setdefault(_minus(name) if minus else name, [])
        kept += [value for value in values if value and value not in kept]

    def take(self, name: str) -> tuple[str, ...]:
        return tuple(self.lists.get(name, ())[:MOST_VALUES])


def parse(text: str) -> Typed:
    """See the table above. Pure: days are UTC days, nothing is looked up."""
    read = _Reading()
    words: list[str] = []
    for piece in _PIECE.finditer(text):
        minus, phrase = bool(piece["minus"]), piece["phrase"]
        value = (phrase if phrase is not None else piece["word"]).strip()
        name = (piece["name"] or "").lower()
        name = _SAME.get(name, name)
        if name in _OPERATORS:
            if not _OPERATORS[name](read, value.lower(), minus):
                read.add("ignored", piece[0].strip())
        elif name:
            # Not an operator of ours, such as `note:` or `https:`: it is a word.
            words.append(piece[0].strip().replace('"', " "))
        elif phrase is not None:
            _phrase(read, value, piece[0], minus=minus)
        elif value.startswith(("#", "＃")) and (tag := fold(value.rstrip(".,;:!?"))):
            read.add("tags", tag, minus=minus)
        elif minus and (word := value.lstrip("#＃")):
            read.add("exclude", word)
        elif not minus and value not in ("-", "−"):
            words.append(value)
    return Typed(
        text=" ".join(" ".join(words).split()),
        since=read.since,
        until=read.until,
        reply=read.flags.get("reply"),
        bot=read.flags.get("bot"),
        sensitive=read.flags.get("sensitive"),
        without=Unwanted(**{one.name: read.take(_minus(one.name)) for one in fields(Unwanted)}),
        **{name: read.take(name) for name in _LISTS},
    )


_LISTS = (
    "phrases", "exclude", "accounts", "languages", "servers", "tags", "media", "ignored",
)  # fmt: skip


def _minus(name: str) -> str:
    return f"-{name}"


def _phrase(read: _Reading, value: str, typed: str, *, minus: bool) -> None:
    value = " ".join(value.split())
    if not minus:
        read.add("phrases", value)
    elif " " not in value:
        read.add("exclude", value)
    else:
        read.add("ignored", typed.strip())  # engines leave out words, not runs of words


def _from(read: _Reading, value: str, minus: bool) -> bool:  # noqa: FBT001 - one shape for all
    if not _ACCOUNT.match(value):
        return False
    user, _, host = value.lstrip("@").partition("@")
    spelled = host_and_port(host) if host else None
    if host and spelled is None:
        return False
    read.add("accounts", f"{user}@{spelled}" if spelled else user, minus=minus)
    return True


def _lang(read: _Reading, value: str, minus: bool) -> bool:  # noqa: FBT001
    codes = [code for code in value.split(",") if _LANGUAGE.match(code)]
    if not codes:
        return False
    spoken = (code.replace("_", "-").partition("-")[0] for code in codes)
    read.add("languages", *spoken, minus=minus)
    return True


def _server(read: _Reading, value: str, minus: bool) -> bool:  # noqa: FBT001
    hosts = [host for name in value.split(",") if (host := host_and_port(name))]
    hosts = [host for host in hosts if _HOST.match(host)]
    if not hosts:
        return False
    read.add("servers", *hosts, minus=minus)
    return True


def _has(read: _Reading, value: str, minus: bool) -> bool:  # noqa: FBT001
    kinds = _MEDIA if value in ("media", "attachment") else (value.removesuffix("s"),)
    if kinds[0] not in _MEDIA[:3]:
        return False
    read.add("media", *kinds, minus=minus)
    return True


def _is(read: _Reading, value: str, minus: bool) -> bool:  # noqa: FBT001
    if value not in _QUESTIONS:
        return False
    read.flags[_QUESTIONS[value]] = not minus
    return True


def _before(read: _Reading, value: str, minus: bool) -> bool:  # noqa: FBT001
    span = days(value)
    if span is None:
        return False
    _bound(read, since=span[0]) if minus else _bound(read, until=span[0])
    return True


def _after(read: _Reading, value: str, minus: bool) -> bool:  # noqa: FBT001
    span = days(value)
    if span is None:
        return False
    _bound(read, until=span[1]) if minus else _bound(read, since=span[1])
    return True


def _bound(read: _Reading, *, since: datetime | None = None, until: datetime | None = None) -> None:
    """Bounds gather: the narrowest counts."""
    read.since = max(filter(None, (read.since, since)), default=None)
    read.until = min(filter(None, (read.until, until)), default=None)


def _during(read: _Reading, value: str, minus: bool) -> bool:  # noqa: FBT001
    span = None if minus else days(value)  # all other times are two stretches, not one
    if span is None:
        return False
    read.since, read.until = span
    return True


_OPERATORS = {
    "from": _from, "lang": _lang, "server": _server, "has": _has, "is": _is, "before": _before,
    "after": _after, "during": _during,
}  # fmt: skip


def days(value: str) -> tuple[datetime, datetime] | None:
    """A day, month or year in UTC: where it begins, and where the next one does."""
    found = _DATE.match(value)
    if found is None:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        begins = datetime(year, month or 1, day or 1, tzinfo=UTC)
        if day:
            return begins, begins + timedelta(days=1)
        if month:
            return begins, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return begins, datetime(year + 1, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
