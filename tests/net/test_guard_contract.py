"""What both clients, httpx and Scrapy, owe the world. Real sockets, no mocks."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import zlib
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme

from discover.model.fetched import FetchError, FetchFailure
from discover.net.manners import Grant
from tests.net.conftest import Bench, documents, refusal
from tests.support.rude_site import RudeSite, Seen, answer, hung_up, silent

# What is sent


def test_document_arrives_with_status_headers_and_body(bench: Bench) -> None:
    bench.site.replies["/doc"] = answer(200, b'{"a":1}', {"ETag": '"x"', "X-Two": "1"})
    got = bench.get()
    assert (got.status, got.body, got.headers["etag"]) == (200, b'{"a":1}', '"x"')
    assert got.url == got.final_url == "https://a.lab.test/doc"
    assert got.content_type == "application/activity+json"


def test_every_status_is_an_answer(bench: Bench) -> None:
    for status in (204, 304, 401, 404, 410, 418, 500, 503):
        bench.site.replies[f"/{status}"] = answer(status, b"")
        assert bench.get(f"https://a.lab.test/{status}").status == status


def test_client_names_itself_and_offers_only_what_it_can_bound(bench: Bench) -> None:
    bench.site.replies["/doc"] = answer()
    bench.get(etag='"e"', last_modified="Sun, 22 Nov 2026 10:00:00 GMT")
    sent = documents(bench.site)[0].headers
    assert sent["user-agent"] == ("Waypost/0.1.0 (+https://waypost.test/about; ops@waypost.test)")
    assert sent["accept-encoding"] == "gzip, deflate"
    assert "application/activity+json" in sent["accept"]
    assert sent["if-none-match"] == '"e"'
    assert sent["if-modified-since"] == "Sun, 22 Nov 2026 10:00:00 GMT"
    assert sent["host"] == "a.lab.test"


def test_path_and_query_go_out_as_they_stand(bench: Bench) -> None:
    path = "/doc/%7Euser;v=1/@me?page=true&x=%5B1%5D&q='a'"
    bench.site.replies[path] = answer()
    assert bench.get(f"https://a.lab.test{path}").status == 200


def test_cookies_are_never_sent_back(bench: Bench) -> None:
    bench.site.replies["/doc"] = answer(headers={"Set-Cookie": "a=b; Path=/"})

    async def twice(fetcher, _manners) -> None:
        for _ in range(2):
            await fetcher.get("https://a.lab.test/doc", solicited=True)

    bench.run(twice)
    assert not any("cookie" in seen.headers for seen in bench.site.seen)


def test_proxies_of_the_environment_are_ignored(bench: Bench, monkeypatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    bench.site.replies["/doc"] = answer()
    assert bench.get().status == 200


def test_connections_are_used_again(bench: Bench) -> None:
    bench.site.replies["/doc"] = answer()

    async def often(fetcher, _manners) -> None:
        for _ in range(5):
            await fetcher.get("https://a.lab.test/doc", solicited=True)

    bench.run(often)
    assert bench.site.connections == 1


def test_question_is_posted_and_signed_with_a_digest(bench: Bench) -> None:
    bench.site.replies["/api/users"] = answer(200, b"[]")

    async def ask(fetcher, _manners):
        return await fetcher.ask("https://a.lab.test/api/users", b'{"limit":1}', solicited=True)

    assert bench.run(ask).body == b"[]"
    sent = documents(bench.site)[0]
    assert (sent.method, sent.body) == ("POST", b'{"limit":1}')
    assert sent.headers["digest"].startswith("SHA-256=")


# Where to


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.example/doc",
        "https://elsewhere.example:8443/doc",
        "https://127.0.0.1:25/doc",
        "https://10.1.2.3/doc",
        "https://[::1]/doc",
        "https://[::ffff:127.0.0.1]/doc",
        "https://169.254.169.254/latest/meta-data/",
        "ftp://a.lab.test/doc",
        "file:///etc/passwd",
        "https://user:pass@a.lab.test/doc",
        "https://a.lab.test/\r\nX-Evil: 1",
        "https:///doc",
        "gopher://a.lab.test/",
        "",
    ],
)
def test_forbidden_urls_are_refused_before_anything_is_sent(bench: Bench, url: str) -> None:
    assert refusal(bench, url) is FetchFailure.ADDRESS_REFUSED
    assert bench.site.seen == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["8.8.8.8", "192.168.1.1"],
        ["::1"],
        ["fe80::1%eth0"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
    ],
)
def test_name_with_a_forbidden_address_is_refused(bench: Bench, addresses: list[str]) -> None:
    async def lookup(_host: str, _port: int) -> list[str]:
        return addresses

    bench.lookup = lookup
    bench.overrides = {"lab_networks": ""}
    assert refusal(bench, "https://rebound.example/doc") is FetchFailure.ADDRESS_REFUSED


def test_name_that_changes_its_answer_is_not_looked_up_again(bench: Bench, monkeypatch) -> None:
    asked: list[str] = []

    async def lookup(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) > 1 else ["127.66.66.66"]

    real = socket.getaddrinfo

    def only_numbers(host, *rest, **more):
        ip_address(host)  # a name here would be a second look-up, by the transport
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", only_numbers)
    bench.lookup = lookup
    bench.overrides = {"lab_networks": "127.66.66.66/32", "lab_hosts": "", "lab_plain_http": False}
    assert refusal(bench, "https://rebound.example/robots.txt") is FetchFailure.CONNECT
    assert asked == ["rebound.example"]


def test_name_without_address_is_its_own_failure(bench: Bench) -> None:
    async def lookup(host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, f"no {host}")

    bench.lookup = lookup
    # robots.txt itself, because for all else no answer there means no
    failure = refusal(bench, "https://nowhere.example/robots.txt")
    assert failure is FetchFailure.NAME_UNRESOLVED


def test_mapped_address_outside_the_opened_networks_is_refused(bench: Bench) -> None:
    bench.overrides = {"lab_networks": "127.5.0.0/16"}
    assert refusal(bench) is FetchFailure.ADDRESS_REFUSED


def test_refused_host_is_sent_nothing(bench: Bench) -> None:
    async def gate(_host: str) -> Grant | None:
        return None

    bench.gate = gate
    assert refusal(bench) is FetchFailure.HOST_REFUSED
    assert bench.site.seen == []


# Redirects


def test_redirect_is_followed_checked_and_signed_anew(bench: Bench) -> None:
    bench.site.replies["/doc"] = answer(302, b"", {"Location": "https://b.lab.test/there?x=1"})
    bench.site.replies["/there"] = answer(200, b'{"b":1}')
    got = bench.get()
    assert (got.final_url, got.body) == ("https://b.lab.test/there?x=1", b'{"b":1}')
    first, second = documents(bench.site)
    assert (first.host, second.host) == ("a.lab.test", "b.lab.test")
    assert first.headers["signature"] != second.headers["signature"]
    # the second host's robots.txt was asked before its document
    assert [(s.host, s.path) for s in bench.site.seen].index(("b.lab.test", "/robots.txt")) < [
        (s.host, s.path) for s in bench.site.seen
    ].index(("b.lab.test", "/there?x=1"))


@pytest.mark.parametrize(
    "location",
    [
        "http://elsewhere.example/",
        "https://192.168.0.1/",
        "https://[::1]/",
        "https://127.0.0.1:22/",
        "file:///etc/passwd",
        "https://elsewhere.example:99/",
    ],
)
def test_redirect_to_a_forbidden_place_is_refused(bench: Bench, location: str) -> None:
    bench.site.replies["/doc"] = answer(301, b"", {"Location": location})
    assert refusal(bench) is FetchFailure.REDIRECT
    assert len(documents(bench.site)) == 1


def test_redirect_loop_ends(bench: Bench) -> None:
    bench.site.replies["/doc"] = answer(302, b"", {"Location": "/other"})
    bench.site.replies["/other"] = answer(302, b"", {"Location": "/doc"})
    assert refusal(bench) is FetchFailure.REDIRECT


def test_redirects_are_counted(bench: Bench) -> None:
    for number in range(9):
        target = {"Location": f"/hop{number + 1}"}
        bench.site.replies[f"/hop{number}"] = answer(307, b"", target)
    bench.site.replies["/hop3"] = answer()
    assert bench.get("https://a.lab.test/hop0").final_url == "https://a.lab.test/hop3"
    bench.site.replies["/hop3"] = answer(307, b"", {"Location": "/hop4"})
    bench.site.replies["/hop4"] = answer()
    assert refusal(bench, "https://a.lab.test/hop0") is FetchFailure.REDIRECT


# Bounds


async def trickle(_seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


async def endless(_seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(1000):
        writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        await writer.drain()


async def dropped(_seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this")
    await writer.drain()
    writer.close()


async def gibberish(_seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (silent, FetchFailure.TIMEOUT),
        (trickle, FetchFailure.TIMEOUT),
        (endless, FetchFailure.TOO_LARGE),
        (answer(200, b"x" * 100_001), FetchFailure.TOO_LARGE),
        (dropped, FetchFailure.BROKEN),
        (gibberish, FetchFailure.BROKEN),
        (hung_up, FetchFailure.BROKEN),
        (
            answer(200, gzip.compress(b"0" * 90_000_000), {"Content-Encoding": "gzip"}),
            FetchFailure.TOO_LARGE,
        ),
        (
            answer(200, gzip.compress(b"0" * 99_000), {"Content-Encoding": "gzip"}),
            FetchFailure.BAD_ENCODING,
        ),
        (
            answer(200, gzip.compress(b"{}" * 50)[:20], {"Content-Encoding": "gzip"}),
            FetchFailure.BAD_ENCODING,
        ),
        (answer(200, b"\x1b\x03\x00", {"Content-Encoding": "br"}), FetchFailure.BAD_ENCODING),
        (answer(200, b"{}", {"Content-Encoding": "gzip, gzip"}), FetchFailure.BAD_ENCODING),
    ],
    ids=[
        "silent", "trickle", "endless", "too long", "dropped", "gibberish", "hung up",
        "huge bomb", "dense bomb", "cut gzip", "not offered", "layers",
    ],
)  # fmt: skip
def test_rudeness_ends_within_bounds(bench: Bench, reply, failure: FetchFailure) -> None:
    bench.site.replies["/doc"] = reply
    assert refusal(bench) is failure


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b'{"a": "b"}')),
        ("deflate", zlib.compress(b'{"a": "b"}')),
        ("deflate", zlib.compress(b'{"a": "b"}')[2:-4]),
        ("identity", b'{"a": "b"}'),
    ],
    ids=["gzip", "deflate", "raw deflate", "identity"],
)
def test_offered_encodings_are_undone(bench: Bench, encoding: str, body: bytes) -> None:
    bench.site.replies["/doc"] = answer(200, body, {"Content-Encoding": encoding})
    assert bench.get().body == b'{"a": "b"}'


def test_client_works_on_after_every_failure(bench: Bench) -> None:
    bench.site.replies |= {"/silent": silent, "/endless": endless, "/doc": answer()}

    async def mixed(fetcher, _manners) -> int:
        for path in ("silent", "endless", "silent"):
            with pytest.raises(FetchError):
                await fetcher.get(f"https://a.lab.test/{path}", solicited=True)
        return (await fetcher.get("https://a.lab.test/doc", solicited=True)).status

    assert bench.run(mixed) == 200


def test_cancelled_request_gives_the_host_back(bench: Bench) -> None:
    bench.site.replies |= {"/silent": silent, "/doc": answer()}

    async def cancel(fetcher, _manners) -> int:
        task = asyncio.create_task(fetcher.get("https://a.lab.test/silent", solicited=True))
        while "/silent" not in bench.site.paths():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(1):
            return (await fetcher.get("https://a.lab.test/doc", solicited=True)).status

    assert bench.run(cancel) == 200


# TLS


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca, path


def secure(bench: Bench, ca: trustme.CA, ca_file: Path | None, *names: str) -> RudeSite:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*names).configure_cert(context)
    site = RudeSite(tls=context, replies={"/doc": answer()})
    bench.overrides = {"lab_plain_http": False} | ({"lab_ca_file": ca_file} if ca_file else {})
    bench.site = site
    return site


def test_tls_with_the_laboratory_authority(bench: Bench, authority) -> None:
    ca, path = authority
    with secure(bench, ca, path, "a.lab.test") as site:
        assert bench.get().status == 200
        assert site.seen[-1].host == "a.lab.test"


def test_unknown_authority_is_refused(bench: Bench, authority) -> None:
    ca, _ = authority
    with secure(bench, ca, None, "a.lab.test") as site:
        assert refusal(bench, "https://a.lab.test/robots.txt") is FetchFailure.TLS
        assert refusal(bench) is FetchFailure.ROBOTS_UNREADABLE
        assert site.seen == []


def test_certificate_of_another_name_is_refused(bench: Bench, authority) -> None:
    ca, path = authority
    with secure(bench, ca, path, "b.lab.test") as site:
        assert refusal(bench, "https://a.lab.test/robots.txt") is FetchFailure.TLS
        assert site.seen == []


def test_session_of_one_host_is_not_used_for_another(bench: Bench, authority) -> None:
    ca, path = authority

    async def both(fetcher, _manners) -> None:
        await fetcher.get("https://a.lab.test/doc", solicited=True)
        with pytest.raises(FetchError):
            await fetcher.get("https://b.lab.test/robots.txt", solicited=True)

    with secure(bench, ca, path, "a.lab.test"):
        bench.run(both)


def test_plain_http_is_refused_where_the_laboratory_speaks_tls(bench: Bench) -> None:
    bench.overrides = {"lab_plain_http": False}
    assert refusal(bench, "http://a.lab.test/doc") is FetchFailure.ADDRESS_REFUSED
