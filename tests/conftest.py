"""Fixtures live in tests/support, one module for each real part."""

pytest_plugins = [
    "tests.support.meilisearch",
    "tests.support.postgres",
    "tests.support.peers",
    "tests.support.journey",
    "tests.support.crowd",
    "tests.support.nameserver",
    "tests.support.chromium",
]
