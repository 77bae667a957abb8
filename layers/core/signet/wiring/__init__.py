"""Builds the adapters once per execution environment and hands out the functions' handlers.

Each function has a module here, which imports what that function needs and nothing else.
"""

import gc
from importlib import import_module

from signet.aws import environ
from signet.wiring.http_function import Handler

_YOUNG_OBJECTS = 20_000
"""Objects after which a collection looks at them: many requests' worth, since requests leave no cycles behind."""


def handler_for(function: str) -> Handler:
    """The Lambda handler of a function."""
    handler: Handler = import_module(f"{__name__}.{function}").handler()
    if environ.is_lambda():
        gc.freeze()  # what stands now stays for good: no collection needs to look at it
        gc.set_threshold(_YOUNG_OBJECTS)
    return handler
