"""Client metadata as people write it down."""

from pathlib import Path

import pytest

from signet_cli.document import parse_document, read_document
from signet_cli.mistake import Mistake


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "this is not JSON"),
        ('{"a": }', "line 1, column 7: this is not JSON"),
        ("{'a': 1}", "this is not JSON"),
        ("[]", "must be a JSON object"),
        ('"a"', "must be a JSON object"),
        ("null", "must be a JSON object"),
        ('{"scope": "a", "scope": "b"}', "scope: stands twice"),
        ('{"claims": {"a": 1, "a": 1}}', "a: stands twice"),
        ('{"claims": {"a": NaN}}', "NaN is not a JSON value"),
        ('{"claims": {"a": -Infinity}}', "-Infinity is not a JSON value"),
        ("[" * 60_000, "too deep"),
        ('{"a": 1' + "0" * 5_000 + "}", "too long a number"),
    ],
)
def test_what_is_not_one_json_object_is_refused(text: str, told: str) -> None:
    """Of a member that stands twice one value would be lost."""
    with pytest.raises(Mistake, match=told):
        parse_document(text)


def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    """Some editors write one."""
    path = tmp_path / "client.json"
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_text('{"client_name": "Søn"}', encoding=encoding)
        assert read_document(str(path)) == {"client_name": "Søn"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe{\x00}\x00", "is not UTF-8 text"),
        (b"{" + b" " * 70_000 + b"}", "is larger than 64 KiB"),
        (b'{"a": 1, "a": 2}', "a: stands twice"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    """The message says which file and what is wrong with it."""
    path = tmp_path / "client.json"
    path.write_bytes(content)
    with pytest.raises(Mistake, match=told) as caught:
        read_document(str(path))
    assert str(caught.value).startswith(str(path))


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """A missing file, a folder, an impossible name."""
    for path in (tmp_path / "missing.json", tmp_path, Path("a\0b")):
        with pytest.raises(Mistake, match="cannot be read"):
            read_document(str(path))
