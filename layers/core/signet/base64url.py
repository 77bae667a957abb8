"""base64url without padding (RFC 7515 section 2)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encoded(octets: bytes) -> bytes:
    """The text of some octets, in ASCII."""
    return urlsafe_b64encode(octets).rstrip(b"=")


def decoded(text: str) -> bytes:
    """The octets of a text in its only spelling: no padding, and bits that no octet uses are zero (RFC 4648 3.5).

    Raises ValueError, which says nothing of the text.
    """
    try:
        octets = urlsafe_b64decode(f"{text}===")
    except ValueError:
        octets = b""
    # what is outside the alphabet was skipped, so the text is not the one that comes back
    if encoded(octets).decode() != text:
        raise ValueError("not base64url")
    return octets
