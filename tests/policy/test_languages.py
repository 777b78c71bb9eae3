"""Which languages an account is said to write."""

from __future__ import annotations

from discover.policy.languages import covered, of_account, primary, spellings, written


def test_languages_stand_in_the_order_of_their_posts():
    assert written({"de": 5, "en": 10}) == ("en", "de")


def test_regional_forms_are_one_language():
    assert written({"pt-br": 3, "pt": 3, "en": 4}) == ("pt", "en")


def test_a_language_of_few_posts_is_left_out():
    assert written({"en": 90, "de": 10}) == ("en",)


def test_posts_of_unknown_language_count_for_none():
    assert written({"und": 90, "de": 10}) == ("de",)


def test_the_language_of_the_bio_comes_last():
    assert of_account(("en",), "de-ch") == ("en", "de")
    assert of_account(("en", "de"), "de") == ("en", "de")
    assert of_account((), "und") == ()


def test_norwegian_is_one_language_whatever_profiles_and_detectors_call_it():
    assert primary("nb") == primary("nb-NO") == primary("no") == "no"
    assert written({"nb": 3, "no": 2}) == ("no",)
    assert of_account(("nb",), "no") == ("no",)
    assert of_account(("no",), "nn") == ("no", "nn")
    assert covered(["nb"]) == covered(["no"]) == ("no", "nn")
    assert covered(["nn"]) == ("nn",)
    assert covered(["de-ch", "de"]) == ("de",)
    assert set(spellings("no")) == set(spellings("nb")) == {"no", "nb"}
    assert spellings("nb-no") == ("nb-no",)
