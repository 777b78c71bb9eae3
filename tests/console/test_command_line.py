"""Operators, reports and the audit log on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import sqlalchemy as sa

from discover.bootstrap import open_app
from discover.services.console.operators import check_password
from discover.settings import Settings
from discover.store.database import table
from discover.store.tables import Report


@pytest.fixture
def run(tmp_path):
    def command(*words, typed="", code=0):
        env = {**os.environ, "WAYPOST_HOME": str(tmp_path / "home")}
        done = subprocess.run(
            [sys.executable, "-c", "from discover.cli import main; main()", *words],
            check=False, env=env, input=typed, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return command


@pytest.fixture
def app(tmp_path):
    opened = open_app(Settings(_env_file=None, home=tmp_path / "home"))
    yield opened
    opened.close()


def test_operator_is_made_listed_given_a_password_and_removed(run, app):
    assert "no operator" in run("operator", "list")
    run("operator", "add", "ada", typed="a long password\n")
    assert check_password(app.context, "ada", "a long password", "here")
    [shown] = json.loads(run("operator", "list", "--json"))
    assert shown["name"] == "ada"
    assert "password" not in shown
    assert "called ada" in run("operator", "add", "ada", typed="a long password\n", code=1)
    run("operator", "passwd", "ada", typed="quite another one\n")
    assert not check_password(app.context, "ada", "a long password", "here")
    assert check_password(app.context, "ada", "quite another one", "here")
    run("operator", "remove", "ada")
    assert "no operator called ada" in run("operator", "remove", "ada", code=1)
    acts = [one["act"] for one in json.loads(run("audit-log", "--json"))]
    assert acts == ["operator removed", "password changed", "operator added"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("ada", "short\n"),
        ("ada", ""),
        ("Ada B", "a long password\n"),
        ("ada", "aaaaaaaaaaaaaaaa\n"),
    ],
)
def test_bad_names_and_passwords_are_refused_in_a_plain_line(run, name, typed):
    said = run("operator", "add", name, typed=typed, code=2)
    assert said.startswith("waypost: ")
    assert "Traceback" not in said


def test_report_is_listed_and_handled(run, app):
    row = {
        "actor": "https://far.example/actor", "objects": ["https://near.example/users/bob"],
        "content": "rude", "at": app.context.clock.now(),
    }  # fmt: skip
    with app.context.database.write() as connection:
        connection.execute(sa.insert(table(Report)).values(**row))
    text = run("reports", "list")
    for part in ("https://far.example/actor", "https://near.example/users/bob", "said: rude"):
        assert part in text
    run("reports", "handle", "1", "--note", "talked to them")
    assert "there are none" in run("reports", "list")
    assert "note: talked to them" in run("reports", "list", "--handled")
    run("reports", "handle", "1", "--undo")
    assert "note: talked to them" in run("reports", "list")
    assert "no report 7" in run("reports", "handle", "7", code=1)
    assert "(failed)" in run("audit-log")
