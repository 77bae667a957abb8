"""Imports every module of signet and keeps the code of what `dataclass` writes for them; see signet.dataclass_code.

Other people's packages need not be there, whose wheels may be for another platform: none of them has a part in those
texts, which name types and defaults and do not repeat them.
"""

import dataclasses
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import signet
from signet import dataclass_code


class _Absent(ModuleType):
    """A module that has whatever is asked of it."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock()


class _Absents:
    """Finds and loads what is neither Python's nor ours."""

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: object = None) -> ModuleSpec | None:
        """A spec of a package, for whatever was not found before."""
        if name.partition(".")[0] in _KNOWN:
            return None
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type] # a loader, of which mypy wants a base

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module, empty."""
        return _Absent(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is in it."""


_KNOWN = {*sys.stdlib_module_names, "signet"}


def main() -> None:
    """Write the file beside the package that is on the path."""
    texts: list[str] = []

    def run(text: str, *namespaces: dict[str, object]) -> None:
        texts.append(text)
        exec(text, *namespaces)  # noqa: S102 - what `dataclasses` does

    dataclasses.exec = run  # type: ignore[attr-defined]
    sys.meta_path.insert(0, _Absents())
    for module in pkgutil.walk_packages(signet.__path__, "signet."):
        importlib.import_module(module.name)
    Path(dataclass_code.BUILT).write_bytes(dataclass_code.document(texts))


if __name__ == "__main__":
    main()
