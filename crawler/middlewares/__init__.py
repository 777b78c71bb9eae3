"""One rule each. All of them ask discover.policy and discover.net; none decides by itself."""
