"""Use cases of a fediverse auxiliary service provider (FASP v0.1), which servers connect."""
