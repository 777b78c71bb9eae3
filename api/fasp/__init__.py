"""The provider's side of FASP v0.1: what connected servers call."""
