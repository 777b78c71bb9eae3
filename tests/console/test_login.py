"""Who gets in, how long they stay, and what a form needs."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from discover.policy.entry import FREE_TRIES, IDLE, LONGEST
from discover.services.consent.retention import enforce_retention
from discover.services.console import audit_log, sessions
from discover.services.console.operators import (
    OPERATORS,
    add_operator,
    check_password,
    list_operators,
    remove_operator,
    set_password,
)
from discover.services.console.sessions import SESSIONS
from discover.store.database import table
from discover.store.tables import LoginTry
from tests.console.conftest import HTML, NAME, PASSWORD, consoled
from tests.support.site import HOST

PAGES = (
    "/console", "/console/growth", "/console/servers", f"/console/servers/{HOST}", "/console/crawl",
    "/console/blocklists", "/console/deliveries", "/console/reports", "/console/consent",
    "/console/index", "/console/settings", "/console/audit", "/console/account",
    "/console/topics", "/console/topics/astronomy", "/console/packs",
)  # fmt: skip


def rows(visitor, source):
    with visitor.context.database.read() as connection:
        return connection.execute(sa.select(source)).all()


def test_without_an_operator_nobody_gets_in(tmp_path):
    with consoled(tmp_path / "home") as visitor:
        assert list_operators(visitor.context) == []
        page = visitor.see("/console")
        assert page.url.path == "/console/login"
        assert "waypost operator add" in page.text
        for name in ("", "admin", "root", "operator", "waypost"):
            assert visitor.login(name, "").status_code in (403, 429)
            assert visitor.login(name, name).status_code in (403, 429)


def test_right_password_opens_the_console_and_a_wrong_one_does_not(visitor):
    wrong = visitor.login(password="correct horse batterz")
    assert wrong.status_code == 403
    assert "do not belong together" in wrong.text
    assert visitor.see("/console").url.path == "/console/login"
    assert visitor.login("nobody", PASSWORD).text.replace("nobody", NAME) == wrong.text.replace(
        visitor_csrf(wrong), visitor_csrf(visitor.see("/console/login"))
    )
    inside = visitor.login(" ADA ")
    assert inside.url.path == "/console"
    assert ">ada<" in inside.text


def visitor_csrf(page):
    return page.text.partition('name="csrf" value="')[2].partition('"')[0]


def test_password_is_kept_as_argon2id_and_the_token_as_a_hash(visitor):
    visitor.login()
    [operator] = rows(visitor, OPERATORS)
    assert operator.password.startswith("$argon2id$")
    assert operator.entered_at is not None
    [session] = rows(visitor, SESSIONS)
    token = visitor.client.cookies["waypost-console"]
    assert token not in str(session)
    assert session.digest == sessions.digest_of(token)


def test_many_wrong_passwords_make_the_name_and_the_client_wait(visitor):
    visitor.clock.stop()
    for _ in range(FREE_TRIES):
        assert visitor.login(password="wrong wrong wrong").status_code == 403
    locked = visitor.login()
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) >= 1
    assert "Too many wrong passwords" in locked.text
    # The same client with another name, and another client with the same name
    assert visitor.login("somebody", "wrong wrong wrong").status_code == 429
    with pytest.raises(Exception, match="Too many wrong passwords"):
        check_password(visitor.context, NAME, PASSWORD, "198.51.100.7")
    # Somebody else is not kept out by it.
    add_operator(visitor.context, "grace", PASSWORD)
    assert check_password(visitor.context, "grace", PASSWORD, "198.51.100.8")
    visitor.clock.ahead += timedelta(minutes=1)
    assert visitor.login().url.path == "/console"
    assert rows(visitor, table(LoginTry)) == []


def test_each_further_wrong_password_doubles_the_wait(visitor):
    visitor.clock.stop()
    waits = []
    for _ in range(FREE_TRIES + 4):
        answer = visitor.login(password="wrong wrong wrong")
        if answer.status_code == 429:
            waits.append(int(answer.headers["retry-after"]))
            visitor.clock.ahead += timedelta(seconds=waits[-1])
            assert visitor.login(password="wrong wrong wrong").status_code == 403
    assert waits == [2, 4, 8, 16]


def test_a_new_password_from_the_command_line_ends_the_wait_and_the_sessions(visitor):
    visitor.login()
    assert set_password(visitor.context, NAME, "another long password")
    assert visitor.see("/console").url.path == "/console/login"
    assert rows(visitor, SESSIONS) == []
    assert visitor.login().status_code == 403
    assert visitor.login(password="another long password").url.path == "/console"


def test_removed_operator_is_out_at_once(visitor):
    visitor.login()
    assert remove_operator(visitor.context, NAME)
    assert visitor.see("/console").url.path == "/console/login"
    assert visitor.login().status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_no_page_without_a_login(site_without_login, path):
    answer = site_without_login.client.get(path, headers=HTML, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/login"
    assert "Log out" not in answer.text


@pytest.fixture(scope="module")
def site_without_login(tmp_path_factory):
    with consoled(tmp_path_factory.mktemp("outside") / "home") as visitor:
        yield visitor


def test_no_form_without_a_login_even_with_a_token_of_the_login_page(visitor):
    csrf = visitor.csrf("/console/login")
    answer = visitor.client.post(
        f"/console/servers/{HOST}/block", data={"csrf": csrf}, follow_redirects=False
    )
    assert answer.status_code == 303
    assert "marta" in visitor.see("/search?q=marta").text


def test_session_ends_when_nothing_is_asked_for_a_while(visitor):
    visitor.login()
    visitor.clock.ahead += IDLE - timedelta(minutes=5)
    assert visitor.see("/console").url.path == "/console"
    visitor.clock.ahead += IDLE - timedelta(minutes=5)
    assert visitor.see("/console").url.path == "/console"
    visitor.clock.ahead += IDLE + timedelta(minutes=1)
    assert visitor.see("/console").url.path == "/console/login"
    enforce_retention(visitor.context)
    assert rows(visitor, SESSIONS) == []


def test_session_ends_after_its_longest_time_however_busy(visitor):
    visitor.login()
    while visitor.clock.ahead < LONGEST - timedelta(hours=1):
        visitor.clock.ahead += timedelta(hours=1)
        assert visitor.see("/console").url.path == "/console"
    visitor.clock.ahead += timedelta(hours=1)
    assert visitor.see("/console").url.path == "/console/login"


def test_logout_ends_the_session_here_and_not_elsewhere(visitor):
    visitor.login()
    with httpx.Client(base_url=visitor.site.base, follow_redirects=True) as elsewhere:
        other = type(visitor)(visitor.site, visitor.clock, elsewhere)
        other.login()
        token = visitor.client.cookies["waypost-console"]
        assert visitor.send("/console/logout").url.path == "/console/login"
        assert sessions.find(visitor.context, token) is None
        assert other.see("/console").url.path == "/console"


def test_all_sessions_can_be_ended_at_once(visitor):
    visitor.login()
    with httpx.Client(base_url=visitor.site.base, follow_redirects=True) as elsewhere:
        other = type(visitor)(visitor.site, visitor.clock, elsewhere)
        other.login()
        assert visitor.send("/console/account/sessions").url.path == "/console/login"
        assert other.see("/console").url.path == "/console/login"
    assert audit_log.page(visitor.context)[0].after == {"sessions": 2}


def test_password_is_changed_by_whoever_knows_the_old_one(ada):
    page = "/console/account"
    new = {"new": "yet another password", "again": "yet another password"}
    wrong = ada.send("/console/account/password", page, old="no no no no no", **new)
    assert wrong.status_code == 403
    unlike = ada.send("/console/account/password", page, old=PASSWORD, **{**new, "again": "x"})
    assert unlike.status_code == 422
    short = ada.send("/console/account/password", page, old=PASSWORD, new="short", again="short")
    assert short.status_code == 422
    done = ada.send("/console/account/password", page, old=PASSWORD, **new)
    assert done.url.path == "/console/login"
    assert ada.login().status_code == 403
    assert ada.login(password="yet another password").url.path == "/console"
    assert audit_log.page(ada.context)[0].act == "password changed"


def test_a_new_login_makes_a_new_token(visitor):
    visitor.see("/console/login")
    before = visitor.client.cookies["waypost-login"]
    visitor.login()
    assert visitor.client.cookies["waypost-console"] != before
    assert "waypost-login" not in visitor.client.cookies


def test_link_from_elsewhere_does_not_end_the_session(ada):
    """A browser does not send the cookie (SameSite=Strict) with it, and keeps what is answered."""
    session = ada.client.cookies["waypost-console"]
    with httpx.Client(base_url=ada.site.base, follow_redirects=True) as linked:
        page = linked.get("/console/servers", headers=HTML)
        assert page.url.path == "/console/login"
        ada.client.cookies.update(linked.cookies)
    assert ada.client.cookies["waypost-console"] == session
    assert ada.see("/console/servers").url.path == "/console/servers"
    assert ada.see("/console/login").url.path == "/console"


@pytest.mark.parametrize("csrf", ["", "x", None])
def test_form_without_its_token_does_nothing(ada, csrf):
    given = {} if csrf is None else {"csrf": csrf}
    answer = ada.client.post(f"/console/servers/{HOST}/block", data=given, headers=HTML)
    assert answer.status_code == 403
    assert "marta" in ada.see("/search?q=marta").text


def test_token_of_another_session_does_not_fit(ada):
    before = ada.csrf("/console")
    ada.send("/console/logout")
    ada.login()
    answer = ada.client.post(f"/console/servers/{HOST}/block", data={"csrf": before})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_form_of_a_foreign_page_does_nothing_even_with_the_token(ada, headers):
    data = {"csrf": ada.csrf("/console")}
    answer = ada.client.post(f"/console/servers/{HOST}/block", data=data, headers=headers)
    assert answer.status_code == 403
    assert "marta" in ada.see("/search?q=marta").text
    login = ada.client.post("/console/login", data=data, headers=headers)
    assert login.status_code == 403


def test_forms_of_our_own_page_pass(ada):
    data = {"csrf": ada.csrf("/console")}
    own = {"Origin": ada.site.base, "Sec-Fetch-Site": "same-origin"}
    assert ada.client.post("/console/consent/verify", data=data, headers=own).status_code == 200


def test_overlong_form_is_refused(ada):
    answer = ada.send(f"/console/servers/{HOST}/add", note="x" * 70_000)
    assert answer.status_code == 413


def test_cookie_is_for_the_console_alone_and_visitors_get_none(visitor):
    for path in (
        "/",
        "/search?q=astronomy",
        "/about",
        f"/why?handle=marta@{HOST}",
        "/api/v1/search",
    ):
        assert "set-cookie" not in visitor.see(path).headers
    form = visitor.see("/console/login").headers["set-cookie"]
    session = visitor.login().history[0].headers["set-cookie"]
    assert form.startswith("waypost-login=")
    assert session.startswith("waypost-console=")
    for sent in (form.lower(), session.lower()):
        for part in ("httponly", "samesite=strict", "path=/console", "max-age="):
            assert part in sent
        assert "secure" not in sent  # over plain http it would never come back


def test_cookie_is_bound_to_host_and_tls_where_there_is_tls(tmp_path):
    with consoled(tmp_path / "home", public_url="https://waypost.example") as visitor:
        sent = visitor.see("/console/login").headers["set-cookie"]
        assert sent.startswith("__Host-waypost-login=")
        low = sent.lower()
        for part in ("secure", "httponly", "samesite=strict", "path=/;"):
            assert part in low + ";"
        assert "domain" not in low


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_kept_by_nobody_and_load_nothing_from_elsewhere(inside, path):
    answer = inside.see(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    html = answer.text
    assert "<script" not in html
    assert " style=" not in html
    assert html.count("<h1") == 1
    assert html.count('method="post"') == html.count('name="csrf"')


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    with consoled(tmp_path_factory.mktemp("inside") / "home") as visitor:
        add_operator(visitor.context, NAME, PASSWORD)
        visitor.login()
        yield visitor


def test_console_can_be_left_out(tmp_path):
    with consoled(tmp_path / "home", console="off") as visitor:
        assert visitor.see("/console").status_code == 404
        assert visitor.see("/console/login").status_code == 404
