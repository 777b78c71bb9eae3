"""Pictures of people, through our own door: whose, how large, from where, and for how long."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from discover.bootstrap import open_app
from discover.model.actor import Flag, Handle
from discover.net.budget import Rate
from discover.services.consent.blocklists import block_host
from discover.services.consent.withdraw import forget_person, withdraw_account
from discover.services.crawl.observe import observe
from discover.services.find.accounts import find_account, recent_posts
from discover.services.find.pictures import Picture, PictureKind
from discover.settings import Settings
from tests.support.pictured_town import CDN, HOST, Town, now, town
from tests.support.pictures import avif, bomb, gif, picture, png, saying, webp_bomb
from tests.support.rude_site import RudeSite, answer
from tests.support.site import YES, actor, post, posts, serving
from web import apart, media, shrink
from web.image_store import ImageStore
from web.images import avatar_path, emoji_path, with_emoji


@pytest.fixture
def rude() -> Iterator[RudeSite]:
    with RudeSite() as made:
        yield made


@pytest.fixture
def place(tmp_path: Path, rude: RudeSite) -> Iterator[Town]:
    with town(tmp_path / "home", rude) as made:
        yield made


def until(check, seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_avatar_comes_small_from_here_and_is_fetched_once(place, rude):
    rude.replies["/marta.png"] = picture(png())
    path = avatar_path(place.person("marta"))
    first, second = place.get(path), place.get(path)
    assert first.status_code == second.status_code == 200
    assert first.headers["content-type"] == "image/webp"
    assert "no-transform" not in first.headers.get("content-encoding", "")
    shown = Image.open(BytesIO(first.content))
    assert shown.size == (128, 128)
    assert place.fetches() == 1
    assert second.content == first.content
    assert "private" in first.headers["cache-control"]
    assert "noindex" in first.headers["x-robots-tag"]
    again = place.get(path, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_request_for_a_picture_says_who_asks_and_is_not_signed(place, rude):
    rude.replies["/marta.png"] = picture(png())
    place.get(avatar_path(place.person("marta")))
    seen = next(seen for seen in rude.seen if seen.path == "/marta.png")
    assert seen.headers["user-agent"].startswith("Waypost/")
    assert "signature" not in seen.headers
    assert "cookie" not in seen.headers


def test_animated_avatar_stands_still(place, rude):
    rude.replies["/marta.png"] = picture(gif(), "image/gif")
    answer = place.get(avatar_path(place.person("marta")))
    shown = Image.open(BytesIO(answer.content))
    assert getattr(shown, "n_frames", 1) == 1
    red, _, blue = shown.convert("RGB").getpixel((64, 64))
    assert red > 200
    assert blue < 60


def test_avif_is_read_and_leaves_as_webp(place, rude):
    frames = {"save_all": True, "append_images": [Image.new("RGBA", (300, 200), "blue")]}
    rude.replies["/marta.png"] = picture(avif(**frames), "image/avif")
    got = place.get(avatar_path(place.person("marta")))
    assert got.headers["content-type"] == "image/webp"
    shown = Image.open(BytesIO(got.content))
    assert shown.size == shrink.AVATAR
    assert not getattr(shown, "is_animated", False)
    red, _, blue = shown.convert("RGB").getpixel((64, 64))
    assert red > 200
    assert blue < 60


def test_avif_whose_frames_are_larger_than_it_says_ends_with_its_own_process():
    large = saying(avif(4000, 3900, subsampling="4:4:4"), 64, 64)
    with pytest.raises(apart.NotDecoded):
        apart.decode(large, 512, memory=64 * 2**20)
    assert apart.decode(avif(64, 64), 512, memory=64 * 2**20).size == (64, 64)
    assert max(apart.decode(avif(4000, 1000), 512).size) == 512


def test_what_the_camera_wrote_does_not_come_along(place, rude):
    made = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (200, 200), "green").save(made, "JPEG", exif=exif)
    rude.replies["/marta.png"] = picture(made.getvalue(), "image/jpeg")
    answer = place.get(avatar_path(place.person("marta")))
    assert answer.status_code == 200
    assert b"taken at home" not in answer.content


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(bomb(), "image/png", id="bomb"),
        pytest.param(webp_bomb(), "image/webp", id="webp bomb"),
        pytest.param(saying(avif(), 12_000, 12_000), "image/avif", id="avif bomb"),
        pytest.param(saying(avif(), 9_000, 9_000), "image/avif", id="avif of too many pixels"),
        pytest.param(avif()[:-40], "image/avif", id="avif cut short"),
        pytest.param(avif()[:60], "image/avif", id="head of an avif"),
        pytest.param(b"\0\0\0\x1cftypavif" + b"\xff" * 400, "image/avif", id="avif of noise"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/avif", id="svg as avif"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", id="svg"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", id="svg as png"),
        pytest.param(b"<html>", "text/html", id="page"),
        pytest.param(png(), "text/html", id="picture that says it is a page"),
        pytest.param(png()[:60], "image/png", id="cut short"),
        pytest.param(b"", "image/png", id="empty"),
        pytest.param(b"\0" * 2_000_001, "image/png", id="huge"),
    ],
)
def test_what_is_no_decent_picture_is_not_shown_and_not_asked_for_again(place, rude, body, kind):
    rude.replies["/marta.png"] = picture(body, kind)
    path = avatar_path(place.person("marta"))
    assert place.get(path).status_code == 404
    assert place.get(path).status_code == 404
    assert place.fetches() == 1
    assert place.on_disk() == []


def test_slow_host_is_given_up(place, rude):
    import asyncio

    async def slow(_seen, _writer):
        await asyncio.sleep(10)

    rude.replies["/marta.png"] = slow
    path = avatar_path(place.person("marta"))
    assert place.get(path).status_code == 404
    assert place.get(path).status_code == 404
    assert place.fetches() == 1


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x.png", "http://169.254.169.254/latest", "https://[::1]/x.png",
     "https://localhost/x.png", "https://cdn.lab.test:22/x.png"],
)  # fmt: skip
def test_no_address_in_our_own_house_is_asked(tmp_path, rude, url):
    with town(tmp_path / "home", rude, lab_networks=()) as place:
        assert place.get(avatar_path(place.person("mallory", url))).status_code == 404
        assert rude.connections == 0


def test_redirect_into_our_own_house_is_not_followed(place, rude):
    rude.replies["/marta.png"] = answer(302, b"", {"location": "http://169.254.169.254/meta"})
    assert place.get(avatar_path(place.person("marta"))).status_code == 404
    assert place.fetches() == 1


def test_blocked_host_is_asked_for_nothing(place, rude):
    rude.replies["/marta.png"] = picture(png())
    view = place.person("marta")
    block_host(place.site.app.context, CDN, "tests")
    assert place.get(avatar_path(view)).status_code == 404
    assert rude.seen == []


def test_host_of_pictures_whose_robots_txt_forbids_is_not_asked(place, rude):
    rude.replies["/robots.txt"] = answer(
        200, b"User-agent: *\nDisallow: /", {"content-type": "text/plain"}
    )
    rude.replies["/marta.png"] = picture(png())
    assert place.get(avatar_path(place.person("marta"))).status_code == 404
    assert place.fetches() == 0
    # Its own server has been opted in, so only what names us would bind there.
    rude.replies["/own.png"] = picture(png())
    own = place.person("olga", f"https://{HOST}/own.png")
    assert place.get(avatar_path(own)).status_code == 200


def test_nobody_can_make_us_fetch_anything_else(place, rude):
    view = place.person("marta")
    for path in (
        "/media/avatar/1-https%3A%2F%2Fevil.example%2Fx.webp",
        f"/media/avatar/{view.id}-{'0' * 12}.webp",
        f"/media/emoji/{view.id}-{'0' * 12}.webp",
        "/media/avatar/999-0123456789ab.webp",
        "/media/header/1-0123456789ab.webp",
        "/media/avatar/99999999999999999999999-0123456789ab.webp",
    ):
        assert place.get(path).status_code in (404, 422), path
    assert rude.seen == []


def test_picture_of_who_left_is_gone_at_once_and_soon_from_the_disk(place, rude):
    for name in ("marta", "olga"):
        rude.replies[f"/{name}.png"] = picture(png())
    gone, stays = (avatar_path(place.person(name)) for name in ("marta", "olga"))
    etag = place.get(gone).headers["etag"]
    assert place.get(stays).status_code == 200
    assert len(place.on_disk()) == 2
    forget_person(place.site.app.context, Handle("marta", HOST))
    assert place.get(gone).status_code == 404
    assert place.get(gone, **{"If-None-Match": etag}).status_code == 404
    assert until(lambda: len(place.on_disk()) == 1)
    assert place.get(stays).status_code == 200


def test_flag_taken_back_takes_the_picture_along(place, rude):
    rude.replies["/marta.png"] = picture(png())
    seen = actor("marta", host=HOST, avatar_url=f"https://{CDN}/marta.png")
    path = avatar_path(place.person("marta"))
    assert place.get(path).status_code == 200
    no = replace(YES, discoverable=Flag.FALSE)
    place.site.see(
        replace(seen, actor=replace(seen.actor, signals=no), seen_at=now(place.site.app))
    )
    assert place.get(path).status_code == 404
    assert until(lambda: not place.on_disk())


def test_who_leaves_while_the_picture_is_on_its_way_is_not_shown(place, rude):
    view = place.person("marta")
    context = place.site.app.context

    async def leaves(seen, writer):
        with context.database.write() as connection:
            withdraw_account(connection, view.id, context.clock.now())
        await picture(png())(seen, writer)

    rude.replies["/marta.png"] = leaves
    assert place.get(avatar_path(view)).status_code == 404
    assert until(lambda: not place.on_disk())


def test_changed_avatar_has_another_address_and_takes_the_old_copy_away(place, rude):
    rude.replies["/marta.png"] = picture(png())
    rude.replies["/new.png"] = picture(png(colour=(0, 0, 250, 255)))
    old = avatar_path(place.person("marta"))
    assert place.get(old).status_code == 200
    new = avatar_path(place.person("marta", f"https://{CDN}/new.png"))
    assert new != old
    assert place.get(old).status_code == 404
    assert place.get(new).status_code == 200
    assert len(place.on_disk()) == 1


@pytest.mark.parametrize("edition", ["embedded", "server"])
@pytest.mark.parametrize("new", [None, f"https://{CDN}/new.png"], ids=["taken away", "changed"])
def test_avatar_that_its_owner_gave_up_is_soon_gone_from_the_disk(
    tmp_path, rude, request, edition, new
):
    for name in ("marta", "olga"):
        rude.replies[f"/{name}.png"] = picture(png())
    given = {}
    if edition == "server":
        given = {"database_url": request.getfixturevalue("postgres_url")}
    with town(tmp_path / "home", rude, **given) as place:
        old, stays = (avatar_path(place.person(name)) for name in ("marta", "olga"))
        assert place.get(old).status_code == place.get(stays).status_code == 200
        assert len(place.on_disk()) == 2
        place.site.see(actor("marta", host=HOST, avatar_url=new))
        assert place.get(old).status_code == 404
        assert until(lambda: len(place.on_disk()) == 1)  # nobody has looked at the new one yet
        assert place.get(stays).status_code == 200
        assert place.fetches() == 2


def test_avatar_given_up_while_nobody_served_is_gone_from_the_disk_afterwards(tmp_path, rude):
    rude.replies["/marta.png"] = picture(png())
    with town(tmp_path / "home", rude) as place:
        assert place.get(avatar_path(place.person("marta"))).status_code == 200
        app = place.site.app
        kept = place.on_disk()
    app = open_app(app.settings)
    try:
        observe(app.context, [actor("marta", host=HOST, avatar_url=None)])
        assert kept[0].exists()
        with serving(app):
            assert until(lambda: not kept[0].exists())
    finally:
        app.close()


def test_room_on_disk_is_bounded_and_the_oldest_goes_first(tmp_path):
    store = ImageStore(tmp_path, 100_000)
    digest = "0" * 12

    def of(number: int) -> Picture:
        return Picture(PictureKind.AVATAR, "https://x.example/", number, "x.example", False)

    for number in range(300):
        store.write(of(number), digest, bytes(1000))
        os.utime(store._path(of(number), digest), (number, number))
        assert store.size() <= 101_000
    kept = [number for number in range(300) if store.read(of(number), digest) is not None]
    assert len(kept) >= 80
    assert kept[-1] == 299
    assert min(kept) == 300 - len(kept)
    assert store.read(of(0), digest) is None
    store.write(of(1), digest, bytes(200_000))
    assert store.read(of(1), digest) is None


def test_what_a_killed_writer_left_goes_with_the_next_sweep(tmp_path):
    store = ImageStore(tmp_path, 100_000)
    folder = tmp_path / "avatars" / "01"
    folder.mkdir(parents=True)
    left, written, new = folder / ".0badc0de", folder / "1-abcd.webp", folder / ".ffff"
    for path in (left, written, new):
        path.write_bytes(b"half a picture")
    os.utime(left, (0, 0))
    assert store.sweep(lambda ids: dict.fromkeys(ids, "abcd"), set) == 1
    assert {path.name for path in folder.iterdir()} == {written.name, new.name}


def test_custom_emoji_stand_in_names_and_come_from_here(place, rude):
    rude.replies["/star.png"] = picture(png(400, 200, (0, 0, 0, 0)))
    view = place.person(
        "marta",
        name="<b>Marta</b> :star: & :none:",
        emojis=((":star:", f"https://{CDN}/star.png"),),
    )
    html = str(with_emoji(view.name, view))
    path = emoji_path(view, "star")
    assert path == emoji_path(view, ":star:")
    assert html.startswith("&lt;b&gt;Marta&lt;/b&gt; <img ")
    assert html.endswith("> &amp; :none:")
    assert f'src="{path}" alt=":star:"' in html
    shown = Image.open(BytesIO(place.get(path).content))
    assert shown.size == (96, 48)
    assert shown.convert("RGBA").getpixel((3, 3))[3] == 0
    assert emoji_path(view, "none") is None
    assert str(with_emoji(" ", view, "marta")) == "marta"


def test_one_emoji_that_many_wear_is_fetched_once_and_leaves_with_the_last(place, rude):
    rude.replies["/star.png"] = picture(png())
    worn = {"emojis": ((":star:", f"https://{CDN}/star.png"),)}
    first, second = (place.person(name, **worn) for name in ("marta", "olga"))
    assert place.get(emoji_path(first, "star")).status_code == 200
    assert place.get(emoji_path(second, "star")).status_code == 200
    assert place.fetches() == 1
    forget_person(place.site.app.context, Handle("marta", HOST))
    assert place.get(emoji_path(first, "star")).status_code == 404
    assert place.get(emoji_path(second, "star")).status_code == 200
    forget_person(place.site.app.context, Handle("olga", HOST))
    assert place.get(emoji_path(second, "star")).status_code == 404
    assert until(lambda: not place.on_disk())


def test_emoji_of_a_post_comes_with_the_post_and_goes_with_it(place, rude):
    rude.replies["/star.png"] = picture(png())
    seen = actor("marta", host=HOST)
    place.site.see(seen)
    written = post(seen, 1, "Clear :star: skies", emojis=((":star:", f"https://{CDN}/star.png"),))
    place.site.see(posts(seen, written))
    context = place.site.app.context
    view = find_account(context, Handle("marta", HOST))
    (shown,) = recent_posts(context, view.id)
    path = emoji_path(shown, "star")
    assert path.startswith(f"/media/post-emoji/{shown.id}-")
    assert place.get(path).status_code == 200
    no = replace(YES, indexable=Flag.FALSE)
    place.site.see(
        replace(seen, actor=replace(seen.actor, signals=no), seen_at=now(place.site.app))
    )
    assert place.get(path).status_code == 404


def test_client_that_makes_us_fetch_much_is_slowed_and_others_are_not(place, rude):
    images = media.Images(place.site.app, str, Rate(2, 0.001), Rate(1000, 1000))
    taken = [images._budget.take("one", now(place.site.app)) for _ in range(3)]
    assert taken == [True, True, False]
    assert images._budget.take("two", now(place.site.app))


def test_pictures_do_not_use_up_what_a_client_may_ask(tmp_path, rude):
    from api.limits import PICTURES_PER_PAGE
    from api.limits import Rate as Limit

    app = open_app(Settings(_env_file=None, home=tmp_path / "home"))
    try:
        with serving(app, Limit(per_second=0.001, burst=5)) as site:
            statuses = [site.get("/media/avatar/1-0123456789ab.webp").status_code for _ in range(6)]
            assert statuses == [404] * 6
            assert site.get("/about").status_code == 200
            more = [
                site.get("/media/avatar/1-0123456789ab.webp").status_code
                for _ in range(5 * PICTURES_PER_PAGE)
            ]
            assert more[-1] == 429
    finally:
        app.close()


def test_avatar_that_is_no_web_address_has_none(place):
    assert avatar_path(place.person("marta", "data:image/png;base64,xx")) is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "I;16", "CMYK", "RGB"])
def test_every_kind_of_pixel_is_read(mode):
    made = BytesIO()
    kind = "JPEG" if mode == "CMYK" else "PNG"
    source = Image.new("RGBA" if mode == "PA" else mode, (20, 40))
    if mode == "PA":
        source = source.quantize(4)
    source.save(made, kind)
    assert Image.open(BytesIO(shrink.avatar(made.getvalue()))).size == shrink.AVATAR
    assert Image.open(BytesIO(shrink.emoji(made.getvalue()))).height <= shrink.EMOJI[1]
