"""`make messages`: reads every message id and brings the catalogues up to date.

Translations are kept, ids that are gone are dropped, new ones stand empty (and a test fails until
somebody says them). `python -m web.messages --missing` only counts.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from web.closed_sets import closed_sets
from web.i18n import DEFAULT, DOMAIN, FOLDER, LANGUAGES

ROOT = Path(__file__).parents[1]
CODE = ("web", "api", "discover/model", "discover/policy", "discover/services", "discover/wire")
WORDS = {
    "N_": None, "gettext": None, "Sentence": None, "ngettext": (1, 2), "Counted": (1, 2),
}  # fmt: skip
_IN_TEMPLATES = {"_": None, "gettext": None, "ngettext": (1, 2)}
# CLDR's forms in CLDR's order: 11 to 99 are the fifth, whole hundreds the sixth. Babel's own
# formula for Arabic has these two the other way round.
_PLURALS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3"
    " : n%100>=11 ? 4 : 5);",
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)[^}]*\}")
_TAG = re.compile(r"</?[a-z][^>]*>")

# What one message may be: a string, or the singular and the plural.
Id = str | tuple[str, str]


def extracted() -> dict[Id, set[str]]:
    """Message id -> the files that say it."""
    found: dict[Id, set[str]] = {}
    for place, message in (*_templates(), *_code(), *_sets()):
        # A plural form and a plain one may share their singular: the catalogue then keeps the pair.
        found.setdefault(message, set()).add(place)
    plurals = {message[0]: message for message in found if isinstance(message, tuple)}
    for one, pair in plurals.items():
        found[pair] |= found.pop(one, set())
    return found


def _templates() -> Iterator[tuple[str, Id]]:
    # Jinja's extractor lets nothing else than these options through.
    options = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
    for path in sorted((ROOT / "web/templates").rglob("*.html")):
        with path.open("rb") as file:
            for _, function, message, _ in babel_extract(file, list(_IN_TEMPLATES), [], options):
                if isinstance(message, str):
                    yield str(path.relative_to(ROOT)), message
                elif message:
                    texts = [text for text in message if isinstance(text, str)]
                    plural = function == "ngettext" and len(texts) > 1
                    yield (
                        str(path.relative_to(ROOT)),
                        (texts[0], texts[1]) if plural else texts[0],
                    )


def _code() -> Iterator[tuple[str, Id]]:
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            with path.open("rb") as file:
                for _, message, _, _ in extract("python", file, WORDS):
                    if isinstance(message, str):
                        yield str(path.relative_to(ROOT)), message
                    else:
                        yield str(path.relative_to(ROOT)), (message[0], message[1])


def _sets() -> Iterator[tuple[str, Id]]:
    for place, messages in closed_sets().items():
        for message in messages:
            yield place, message


def path_of(code: str) -> Path:
    return FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(code: str) -> Catalog:
    path = path_of(code)
    if not path.exists():
        return Catalog(locale=code, domain=DOMAIN)
    with path.open("rb") as file:
        return read_po(file, locale=code, domain=DOMAIN)


def strings(message: Message | None) -> list[str]:
    """All its translated forms; a form that is missing is empty."""
    string = message.string if message is not None else ""
    return [form or "" for form in (string if isinstance(string, (list, tuple)) else [string])]


def faults(message: Id, said: list[str]) -> list[str]:
    """What is wrong with a translation: missing, other placeholders, other markup."""
    if not all(said):
        return ["not translated"]
    forms = [message] if isinstance(message, str) else list(message)
    needed = _holders(forms[-1])
    allowed = set().union(*map(_holders, forms))
    found = []
    for text in said:
        holders = _holders(text)
        # A singular form may leave the number out: "one post".
        if holders - allowed or (needed - holders - ({"count", "num"} if len(said) > 1 else set())):
            found.append(f"placeholders differ: {text!r}")
        if sorted(_TAG.findall(text)) != sorted(_TAG.findall(forms[-1])):
            found.append(f"markup differs: {text!r}")
    return found


def _holders(text: str) -> set[str]:
    return {first or second for first, second in _PLACEHOLDER.findall(text)}


def update(code: str, found: dict[Id, set[str]]) -> int:
    """Writes the catalogue of one language; the number of messages that nobody said yet."""
    old, new = read(code), Catalog(locale=code, domain=DOMAIN)
    missing = 0
    for message in sorted(found, key=lambda one: one if isinstance(one, str) else one[0]):
        known = old.get(message if isinstance(message, str) else message[0])
        same = known is not None and isinstance(known.id, str) == isinstance(message, str)
        string = known.string if known is not None and same else ""
        made = new.add(message, string, locations=[(place, 0) for place in sorted(found[message])])
        missing += not all(strings(made))
    path_of(code).parent.mkdir(parents=True, exist_ok=True)
    body = BytesIO()
    write_po(body, new, omit_header=True, include_lineno=False, width=98)
    head = (
        f'msgid ""\nmsgstr ""\n"Language: {code}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {_PLURALS.get(code, new.plural_forms)}\\n"\n\n'
    )
    path_of(code).write_bytes(head.encode() + body.getvalue())
    return missing


def main() -> int:
    found = extracted()
    only_count = "--missing" in sys.argv
    total = 0
    for code in LANGUAGES:
        if code == DEFAULT:
            continue
        if only_count:
            known = read(code)
            ids = [message if isinstance(message, str) else message[0] for message in found]
            missing = sum(not all(strings(known.get(one))) for one in ids)
        else:
            missing = update(code, found)
        total += missing
        print(f"{code}: {len(found)} messages, {missing} not translated")  # noqa: T201 - a command
    return 1 if only_count and total else 0


if __name__ == "__main__":
    sys.exit(main())
