"""What servers say of themselves: description, rules, who may join."""

from __future__ import annotations

import pytest

from discover.model.instance import Registrations, ServerAbout
from discover.wire.server_about import AboutAsk, asks_for, read_about

OPEN, APPROVAL, CLOSED = Registrations.OPEN, Registrations.APPROVAL, Registrations.CLOSED


def about(path: str, doc: dict) -> ServerAbout:
    return read_about(AboutAsk(path), doc)


@pytest.mark.parametrize(
    ("software", "path"),
    [("mastodon", "/api/v2/instance"), ("gotosocial", "/api/v2/instance"),
     ("sharkey", "/api/meta"), ("lemmy", "/api/v3/site"), ("peertube", "/api/v1/config")],
)  # fmt: skip
def test_software_is_asked_where_it_tells(software, path):
    assert asks_for(software)[0].path == path


@pytest.mark.parametrize("software", [None, "wordpress", "bridgy-fed"])
def test_nothing_is_asked_of_software_that_has_nothing_to_tell(software):
    assert asks_for(software) == ()


def test_mastodon_says_rules_and_who_may_join():
    found = about(
        "/api/v2/instance",
        {
            "title": "Stars",
            "description": "<p>For &amp; about the sky</p>",
            "languages": ["DE", "en", "de"],
            "registrations": {"enabled": True, "approval_required": True},
            "rules": [{"id": "1", "text": "Be kind"}, {"id": "2"}, "No ads", 7],
        },
    )
    assert found == ServerAbout(
        name="Stars",
        description="For & about the sky",
        rules=("Be kind", "No ads"),
        registrations=APPROVAL,
        languages=("de", "en"),
    )


@pytest.mark.parametrize(
    ("path", "doc", "said"),
    [
        ("/api/v1/instance", {"registrations": True}, OPEN),
        ("/api/v1/instance", {"registrations": True, "approval_required": True}, APPROVAL),
        ("/api/v1/instance", {"registrations": False}, CLOSED),
        ("/api/v2/instance", {"registrations": {"enabled": "yes"}}, None),
        ("/api/meta", {"disableRegistration": False}, OPEN),
        ("/api/meta", {"disableRegistration": True}, CLOSED),
        ("/api/meta", {}, None),
        ("/api/v3/site", {"site_view": {"local_site": {"registration_mode": "RequireApplication"}}}, APPROVAL),
        ("/api/v3/site", {"site_view": []}, None),
        ("/api/v1/config", {"signup": {"allowed": True, "requiresApproval": True}}, APPROVAL),
        ("/api/v1/config", {"signup": None}, None),
    ],
)  # fmt: skip
def test_who_may_join_is_read_and_never_guessed(path, doc, said):
    assert about(path, doc).registrations is said


def test_no_text_is_without_end():
    found = about(
        "/api/v1/instance",
        {"short_description": "x" * 9000, "rules": [{"text": "y" * 900}] * 900},
    )
    assert len(found.description) <= 2000
    assert len(found.rules) == 40
    assert len(found.rules[0]) <= 500
