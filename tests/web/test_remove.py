"""Leaving, and asking for one's data, as somebody meets it who reads no English."""

from __future__ import annotations

import html
import re

import pytest

from tests.support.site import HOST

MARTA = f"marta@{HOST}"


@pytest.fixture
def place(own_site):
    return own_site


def fields(text: str) -> dict[str, str]:
    """What stands in the page's form, by name."""
    form = re.search(r'<form class="find wide".*?</form>', text, re.DOTALL)[0]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        value = re.search(r' value="([^"]*)"', tag)
        found[re.search(r' name="(\w+)"', tag)[1]] = html.unescape(value[1])
    for name, options in re.findall(r'<select[^>]* name="(\w+)">(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="(\w+)" selected', options)
        found[name] = (chosen or re.search(r'value="(\w+)"', options))[1]
    return found


def problem(text: str) -> str:
    said = re.search(r'<p id="wrong" class="notice" role="alert">(.*?)</p>', text, re.DOTALL)
    return html.unescape(said[1])


def send(place, path: str, language: str = "en", **data: str):
    headers = {"Accept": "text/html"}
    return place.client.post(f"{path}?hl={language}", data=data, headers=headers)


@pytest.mark.parametrize(
    ("handle", "way", "status", "said"),
    [
        ("nobody@nowhere.example", "message", 404, "Wir haben nichts über @nobody@nowhere.example"),
        ("zzz", "profile", 422, "Das ist kein Handle wie user@example.social."),
        (MARTA, "message", 403, f"Wir wissen nicht, wohin wir eine Nachricht an @{MARTA}"),
        (MARTA, "pigeon", 422, "Bitte wähle"),
        ("", "profile", 422, "Bitte fülle"),
    ],
)
def test_a_refusal_says_why_in_the_readers_language_above_what_was_typed(
    place, handle, way, status, said
):
    answer = send(place, "/remove", "de", handle=handle, purpose="data", way=way)
    assert answer.status_code == status
    assert problem(answer.text).startswith(said)
    kept = {"handle": handle, "purpose": "data", "way": "profile" if way == "pigeon" else way}
    assert fields(answer.text) == kept
    assert "noindex" in answer.headers["x-robots-tag"]


def test_the_field_that_is_wrong_is_named(place):
    text = send(place, "/remove", handle="zzz", purpose="remove", way="profile").text
    wrong = re.search(r'<input id="handle"[^>]*>', text)[0]
    assert 'aria-invalid="true" aria-describedby="wrong"' in wrong
    text = send(place, "/remove/confirm", handle=MARTA, code="waypost-no").text
    assert 'aria-describedby="wrong"' in re.search(r'<input id="code"[^>]*>', text)[0]
    assert 'aria-describedby="wrong"' not in re.search(r'<input id="handle"[^>]*>', text)[0]


def test_a_wrong_code_can_be_mended_where_it_was_typed(place):
    asked = send(place, "/remove", handle=MARTA, purpose="data", way="profile")
    first = fields(asked.text)
    published = re.search(r"<code>(waypost-\w+)</code>", asked.text)[1]
    wrong = send(place, "/remove/confirm", "de", **{**first, "code": first["code"] + "x"})
    assert wrong.status_code == 403
    assert problem(wrong.text) == (
        "Dieser Code wurde nicht für dieses Konto ausgegeben oder ist abgelaufen."
    )
    assert fields(wrong.text) == {**first, "code": first["code"] + "x"}
    again = send(
        place, "/remove/confirm", "de", handle="martha", code=first["code"], purpose="data"
    )
    assert again.status_code == 422
    assert problem(again.text) == "Das ist kein Handle wie user@example.social."
    assert fields(again.text)["code"] == first["code"]
    assert published in again.text  # what belongs into the profile is not lost
    assert 'href="/remove?handle=martha&amp;purpose=data&amp;hl=de"' in again.text


def test_too_many_tries_keep_what_was_typed_and_say_when_to_come_again(place):
    given = {"handle": "nobody@nowhere.example", "purpose": "remove", "way": "message"}
    for _ in range(40):
        answer = send(place, "/remove", "de", **given)
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert problem(answer.text) == "Zu viele Versuche von hier; versuche es später noch einmal."
    assert fields(answer.text) == given


def test_programs_read_the_same_refusal_as_a_problem_in_english(place):
    wanted = {"handle": "nobody@nowhere.example", "purpose": "remove", "way": "profile"}
    answer = place.client.post("/api/v1/removal?hl=de", json=wanted)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("We hold nothing about @nobody@nowhere.example")
    answer = place.client.post("/api/v1/removal", json={**wanted, "handle": "zzz"})
    assert answer.json()["errors"][0]["field"] == "handle"


@pytest.mark.parametrize("path", ["/packs/make?q=!!!", "/packs/make"])
def test_pack_of_no_words_is_refused_in_the_readers_language(place, path):
    answer = place.page(f"{path}{'&' if '?' in path else '?'}hl=de")
    assert answer.status_code == 422
    assert "Wähle ein Thema" in answer.text
