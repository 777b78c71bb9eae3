"""Texts that an operator writes in place of ours."""

from __future__ import annotations

import pytest


@pytest.fixture
def write(own_site):
    folder = own_site.app.settings.home / "texts"
    folder.mkdir()

    def put(name: str, text: str):
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
        return own_site

    return put


def test_operators_text_stands_in_place_of_ours(write):
    site = write("privacy", "# Our privacy\n\nWe keep posts for **{retention} days**. {unknown}")
    html = site.page("/privacy").text
    assert "<title>Our privacy – Waypost</title>" in html
    assert "<strong>180 days</strong>" in html
    assert "{unknown}" in html
    assert "What is kept about whom" not in html
    assert html.count("<h1") == 1


def test_changed_text_is_shown_at_once_and_a_removed_one_is_ours_again(write):
    site = write("about", "# One")
    assert "One</h1>" in site.page("/about").text
    write("about", "# Another one")
    assert "Another one</h1>" in site.page("/about").text
    (site.app.settings.home / "texts" / "about.md").unlink()
    assert "About this index" in site.page("/about").text


def test_text_in_the_readers_language_goes_first(write):
    write("privacy", "# English")
    site = write("privacy.de", "# Deutsch")
    assert "Deutsch</h1>" in site.page("/privacy?hl=de").text
    assert "English</h1>" in site.page("/privacy?hl=fr").text


def test_imprint_exists_when_it_is_written(write):
    site = write("crawling", "x")
    assert site.page("/imprint").status_code == 404
    assert "/imprint" not in site.page("/privacy").text
    write("imprint", "Jo Doe, Example Street 1")
    assert "Example Street" in site.page("/imprint").text
    assert '<a href="/imprint">' in site.page("/privacy").text
    assert '<a href="/imprint">' in site.page("/about").text


def test_text_cannot_load_or_run_anything(write):
    site = write(
        "about",
        "# Hi <script>alert(1)</script>\n\n<img src=https://evil.example/x.png onerror=alert(1)>\n\n"
        "![pixel](https://evil.example/p.png) [bad](javascript:alert(1)) [good](https://a.example)",
    )
    html = site.page("/about").text
    for forbidden in ("<script>alert", "<img", 'javascript:alert(1)"', "evil.example/p.png"):
        assert forbidden not in html
    assert 'href="https://a.example" rel="noopener noreferrer"' in html
