"""Tables on a terminal: folded at blanks, never through what somebody copies."""

import pytest

from signet_cli.layout import fitted, without_empty

KID = "hRYGVkHPK9LOdsndFvXh0QTQaYhJ4QNZy9ZPB5JF_9A"


def test_what_fits_is_as_wide_as_it_is() -> None:
    """Nothing is folded that need not be."""
    assert fitted(["kid", "alg"], [[KID, "RS256"]], 80) == [43, 5]


@pytest.mark.parametrize("width", range(64, 101))
def test_what_does_not_fit_is_folded_at_blanks(width: int) -> None:
    """The widest column first, none through a word, and no wider in all than the terminal."""
    columns, row = ["kid", "waits for", "since"], [KID, "the rotation that is due, to retire", "yesterday"]
    widths = fitted(columns, [row], width)
    assert widths is not None
    assert sum(widths) + 4 <= width
    assert widths[0] == len(KID)
    assert all(len(word) <= has for cell, has in zip(row, widths, strict=True) for word in cell.split())


def test_words_that_do_not_fit_are_not_broken() -> None:
    """Only the last of several columns may be folded anywhere, while enough of it is left."""
    address = "https://id.example.com/connect/.well-known/openid-configuration"
    assert fitted(["check", "kid"], [["signature", KID]], 50) is None
    assert fitted(["kid", "since", "alg"], [[KID, "today", "RS256"]], 50) is None
    assert fitted(["check", "result", "detail"], [["metadata", "ok", address]], 60) == [8, 6, 42]


def test_wide_letters_take_the_room_that_they_take() -> None:
    """Two columns of the terminal each."""
    assert fitted(["n"], [["\u540d\u524d"]], 80) == [4]


def test_columns_that_say_nothing_are_left_out() -> None:
    """Unless there is no row at all: then the header says what there would be."""
    assert without_empty(["a", "b"], [["1", ""], ["2", ""]]) == (["a"], [["1"], ["2"]])
    assert without_empty(["a", "b"], []) == (["a", "b"], [])
