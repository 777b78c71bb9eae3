"""Servers to choose from, and how an admin adds or removes one, without any script."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from discover.model.instance import NodeInfo, Registrations, RobotsState, ServerAbout, ServerOptIn
from discover.model.observed import ServerSeen
from discover.services.consent.blocklists import block_host
from discover.services.consent.proof_rows import keep
from discover.services.consent.servers import add_server
from discover.services.consent.withdraw import forget_server
from discover.wire.statement import Statement
from tests.support.site import HOST
from web import opting

OTHER = "haus.example"


def seen(host: str, software: str, about: ServerAbout) -> ServerSeen:
    info = NodeInfo(software=software, version="1", name=host)
    return ServerSeen(host, RobotsState.ALLOWED, None, info, seen_at=datetime.now(UTC), about=about)


@pytest.fixture
def two_servers(own_site):
    add_server(own_site.app.context, OTHER, "its admin wrote to us")
    own_site.see(
        seen(HOST, "mastodon", ServerAbout(
            name="Star gazers", description="For <b>astronomers</b>", languages=("en",),
            rules=("Be kind", "No light pollution"), registrations=Registrations.APPROVAL,
        )),
        seen(OTHER, "misskey", ServerAbout(
            name="Haus", description="Für alle", languages=("de",),
            registrations=Registrations.OPEN,
        )),
    )  # fmt: skip
    return own_site


def hosts(site, path: str) -> list[str]:
    return re.findall(r'<p class="handle">([a-z.]+)', site.page(path).text)


def test_directory_shows_opted_in_servers_with_what_they_say_of_themselves(two_servers):
    html = two_servers.page("/servers").text
    assert hosts(two_servers, "/servers") == [HOST, OTHER]  # most people first
    for said in (
        "Star gazers",
        "No light pollution",
        "join on request",
        "open to join",
        "6 people",
    ):
        assert said in html
    assert "&lt;b&gt;" in html


def test_languages_of_the_admins_own_statement_count_first(two_servers):
    ctx = two_servers.app.context
    said = Statement(agrees=True, languages=("pl", "pt-BR"))
    with ctx.database.write() as connection:
        keep(connection, HOST, ServerOptIn.DNS, said, ctx.clock.now())
    assert hosts(two_servers, "/servers?lang=pt") == [HOST]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("lang=de", [OTHER]),
        ("lang=fr", []),
        ("join=open", [OTHER]),
        ("join=any", [HOST, OTHER]),
        ("software=misskey", [OTHER]),
        ("q=gazers", [HOST]),
        ("sort=name", [OTHER, HOST]),
        ("topic=astronomy", [HOST]),
        ("topic=nonsense&join=strange&sort=odd&n=0", [HOST, OTHER]),
    ],
)
def test_directory_is_narrowed_and_never_breaks(two_servers, query, found):
    assert hosts(two_servers, f"/servers?{query}") == found


def test_nothing_that_fits_leads_back_to_all(two_servers):
    html = two_servers.page("/servers?lang=fr").text
    assert "No server fits" in html
    assert 'href="/servers"' in html


@pytest.mark.parametrize(
    "leave",
    [
        lambda ctx: block_host(ctx, HOST, "tests"),
        lambda ctx: forget_server(ctx, HOST),
    ],
)
def test_server_that_is_out_is_gone_from_the_directory_at_once(two_servers, leave):
    assert HOST in hosts(two_servers, "/servers")
    leave(two_servers.app.context)
    assert hosts(two_servers, "/servers") == [OTHER]
    assert [one["host"] for one in two_servers.get("/api/v1/servers").json()["servers"]] == [OTHER]


def test_api_filters_pages_and_says_where_it_goes_on(two_servers):
    answer = two_servers.get("/api/v1/servers", params={"limit": 1})
    assert answer.json()["total"] == 2
    (first,) = answer.json()["servers"]
    assert first["host"] == HOST
    assert first["registrations"] == "approval"
    assert first["rules"] == ["Be kind", "No light pollution"]
    assert {"id": "astronomy", "people": 6} in first["topics"]
    following = re.fullmatch(r'<(.+)>; rel="next"', answer.headers["link"])[1]
    second = two_servers.get(following)
    assert [one["host"] for one in second.json()["servers"]] == [OTHER]
    assert "link" not in second.headers
    refused = two_servers.get("/api/v1/servers", params={"registrations": "perhaps"})
    assert refused.status_code == 422


@pytest.mark.parametrize("software", sorted(opting.SOFTWARE))
@pytest.mark.parametrize("say", sorted(opting.SAYS))
def test_admin_reads_what_to_write_where_for_every_software(site, software, say):
    html = site.page(f"/servers/add?host=example.social&software={software}&say={say}").text
    assert "_waypost.example.social" in html
    consent = "out" if say == "out" else "in"
    assert f"v=waypost1; consent={consent}" in html
    assert ("scope=profiles" in html) == (say == "profiles")
    assert "https://example.social/.well-known/waypost.json" in html
    if say == "out":
        assert "User-agent: Waypost" in html


def test_relay_and_mention_are_offered_where_the_software_can(site):
    mastodon = site.page("/servers/add?software=mastodon").text
    assert "https://waypost.example/inbox" in mastodon
    assert "@waypost@waypost.example server in" in mastodon
    assert "https://waypost.example/inbox" not in site.page("/servers/add?software=lemmy").text
    assert "https://waypost.example/actor" in site.page("/servers/add?software=pleroma").text


def test_what_is_recommended_is_what_a_check_understands():
    """The copied texts are read by the very code that looks for them."""
    from discover.wire import statement

    for say in opting.SAYS:
        for way in opting.ways("a.example", "", say, own_url="https://x.example", handle="w@x"):
            texts = dict(way.copy)
            if way.kind == "dns":
                said = statement.read_txt((texts["TXT record"],))
            elif way.kind == "file":
                said = statement.read_file(texts["The file"].encode())
            else:
                continue
            assert said.agrees is (say != "out")
            assert (said.scope.value == "profiles") is (say == "profiles")


def test_state_on_record_is_shown_without_asking_anybody(site):
    html = site.page(f"/servers/add?host={HOST}").text
    assert "This server is in" in html
    assert "The admin of this server has opted it in." in html
    assert "Look now" in html


def test_what_a_look_found_is_in_its_own_answer_whichever_process_is_asked_next(site):
    """With several API processes the next request may come to one that knows nothing of it."""
    given = {"host": "a1.invalid", "say": "out", "software": "misskey"}
    answer = site.client.post("/servers/add?hl=de", data=given, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert 'id="found"' in answer.text
    assert answer.text.count('<span class="sign"') >= 3  # each place that was looked at
    assert '<option value="out" selected>' in answer.text
    assert '<option value="misskey" selected>' in answer.text
    assert 'action="/servers/add?hl=de#found" method="post"' in answer.text  # stays in German


@pytest.mark.parametrize("typed", ["nonsense", "127.0.0.1", "a@b", "http://", "[::1]", "<x>"])
def test_what_is_no_server_is_said_so_and_nothing_is_asked(site, typed):
    for answer in (
        site.get("/servers/add", params={"host": typed}, headers={"Accept": "text/html"}),
        site.client.post("/servers/add", data={"host": typed}, headers={"Accept": "text/html"}),
    ):
        assert answer.status_code == 422
        assert "not the name of a server" in answer.text
        assert "<x>" not in answer.text


def test_form_that_is_too_long_is_refused(site):
    answer = site.client.post("/servers/add", data={"host": "a" * 9000})
    assert answer.status_code == 422
