"""JSON texts (RFC 8259) as every request writes them: its answer, its token's claims and its audit record."""

import json
from collections.abc import Callable
from typing import Any

import orjson

_NOTHING_OF_ITS_OWN = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
"""A dataclass would be written with the fields that its repr leaves out, which are the secrets."""

_DELETE = 0x7F
"""ASCII, and a control character all the same: orjson leaves it as it is."""


def encoded(value: object, default: Callable[[Any], Any] | None = None) -> bytes:
    """The JSON text of a value, in ASCII and without white space. `default` gives something else for what JSON has not.

    ASCII, so that a log record stays one line for whoever reads it. What orjson writes otherwise or refuses, such as
    integers beyond 64 bits, Python's own encoder writes. Raises TypeError or ValueError for what is no JSON; a NaN or
    an infinity becomes null where nothing else is left to Python.
    """
    try:
        text = orjson.dumps(value, default, _NOTHING_OF_ITS_OWN)
        if text.isascii() and _DELETE not in text:
            return text
    except TypeError:
        pass
    return json.dumps(value, separators=(",", ":"), default=default, allow_nan=False).encode()
