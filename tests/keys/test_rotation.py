"""Our own keys are replaced without anybody having to refuse us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from api.activitypub import documents
from discover import bootstrap
from discover.bootstrap import open_app
from discover.cli.main import cli
from discover.net.public_keys import load_published, made_by
from discover.services.federation.keys import OVERLAP, list_keys, load_keys, rotate_keys
from discover.settings import Settings
from discover.store.database import table
from discover.store.tables import KeyRow
from discover.wire.keys import published_keys

BASE = "https://waypost.test"


@dataclass
class Clock:
    ahead: timedelta = timedelta()

    def now(self):
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def app(tmp_path):
    opened = open_app(Settings(_env_file=None, home=tmp_path, public_url=BASE), clock=Clock())
    yield opened
    opened.close()


def published(app):
    """Key id to key, as a stranger reads them from the actor."""
    document = documents.actor(BASE, "waypost", load_keys(app.context))
    keys = published_keys(document)
    assert {key.owner for key in keys} == {f"{BASE}/actor"}
    return {key.id: load_published(key) for key in keys}


def is_good(app, signer, data=b"text"):
    key = published(app).get(signer.key_id)
    algorithms = ("rsa-v1_5-sha256", "ed25519")
    return key is not None and made_by(key, signer.sign(data), data, algorithms)


def test_actor_has_an_rsa_and_an_ed25519_key(app):
    assert set(published(app)) == {f"{BASE}/actor#main-key", f"{BASE}/actor#ed25519-key"}
    assert is_good(app, app.keys.rsa)
    assert is_good(app, app.keys.ed25519)


def test_keys_stay_the_same_without_a_rotation(app):
    again = load_keys(app.context)
    assert again.rsa.pem() == app.keys.rsa.pem()
    assert again.ed25519.pem() == app.keys.ed25519.pem()
    assert again.retired == ()


def test_new_keys_sign_under_new_ids_and_old_signatures_stay_good_in_the_overlap(app):
    old = app.keys
    new = rotate_keys(app.context)
    assert new.rsa.key_id == f"{BASE}/actor#main-key-2"
    assert new.ed25519.key_id == f"{BASE}/actor#ed25519-key-2"
    assert new.rsa.public_pem() != old.rsa.public_pem()
    for signer in (old.rsa, old.ed25519, new.rsa, new.ed25519):
        assert is_good(app, signer)


def test_public_key_is_one_object_for_those_who_read_only_that(app):
    rotate_keys(app.context)
    shown = documents.actor(BASE, "waypost", load_keys(app.context))["publicKey"]
    assert shown["id"] == f"{BASE}/actor#main-key-2"


def test_old_keys_are_forgotten_after_the_overlap(app):
    old = app.keys
    new = rotate_keys(app.context)
    app.context.clock.ahead = OVERLAP + timedelta(minutes=1)
    assert not is_good(app, old.rsa)
    assert not is_good(app, old.ed25519)
    assert is_good(app, new.rsa)
    rows = table(KeyRow)
    with app.context.database.read() as connection:
        left = connection.scalars(sa.select(rows.c.name).where(rows.c.private_pem != "")).all()
    assert sorted(left) == ["ed25519-2", "rsa-2"]
    assert rotate_keys(app.context).rsa.key_id == f"{BASE}/actor#main-key-3"


def test_running_process_follows_a_rotation(app, monkeypatch):
    before = app.signing_key()
    new = rotate_keys(app.context)
    assert app.signing_key() is before
    monkeypatch.setattr(bootstrap, "KEYS_FOLLOW_SECONDS", 0.0)
    assert app.signing_key().pem() == new.rsa.pem()


def test_list_tells_what_signs_and_what_is_still_published(app):
    rotate_keys(app.context)
    states = {
        key.key_id.partition("#")[2]: key.retired_at is None for key in list_keys(app.context)
    }
    assert states == {
        "main-key": False,
        "ed25519-key": False,
        "main-key-2": True,
        "ed25519-key-2": True,
    }


def test_operator_rotates_and_lists_by_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAYPOST_HOME", str(tmp_path))
    monkeypatch.setenv("WAYPOST_PUBLIC_URL", BASE)
    run = CliRunner().invoke
    listed = run(cli, ["keys", "list"])
    assert listed.exit_code == 0
    assert listed.output.count("signs") == 2
    assert "#main-key-2" in run(cli, ["keys", "rotate"]).output
    listed = run(cli, ["keys", "list"]).output
    assert (listed.count("signs"), listed.count("published until")) == (2, 2)
    assert run(cli, ["keys", "list", "--json"]).output.count('"key_id"') == 4
