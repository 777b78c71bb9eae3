"""A small fediverse in several languages, for every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from discover.model.query import AccountDocument, PostDocument

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def moment(days: float) -> int:
    return int((NOON - timedelta(days=days)).timestamp())


def account(number: int, username: str, server: str = "stars.test", **more) -> AccountDocument:
    given = {
        "name": username.title(),
        "bio": "",
        "fields": "",
        "tags": (),
        "terms": "",
        "languages": ("en",),
        "software": "mastodon",
        "bot": False,
        "last_active": moment(number),
        "prior": 0.5,
    } | more
    return AccountDocument(
        id=number, handle=f"{username}@{server}", username=username, server=server, **given
    )


def post(
    number: int, text: str, author: int = 1, server: str = "stars.test", **more
) -> PostDocument:
    given = {
        "tags": (),
        "language": "en",
        "media": (),
        "sensitive": False,
        "reply": False,
        "bot": False,
        "published": moment(number),
    } | more
    return PostDocument(id=number, account_id=author, text=text, server=server, **given)


ACCOUNTS = (
    account(1, "galileo", name="Galileo G.", bio="Looking at Jupiter with a telescope", tags=("astronomy",)),
    account(2, "zoe", "garten.test", name="Zoë Müller", bio="Gärtnerin in Zürich, pflanzt Gemüse", languages=("de",), tags=("garten",)),
    account(3, "hoshi", "hoshi.test", name="星野 光", bio="東京で天文学を勉強しています。NHKニュースも好き", languages=("ja",), tags=("天文",)),
    account(4, "lukasz", "lodz.test", name="Łukasz", bio="Fotografia i rowery w Łodzi", languages=("pl",), tags=("fotografia",)),
    account(5, "layla", "qamar.test", name="ليلى", bio="أحب علم الفلك والنجوم", languages=("ar",)),
    account(6, "newsbot", name="News Bot", bio="Headlines about astronomy", bot=True, prior=0.0),
    account(7, "stargazer", "garten.test", name="Star Gazer", bio="Photography of the night sky", tags=("astrophotography", "astronomy")),
    account(8, "mention", "garten.test", name="Somebody", bio="Writes letters to galileo sometimes"),
)  # fmt: skip

POSTS = (
    post(11, "Tonight Jupiter stands high above the observatory", tags=("astronomy", "jupiter"), media=("image",)),
    post(12, "The telescope mirror needs cleaning again", tags=("telescope",)),
    post(13, "Heute habe ich in Zürich frisches Gemüse gepflanzt", 2, "garten.test", language="de", tags=("garten",)),
    post(14, "昨夜は東京タワーの上に木星が見えました", 3, "hoshi.test", language="ja", tags=("天文",)),
    post(15, "Zażółć gęślą jaźń, powiedział Łukasz w Łodzi", 4, "lodz.test", language="pl"),
    post(16, "النجوم جميلة في الصحراء الليلة", 5, "qamar.test", language="ar"),
    post(17, "Breaking news: a comet is visible this week", 6, bot=True, tags=("astronomy",)),
    post(18, "Mirror, mirror on the wall, says the telescope", 7, "garten.test", reply=True),
    post(19, "A photograph of the comet with its long tail", 7, "garten.test", media=("image", "video"), sensitive=True, tags=("astronomy", "comet")),
    post(20, "Bread rises slowly in the cold kitchen", 8, "garten.test", tags=("baking",), media=("video",)),
    post(21, "I study astrophysics and bake bread", 8, "garten.test", tags=("baking", "astronomy")),
)  # fmt: skip
