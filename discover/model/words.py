"""English sentences that can be said in other languages later, by whoever shows them."""

from __future__ import annotations

from typing import Any, Self


class Sentence(str):
    """The finished English sentence, which remembers what it was made of.

    Everywhere it is an ordinary string; a page says it again in the reader's language
    (`web.i18n.say`). `template` is the message id, `values` fill its {placeholders}.
    """

    __slots__ = ("plural", "template", "values")
    template: str
    plural: str | None
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Self:
        return cls._made(template, template, None, values)

    @classmethod
    def _made(cls, text: str, template: str, plural: str | None, values: dict[str, Any]) -> Self:
        made = super().__new__(cls, text.format(**values) if values else text)
        made.template, made.plural, made.values = template, plural, values
        return made


def Counted(one: str, many: str, /, *, count: int, **values: Any) -> Sentence:  # noqa: N802 - reads as Sentence does
    """`Counted("{count} post", "{count} posts", count=3)`."""
    text = one if count == 1 else many
    return Sentence._made(text, one, many, {"count": count, **values})  # noqa: SLF001 - of this file


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Marks a message id for the catalogues where it stands; it is translated where it is shown."""
    return text
