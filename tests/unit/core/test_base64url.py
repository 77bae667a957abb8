"""signet.base64url: one text for some octets, and no other is read."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import base64url


@given(st.binary(max_size=200))
def test_what_is_written_is_read(octets: bytes) -> None:
    """And has nothing in it that a URL or a JWT would have to escape."""
    text = base64url.encoded(octets).decode()
    assert base64url.decoded(text) == octets
    assert not set(text) & set("+/=")


@given(st.text(alphabet=st.sampled_from("AQgw01-_=+/ \n\u00e9\x00"), max_size=12) | st.text(max_size=20))
def test_nothing_else_is_read(text: str) -> None:
    """RFC 4648 section 3.5, RFC 7515 appendix C."""
    with suppress(ValueError):
        assert base64url.encoded(base64url.decoded(text)).decode() == text


@pytest.mark.parametrize("text", ["A", "AAAAA", "AB", "AAB", "AA==", "A A", "A+/A", "AAAA\n", "\u00e9", "\ud800"])
def test_another_spelling_is_refused(text: str) -> None:
    """A length that none has, bits that no octet uses, padding, white space, the other alphabet, what is no ASCII."""
    with pytest.raises(ValueError, match="not base64url"):
        base64url.decoded(text)
