"""The example stack as `make build` in its folder makes it, its authorizer under Lambda's own runtime client."""

import json
import time

import pytest

from signet import jwt
from signet.keys.algorithms import ALGORITHMS
from signet.keys.thumbprint import public_jwk, thumbprint
from tests.support import built
from tests.support.built import HOST, ROOT, LambdaProcess
from tests.support.hostile_server import HostileServer

pytestmark = pytest.mark.built

SHOP = ROOT / "examples" / "shop"
BUILT = SHOP / ".aws-sam" / "build"
FUNCTION = BUILT / "BackOfficeAuthorizerFunction"
LAYERS = (HOST / "dependencies" / "python", BUILT / "CoreLayer" / "python")
EVENT = json.loads((SHOP / "events" / "get-orders.json").read_text(encoding="utf-8"))
AUDIENCE = "https://shop.example/admin/api"


@pytest.fixture(scope="module", autouse=True)
def _built_example() -> None:
    built.build("build-example")


def variables(issuer: str) -> dict[str, str]:
    """The authorizer's environment as the template has it."""
    return {
        "SIGNET_ISSUER": issuer,
        "SIGNET_AUDIENCE": AUDIENCE,
        "SIGNET_ROUTE_SCOPES": '{"GET /orders": "orders:read"}',
        "POWERTOOLS_SERVICE_NAME": "signet",
        "POWERTOOLS_METRICS_NAMESPACE": "Signet",
    }


def test_it_is_built_without_docker_from_the_folders_of_the_checkout() -> None:
    """Both layers, and of each function its app alone, byte-compiled."""
    functions = ("BackOfficeAuthorizerFunction", "StorefrontAuthorizerFunction", "BackendFunction")
    assert {path.name for path in BUILT.iterdir()} == {*functions, "CoreLayer", "DependenciesLayer", "template.yaml"}
    for name in functions:
        shipped = sorted(path.name for path in (BUILT / name).rglob("*") if path.is_file())
        assert shipped == ["app.cpython-313.pyc", "app.py"]
    app = (ROOT / "functions" / "bearer_authorizer" / "app.py").read_bytes()
    assert (BUILT / "BackOfficeAuthorizerFunction" / "app.py").read_bytes() == app


def test_the_event_file_is_refused() -> None:
    """What `sam local invoke BackOfficeAuthorizerFunction --event events/get-orders.json` says: it has no token."""
    with LambdaProcess(FUNCTION, variables("http://127.0.0.1:9/connect"), LAYERS) as authorizer:
        assert authorizer.invoke(EVENT) == {"isAuthorized": False}


def test_the_built_authorizer_fetches_keys_and_lets_a_token_pass(hostile: HostileServer) -> None:
    """Over a connection of its own, in the INIT phase; the second decision asks nobody."""
    issuer = f"{hostile.origin}/connect"
    jwk = ALGORITHMS["RS256"].generate()
    signer = ALGORITHMS["RS256"].signer(thumbprint(jwk), jwk)
    key = {**public_jwk(jwk), "kid": signer.kid, "use": "sig", "alg": "RS256"}
    hostile.answer(json.dumps({"keys": [key]}).encode())
    now = int(time.time())
    claims = {"iss": issuer, "sub": "a", "aud": AUDIENCE, "client_id": "a", "iat": now, "exp": now + 600, "jti": "j"}
    token = jwt.sign({**claims, "scope": "orders:read"}, typ="at+jwt", signer=signer)
    event = {**EVENT, "headers": {**EVENT["headers"], "authorization": f"Bearer {token}"}}
    with LambdaProcess(FUNCTION, variables(issuer), LAYERS) as authorizer:
        for _ in range(2):
            answer = authorizer.invoke(event)
            assert answer == {"isAuthorized": True, "context": {**claims, "scope": "orders:read"}}
        assert token not in authorizer.log
        assert authorizer.log.count('"invocation_id"') == 2
    assert hostile.requests == ["GET /connect/oauth/jwks HTTP/1.1"]
