"""Deliveries in their order, to those who take them, and the end of those whom nobody takes."""

import asyncio
import base64
import hashlib
import time
from datetime import UTC, timedelta
from email.utils import format_datetime

import pytest
import sqlalchemy as sa

from discover.model.fetched import FetchError, FetchFailure
from discover.net.conversation import Answer
from discover.services.consent.retention import enforce_retention
from discover.services.federation.deliveries import enqueue
from discover.services.federation.delivery_turns import HOSTS, drop_dead_leases
from discover.services.owners import may_be_alive, own_name
from discover.store.database import table, upsert
from discover.store.tables import Follower, Server

ALIVE = "alive.lab.test"
INBOX = f"http://{ALIVE}/inbox"


def ids(*numbers):
    return [f"http://our.test/activities/{number}" for number in numbers]


def follower(post, name, *, inbox, shared=None):
    row = {
        "actor": f"http://{ALIVE}/users/{name}", "host": ALIVE, "inbox": inbox,
        "shared_inbox": shared, "follow_id": f"http://{ALIVE}/follows/{name}",
        "at": post.clock.now(), "relay": False,
    }  # fmt: skip
    with post.app.context.database.write() as connection:
        upsert(connection, Follower, [row], key=["actor"])


def followers(post):
    return {row.actor.rpartition("/")[2]: row for row in post.rows(table(Follower))}


def test_deliveries_arrive_signed_and_in_order_one_at_a_time(post, receiver):
    receiver.tell(ALIVE, 202, seconds=0.01)
    for number in range(12):
        post.enqueue(number, f"http://{ALIVE}/users/{number % 3}/inbox")
    assert post.deliver() == 12
    assert receiver.ids(ALIVE) == ids(*range(12))
    assert receiver.most_at_once[ALIVE] == 1
    assert post.waiting == []
    for _, _, body, headers in receiver.got:
        digest = base64.b64encode(hashlib.sha256(headers["raw"]).digest()).decode()
        assert headers["digest"] == f"SHA-256={digest}"
        assert 'keyId="http://127.0.0.1:8000/actor#main-key"' in headers["signature"]
        assert headers["content-type"] == "application/activity+json"
        assert body["type"] == "Accept"


def test_the_same_activity_for_the_same_inbox_is_queued_once(post, receiver):
    post.enqueue(1, INBOX, INBOX)
    post.enqueue(1, INBOX)
    post.enqueue(1, f"http://{ALIVE}/other")
    post.deliver()
    assert receiver.ids(ALIVE) == ids(1, 1)
    assert sorted(path for _, path, _, _ in receiver.got) == ["/inbox", "/other"]


def test_more_hosts_than_connections_are_kept_open_are_all_delivered_to(post, receiver):
    for number in range(600):
        post.enqueue(number, f"http://h{number % 200}.lab.test/inbox")
    assert post.deliver() == 600
    for host, taken in receiver.by_host().items():
        number = int(host[1:-9])
        assert taken == ids(number, number + 200, number + 400)


def test_what_is_no_address_is_not_queued(post):
    post.enqueue(1, "ftp://alive.lab.test/inbox", "nonsense", "http://user@alive.lab.test/inbox")
    assert post.waiting == []


def test_an_activity_without_an_id_is_refused(post):
    with post.app.context.database.write() as connection, pytest.raises(ValueError, match="id"):
        enqueue(connection, activity={"type": "Note"}, inboxes=[INBOX], now=post.clock.now())


