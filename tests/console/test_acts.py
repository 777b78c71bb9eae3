"""What an operator does takes effect, and stands in the audit log."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from discover.model.query import Kind
from discover.services.consent import consent_log
from discover.services.consent.blocklist_drafts import find_draft
from discover.services.consent.blocklists import lists
from discover.services.consent.retention import enforce_retention
from discover.services.consent.withdraw import VISITS
from discover.services.console import audit_log, reports
from discover.services.console.growth import note_sizes
from discover.services.facts import SERVERS
from discover.services.federation import deliveries, delivery_desk
from discover.services.index.indexing import index_all
from discover.services.index.rebuilds import newest
from discover.services.tasks import run_next_task
from discover.store.database import table
from discover.store.tables import AuditEntry, ConsentLogEntry, Report
from tests.console.conftest import HTML, NAME
from tests.support.site import HOST

PAGE = f"/console/servers/{HOST}"


def last(visitor):
    return audit_log.page(visitor.context)[0]


def server(visitor, host=HOST):
    with visitor.context.database.read() as connection:
        return connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()


def found(visitor):
    return "@marta@" in visitor.see("/search?q=marta").text


def write(visitor, statement):
    with visitor.context.database.write() as connection:
        connection.execute(statement)


def test_blocked_server_vanishes_from_search_at_once(ada):
    assert found(ada)
    page = ada.send(f"{PAGE}/block", PAGE, reason="spam")
    assert not found(ada)
    assert ada.see(f"/account/marta@{HOST}").status_code == 404
    assert "<b>Done:</b> blocked a server, stars.example" in page.text
    act = last(ada)
    assert (act.operator, act.act, act.subject, act.outcome) == (
        NAME, "blocked a server", HOST, "done",
    )  # fmt: skip
    assert act.before["state"] == "in"
    assert act.before["people"] == 6
    assert act.after == {"people_removed": 6, "posts_removed": 8, "reason": "spam"}
    index_all(ada.context)
    assert list(ada.context.engine.ids(Kind.ACCOUNTS)) == []


def test_block_is_taken_back_and_restores_nobody(ada):
    ada.send(f"{PAGE}/block", PAGE)
    page = ada.send(f"{PAGE}/unblock", PAGE)
    assert page.status_code == 200
    assert not server(ada).blocked
    assert not found(ada)
    again = ada.send(f"{PAGE}/unblock", PAGE)
    assert again.status_code == 422
    assert "was not blocked by hand" in again.text
    assert last(ada).outcome == "failed"


def test_server_is_opted_in_with_a_note_only(ada):
    page = "/console/servers/new.example"
    assert ada.send(f"{page}/add", "/console").status_code == 422
    assert server(ada, "new.example") is None
    shown = ada.send(f"{page}/add", "/console", note="Ada of new.example, by mail")
    assert server(ada, "new.example").opt_in == "operator"
    assert "Ada of new.example, by mail" in shown.text
    assert last(ada).after == {"recorded": "anew", "note": "Ada of new.example, by mail"}


def test_record_is_taken_back_and_its_people_go(ada):
    ada.send(f"{PAGE}/remove", PAGE)
    assert not found(ada)
    assert last(ada).after == {"people_removed": 6}
    assert ada.send(f"{PAGE}/remove", "/console").status_code == 422


def test_server_is_taken_out_for_good(ada):
    ada.send(f"{PAGE}/out", PAGE)
    assert not found(ada)
    assert server(ada).opted_out
    assert "opted out" in ada.see(PAGE).text


def test_crawl_now_makes_the_server_due(ada):
    with ada.context.database.write() as connection:
        later = ada.context.clock.now() + timedelta(days=1)
        connection.execute(sa.update(SERVERS).values(due_at=later))
        connection.execute(sa.update(VISITS).values(due_at=later))
    ada.send(f"{PAGE}/crawl", PAGE)
    assert server(ada).due_at <= ada.context.clock.now()
    assert last(ada).after["appointments"] == 8


def test_servers_are_filtered_and_searched(ada):
    for host in ("one.example", "two.example"):
        ada.send(f"/console/servers/{host}/add", "/console", note="mail of May")
    ada.send("/console/servers/two.example/block", "/console")

    def hosts(query):
        return re.findall(
            r'<th scope="row"><a href="/console/servers/([^"]+)"',
            ada.see(f"/console/servers?{query}").text,
        )

    assert hosts("") == ["one.example", HOST, "two.example"]
    assert hosts("show=blocked") == ["two.example"]
    assert hosts("show=new") == ["one.example"]
    assert hosts("show=in") == ["one.example", HOST]
    assert hosts("q=MAST") == [HOST]
    assert hosts("q=may") == ["one.example", "two.example"]
    assert hosts("q=%25") == []
    assert hosts("show=nonsense") == hosts("")
    write(ada, sa.update(SERVERS).where(SERVERS.c.host == "one.example").values(failures=2))
    assert hosts("show=trouble") == ["one.example"]
    assert "1 opted-in server has trouble" in ada.see("/console").text


@pytest.mark.parametrize("host", ["non sense", "a b", "-", "x" * 300 + ".example"])
def test_what_is_no_host_is_said_so(ada, host):
    assert ada.send("/console/servers/open", host=host).status_code == 422


def test_host_that_nobody_knows_has_a_page_too(ada):
    page = ada.send("/console/servers/open", "/console/servers", host="https://New.example/about")
    assert page.url.path == "/console/servers/new.example"
    assert page.status_code == 404
    assert "Nothing is on record" in page.text


def test_crawl_page_gives_the_reason_of_failures_and_names_nobody(ada):
    failed = {"failures": 3, "last_detail": "timed out after 20 s"}
    write(ada, sa.update(VISITS).values(**failed))
    text = ada.see("/console/crawl").text
    assert "timed out after 20 s" in text
    assert "/users/" not in text
    assert "Nothing failed" in ada.see("/console/crawl?host=elsewhere").text


def queue(ada, host="far.example"):
    with ada.context.database.write() as connection:
        for number in (1, 2):
            activity = {"id": f"https://us.example/{number}", "type": "Accept"}
            deliveries.enqueue(
                connection, activity=activity, inboxes=[f"https://{host}/inbox"],
                now=ada.context.clock.now(),
            )  # fmt: skip
        parked = ada.context.clock.now() + timedelta(hours=5)
        connection.execute(sa.update(delivery_desk.HOSTS).values(failures=4, parked_until=parked))


def test_parked_deliveries_are_tried_now(ada):
    queue(ada)
    assert "Deliveries are stuck at 1 host" in ada.see("/console").text
    assert "parked, again" in ada.see("/console/deliveries").text
    ada.send("/console/deliveries/retry", "/console/deliveries", host="far.example")
    [host] = delivery_desk.by_host(ada.context)
    assert host.parked_until is None
    assert last(ada).after == {"deliveries": 2}


def test_dropped_deliveries_leave_a_record(ada):
    queue(ada)
    ada.send("/console/deliveries/drop", "/console/deliveries", host="far.example")
    assert delivery_desk.by_host(ada.context) == []
    [gone] = delivery_desk.given_up(ada.context)
    assert (gone.host, gone.deliveries, gone.reason) == ("far.example", 2, delivery_desk.DROPPED)
    again = ada.send("/console/deliveries/drop", "/console/deliveries", host="far.example")
    assert again.status_code == 404


def report(ada):
    row = {
        "actor": "https://far.example/actor", "objects": [f"https://{HOST}/users/marta"],
        "content": "<script>alert(1)</script>", "at": ada.context.clock.now(),
    }  # fmt: skip
    write(ada, sa.insert(table(Report)).values(**row))
    return reports.list_reports(ada.context)[0].id


def test_report_is_read_noted_handled_and_forgotten_in_time(ada):
    number = report(ada)
    page = ada.see("/console/reports").text
    assert "&lt;script&gt;" in page
    assert "1 report waits for you" in ada.see("/console").text
    ada.send(f"/console/reports/{number}", "/console/reports", do="note", note="asked them")
    assert reports.list_reports(ada.context)[0].note == "asked them"
    ada.send(f"/console/reports/{number}", "/console/reports", do="handled", note="harmless")
    assert reports.list_reports(ada.context) == []
    assert "harmless" in ada.see("/console/reports?show=handled").text
    assert last(ada).subject == f"report {number}"
    ada.clock.ahead += reports.KEPT - timedelta(days=1)
    enforce_retention(ada.context)
    assert len(reports.list_reports(ada.context, handled=True)) == 1
    ada.clock.ahead += timedelta(days=2)
    enforce_retention(ada.context)
    assert reports.list_reports(ada.context, handled=True) == []


def test_open_report_is_never_forgotten(ada):
    report(ada)
    ada.clock.ahead += timedelta(days=1000)
    enforce_retention(ada.context)
    assert reports.count_open(ada.context) == 1


CSV = "#domain,#severity,#reject_media,#reject_reports,#public_comment\n{},suspend,false,false,spam\nmild.example,silence,,,\n"


def read_list(ada, **fields):
    page = "/console/blocklists"
    files = {"file": ("theirs.csv", CSV.format(HOST).encode(), "text/csv")}
    data = {"csrf": ada.csrf(page), "name": "theirs", "url": "", "text": "", **fields}
    return ada.client.post(f"{page}/read", data=data, files=files, headers=HTML)


def test_dry_run_of_an_uploaded_list_changes_nothing_until_it_is_applied(ada):
    dry = read_list(ada)
    assert "/draft/" in dry.url.path
    assert "Nothing is changed yet" in dry.text
    assert re.search(r"People to be removed</dt><dd>6<", dry.text)
    assert "1 milder than a block" in dry.text
    assert found(ada)
    assert lists(ada.context) == []
    done = ada.send(f"{dry.url.path}/apply", dry.url.path)
    assert not found(ada)
    assert [(one.name, one.hosts) for one in lists(ada.context)] == [("theirs", 1)]
    assert last(ada).act == "applied a blocklist"
    assert last(ada).after["people_removed"] == 6
    assert "theirs" in done.text
    token = dry.url.path.rpartition("/")[2]
    assert find_draft(ada.context, token, NAME) is None
    ada.send("/console/blocklists/remove", "/console/blocklists", name="theirs")
    assert lists(ada.context) == []


def test_list_may_be_typed_and_mild_blocks_may_count(ada):
    page = "/console/blocklists"
    given = {"name": "mine", "text": "mild.example,silence\nbad.example", "url": ""}
    dry = ada.send(f"{page}/read", page, **given, silenced="yes")
    assert re.search(r"Hosts on the list</dt><dd>2<", dry.text)


def test_draft_is_its_readers_alone_and_ends_after_a_day(ada):
    token = read_list(ada).url.path.rpartition("/")[2]
    assert find_draft(ada.context, token, NAME) is not None
    assert find_draft(ada.context, token, "somebody") is None
    ada.clock.ahead += timedelta(days=1, minutes=1)
    assert find_draft(ada.context, token, NAME) is None


@pytest.mark.parametrize(
    "given", [{}, {"name": "operator", "text": "a.example"}, {"name": "x", "text": "*"}]
)
def test_list_that_cannot_be_used_is_said_so(ada, given):
    page = "/console/blocklists"
    assert ada.send(f"{page}/read", page, **given).status_code == 422


def test_rebuild_is_queued_done_by_a_worker_and_shows_its_progress(ada):
    ada.context.engine.delete_server(HOST)
    page = ada.send("/console/index/rebuild", "/console/index")
    assert "queued" in page.text
    assert page.headers["refresh"].startswith("5;")
    ada.send("/console/index/rebuild", "/console/index")  # asking twice is asking once
    assert len(newest(ada.context)) == 1
    while run_next_task(ada.context):
        pass
    [rebuild] = newest(ada.context)
    assert rebuild.state == "done"
    assert rebuild.accounts == (6, 6)
    assert rebuild.posts == (8, 8)
    assert len(list(ada.context.engine.ids(Kind.ACCOUNTS))) == 6
    after = ada.see("/console/index")
    assert "6 of 6" in after.text
    assert "refresh" not in after.headers


def test_rebuild_is_not_done_again_when_its_task_comes_twice(ada):
    from discover.services.index.rebuilds import ask, run

    number = ask(ada.context, NAME)
    run(ada.context, {"rebuild": number})
    ended = newest(ada.context)[0].ended_at
    ada.clock.ahead += timedelta(hours=1)
    run(ada.context, {"rebuild": number})
    assert newest(ada.context)[0].ended_at == ended


def test_index_and_database_are_compared_on_demand(ada):
    ada.context.engine.delete_server(HOST)
    ada.send("/console/index/reconcile", "/console/index")
    while run_next_task(ada.context):
        pass
    index_all(ada.context)
    assert len(list(ada.context.engine.ids(Kind.ACCOUNTS))) == 6


def test_consent_log_is_paged_and_verified(ada):
    length = consent_log.length(ada.context)
    assert length > 0
    assert "server in" in ada.see("/console/consent").text
    assert "Entries" not in ada.see("/console/consent?before=1").text
    ada.send("/console/consent/verify", "/console/consent")
    assert last(ada).after["holds"] is True
    assert last(ada).after["entries"] == length
    write(
        ada,
        sa.update(table(ConsentLogEntry))
        .where(table(ConsentLogEntry).c.id == 1)
        .values(details={}),
    )
    ada.send("/console/consent/verify", "/console/consent")
    assert last(ada).after["holds"] is False


def test_settings_show_where_they_come_from_and_no_secret(tmp_path, monkeypatch):
    from discover.services.console.operators import add_operator
    from tests.console.conftest import PASSWORD, consoled

    monkeypatch.setenv("WAYPOST_ACTOR_NAME", "finder")
    monkeypatch.setenv("WAYPOST_SUPPRESSION_KEY", "very secret indeed")
    with consoled(tmp_path / "home") as visitor:
        add_operator(visitor.context, NAME, PASSWORD)
        visitor.login()
        text = visitor.see("/console/settings").text
    assert "very secret indeed" not in text
    assert re.search(
        r"WAYPOST_ACTOR_NAME</code></th><td class=\"value\"><code dir=\"ltr\">finder</code></td><td><span class=\"state in\">environment",
        text,
    )
    assert re.search(
        r"WAYPOST_PORT</code></th><td class=\"value\"><code dir=\"ltr\">8000</code></td><td><span class=\"quiet\">default",
        text,
    )


def test_password_of_the_database_is_not_shown():
    from discover.settings import Settings
    from web.console.inventory import in_force

    shown = {
        one.name: one.value
        for one in in_force(
            Settings(
                _env_file=None,
                database_url="postgresql://me:hush@db.example/waypost",
                search_url="http://u:hush@m.example:7700",
            )
        )
    }
    assert "hush" not in str(shown)
    assert "db.example" in shown["WAYPOST_DATABASE_URL"]


def test_growth_is_noted_by_day_and_drawn_with_its_numbers(ada):
    note_sizes(ada.context)
    ada.clock.ahead += timedelta(days=1)
    ada.login()
    ada.send(f"{PAGE}/block", PAGE)
    note_sizes(ada.context)
    text = ada.see("/console/growth").text
    assert text.count('<svg class="chart"') >= 4
    assert text.count('role="img" aria-label="') >= 4
    assert re.search(r'aria-label="People listed: \w+ \d+, \d+: 0; \w+ \d+, \d+: 6"', text)
    assert re.search(r'<th scope="row">[^<]+</th><td class="n">6</td>', text)
    assert "/console/servers/{host}/block" in text


def test_act_is_written_down_before_it_is_done(ada):
    def cut_short():
        assert last(ada).outcome == "begun"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit_log.perform(ada.context, NAME, "tried", "x", cut_short)
    assert last(ada).outcome == "begun"
    assert "not finished" in ada.see("/console/audit").text


def test_audit_log_is_paged_and_shows_one_operators_acts(ada):
    with ada.context.database.write() as connection:
        for number in range(60):
            audit_log.note(connection, "grace", f"act {number}", "", ada.context.clock.now())
    text = ada.see("/console/audit").text
    assert "act 59" in text
    assert "act 5<" not in text
    older = re.search(r'rel="next" href="([^"]+)"', text)[1].replace("&amp;", "&")
    assert "act 5<" in ada.see(older).text
    assert "No" not in ada.see("/console/audit?operator=nobody").text.partition("<tbody>")[2]


def test_message_of_somebody_elses_act_is_not_shown(ada):
    with ada.context.database.write() as connection:
        number = audit_log.note(connection, "grace", "hid something", "", ada.context.clock.now())
    assert "hid something" not in ada.see(f"/console/servers?did={number}").text


def test_audit_entries_stay(ada):
    ada.send(f"{PAGE}/crawl", PAGE)
    with ada.context.database.read() as connection:
        before = connection.scalar(sa.select(sa.func.count()).select_from(table(AuditEntry)))
    ada.clock.ahead += timedelta(days=400)
    enforce_retention(ada.context)
    with ada.context.database.read() as connection:
        after = connection.scalar(sa.select(sa.func.count()).select_from(table(AuditEntry)))
    assert after == before > 0


def test_settings_are_explained_in_the_operators_language(ada):
    text = ada.see("/console/settings?hl=de").text
    assert "Adresse, auf der gelauscht wird" in text
    assert "Address to listen on" not in text


def test_names_and_not_identifiers_stand_in_the_tables(ada):
    topics = ada.see("/console/topics?q=astrophotography").text
    assert re.search(r"<td[^>]*>(Photography|Astronomy)</td>", topics)
    assert re.search(r">Mastodon <span", ada.see("/console/servers").text)
    assert re.search("SQLite|PostgreSQL", ada.see("/console").text)


def test_a_visit_that_should_have_been_is_due_now_and_not_in_the_past(ada):
    ada.clock.ahead += timedelta(days=2)
    ada.login()
    assert "the next is due now" in ada.see(PAGE).text
