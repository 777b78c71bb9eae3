"""How much a match is worth. Every number that shapes an engine's relevance is here.

Tantivy multiplies its BM25 scores with these; Meilisearch takes fields by rank, so there the
order of the tuples decides and the numbers do not.
"""

from __future__ import annotations

ACCOUNT_FIELDS: dict[str, float] = {
    "names": 5.0,  # user part and display name
    "tagwords": 3.0,
    "bio": 1.5,
    "topics": 1.2,  # names of its topics in every language
    "fields": 1.0,
    "terms": 0.7,
}
POST_FIELDS: dict[str, float] = {
    "tagwords": 2.0,
    "text": 1.0,
}

HANDLE = 20.0  # a whole handle, typed as such
NAME_GRAMS = 4.0  # character pairs of names, for scripts without spaces
GRAMS = 1.0

# How a word was found, as a share of an exact match.
PREFIX = 0.1
FUZZY_ONE = 0.05
FUZZY_TWO = 0.02
# What the other fields of the same word add to the best one.
TIE_BREAKER = 0.1

# score * (1 + PRIOR_EFFECT * prior): an account's prior lifts it by at most this share.
PRIOR_EFFECT = 0.3

# Word lengths from which one and two wrong letters are forgiven.
ONE_TYPO_FROM = 4
TWO_TYPOS_FROM = 8
# A wrong first letter counts as two.
# Topics' names are ours and spelt right: forgiving there takes one topic for another.
SPELT_RIGHT = ("topics",)
# A word that stands in so many documents is taken as spelt right.
KNOWN_WORD = 3
# Shortest unfinished word.
PREFIX_FROM = 2

# When fewer documents than this hold all words, those that hold this share of them count too.
FEW_RESULTS = 10
MOST_WORDS = 0.6
ALL_WORDS_BONUS = 4.0

# Scores have no upper bound; score / (score + HALF_SCORE) has.
HALF_SCORE = 10.0
