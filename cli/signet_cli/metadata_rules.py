"""The rule of each client metadata member: a function takes the value and returns it or says what is wrong."""

import json
import re
import unicodedata
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from signet.model.client import CLIENT_ID, RESERVED_CLAIMS
from signet.model.key import KEY_TYPES
from signet.parameters import SCOPE_TOKEN

LONGEST_TEXT = 255
"""Characters of a name, an audience or a contact."""

SHORTEST_SECRET = 32
"""Characters of a client's secret that is kept as a digest: guessing it is not slowed."""

LONGEST_URI = 2_000
LONGEST_SCOPE = 4_000

MOST_VALUES = 20
"""Values of a list."""

MOST_REDIRECT_URIS = 50

LARGEST_CLAIMS = 2_048
"""Bytes of static claims as JSON; each token carries them, and headers that carry tokens end at 8 KiB."""

DEEPEST_CLAIM = 8

_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_SECRET = re.compile(r"[\x20-\x7E]+")


def fault(message: str) -> PydanticCustomError:
    """What is wrong with a value, for pydantic to collect."""
    return PydanticCustomError("metadata", "{message}", {"message": message})


def text(value: str) -> str:
    """One line of text. Markup stays as it is, pages escape it; what could rewrite a page or a terminal is refused."""
    if not value:
        raise fault("must not be empty")
    if len(value) > LONGEST_TEXT:
        raise fault(f"must not be longer than {LONGEST_TEXT} characters")
    if holds_control_characters(value):
        raise fault("must not hold control characters or line breaks")
    return value


def holds_control_characters(value: str) -> bool:
    """Whether there are controls, line separators, lone surrogates or marks that turn the direction of writing."""
    return any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _BIDIRECTIONAL
        for character in value
    )


def each_once(values: list[str]) -> list[str]:
    """A list without repetition."""
    for value in values:
        if values.count(value) > 1:
            raise fault(f"names {value} twice")
    return values


def client_id(value: str) -> str:
    """RFC 6749 appendix A.1."""
    if not CLIENT_ID.fullmatch(value) or value != value.strip():
        raise fault("must be 1 to 255 printable ASCII characters, without a space at either end")
    return value


def client_secret(value: SecretStr) -> SecretStr:
    """RFC 6749 appendix A.2, and long enough for the way it is stored."""
    if not SHORTEST_SECRET <= len(value.get_secret_value()) <= 255:
        raise fault(
            f"must be {SHORTEST_SECRET} to 255 characters: only its SHA-256 is stored, which protects long random"
            " secrets alone; `signet clients create` makes one where it is left out"
        )
    if not _SECRET.fullmatch(value.get_secret_value()):
        raise fault("must be printable ASCII characters")
    return value


def grant_type(value: str) -> str:
    """A grant type on offer."""
    from signet.grants.table import GRANTS

    return _one_of(value, GRANTS)


def usual_grant_types(members: dict[str, Any]) -> list[str]:
    """The grant type of a client that names none: people sign in to what has a redirect URI or cannot keep a secret."""
    interactive = members.get("redirect_uris") or members.get("token_endpoint_auth_method") == "none"
    return ["authorization_code" if interactive else "client_credentials"]


def auth_method(value: str) -> str:
    """A client authentication method on offer."""
    from signet.clientauth.table import METHODS

    return _one_of(value, METHODS)


def signing_algorithm(value: str) -> str:
    """An algorithm that signs here; `none`, which OpenID Connect knows for ID tokens, is not one."""
    return _one_of(value, KEY_TYPES)


def _one_of(value: str, choices: Collection[str]) -> str:
    if value not in choices:
        raise fault(f"must be {' or '.join(sorted(choices))}")
    return value


def scope(value: str) -> str:
    """Scopes separated by single spaces, each once (RFC 6749 section 3.3); none at all is allowed."""
    scopes = value.split(" ") if value else []
    if len(value) > LONGEST_SCOPE:
        raise fault(f"must not be longer than {LONGEST_SCOPE} characters")
    if not all(map(SCOPE_TOKEN.fullmatch, scopes)):
        raise fault('must be scopes separated by single spaces, in printable ASCII without " and \\')
    each_once(scopes)
    return value


def web_uri(value: str) -> str:
    """A page that people are sent to: https, on this machine alone also http; never a script, never user-info."""
    if len(value) > LONGEST_URI:
        raise fault(f"must not be longer than {LONGEST_URI} characters")
    if not _URI.fullmatch(value):
        raise fault("must be a URI in the characters of RFC 3986, without spaces or control characters")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise fault("must be a URI with a valid host and port") from error
    if "@" in parts.netloc:
        raise fault("must not hold a user name or password")
    local = parts.scheme == "http" and host in {"localhost", "127.0.0.1", "::1"}
    if not host or not (parts.scheme == "https" or local):
        raise fault("must be an https URI; http is for localhost, 127.0.0.1 and [::1] alone")
    return value


def claims(value: dict[str, Any]) -> dict[str, Any]:
    """Static claims: none that the service gives a meaning, nothing null or empty, small enough for every token."""
    reserved = sorted(RESERVED_CLAIMS & value.keys())
    if reserved:
        raise fault(f"the service itself sets {', '.join(reserved)}")
    checked: dict[str, Any] = _claim(value, depth=0)
    size = len(json.dumps(checked, ensure_ascii=False, separators=(",", ":")).encode())
    if size > LARGEST_CLAIMS:
        raise fault(f"must not be larger than {LARGEST_CLAIMS} bytes as JSON; they are {size}, and each token has them")
    return checked


def _claim(value: Any, depth: int) -> Any:
    """A claim, or a part of one, as it is kept."""
    if depth > DEEPEST_CLAIM:
        raise fault(f"must not be nested deeper than {DEEPEST_CLAIM} levels")
    if value is None or (depth and value in ("", [], {})):
        raise fault("must not hold null or empty values: leave them out")
    if isinstance(value, dict):
        return {_claim(name, depth + 1): _claim(member, depth + 1) for name, member in value.items()}
    if isinstance(value, list):
        return [_claim(member, depth + 1) for member in value]
    if isinstance(value, str) and holds_control_characters(value):
        raise fault("must not hold control characters")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    return value


def _number(value: float) -> float:
    """A number that every reader and the registry keep as it is (RFC 7493 section 2.2); 2.0 becomes 2 everywhere."""
    if not abs(value) < 2**53 or 0 < abs(value) < 1e-100:  # the first is also true of NaN
        raise fault("holds a number that not every reader reads alike (RFC 7493 section 2.2): make it a string")
    return int(value) if value == int(value) else value
