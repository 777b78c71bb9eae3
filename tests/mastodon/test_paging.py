"""Pages by offset: everybody once, in one order, whatever stands in between."""

from __future__ import annotations

import sqlalchemy as sa

from discover.services.consent.blocklists import block_host
from discover.services.facts import ACCOUNTS
from discover.services.topics import edits
from discover.services.topics.growth import grow
from discover.services.topics.measure import measure
from tests.mastodon.conftest import Town
from tests.support.site import Site, actor, filled_site


def walk(town: Town | Site, limit: int, **asked) -> list[list[dict]]:
    """Every page until there is no link to a next one."""
    kind = asked["type"]
    pages: list[list[dict]] = []
    more = True
    while more and len(pages) < 40:
        place = {"limit": limit, "offset": limit * len(pages)}
        answer = getattr(town, "site", town).get("/api/v2/search", params={**asked, **place})
        assert answer.status_code == 200
        pages.append(answer.json()[kind])
        more = 'rel="next"' in answer.headers.get("link", "")
    return pages


def test_topic_shows_everybody_once_on_pages_of_any_size(standing: Town):
    for words in ("astronomy", "people who love astronomy", "astronmy"):
        whole = [one["acct"] for one in walk(standing, 40, q=words, type="accounts")[0]]
        assert len(whole) >= 8
        for limit in (1, 2, 3, 5):
            pages = walk(standing, limit, q=words, type="accounts")
            assert [one["acct"] for page in pages for one in page] == whole
            assert all(len(page) == limit for page in pages[:-1])


def test_posts_stand_once_on_pages_of_any_size(standing: Town):
    asked = {"q": "astronomy", "type": "statuses"}
    whole = [one["id"] for page in walk(standing, 40, **asked) for one in page]
    assert len(whole) == len(set(whole)) == 21
    for limit in (4, 10):
        assert [one["id"] for page in walk(standing, limit, **asked) for one in page] == whole


def test_people_who_may_not_be_shown_shift_no_page(town: Town):
    asked = {"q": "stars", "type": "accounts"}
    before = {one["acct"] for one in walk(town, 40, **asked)[0]}
    block_host(town.crowd.app.context, "b.example", "for this test")
    pages = walk(town, 2, **asked)
    found = [one["acct"] for page in pages for one in page]
    assert sorted(found) == sorted(one for one in before if not one.endswith("@b.example"))
    assert len(found) < len(before)


def test_banned_hashtag_ends_no_paging(tmp_path):
    with filled_site(tmp_path / "home") as site:
        ctx = site.app.context
        tags = [f"quark{letter}" for letter in "abcdefgh"]
        site.see(actor("tagger", hashtags=tuple(tags)))
        with ctx.database.read() as connection:
            ids = list(connection.scalars(sa.select(ACCOUNTS.c.id)))
        measure(ctx, ids)
        grow(ctx)

        def found() -> list[str]:
            pages = walk(site, 3, q="quark", type="hashtags")
            return [one["name"] for page in pages for one in page]

        assert found() == tags
        edits.add_edit(ctx, "op", "", edits.BANNED, "quarka")
        assert found() == tags[1:]
