"""Words in a profile or post that say: leave me out. There is no standard, only customs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from discover.model.letters import WORD
from discover.wire.hashtags import INVISIBLE, fold

# `#nobridge` is not here: it is about copying to other networks, not about being found.
# Whole hashtags, each of which can hardly mean anything else.
_WORDS = (
    # The customs of the fediverse, and other spellings of the same words
    "nobot nobots noindex noindexing noindexation nosearch nosearching noarchive "
    "noarchiving nocrawl nocrawler nocrawlers nocrawling noscrape noscraping donotindex "
    "dontindex donotarchive donotcrawl "
    # German
    "keinbot keinebots keinindex nichtindexieren nichtarchivieren keinesuche "
    "keinesuchmaschine "
    # French
    "pasdebot pasdebots pasdindex pasdindexation nepasindexer nepasarchiver nonindexé "
    # Spanish, Portuguese, Catalan
    "sinbot sinbots noindexar noindexable noarchivar sembot sembots nãoindexar "
    "nãoarquivar sensebots "
    # Italian
    "nientebot nonindicizzare nonarchiviare "
    # Dutch, Swedish, Norwegian and Danish, Finnish
    "geenbot geenbots nietindexeren nietarchiveren ingabotar indexerainte ingenbots "
    "ingenboter ikkeindekser eibotteja "
    # Polish, Czech, Russian, Ukrainian
    "bezbotów nieindeksować bezbotů neindexovat безботов неиндексировать безботів "
    "неіндексувати "
    # Japanese ("search avoidance" is an old custom with several spellings), Chinese, Korean
    "検索避け 検索除け 検索よけ 検索回避 検索禁止 bot禁止 ボット禁止 禁止机器人 禁止機器人 禁止索引 禁止搜索 禁止搜尋 봇금지 검색금지 "
)
_OPT_OUT = frozenset(map(fold, _WORDS.split()))
# A hyphen ends a hashtag, but who writes #no-bot means it.
_HYPHENED = re.compile(rf"(?<![\w&/=?.:])[#＃](\w[{WORD}]*(?:[-‐‑][{WORD}]+)+)")
_TOKEN = re.compile(rf"(?<!\w)[#＃]+(\w[{WORD}]*)")
# kmyblue writes who may search into the bio.
_NARROWED = re.compile(
    r"searchable_by_(?:nobody|followers_only|reacted_users_only)|\[searchability:\s*(?:private|followers|reactors|direct|limited)\]",
    re.IGNORECASE,
)


def opt_out_tags(
    texts: Iterable[str], tags: Iterable[str], extra: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The opt-out tags among whole hashtags of plain `texts` and folded `tags`, sorted.

    `extra` are the operator's own, without '#'. Case, width, accents, underscores and hyphens
    make no difference: #NoBot, ＃nobot, #no_bot and #no-bot are one, #ethnobotany is none.
    """
    wanted = _OPT_OUT | {_squeeze(tag) for tag in extra} if extra else _OPT_OUT
    found = {key for tag in tags if (key := _squeeze(tag)) in wanted}
    for text in texts:
        if "#" not in text and "＃" not in text and "﹟" not in text:
            continue
        visible = unicodedata.normalize("NFKC", INVISIBLE.sub("", text))
        for pattern in (_TOKEN, _HYPHENED):
            found.update(
                key for token in pattern.findall(visible) if (key := _squeeze(token)) in wanted
            )
    return tuple(sorted(found))


def narrows_search(texts: Iterable[str]) -> bool:
    """Does a bio or post carry one of kmyblue's words for "not searchable by everybody"?"""
    return any(
        ("earch" in text or "EARCH" in text) and _NARROWED.search(text) is not None
        for text in texts
    )


def _squeeze(tag: str) -> str:
    return fold(tag).replace("_", "").replace("-", "").replace("‐", "").replace("‑", "")
