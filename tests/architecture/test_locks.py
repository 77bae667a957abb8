"""What is installed is pinned by its hash, from whatever index or registry the machine is told to ask."""

import json
import re
from pathlib import Path

import pytest

from tests.support.transformed import ROOT

REQUIREMENTS = sorted((ROOT / "requirements").glob("*.in"))
PACKAGE_LOCKS = sorted(path for path in ROOT.glob("*/**/package-lock.json") if "node_modules" not in path.parts)


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_a_lock_pins_each_package_by_hash_and_names_no_index(path: Path) -> None:
    """`pip install --require-hashes` takes nothing else; an address would send everybody to one mirror."""
    lock = path.with_suffix(".txt").read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9][^\s=]*==\S+.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
    assert packages
    assert all("--hash=sha256:" in package for package in packages)
    assert "://" not in lock


def test_make_lock_makes_every_lock() -> None:
    """One that it forgets grows old."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    [names] = re.findall(r"for name in ([\w ]+); do .*--output-file", makefile)
    assert set(names.split()) == {path.stem for path in REQUIREMENTS}


@pytest.mark.parametrize("path", PACKAGE_LOCKS, ids=lambda path: path.parent.name)
def test_a_lock_of_npm_pins_each_package_by_hash_and_names_no_registry(path: Path) -> None:
    """As above; what package.json asks for is one version."""
    lock = json.loads(path.read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all("integrity" in package and "resolved" not in package for package in packages.values())
    asked_for = json.loads(path.with_name("package.json").read_text(encoding="utf-8"))
    versions = {**asked_for.get("dependencies", {}), **asked_for.get("devDependencies", {})}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())


def test_every_finding_of_the_scanner_is_answered() -> None:
    """A policy that is skipped has its reason above it."""
    lines = (ROOT / ".checkov.yaml").read_text(encoding="utf-8").splitlines()
    skipped = [number for number, line in enumerate(lines) if line.strip().startswith("- CKV")]
    assert skipped
    assert all(lines[number - 1].strip().startswith("#") for number in skipped)
