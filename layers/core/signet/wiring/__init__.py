"""Builds the adapters once per execution environment and hands out the functions' handlers.

Each function has a module here, which imports what that function needs and nothing else.
"""

import gc
from importlib import import_module
from typing import TYPE_CHECKING

from signet.aws import environ

if TYPE_CHECKING:
    from signet.wiring.http_function import Handler

_YOUNG_OBJECTS = 20_000
"""Objects after which a collection looks at them: many requests' worth, since requests leave no cycles behind."""


def handler_for(function: str) -> "Handler":
    """The Lambda handler of a function. What it takes is imported here, while nobody looks for garbage among it."""
    if not environ.is_lambda():
        return _made(function)
    gc.disable()
    try:
        return _made(function)
    finally:
        gc.freeze()  # what stands now stays for good: no collection needs to look at it
        gc.set_threshold(_YOUNG_OBJECTS)
        gc.enable()


def _made(function: str) -> "Handler":
    handler: Handler = import_module(f"{__name__}.{function}").handler()
    return handler
