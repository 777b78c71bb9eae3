"""Addresses of people's pictures on our own host, for templates and the API.

A page never loads anything from another host: avatars and custom emoji come through `/media/`
(web.media). The address names the account (or post) and the picture, not where it really is; that
is read from the database when the picture is asked for, after consent was asked again. So nobody
can make us fetch anything else, and the picture of somebody who left is gone with them.

- `avatar_path(view)` -> "/media/avatar/17-0123456789ab.webp" (128 by 128), None without an avatar
- `emoji_path(view, ":star:")` -> "/media/emoji/17-….webp" (up to 120 by 48), None when unknown;
  for a PostView "/media/post-emoji/{post id}-….webp"
- `with_emoji(text, view, fallback="")` -> safe HTML: the text escaped, its custom emoji as <img>

All three are Jinja filters with the view or the text in front:
`{{ view|avatar_path }}`, `{{ view|emoji_path(":star:") }}`, `{{ view.name|with_emoji(view) }}`.
Headers there and servers' thumbnails are not proxied: nothing shows them.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from discover.model.views import AccountView, PostView
from discover.services.find.pictures import PictureKind, digest_of

_CODE = re.compile(r":[\w\-+@.]{1,80}:")


def avatar_path(view: AccountView) -> str | None:
    """Where we show this account's avatar; None when it has none (or none on the web)."""
    url = view.avatar_url
    if not url or not url.startswith(("https://", "http://")):
        return None
    return f"/media/{PictureKind.AVATAR}/{view.id}-{digest_of(url)}.webp"


def emoji_path(view: AccountView | PostView, shortcode: str) -> str | None:
    """Where we show this custom emoji of the account or post; with or without its colons."""
    wanted = shortcode.strip(":")
    for code, url in view.emojis:
        if code.strip(":") == wanted and url.startswith(("https://", "http://")):
            post = isinstance(view, PostView)
            kind = PictureKind.POST_EMOJI if post else PictureKind.EMOJI
            return f"/media/{kind}/{view.id}-{digest_of(url)}.webp"
    return None


def with_emoji(text: str, view: AccountView | PostView, fallback: str = "") -> Markup:
    """Plain text as safe HTML with the view's custom emoji in place.

    What is left where there is no text, spaces only, is `fallback`.
    """
    text = text if text.strip() else fallback
    if not view.emojis:
        return escape(text)
    parts: list[Markup] = []
    end = 0
    for found in _CODE.finditer(text):
        path = emoji_path(view, found[0])
        if path is None:
            continue
        parts += [escape(text[end : found.start()]), _image(path, found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _image(path: str, code: str) -> Markup:
    return Markup('<img class="emoji" src="{}" alt="{}" title="{}" loading="lazy">').format(
        path, code, code
    )
