"""The stack and the requests that the benchmarks share."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from tests.support.built import BUILT, LambdaProcess, build
from tests.support.stack import Stack, event, stack

_CREDENTIALS = "machine", "a secret of the benchmark"

_FORM = {
    "Authorization": f"Basic {b64encode(':'.join(_CREDENTIALS).encode()).decode()}",
    "Content-Type": "application/x-www-form-urlencoded",
}

TOKEN_REQUEST: dict[str, Any] = event("POST", "/connect/oauth/token", _FORM, b"grant_type=client_credentials")

_SIGN_IN = {
    "client_id": _CREDENTIALS[0],
    "redirect_uri": "https://app.example.com/cb",
    "response_type": "code",
    "scope": "read",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}

FIRST_REQUESTS: dict[str, dict[str, Any]] = {
    "TokenFunction": TOKEN_REQUEST,
    "JwksFunction": event("GET", "/connect/oauth/jwks"),
    "IntrospectionFunction": event("POST", "/connect/oauth/introspect", _FORM, b"token=of-somebody-else"),
    "RevocationFunction": event("POST", "/connect/oauth/revoke", _FORM, b"token=of-somebody-else"),
    "AuthorizationFunction": event("GET", f"/connect/oauth/authorize?{urlencode(_SIGN_IN)}"),
}
"""What each function can answer with 200 when it has only just started, by its logical id."""


@contextmanager
def rotated_stack() -> Iterator[Stack]:
    """What is built, in an embedded AWS, with its first keys and one client."""
    build()
    with stack(BUILT / "template.yaml") as built:
        with LambdaProcess(BUILT / "KeyRotationFunction", built.variables("KeyRotationFunction")) as key_rotation:
            for step in built.rotation_events():
                key_rotation.invoke(step)
        built.register(
            *_CREDENTIALS,
            grant_types=("client_credentials", "authorization_code"),
            redirect_uris=(_SIGN_IN["redirect_uri"],),
            scope=("read", "write"),
        )
        yield built
