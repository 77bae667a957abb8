"""The stack and the requests that the benchmarks share."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from tests.support.built import BUILT, LambdaProcess, build
from tests.support.stack import Stack, event, stack

CLIENT = "machine"
SECRET = "a secret of the benchmark"  # noqa: S105 - of clients that are only here
REDIRECT_URI = "https://app.example.com/cb"


def form(client_id: str, path: str, **parameters: str) -> dict[str, Any]:
    """The event of a form that a client posts."""
    headers = {
        "Authorization": f"Basic {b64encode(f'{client_id}:{SECRET}'.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return event("POST", path, headers, urlencode(parameters).encode())


def _token_request(client_id: str) -> dict[str, Any]:
    return form(client_id, "/connect/oauth/token", grant_type="client_credentials")


TOKEN_REQUEST = _token_request(CLIENT)

TOKEN_REQUESTS = {"RS256": TOKEN_REQUEST, "ES256": _token_request("machine-es256")}
"""A token request by the algorithm that its token is signed by."""

_BY_ES256 = {"access_token_signed_response_alg": "ES256"}

SIGN_IN = {
    "client_id": "web",
    "redirect_uri": REDIRECT_URI,
    "response_type": "code",
    "scope": "openid",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}


@contextmanager
def rotated_stack(algorithms: str = "RS256,ES256") -> Iterator[Stack]:
    """What is built, in an embedded AWS, with its first keys, of these algorithms, and its clients."""
    build()
    with stack(BUILT / "template.yaml") as built:
        variables = {**built.variables("KeyRotationFunction"), "SIGNET_SIGNING_ALGORITHMS": algorithms}
        with LambdaProcess(BUILT / "KeyRotationFunction", variables) as key_rotation:
            for step in built.rotation_events():
                key_rotation.invoke(step)
        built.register(CLIENT, SECRET, scope=("read", "write"))
        built.register("machine-es256", SECRET, scope=("read", "write"), **_BY_ES256)
        built.register(
            "web",
            SECRET,
            grant_types=("authorization_code",),
            redirect_uris=(REDIRECT_URI,),
            scope=("openid", "profile", "email"),
        )
        yield built
