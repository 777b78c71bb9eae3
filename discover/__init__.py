"""Waypost: the fediverse's discovery and search indexer that asks first."""

VERSION = "0.1.0"