def test_nothing_is_queued_when_the_transaction_fails(post):
    def cause():
        with post.app.context.database.write() as connection:
            activity = {"id": "http://our.test/activities/1"}
            enqueue(connection, activity=activity, inboxes=[INBOX], now=post.clock.now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        cause()
    assert post.waiting == []


def test_nothing_is_remembered_of_a_host_that_took_everything(post):
    post.enqueue(1, INBOX)
    post.deliver()
    assert post.hosts == {}


def test_a_host_that_fails_is_parked_and_probed_with_one_delivery(post, receiver):
    receiver.tell(ALIVE, 503)
    for number in range(5):
        post.enqueue(number, INBOX)
    assert post.deliver() == 0
    assert receiver.knocks[ALIVE] == 1
    post.deliver()
    assert receiver.knocks[ALIVE] == 1  # still parked
    post.clock.ahead += timedelta(minutes=2)
    post.deliver()
    assert receiver.knocks[ALIVE] == 2
    assert post.hosts[ALIVE].failures == 2
    receiver.tell(ALIVE, 202)
    post.clock.ahead += timedelta(minutes=3)
    assert post.deliver() == 5
    assert receiver.ids(ALIVE) == ids(*range(5))


def test_the_first_in_line_is_not_overtaken(post, receiver):
    receiver.tell(f"{ALIVE}/broken", 500)
    post.enqueue(1, f"http://{ALIVE}/broken")
    post.enqueue(2, INBOX)
    post.deliver()
    assert receiver.got == []
    receiver.answers.clear()
    post.clock.ahead += timedelta(minutes=2)
    post.deliver()
    assert receiver.ids(ALIVE) == ids(1, 2)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(post, receiver, form):
    wait = timedelta(hours=2)
    text = "7200" if form == "seconds" else format_datetime(
        (post.clock.now() + wait).astimezone(UTC), usegmt=True
    )  # fmt: skip
    receiver.tell(ALIVE, 429, retry_after=text)
    post.enqueue(1, INBOX)
    post.deliver()
    receiver.tell(ALIVE, 202)
    post.clock.ahead += timedelta(minutes=115)
    assert post.deliver() == 0
    assert receiver.knocks[ALIVE] == 1
    post.clock.ahead += timedelta(minutes=6)
    assert post.deliver() == 1


@pytest.mark.parametrize("status", [404, 410])
def test_an_inbox_that_is_gone_is_given_up_at_once_and_its_follower_with_it(post, receiver, status):
    follower(post, "ann", inbox=f"http://{ALIVE}/ann/inbox")
    follower(post, "ben", inbox=f"http://{ALIVE}/ben/inbox")
    receiver.tell(f"{ALIVE}/ann/inbox", status)
    post.enqueue(1, f"http://{ALIVE}/ann/inbox")
    post.enqueue(2, f"http://{ALIVE}/ben/inbox")
    assert post.deliver() == 1
    assert receiver.ids(ALIVE) == ids(2)
    [failure] = post.failures
    assert (failure.inbox, failure.attempts) == (f"http://{ALIVE}/ann/inbox", 1)
    assert failure.last_error.startswith(str(status))
    assert set(followers(post)) == {"ben"}


def test_a_closed_shared_inbox_does_not_cost_its_followers(post, receiver):
    follower(post, "ann", inbox=f"http://{ALIVE}/ann/inbox", shared=INBOX)
    receiver.tell(f"{ALIVE}/inbox", 404)
    post.enqueue(1, INBOX)
    post.deliver()
    assert followers(post)["ann"].shared_inbox is None


def test_a_shared_inbox_that_is_gone_for_good_takes_its_followers_along(post, receiver):
    follower(post, "ann", inbox=f"http://{ALIVE}/ann/inbox", shared=INBOX)
    receiver.tell(f"{ALIVE}/inbox", 410)
    post.enqueue(1, INBOX)
    post.deliver()
    assert followers(post) == {}


def test_what_a_healthy_server_does_not_want_is_given_up_after_a_few_tries(post, receiver):
    receiver.tell(f"{ALIVE}/picky", 422)
    post.enqueue(1, f"http://{ALIVE}/picky")
    post.enqueue(2, INBOX)
    for _ in range(3):
        post.deliver()
        post.clock.ahead += timedelta(minutes=10)
    [failure] = post.failures
    assert failure.attempts == 3
    assert receiver.ids(ALIVE) == ids(2)


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 503])
def test_after_seven_days_it_is_given_up_with_a_record(post, receiver, status):
    receiver.tell(ALIVE, status)
    post.enqueue(1, INBOX)
    rounds = 0
    while post.waiting:
        post.deliver()
        post.clock.ahead += timedelta(hours=13)
        rounds += 1
        if rounds == 6:
            post.enqueue(2, INBOX)  # half way: it has its own seven days
        assert rounds < 30
    assert [failure.activity_id for failure in post.failures] == ids(1, 2)
    assert all(failure.attempts >= 5 for failure in post.failures[:1])
    assert receiver.got == []


def test_an_old_backlog_of_a_dead_host_ends_with_one_probe(post, receiver):
    receiver.tell(ALIVE, 500)
    for number in range(50):
        post.enqueue(number, INBOX)
    post.clock.ahead += timedelta(days=8)
    post.deliver()
    assert post.waiting == []
    assert len(post.failures) == 50
    assert receiver.knocks[ALIVE] == 1


@pytest.mark.parametrize(
    ("no", "why"), [("blocked", "the server is blocked"), ("opted_out", "the server has opted out")]
)
def test_a_host_that_may_not_be_contacted_any_more_is_not(post, receiver, no, why):
    post.enqueue(1, INBOX)
    post.enqueue(2, INBOX)
    with post.app.context.database.write() as connection:
        upsert(connection, Server, [{"host": ALIVE, no: True}], key=["host"])
    post.deliver()
    assert receiver.knocks[ALIVE] == 0
    assert post.waiting == []
    assert [(row.attempts, row.last_error) for row in post.failures] == [(0, why)] * 2


