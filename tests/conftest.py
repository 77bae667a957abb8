"""Fixtures of every suite."""

pytest_plugins = [
    "tests.support.served",
    "tests.support.deployment",
    "tests.support.sign_in",
    "tests.support.browser",
    "tests.support.embedded_tables",
    "tests.support.environments",
    "tests.support.hostile_server",
]
