"""Somebody else's picture to a small one of our own: decoded in bounds, first frame only, WebP."""

from __future__ import annotations

import struct
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from web import apart

AVATAR = (128, 128)
EMOJI = (120, 48)
MEDIA_TYPE = "image/webp"

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_MOST_PIXELS = 16_000_000  # 64 MB while it is open
_MOST_SIDE = 10_000
_QUALITY = 82
_APART_SIDE = 1024  # what comes back from the process that decodes AVIF


class BadPicture(ValueError):
    """Damaged, of a kind that is not decoded, or far too large once decoded."""


def avatar(body: bytes) -> bytes:
    """Cut to a square, on white where it is transparent."""
    picture = ImageOps.fit(_open(body, AVATAR), AVATAR, Image.Resampling.LANCZOS)
    ground = Image.new("RGBA", AVATAR, "white")
    return _webp(Image.alpha_composite(ground, picture).convert("RGB"))


def emoji(body: bytes) -> bytes:
    """Whole, as high as a line can be; transparent where it was."""
    picture = _open(body, EMOJI)
    picture.thumbnail(EMOJI, Image.Resampling.LANCZOS)
    return _webp(picture)


def _open(body: bytes, at_least: tuple[int, int]) -> Image.Image:
    _judge_webp(body)
    if _is_avif(body):
        try:
            return apart.decode(body, _APART_SIDE)
        except (apart.NotDecoded, OSError) as error:
            raise BadPicture(f"AVIF not decoded: {error}") from None
    try:
        with Image.open(BytesIO(body), formats=_FORMATS) as opened:
            _judge(*opened.size)
            opened.draft("RGB", (at_least[0] * 2, at_least[1] * 2))  # JPEG: decoded smaller
            upright = ImageOps.exif_transpose(opened)
            return upright.convert("RGBA")
    except UnidentifiedImageError:
        raise BadPicture("not a picture that is known here") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise BadPicture("too large once decoded") from None
    except BadPicture:
        raise
    except Exception as error:  # decoders answer damage with whatever they stumbled over
        raise BadPicture(f"damaged: {type(error).__name__}") from None


def _judge(width: int, height: int) -> None:
    if not (0 < width <= _MOST_SIDE and 0 < height <= _MOST_SIDE):
        raise BadPicture(f"{width} by {height}")
    if width * height > _MOST_PIXELS:
        raise BadPicture(f"{width} by {height} is too large once decoded")


def _judge_webp(body: bytes) -> None:
    """Before it is opened: the animation decoder reserves the whole canvas at once.

    RFC 9649 section 2.7: VP8X holds width and height less one in 24 bits each.
    """
    if body[:4] == b"RIFF" and body[8:16] == b"WEBPVP8X" and len(body) >= 30:
        width, height = struct.unpack("<I", body[24:27] + b"\0")[0], body[27:30] + b"\0"
        _judge(width + 1, struct.unpack("<I", height)[0] + 1)


def _is_avif(body: bytes) -> bool:
    """AVIF 1.1 section 6: the major brand of the file, for a picture or a sequence of them."""
    return body[4:8] == b"ftyp" and body[8:12] in (b"avif", b"avis", b"mif1", b"msf1")


def _webp(picture: Image.Image) -> bytes:
    made = BytesIO()
    picture.save(made, "WEBP", quality=_QUALITY, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return made.getvalue()
