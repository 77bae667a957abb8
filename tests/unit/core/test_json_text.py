"""JSON texts: the octets of Python's own encoder wherever that gives JSON, and ASCII always."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signet.json_text import encoded
from signet.model.client import ClientSecret

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(), values, max_size=4)
)


def by_python(value: object) -> Any:
    """What a reader makes of the text of Python's own encoder."""
    return json.loads(json.dumps(value))


@given(VALUES)
def test_a_text_is_read_as_what_was_written(value: object) -> None:
    """Whatever the value: beyond 64 bits, beyond ASCII, half a surrogate pair."""
    assert json.loads(encoded(value)) == by_python(value)


@given(VALUES)
def test_a_text_is_ascii_and_one_line(value: object) -> None:
    """A log record stays one line for readers who take U+2028 or U+0085 for the end of one."""
    assert len((encoded(value) + b"\n").decode("ascii").splitlines()) == 1


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.lists(st.text())))
@example({"".join(map(chr, range(128))): "".join(map(chr, range(128)))})
@example({"deleted": "\x7f"})
def test_the_octets_are_those_of_pythons_encoder(members: dict[str, Any]) -> None:
    """Of what tokens and answers are made of: who compares octets sees no difference between two environments."""
    assert encoded(members) == json.dumps(members, separators=(",", ":")).encode()


def test_members_keep_their_order() -> None:
    """A refresh token that is asked for again comes back byte for byte."""
    assert encoded({"b": 1, "a": (2, 3)}) == b'{"b":1,"a":[2,3]}'


def test_default_stands_in_for_what_json_has_not() -> None:
    """As the audit does, which never fails for what it is told."""
    assert encoded({"at": {1}, "by": b"x"}, str) == b'{"at":"{1}","by":"b\'x\'"}'
    assert encoded({"big": 2**80, "at": {1}}, str) == b'{"big":1208925819614629174706176,"at":"{1}"}'


@pytest.mark.parametrize("value", [{"at": {1}}, {"at": b"x"}, {"at": 2**70, "by": float("nan")}])
def test_what_is_no_json_is_refused(value: object) -> None:
    """And nothing half written."""
    with pytest.raises((TypeError, ValueError)):
        encoded(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_null_or_refused(value: float) -> None:
    """Nothing that JSON has not: the audit is told numbers of its own alone, and no item of ours holds another."""
    assert encoded({"at": value}, str) == b'{"at":null}'
    with pytest.raises(ValueError, match="JSON"):
        encoded({"at": value, "by": "\u00e9"}, str)


def test_a_value_that_holds_itself_is_refused() -> None:
    """It has no end."""
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises((ValueError, RecursionError)):
        encoded(circle)


@pytest.mark.parametrize("value", [datetime(2026, 1, 1, tzinfo=UTC), ClientSecret(digest="hidden")])
def test_what_orjson_writes_beyond_json_is_refused_like_any_other(value: object) -> None:
    """A dataclass above all, of which it writes what its repr leaves out."""
    with pytest.raises(TypeError):
        encoded({"at": value})
    assert encoded({"at": value}, str) == json.dumps({"at": str(value)}, separators=(",", ":")).encode()
    assert b"hidden" not in encoded({"at": value}, str)
