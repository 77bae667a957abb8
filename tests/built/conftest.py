"""Everything here looks at what is built, which is first brought up to date with its sources."""

import os

import pytest

from tests.support import built


@pytest.fixture(scope="session", autouse=True)
def _built() -> None:
    try:
        built.build()
    except built.BuildFailed as error:
        # a machine without the runtime's Python can still run every other test; a gate may not lose these unseen
        if "install it with pip, or pass PYTHON313=" in str(error) and not os.environ.get("CI"):
            pytest.skip("Python 3.13, for which the functions are compiled, is not installed")
        raise