class SlowToTheDead:
    """A client before which most hosts never answer."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.taken = {}
        self.open = self.most_open = 0

    async def post(self, url, body, *, content_type):
        if "alive" in url:
            self.taken[url] = time.monotonic()
            return Answer(202, {}, b"")
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.open -= 1
        raise FetchError(FetchFailure.TIMEOUT, url)


@pytest.mark.parametrize("hosts", [1000, 10])
def test_a_thousand_deliveries_to_the_dead_do_not_delay_one_to_the_living(post, hosts):
    for number in range(1000):
        post.enqueue(number, f"http://dead{number % hosts}.lab.test/inbox")

    async def run():
        client, stop = SlowToTheDead(8), asyncio.Event()
        working = asyncio.create_task(post.deliver_with(client, stop))
        await asyncio.sleep(1.0)  # the dead have taken what places they get
        asked = time.monotonic()
        await asyncio.to_thread(post.enqueue, "living", INBOX)
        while INBOX not in client.taken and time.monotonic() - asked < 10:
            await asyncio.sleep(0.05)
        stop.set()
        await working
        return client, client.taken[INBOX] - asked

    client, waited = asyncio.run(run())
    assert waited < 4
    assert client.most_open <= 256


def test_hosts_that_failed_before_are_probed_beside_the_others(post):
    for number in range(300):
        post.enqueue(number, f"http://dead{number}.lab.test/inbox")

    async def run(client):
        return await post.deliver_with(client)

    asyncio.run(run(SlowToTheDead(0.01)))
    post.clock.ahead += timedelta(hours=1)
    client = SlowToTheDead(0.05)
    asyncio.run(run(client))
    assert 1 < client.most_open <= 32
    assert {row.failures for row in post.hosts.values()} == {2}


def test_a_stop_gives_every_host_back(post):
    post.enqueue(1, "http://dead1.lab.test/inbox")

    async def run():
        client, stop = SlowToTheDead(30), asyncio.Event()
        working = asyncio.create_task(post.deliver_with(client, stop))
        await asyncio.sleep(0.5)
        began = time.monotonic()
        stop.set()
        await working
        return time.monotonic() - began

    assert asyncio.run(run()) < 7
    assert {row.token for row in post.hosts.values()} == {None}
    assert len(post.waiting) == 1


def test_a_lease_of_a_dead_process_falls_at_once_and_of_a_living_one_in_a_minute(post, receiver):
    post.enqueue(1, INBOX)
    own = own_name()
    dead = f"{own.rpartition(':')[0].rpartition(':')[0]}:999999999:abcd"

    def hold(owner):
        with post.app.context.database.write() as connection:
            until = post.clock.now() + timedelta(minutes=1)
            connection.execute(sa.update(HOSTS).values(token=owner, until=until))

    hold(own)
    assert drop_dead_leases(post.app.context, may_be_alive) == 0
    assert post.deliver() == 0
    hold(dead)
    assert drop_dead_leases(post.app.context, may_be_alive) == 1
    assert post.deliver() == 1
    post.enqueue(2, INBOX)
    hold("another-machine:1:abcd")
    assert drop_dead_leases(post.app.context, may_be_alive) == 0
    post.clock.ahead += timedelta(minutes=2)
    assert post.deliver() == 1


def test_one_delivery_that_breaks_the_client_does_not_hold_up_its_host_for_ever(post):
    class Breaks:
        async def post(self, url, body, *, content_type):
            if "odd" in url:
                raise KeyError(url)
            return Answer(202, {}, b"")

    post.enqueue(1, f"http://{ALIVE}/odd")
    post.enqueue(2, INBOX)
    for _ in range(3):
        asyncio.run(post.deliver_with(Breaks()))
        post.clock.ahead += timedelta(hours=1)
    assert [failure.activity_id for failure in post.failures] == ids(1)
    assert post.waiting == []


def test_records_and_idle_hosts_are_forgotten_in_time(post, receiver):
    receiver.tell(ALIVE, 500)
    post.enqueue(1, INBOX)
    post.clock.ahead += timedelta(days=8)
    post.deliver()
    post.enqueue(2, "http://dead.lab.test/inbox")
    assert len(post.failures) == 1
    assert set(post.hosts) == {ALIVE, "dead.lab.test"}
    post.clock.ahead += timedelta(days=30)
    enforce_retention(post.app.context)
    assert len(post.failures) == 1
    assert set(post.hosts) == {"dead.lab.test"}
    post.clock.ahead += timedelta(days=61)
    enforce_retention(post.app.context)
    assert post.failures == []
    assert len(post.waiting) == 1
