"""Our own actor, as other servers see it."""
