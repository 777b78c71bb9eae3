"""Pure translation: documents of every dialect into the nouns of `discover.model`."""
