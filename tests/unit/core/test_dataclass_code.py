"""Kept code of dataclasses' methods: taken for the very text that it was made of, and for nothing else."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from signet import dataclass_code

Texts = list[str]


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> Texts:
    """What has been written since, and run by Python itself; `dataclasses` is as it was afterwards."""
    found: Texts = []

    def recording(text: str, *namespaces: dict[str, Any]) -> None:
        found.append(text)
        exec(text, *namespaces)  # noqa: S102 - what `dataclasses` does

    monkeypatch.setattr(dataclasses, "exec", recording, raising=False)
    return found


def point(**defaults: int) -> Any:
    """A class of two fields, made anew."""

    @dataclasses.dataclass(frozen=True)
    class Point:
        x: int
        y: int = defaults.get("y", 0)

    return Point


def keep(monkeypatch: pytest.MonkeyPatch, path: Path, document: bytes) -> None:
    """Go on with this file."""
    path.write_bytes(document)
    monkeypatch.setattr(dataclass_code, "BUILT", str(path))
    dataclass_code.use()


def test_kept_code_makes_the_same_class(texts: Texts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its values are equal, shown and frozen alike."""
    point()
    keep(monkeypatch, tmp_path / "kept", dataclass_code.document(texts))
    made = point()
    assert made(1) == made(1, 0) != made(2)
    assert repr(made(1)).endswith("Point(x=1, y=0)")
    with pytest.raises(dataclasses.FrozenInstanceError):
        made(1).x = 2


def test_defaults_are_those_of_the_class_and_not_of_the_text(
    texts: Texts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two classes may have one text."""
    point()
    keep(monkeypatch, tmp_path / "kept", dataclass_code.document(texts))
    assert (point(y=5)(1).y, point(y=6)(1).y) == (5, 6)


def test_a_text_that_is_not_kept_is_compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, texts: Texts) -> None:
    """A class of somebody else's, or of a Python that writes it otherwise."""
    keep(monkeypatch, tmp_path / "kept", dataclass_code.document(["x = 1\n"]))
    assert point()(1).x == 1
    assert texts == []


def test_code_of_another_python_is_left_alone(texts: Texts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of one name there are several while it is not released, and it would be run as it lies there."""
    point()
    with monkeypatch.context() as other:
        other.setattr(dataclass_code, "MAGIC_NUMBER", b"\x00\x00\r\n")
        document = dataclass_code.document(texts)
    texts.clear()
    keep(monkeypatch, tmp_path / "kept", document)
    assert point()(1).x == 1
    assert texts


def test_without_a_file_nothing_is_different(texts: Texts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in every source tree."""
    monkeypatch.setattr(dataclass_code, "BUILT", str(tmp_path / "absent"))
    dataclass_code.use()
    assert point()(1).x == 1
    assert texts
