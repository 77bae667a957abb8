"""The stack and the requests that the benchmarks share."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from tests.support.built import BUILT, LambdaProcess, build
from tests.support.stack import Stack, event, stack

_SECRET = "a secret of the benchmark"  # noqa: S105 - of a client that is only here


def _form(client_id: str) -> dict[str, str]:
    """The headers of a form that a client posts."""
    return {
        "Authorization": f"Basic {b64encode(f'{client_id}:{_SECRET}'.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


def _token_request(client_id: str) -> dict[str, Any]:
    return event("POST", "/connect/oauth/token", _form(client_id), b"grant_type=client_credentials")


TOKEN_REQUEST = _token_request("machine")

TOKEN_REQUESTS = {"RS256": TOKEN_REQUEST, "ES256": _token_request("machine-es256")}
"""A token request by the algorithm that its token is signed by."""

_BY_ES256 = {"access_token_signed_response_alg": "ES256"}

_SIGN_IN = {
    "client_id": "web",
    "redirect_uri": "https://app.example.com/cb",
    "response_type": "code",
    "scope": "read",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}

FIRST_REQUESTS: dict[str, dict[str, Any]] = {
    "TokenFunction": TOKEN_REQUEST,
    "JwksFunction": event("GET", "/connect/oauth/jwks"),
    "IntrospectionFunction": event("POST", "/connect/oauth/introspect", _form("machine"), b"token=of-somebody-else"),
    "RevocationFunction": event("POST", "/connect/oauth/revoke", _form("machine"), b"token=of-somebody-else"),
    "AuthorizationFunction": event("GET", f"/connect/oauth/authorize?{urlencode(_SIGN_IN)}"),
    "EndSessionFunction": event("GET", "/connect/oauth/end_session"),
    "AccountFunction": event("GET", "/connect/account"),
    "UserinfoFunction": event("GET", "/connect/oauth/userinfo"),
}
"""What each function can answer when it has only just started, by its logical id."""

FIRST_STATUS = {"UserinfoFunction": 401}
"""Of the answers that are not 200: nobody has signed in yet."""


@contextmanager
def rotated_stack(algorithms: str = "RS256,ES256") -> Iterator[Stack]:
    """What is built, in an embedded AWS, with its first keys, of these algorithms, and its clients."""
    build()
    with stack(BUILT / "template.yaml") as built:
        variables = {**built.variables("KeyRotationFunction"), "SIGNET_SIGNING_ALGORITHMS": algorithms}
        with LambdaProcess(BUILT / "KeyRotationFunction", variables) as key_rotation:
            for step in built.rotation_events():
                key_rotation.invoke(step)
        built.register("machine", _SECRET, scope=("read", "write"))
        built.register("machine-es256", _SECRET, scope=("read", "write"), **_BY_ES256)
        built.register(
            "web",
            _SECRET,
            grant_types=("authorization_code",),
            redirect_uris=(_SIGN_IN["redirect_uri"],),
            scope=("read",),
        )
        yield built
