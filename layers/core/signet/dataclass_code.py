"""Byte code of the methods that `dataclass` writes: the build makes it, as it makes that of the modules.

`dataclasses` writes each class's methods as text and has that compiled whenever the class is made: two thirds of what
a frozen class takes to be imported, and there are some fifty in a function. A text that the build has met, the same
to the character, is taken from its file; every other one is compiled as ever.
"""

import dataclasses
import marshal
import sys
from collections.abc import Iterable
from importlib._bootstrap_external import MAGIC_NUMBER  # that of importlib.util, whose import would take 0.4 ms
from io import FileIO
from typing import Any

BUILT = f"{__file__.removesuffix('.py')}.{sys.implementation.cache_tag}.bin"
"""The path of the code by its text, for the Python of the name. Source trees have none."""

_FORMAT = 2
"""Of marshal: the last in which the same code gives the same octets."""


def document(texts: Iterable[str]) -> bytes:
    """What the file holds for these texts, after the magic number that byte code begins with."""
    codes = {text: marshal.dumps(compile(text, "<string>", "exec"), _FORMAT) for text in sorted(set(texts))}
    return MAGIC_NUMBER + marshal.dumps(codes, _FORMAT)


def kept(content: bytes) -> dict[str, bytes]:
    """The code in a file by its text; none where it is of a Python with other byte code, which ours would run amiss.

    The name alone does not tell them apart before a Python is released.
    """
    if not content.startswith(MAGIC_NUMBER):
        return {}
    codes: dict[str, bytes] = marshal.loads(memoryview(content)[len(MAGIC_NUMBER) :])  # noqa: S302 - see `use`
    return codes


def use() -> None:
    """Have `dataclasses` run what has been compiled. Nothing is different without the file, but for the time.

    It is trusted as the modules beside it are.
    """
    try:
        with FileIO(BUILT) as file:
            codes = kept(file.readall())
    except FileNotFoundError:
        return
    if not codes:
        return

    def run(text: str, *namespaces: dict[str, Any]) -> None:
        code = codes.get(text)
        exec(marshal.loads(code) if code else text, *namespaces)  # noqa: S102, S302 - what `dataclasses` does

    dataclasses.exec = run  # type: ignore[attr-defined] # the name that it looks up in itself before it finds Python's
