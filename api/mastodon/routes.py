"""The modules whose routes speak Mastodon's dialect."""

from __future__ import annotations

from api.mastodon import accounts, instance, search, suggestions, trends

MODULES = (search, accounts, suggestions, trends, instance)
