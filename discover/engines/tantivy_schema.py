"""The two Tantivy collections: fields, analysis, and documents as the writer takes them."""

from __future__ import annotations

from typing import Any

import orjson
from tantivy import Filter, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from discover.engines.weights import PRIOR_EFFECT
from discover.engines.words import compose, gram_text, runs, without_runs
from discover.model.query import AccountDocument, Kind, PostDocument

# Raise this with every change to the fields or the analysis below: the index is then made anew.
SCHEMA_VERSION = 2

WORDS = "words"
LONGEST_WORD = 60


def analyzer() -> TextAnalyzer:
    """Letters and digits, accents and case folded: Zürich and zurich are one word."""
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(LONGEST_WORD))
        .filter(Filter.ascii_fold())
        .filter(Filter.lowercase())
        .build()
    )


def schema(kind: Kind) -> Schema:
    """Only what highlighting shows is stored; the rest is in the database."""
    builder = SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_text_field("tagwords", tokenizer_name=WORDS, index_option="freq")
    builder.add_text_field("grams", tokenizer_name="whitespace")
    for name in ("server", "language", "tags"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_boolean_field("bot", indexed=True)
    builder.add_integer_field("at", fast=True)
    if kind is Kind.POSTS:
        builder.add_unsigned_field("account_id", indexed=True)
        builder.add_text_field("text", stored=True, tokenizer_name=WORDS)
        builder.add_text_field("media", tokenizer_name="raw", index_option="basic")
        builder.add_boolean_field("sensitive", indexed=True)
        builder.add_boolean_field("reply", indexed=True)
    else:
        builder.add_text_field("handle", tokenizer_name="raw", index_option="basic")
        builder.add_text_field("names", tokenizer_name=WORDS)
        builder.add_text_field("name_grams", tokenizer_name="whitespace")
        builder.add_text_field("name", stored=True, tokenizer_name="raw", index_option="basic")
        for name in ("bio", "fields"):
            builder.add_text_field(name, stored=name == "bio", tokenizer_name=WORDS)
        for name in ("topics", "terms"):
            builder.add_text_field(name, tokenizer_name=WORDS, index_option="freq")
        builder.add_float_field("weight", fast=True)
    return builder.build()


SCHEMAS = {kind: schema(kind) for kind in Kind}


def stored_fields(kind: Kind) -> tuple[str, ...]:
    return ("text",) if kind is Kind.POSTS else ("name", "bio")


def words_of(text: str) -> str | list[str]:
    """The text; with it the words that stand glued to an unspaced script, set free."""
    if text.isascii():
        return text
    return [compose(text), without_runs(text)] if runs(text) else compose(text)


def post_json(post: PostDocument) -> str:
    fields: dict[str, Any] = {
        "id": post.id,
        "account_id": post.account_id,
        "text": words_of(post.text),
        "tags": post.tags,
        "tagwords": post.tags,
        "language": post.language,
        "server": post.server,
        "media": post.media,
        "bot": post.bot,
        "sensitive": post.sensitive,
        "reply": post.reply,
        "at": post.published,
    }
    pairs = gram_text(post.text, *post.tags)
    if pairs:
        fields["grams"] = pairs
    return orjson.dumps(fields).decode()


def account_json(account: AccountDocument) -> str:
    named = (account.username, account.name)
    written = (account.bio, account.fields, account.terms, *account.tags, *account.topics)
    fields: dict[str, Any] = {
        "id": account.id,
        "handle": account.handle.lower(),
        "name": account.name,
        "names": [*map(compose, named), *map(without_runs, filter(runs, named))],
        "bio": words_of(account.bio),
        "fields": words_of(account.fields),
        "terms": words_of(account.terms),
        "topics": compose(" ".join(dict.fromkeys(map(without_runs, account.topics)))),
        "tags": account.tags,
        "tagwords": account.tags,
        "name_grams": gram_text(*named),
        "grams": gram_text(*written),
        "language": account.languages,
        "server": account.server,
        "bot": account.bot,
        "at": account.last_active,
        # The engine multiplies a score by log2(2 + weight); this makes it 1 + effect * prior.
        "weight": 2.0 ** (1.0 + PRIOR_EFFECT * min(1.0, max(0.0, account.prior))) - 2.0,
    }
    return orjson.dumps(fields).decode()
