"""What only a picture of the page shows: nothing is cut off, broken in two or turned round."""

from __future__ import annotations

import pytest

from discover.services.index.indexing import index_all
from tests.support.site import HOST, actor

pytestmark = pytest.mark.browser

# The selects whose chosen words do not fit into them
CUT_OFF = """() => [...document.querySelectorAll("main select")].filter((select) => {
  const style = getComputedStyle(select);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${style.fontSize} ${style.fontFamily}`;
  const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 16;
  return pen.measureText(select.selectedOptions[0].text).width > room;
}).map((select) => select.id)"""


@pytest.fixture
def phone(browser, site):
    context = browser.new_context(base_url=site.base, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", ["/remove", "/servers/add", "/embeds", "/packs"])
def test_a_choice_is_read_whole_on_a_phone(phone, path):
    phone.goto(path)
    assert phone.locator("main select").count()
    assert phone.evaluate(CUT_OFF) == []


@pytest.mark.parametrize(
    "path",
    ["/search?q=marta", f"/account/marta@{HOST}", f"/follow?account=marta@{HOST}&account=gazer1@{HOST}"],
)  # fmt: skip
def test_a_handle_has_the_room_below_the_button_too(phone, path):
    phone.goto(path)
    handle = phone.locator(".card .handle").first.bounding_box()
    button = phone.locator(".card .button", has_text="Follow").first.bounding_box()
    assert handle["y"] >= button["y"] + button["height"] / 2
    assert handle["x"] + handle["width"] >= button["x"] + button["width"] - 1


def test_what_is_to_be_copied_is_not_turned_round_in_arabic(phone):
    phone.goto(f"/why?handle=marta@{HOST}&hl=ar")
    directions = phone.eval_on_selector_all(
        "main code", "all => all.map((one) => getComputedStyle(one).direction)"
    )
    assert directions
    assert set(directions) == {"ltr"}


def test_the_mark_of_a_choice_stands_before_an_arabic_name_as_before_any_other(phone):
    phone.goto("/discover")
    starts = phone.eval_on_selector_all(
        "input[name=lang]:is([value=ar], [value=de]) + span",
        "all => all.map((one) => getComputedStyle(one).direction)",
    )
    assert starts == ["ltr", "ltr"]


def test_an_arabic_name_begins_where_the_handle_below_it_does(browser, own_site):
    own_site.see(actor("amal", name="محمد الفلكي"))
    index_all(own_site.app.context)
    context = browser.new_context(base_url=own_site.base, viewport={"width": 1300, "height": 844})
    page = context.new_page()
    page.goto(f"/account/amal@{HOST}")
    name, handle = (
        page.locator(f".profile {part}").evaluate(
            "(one) => { const all = document.createRange(); all.selectNodeContents(one);"
            " return all.getBoundingClientRect().left; }"
        )
        for part in ("h1", ".handle")
    )
    assert abs(name - handle) < 2
    context.close()
