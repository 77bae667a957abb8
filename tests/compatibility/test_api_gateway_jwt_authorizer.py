"""Tokens and documents under the documented rules of API Gateway's built-in JWT authorizer."""

import json
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from tests.support.deployment import ISSUER, Deployment
from tests.support.jwt_authorizer import CACHE, Denied, JwtAuthorizer
from tests.support.sign_in import Service

API = "https://api.example.com"


@pytest.fixture
def authorizer(deployment: Deployment) -> JwtAuthorizer:
    """One for API, which reaches this deployment and knows nothing but its issuer."""
    return authorizer_for(deployment, API)


def authorizer_for(deployment: Deployment, *audience: str) -> JwtAuthorizer:
    """An authorizer that fetches as anybody can."""

    def fetch(address: str) -> bytes:
        deployment.cold("jwks")  # an environment that remembers no older set than it must
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == ISSUER.removesuffix("/connect")
        answer = deployment.get(parts.path)
        assert answer.status == 200
        return answer.body.encode()

    return JwtAuthorizer(ISSUER, audience, fetch, deployment.clock)


def token_of(deployment: Deployment, **metadata: Any) -> str:
    """An access token of a new client for API."""
    machine = deployment.register(f"client-{len(deployment.items())}", **{"audience": (API,), **metadata})
    token: str = deployment.issue(machine).json()["access_token"]
    return token


def test_an_access_token_passes_bare_and_as_bearer(deployment: Deployment, authorizer: JwtAuthorizer) -> None:
    """RS256, `kid`, `iss`, `aud`, `exp`, `iat`: whatever the page lists is there; the issuer is found by discovery."""
    token = token_of(deployment)
    assert authorizer.authorize(token)["aud"] == API
    assert authorizer.authorize(f"Bearer {token}", ["other", "read"])["scope"] == "read write"
    assert authorizer.fetches == 1


def test_a_route_wants_one_of_its_scopes(deployment: Deployment, authorizer: JwtAuthorizer) -> None:
    """`scope` is a string of words: a list, which older clients are registered for, is what it need not be."""
    token = token_of(deployment, scope=("orders:read",))
    authorizer.authorize(token, ["orders:read"])
    for scope in ("orders:write", "orders", "orders:read2"):
        with pytest.raises(Denied, match="scope"):
            authorizer.authorize(token, [scope])


def test_a_token_of_several_audiences_passes_at_each(deployment: Deployment) -> None:
    """One match is enough; the issuer itself is the audience of clients that are registered for none."""
    token = token_of(deployment, audience=(API, "https://other.example"))
    for audience in (API, "https://other.example"):
        authorizer_for(deployment, audience).authorize(token)
    authorizer_for(deployment, ISSUER).authorize(token_of(deployment, audience=()))
    with pytest.raises(Denied, match="aud"):
        authorizer_for(deployment, "https://third.example").authorize(token)


def test_client_id_does_not_stand_in_for_an_audience(deployment: Deployment) -> None:
    """It would only be looked at in a token without `aud`, of which there are none."""
    machine = deployment.register(audience=(API,))
    token = deployment.issue(machine).json()["access_token"]
    with pytest.raises(Denied, match="aud"):
        authorizer_for(deployment, machine.client_id).authorize(token)


def test_a_token_ends_at_its_exp(deployment: Deployment, authorizer: JwtAuthorizer) -> None:
    """And is good from the second of its `iat` on, though the page says before: clocks differ by more than that."""
    token = token_of(deployment, access_token_lifetime=600)
    authorizer.authorize(token)
    deployment.clock.advance(600)
    with pytest.raises(Denied, match="exp"):
        authorizer.authorize(token)


def test_an_id_token_passes_at_its_client_alone(service: Service) -> None:
    """The page's note: it cannot tell an ID token from an access token. Audiences and scopes can, as here."""
    app = service.application(audience=(API,))
    id_token = service.tokens(app, service.user())["id_token"]
    authorizer_for(service.deployment, app.client_id).authorize(id_token)
    with pytest.raises(Denied, match="aud"):
        authorizer_for(service.deployment, API).authorize(id_token)
    with pytest.raises(Denied, match="scope"):
        authorizer_for(service.deployment, app.client_id).authorize(id_token, ["openid"])


def test_the_documents_are_far_below_the_quotas(deployment: Deployment) -> None:
    """At the most keys that are published at once; the Application Load Balancer takes ten keys (docs/consumers.md)."""
    for _ in range(2):
        deployment.clock.advance(CACHE + 60)
        deployment.rotate()
    keys = deployment.key_set()
    assert 2 <= len(keys) <= 10
    assert len(json.dumps({"keys": keys})) < 150_000 / 10
    assert len(deployment.get("/connect/.well-known/openid-configuration").body) < 60_000 / 10


def test_no_rotation_meets_an_authorizer_that_cannot_verify(deployment: Deployment) -> None:
    """Row 18: one that keeps its key set for two hours, fetched at the worst moment, verifies every token ever issued.

    At each step of a month of rotations there are authorizers whose set is as old as it may be, and younger ones.
    """
    machine = deployment.register(audience=(API,), access_token_lifetime=3_600)
    authorizers = [authorizer_for(deployment, API) for _ in range(4)]
    tokens: list[str] = []
    for step in range(12):
        for number, authorizer in enumerate(authorizers):
            if step % len(authorizers) == number:
                authorizer.refresh()
        if step % 3 == 2:
            deployment.rotate()
            deployment.cold("token")
        tokens.append(deployment.issue(machine).json()["access_token"])
        for authorizer in authorizers:
            for token in tokens[-2:]:
                authorizer.authorize(token)
        deployment.clock.advance(CACHE / 4)
    kids = {jwt.get_unverified_header(token)["kid"] for token in tokens}
    assert len(kids) > 1
