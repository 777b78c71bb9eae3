"""The public door: REST, our federating actor, and the pages of `web` mounted beside them."""
