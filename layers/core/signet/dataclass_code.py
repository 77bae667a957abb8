"""Byte code of the methods that `dataclass` writes: the build makes it, as it makes that of the modules.

`dataclasses` writes each class's methods as text and has that compiled whenever the class is made: two thirds of what
a frozen class takes to be imported, and there are some fifty in a function. A text that the build has met, the same
to the character, is taken from its file; every other one is compiled as ever.
"""

import dataclasses
import marshal
import sys
from collections.abc import Iterable
from io import FileIO
from typing import Any

BUILT = f"{__file__.removesuffix('.py')}.{sys.implementation.cache_tag}.bin"
"""The path of the code by its text, for the Python of the name. Source trees have none."""

_FORMAT = 2
"""Of marshal: the last in which the same code gives the same octets."""


def document(texts: Iterable[str]) -> bytes:
    """What the file holds for these texts."""
    codes = {text: marshal.dumps(compile(text, "<string>", "exec"), _FORMAT) for text in sorted(set(texts))}
    return marshal.dumps(codes, _FORMAT)


def use() -> None:
    """Have `dataclasses` run what has been compiled. Nothing is different without the file, but for the time."""
    try:
        with FileIO(BUILT) as file:
            codes: dict[str, bytes] = marshal.loads(file.readall())  # noqa: S302 - as trusted as the modules beside it
    except FileNotFoundError:
        return

    def run(text: str, *namespaces: dict[str, Any]) -> None:
        code = codes.get(text)
        exec(marshal.loads(code) if code else text, *namespaces)  # noqa: S102, S302 - what `dataclasses` does

    dataclasses.exec = run  # type: ignore[attr-defined] # the name that it looks up in itself before it finds Python's
