"""The documents are true: every setting is documented as it is, every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from discover.settings import Settings

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `WAYPOST_(\w+)` \| (?:`([^`]*)`|\(empty\)) \| (.+) \|$", re.MULTILINE)


def default_of(name):
    value = Settings.model_fields[name].default
    value = getattr(value, "get_secret_value", lambda: value)()
    if value in ("", (), None):
        return ""
    return "0" if value is False else str(value)


def test_every_setting_is_documented_with_its_default_and_meaning():
    text = (ROOT / "docs/settings.md").read_text()
    rows = {name.lower(): (default, meaning) for name, default, meaning in ROW.findall(text)}
    assert set(rows) == set(Settings.model_fields)
    for name, (default, meaning) in rows.items():
        assert default == default_of(name), name
        assert meaning == Settings.model_fields[name].description, name


def test_no_undocumented_variable_is_named_anywhere():
    known = {f"WAYPOST_{name.upper()}" for name in Settings.model_fields}
    # Read by compose and tests only
    known |= {"WAYPOST_DOMAIN", "WAYPOST_CHROMIUM", "WAYPOST_FEDITEST_SUITE"}
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "docker-compose.yml"]:
        for name in re.findall(r"WAYPOST_[A-Z_]+[A-Z]", path.read_text()):
            assert name in known, f"{path.name} names {name}"


@pytest.mark.parametrize(
    "path", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")], ids=lambda path: path.name
)
def test_links_between_documents_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_laboratory_settings_are_off_by_default_and_read_as_documented(monkeypatch):
    for name in list(Settings.model_fields):
        monkeypatch.delenv(f"WAYPOST_{name.upper()}", raising=False)
    assert Settings(_env_file=None).laboratory() == []
    monkeypatch.setenv("WAYPOST_LAB_NETWORKS", "127.0.0.0/8, ::1/128")
    monkeypatch.setenv("WAYPOST_LAB_HOSTS", "*.lab.test=127.0.0.1:8900,fedify.test=[::1]:8001")
    monkeypatch.setenv("WAYPOST_LAB_PLAIN_HTTP", "1")
    settings = Settings(_env_file=None)
    assert [str(network) for network in settings.lab_networks] == ["127.0.0.0/8", "::1/128"]
    assert settings.lab_hosts == (
        ("*.lab.test", "127.0.0.1", 8900),
        ("fedify.test", "::1", 8001),
    )
    assert settings.laboratory() == [
        "WAYPOST_LAB_NETWORKS", "WAYPOST_LAB_HOSTS", "WAYPOST_LAB_PLAIN_HTTP",
    ]  # fmt: skip
