"""The built functions under Lambda's own runtime client: rotation, key set and token as they run when deployed."""

import json
from base64 import b64encode
from contextlib import ExitStack

import jwt
import pytest

from tests.support.built import BUILT, LambdaProcess
from tests.support.runtime_api import FunctionFailed
from tests.support.stack import ORIGIN, Stack, event, stack

pytestmark = pytest.mark.built

CLIENT_ID, CLIENT_SECRET = "machine", "correct horse battery staple"
TOKEN_REQUEST = event(
    "POST",
    "/connect/oauth/token",
    {
        "Authorization": f"Basic {b64encode(f'{CLIENT_ID}:{CLIENT_SECRET}'.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    },
    b"grant_type=client_credentials&scope=read",
)


def function(deployed: Stack, logical_id: str) -> LambdaProcess:
    """One of the built functions, with the environment that the built template gives it."""
    return LambdaProcess(BUILT / logical_id, deployed.variables(logical_id))


def rotate(deployed: Stack) -> str:
    """Run the four steps of a rotation by the built function; returns what it logged."""
    with function(deployed, "KeyRotationFunction") as key_rotation:
        for step in deployed.rotation_events():
            assert key_rotation.invoke(step) is None
        return key_rotation.log


def test_built_functions_rotate_publish_and_issue_a_token_that_verifies() -> None:
    """From an empty secret to a token that PyJWT verifies with nothing but the published key set."""
    with stack(BUILT / "template.yaml") as deployed:
        deployed.register(CLIENT_ID, CLIENT_SECRET, scope=("read", "write"))
        with function(deployed, "TokenFunction") as token:
            assert token.invoke(TOKEN_REQUEST)["statusCode"] == 503
            rotation_log = rotate(deployed)
            answer = token.invoke(TOKEN_REQUEST)
            assert answer["statusCode"] == 200, answer["body"]
            token_log = token.log
        with function(deployed, "JwksFunction") as jwks:
            key_set = jwks.invoke(event("GET", "/connect/oauth/jwks"))["body"]

    access_token = json.loads(answer["body"])["access_token"]
    key = jwt.PyJWKSet.from_json(key_set)[jwt.get_unverified_header(access_token)["kid"]]
    issuer = f"{ORIGIN}/connect"
    claims = jwt.decode(access_token, key, algorithms=["RS256"], issuer=issuer, audience=issuer)
    assert (claims["client_id"], claims["scope"]) == (CLIENT_ID, "read")

    for secret in (access_token, CLIENT_SECRET, '"d"', "PRIVATE KEY"):
        assert secret not in token_log + rotation_log + key_set


def test_a_warm_token_function_asks_aws_nothing() -> None:
    """Its first request's keys and client serve the next ones: they are answered while AWS is gone."""
    with ExitStack() as stays:
        with stack(BUILT / "template.yaml") as deployed:
            rotate(deployed)
            deployed.register(CLIENT_ID, CLIENT_SECRET, scope=("read",))
            token = stays.enter_context(function(deployed, "TokenFunction"))
            assert token.invoke(TOKEN_REQUEST)["statusCode"] == 200
        assert token.invoke(TOKEN_REQUEST)["statusCode"] == 200


def test_a_function_that_cannot_be_loaded_says_so_at_its_init() -> None:
    """A build without its layers fails here as it would fail on Lambda, and is not taken for one that is slow."""
    with LambdaProcess(BUILT / "TokenFunction", {}, path=()) as token, pytest.raises(FunctionFailed, match=r"^init: "):
        token.invoke(TOKEN_REQUEST)
