"""The methods of the library's dataclasses, compiled by the build: each is what Python would make of its text."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.warm_process import environment
from tests.support.built import BUILT, ROOT, python313

pytestmark = pytest.mark.built

LIBRARY = BUILT / "CoreLayer" / "python"

IMPORT_ALL = """
import dataclasses, importlib, json, marshal, pkgutil
import signet
from signet import dataclass_code
codes, run, texts = dataclass_code.kept(open(dataclass_code.BUILT, "rb").read()), dataclasses.exec, []
def recording(text, module, *namespaces):
    if module["__name__"].startswith("signet."):
        texts.append(text)
    run(text, module, *namespaces)
dataclasses.exec = recording
for module in pkgutil.walk_packages(signet.__path__, "signet."):
    importlib.import_module(module.name)
print(json.dumps({
    "written": len(texts),
    "not kept": [text for text in texts if text not in codes],
    "other code": [text for text in texts if marshal.loads(codes.get(text, b"N")) != compile(text, "<string>", "exec")],
    "never written": [text for text in codes if text not in texts],
}))
"""


def test_every_text_is_kept_with_the_code_that_python_makes_of_it() -> None:
    """With the packages that it runs with, which the build need not have: nothing else, and nothing missing."""
    found = in_the_functions_python(IMPORT_ALL)
    assert found.pop("written") > 80
    assert found == {"not kept": [], "other code": [], "never written": []}


def in_the_functions_python(program: str) -> Any:
    """What a program prints that imports the built library."""
    run = subprocess.run(
        [python313(), "-c", program], env=environment({}), capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(run.stdout)


def test_the_same_library_gives_the_same_file(tmp_path: Path) -> None:
    """Whatever the seed of hashes: who builds a release again can compare."""
    files = set()
    for seed in ("1", "2"):
        library = tmp_path / seed
        shutil.copytree(ROOT / "layers" / "core" / "signet", library / "signet")
        subprocess.run(
            [python313(), "-B", "-P", "-S", ROOT / "layers" / "core" / "keep_dataclass_code.py"],
            env={"PATH": os.defpath, "PYTHONPATH": str(library), "PYTHONHASHSEED": seed},
            check=True,
        )
        [made] = library.glob("signet/dataclass_code.*.bin")
        files.add(made.read_bytes())
    [built] = LIBRARY.glob("signet/dataclass_code.*.bin")
    assert files == {built.read_bytes()}
