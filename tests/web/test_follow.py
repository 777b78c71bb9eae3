"""Following from one's own server, which is asked for once and never kept by us."""

from __future__ import annotations

import asyncio
import csv
import html
import io
import re

import pytest

from api.following import Homes
from api.limits import Rate
from api.problems import ProblemAnswer
from discover.model.actor import Handle
from discover.services.consent.blocklists import block_host
from discover.services.consent.withdraw import forget_person
from discover.services.find.follow import find_home
from tests.support.journey import travelling
from tests.support.site import GENEROUS, HOST, serving
from web.follow import read_home


class Unasked:
    """A client that nobody may use."""

    async def get(self, url: str, **_options):
        pytest.fail(f"{url} was asked")


JUMP = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with travelling(tmp_path_factory.mktemp("trip"), accounts=40) as trip:
        trip.opt_in_all()
        trip.crawl()
        with serving(trip.app, GENEROUS) as site:
            handles = sorted(one.handle for one in trip.search("#", kind="accounts").accounts)
            handles = handles or sorted(
                view.handle for view in trip.search("a", kind="accounts").accounts
            )
            yield trip, site, handles


def come(site, path: str, where_from: str = "same-origin"):
    """As a browser asks for a page, by a link or form on a page of that relation to us."""
    return site.get(path, headers={"Accept": "text/html", "Sec-Fetch-Site": where_from})


def jump(page) -> str | None:
    found = JUMP.search(page.text)
    return html.unescape(found[1]) if found else None


def test_the_home_server_says_where_and_the_page_goes_there(there):
    trip, site, handles = there
    home = next(host for host in trip.world.hosts if host.software == "mastodon")
    me = next(account.handle for account in trip.world.people(home) if not account.gone)
    page = come(site, f"/follow?account={handles[0]}&home=@{me}")
    assert page.status_code == 200
    assert "/authorize_interaction?uri=http" in jump(page)
    assert home.name in jump(page)
    assert page.headers["cache-control"] == "no-store"
    assert "set-cookie" not in page.headers


def test_a_server_that_says_nothing_is_known_by_its_software(there):
    trip, site, handles = there
    home = next(host for host in trip.world.hosts if host.software == "misskey")
    assert "/authorize-follow?acct=" in jump(
        come(site, f"/follow?account={handles[0]}&home={home.name}")
    )


def test_a_link_elsewhere_forwards_nobody(there):
    trip, site, handles = there
    home = next(host for host in trip.world.hosts if host.software == "misskey")
    path = f"/follow?account={handles[0]}&home={home.name}"
    for where_from in ("cross-site", "same-site", "none"):
        page = come(site, path, where_from)
        assert page.status_code == 200
        assert jump(page) is None
        assert f"Open {home.name}" in page.text
        assert "/authorize-follow?acct=" in page.text
        assert "Taking you" not in page.text
    assert jump(site.page(path)) is None


def test_a_server_that_is_blocked_here_is_not_asked(own_site):
    context = own_site.app.context
    block_host(context, "left.example", "in this test")

    def no_address(host: str) -> str:
        return f"https://{host}"

    found = asyncio.run(find_home(context, Unasked(), "left.example", no_address))
    assert found.template is None
    assert not found.reached


def test_a_server_that_is_not_there_leaves_the_handle_to_copy(there):
    _, site, handles = there
    page = site.page(f"/follow?account={handles[0]}&home=nowhere.invalid")
    assert jump(page) is None
    assert "does not answer us" in page.text
    assert f'value="@{handles[0]}"' in page.text


def test_without_a_home_the_page_asks_for_it(site):
    page = site.page(f"/follow?account=marta@{HOST}")
    assert jump(page) is None
    assert 'name="home"' in page.text
    assert site.page(f"/follow?account=marta@{HOST}&home=not a server").status_code == 422


def test_somebody_who_is_not_listed_cannot_be_followed_here(site):
    page = site.page(f"/follow?account=shy@{HOST}&home=home.example")
    assert page.status_code == 404
    assert f"shy@{HOST}" not in page.text.replace("account=shy", "")


@pytest.mark.parametrize(
    ("typed", "home"),
    [
        ("https://home.example/@them@else.example", "home.example"),
        ("https://home.example/@me", Handle("me", "home.example")),
        ("@me@home.example", Handle("me", "home.example")),
        ("home.example", "home.example"),
        ("nonsense", None),
    ],
)
def test_home_is_where_the_pasted_page_is(typed, home):
    assert read_home(typed) == home


@pytest.mark.parametrize("query", ["", "?account=", "?account=,&home=home.example"])
def test_who_selected_nobody_is_asked_to_select(site, query):
    page = site.page(f"/follow{query}")
    assert page.status_code == 422
    assert "Nobody selected" in page.text
    assert "not listed" not in page.text


def test_several_are_a_list_and_a_file(site):
    query = f"account=marta@{HOST}&account=gazer1@{HOST},gazer2@{HOST}&account=shy@{HOST}"
    page = site.page(f"/follow?{query}")
    assert "Follow 3 people" in page.text
    rows = list(csv.reader(io.StringIO(site.get(f"/follow.csv?{query}").text)))
    assert rows[0][0] == "Account address"
    assert [row[0] for row in rows[1:]] == [
        f"{name}@{HOST}" for name in ("marta", "gazer1", "gazer2")
    ]


def test_who_left_is_on_no_list(own_site):
    forget_person(own_site.app.context, Handle("marta", HOST))
    assert own_site.page(f"/follow?account=marta@{HOST}").status_code == 404


def test_nobody_makes_us_ask_many_servers(site):
    homes = Homes(site.app, Rate(per_second=0.001, burst=1))
    found = asyncio.run(homes.find("203.0.113.1", "one.invalid"))
    assert not found.reached
    with pytest.raises(ProblemAnswer) as refused:
        asyncio.run(homes.find("203.0.113.1", "two.invalid"))
    assert refused.value.status == 429
