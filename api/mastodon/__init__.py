"""The doors that Mastodon's clients know: public, read-only, in Mastodon's shapes and words.

Source: the entities and methods of docs.joinmastodon.org, version 4.5.
"""
