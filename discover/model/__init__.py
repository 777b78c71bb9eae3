"""The nouns: frozen dataclasses, no behaviour beyond their own invariants."""
