"""The metadata of the interactive half: all of it that is required, and nothing that does not hold."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from signet.endpoints.table import ENDPOINTS
from signet.grants.table import GRANTS
from signet.model.scope import STANDARD
from signet.model.user import User
from tests.support.deployment import ISSUER, Deployment
from tests.support.gateway_events import ORIGIN, event
from tests.support.sign_in import REDIRECT_URI, Application, Service

METADATA = "/connect/.well-known/openid-configuration"

REQUIRED = {
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
}


@pytest.fixture
def metadata(deployment: Deployment) -> dict[str, Any]:
    """The document."""
    members: dict[str, Any] = deployment.get(METADATA).json()
    return members


def test_the_metadata_has_what_discovery_requires(metadata: dict[str, Any]) -> None:
    """OpenID Connect Discovery section 3; RS256 is among the algorithms."""
    assert metadata.keys() >= REQUIRED
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["subject_types_supported"] == ["public"]
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert "openid" in metadata["scopes_supported"]
    assert "authorization_code" in metadata["grant_types_supported"]


def test_every_address_is_of_the_issuers_origin_and_in_the_table(metadata: dict[str, Any]) -> None:
    """Nothing is promised that no function serves."""
    paths = {path: endpoint for endpoint in ENDPOINTS.values() for path in endpoint.paths}
    addresses = {name: value for name, value in metadata.items() if name.endswith(("_endpoint", "_uri"))}
    assert addresses.keys() == {endpoint.metadata_member for endpoint in ENDPOINTS.values()} - {None}
    for name, address in addresses.items():
        assert address.startswith(f"{ORIGIN}/connect/")
        assert paths[urlsplit(address).path].metadata_member == name


def test_the_issuer_is_the_iss_of_answers_and_tokens(
    service: Service, app: Application, ada: User, metadata: dict[str, Any]
) -> None:
    """OpenID Connect Discovery section 4.3, RFC 9207 section 2.4: the three are compared by the client."""
    assert metadata["authorization_response_iss_parameter_supported"] is True
    answer = service.visitor().get(app.url(prompt="none")).redirected(REDIRECT_URI)
    id_token = service.claims(service.tokens(app, ada)["id_token"], "app")
    assert metadata["issuer"] == answer["iss"] == id_token["iss"] == ISSUER


def test_every_response_mode_on_offer_is_answered_by(
    service: Service, app: Application, metadata: dict[str, Any]
) -> None:
    """OAuth 2.0 Multiple Response Types section 2.1."""
    assert metadata["response_modes_supported"] == ["query", "form_post"]
    visitor = service.visitor()
    for mode in metadata["response_modes_supported"]:
        page = visitor.get(app.url(prompt="none", response_mode=mode))
        answer = page.posted(REDIRECT_URI) if mode == "form_post" else page.redirected(REDIRECT_URI)
        assert answer["error"] == "login_required"


def test_every_prompt_on_offer_is_understood_and_no_other(
    service: Service, app: Application, metadata: dict[str, Any]
) -> None:
    """Initiating User Registration via OpenID Connect 1.0 section 4: prompt_values_supported."""
    visitor = service.visitor()
    for prompt in ("none", "login", "consent", "select_account", "create"):
        page = visitor.get(app.url(prompt=prompt))
        understood = "invalid_request" not in page.location
        assert understood == (prompt in metadata["prompt_values_supported"])


def test_every_language_on_offer_is_there(service: Service, app: Application, metadata: dict[str, Any]) -> None:
    """`ui_locales_supported`."""
    assert {"en", "fr"} <= set(metadata["ui_locales_supported"])
    for locale in metadata["ui_locales_supported"]:
        assert service.visitor().get(app.url(ui_locales=locale)).headers["content-language"] == locale


def test_what_is_said_not_to_be_supported_is_refused(
    service: Service, app: Application, metadata: dict[str, Any]
) -> None:
    """OpenID Connect Core section 6."""
    assert metadata["request_parameter_supported"] is False
    assert metadata["request_uri_parameter_supported"] is False
    for name in ("request", "request_uri"):
        answer = service.visitor().get(app.url(**{name: "x"})).redirected(REDIRECT_URI)
        assert answer["error"] == f"{name}_not_supported"
    assert metadata["code_challenge_methods_supported"] == ["S256"]


def test_the_acr_on_offer_is_the_one_in_the_token(
    service: Service, app: Application, ada: User, metadata: dict[str, Any]
) -> None:
    """`acr_values_supported`."""
    acr = service.claims(service.tokens(app, ada)["id_token"], "app")["acr"]
    assert metadata["acr_values_supported"] == [acr]


def test_the_claims_on_offer_can_be_had(service: Service, metadata: dict[str, Any]) -> None:
    """`claims_supported`: by the standard scopes, at userinfo."""
    offered = [claim for claim in metadata["claims_supported"] if claim not in {"sub", "preferred_username"}]
    person = service.user(claims=dict.fromkeys(offered, "held"))
    app = service.application(scope=tuple(STANDARD))
    token = service.tokens(app, person, scope=" ".join(STANDARD))["access_token"]
    assert service.userinfo(token).json().keys() == set(metadata["claims_supported"])


def test_every_grant_type_on_offer_is_known_to_the_token_endpoint(
    service: Service, app: Application, metadata: dict[str, Any]
) -> None:
    """And the document and the table are one list."""
    assert metadata["grant_types_supported"] == list(GRANTS)
    for grant_type in metadata["grant_types_supported"]:
        answer = service.redeem(app, "x", grant_type=grant_type)
        assert answer.json()["error"] != "unsupported_grant_type"


def test_every_endpoint_on_offer_answers(service: Service, deployment: Deployment, metadata: dict[str, Any]) -> None:
    """None of them is 404."""
    by_member = {endpoint.metadata_member: endpoint for endpoint in ENDPOINTS.values()}
    for name, address in metadata.items():
        if endpoint := by_member.get(name):
            path = urlsplit(address).path
            assert deployment.invoke(endpoint.function, event("PUT", path))["statusCode"] == 405
