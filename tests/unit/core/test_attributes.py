"""signet.aws.attributes: what is stored comes back as it was."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet.aws.attributes import attribute, fits, item, value, values

json_values = st.recursive(
    st.booleans()
    | st.integers(-(10**37), 10**37)
    | st.floats(-1e100, 1e100, allow_subnormal=False).filter(lambda number: number == 0 or abs(number) > 1e-100)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4),
    max_leaves=15,
)


@given(json_values)
def test_a_value_comes_back_as_it_was(stored: Any) -> None:
    """With its type."""
    found = value(attribute(stored))
    assert found == stored
    assert repr(found) == repr(stored)


@given(st.dictionaries(st.text(min_size=1, max_size=8), json_values | st.none(), max_size=6))
def test_an_item_comes_back_without_what_is_none(stored: dict[str, Any]) -> None:
    """An attribute that is absent is how DynamoDB says that there is none."""
    assert values(item(stored)) == {name: member for name, member in stored.items() if member is not None}


@pytest.mark.parametrize(
    ("stored", "expected"),
    [("100", 100), ("1E+2", 100.0), ("0.5", 0.5), ("-7", -7), ("1" + "0" * 37, 10**37), ("1e-7", 1e-7)],
)
def test_a_number_is_read_as_dynamodb_spells_it(stored: str, expected: float) -> None:
    """It normalises what was written: 100.0 comes back as 100."""
    found = value({"N": stored})
    assert (found, type(found)) == (expected, type(expected))


def test_a_tuple_is_stored_as_a_list() -> None:
    """DynamoDB has no other."""
    assert attribute(("a", ("b",))) == {"L": [{"S": "a"}, {"L": [{"S": "b"}]}]}


@pytest.mark.parametrize("odd", [None, b"x", {1, 2}, object(), Decimal(1), [None]])
def test_what_no_item_of_ours_holds_is_refused(odd: object) -> None:
    """By TypeError, before anything is sent."""
    with pytest.raises(TypeError):
        attribute(odd)


@pytest.mark.parametrize("kind", ["B", "SS", "NS", "BS", "NULL"])
def test_an_attribute_of_a_type_that_is_none_of_ours_is_refused(kind: str) -> None:
    """By ValueError, which makes the record a corrupt one."""
    with pytest.raises(ValueError, match=kind):
        value({kind: "x"})


@pytest.mark.parametrize(
    ("found", "annotation", "expected"),
    [
        ("a", str, True),
        (1, str, False),
        (1, int, True),
        (True, int, False),
        (1.0, int, False),
        (True, bool, True),
        (1, bool, False),
        (None, int | None, True),
        (1, int | None, True),
        ("1", int | None, False),
        ((), tuple[str, ...], True),
        (("a", "b"), tuple[str, ...], True),
        (("a", 1), tuple[str, ...], False),
        ("ab", tuple[str, ...], False),
        ({}, Mapping[str, Any], True),
        ([], Mapping[str, Any], False),
    ],
)
def test_a_value_fits_the_type_of_its_field(found: object, annotation: object, expected: bool) -> None:  # noqa: FBT001
    """A string is no list of strings, a number is no truth."""
    assert fits(found, annotation) is expected
