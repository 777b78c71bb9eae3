"""Pure decisions: the same input gives the same answer, for ever."""
