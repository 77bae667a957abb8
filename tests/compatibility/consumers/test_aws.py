"""The page's AWS services: their configuration judged by cfn-lint, and tokens held to what they document to ask for.

None of them runs here. What each wants of a token or a document is written in the page's sections and in AWS's own:
"Verify JWTs using an Application Load Balancer", "Authenticate users using an Application Load Balancer", "Using OIDC
identity providers with a user pool", OpenIDConnectConfig of AppSync, OidcIdentityProviderConfigRequest of EKS,
CreateOpenIDConnectProvider of IAM.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from samtranslator.yaml_helper import yaml_parse

from signet.errors import Reason
from tests.compatibility.conftest import payload
from tests.compatibility.consumers.conftest import ISSUER, PAGE, SECTIONS, Register, credentials, registered
from tests.support.cfn_lint import findings
from tests.support.served import ServedSignet, running
from tests.support.served_sign_in import create_person, first_tokens

API = "https://api.example.com"
JWT_AUTHORIZER = "API Gateway HTTP API, the JWT authorizer"
ALB_JWT = "Application Load Balancer, JWT verification"
ALB_SIGN_IN = "Application Load Balancer, sign-in"
COGNITO = "Cognito as a relying party"
IAM = "IAM, web identity federation"

SNIPPETS = {
    heading: block
    for heading, section in SECTIONS.items()
    for block in section.blocks("yaml")
    if "Resources:\n" in block
}


def properties(heading: str, resource_type: str) -> Any:
    """The properties of the one resource of that type in a section's snippet."""
    resources = yaml_parse(SNIPPETS[heading])["Resources"].values()
    [found] = [resource["Properties"] for resource in resources if resource["Type"] == resource_type]
    return found


@pytest.fixture(scope="module")
def metadata(served: ServedSignet) -> Any:
    """The discovery document."""
    return httpx.get(f"{served.issuer}/.well-known/openid-configuration").raise_for_status().json()


@pytest.fixture(scope="module")
def app(served: ServedSignet) -> dict[str, Any]:
    """Tokens of a person who has signed in to an application that calls API."""
    redirect_uri = "https://app.example.com/callback"
    client = served.create_client(
        redirect_uris=[redirect_uri],
        grant_types=["authorization_code"],
        audience=[API],
        scope="openid email orders:read",
        token_endpoint_auth_method="client_secret_post",
    )
    username = create_person(served, "--claim", "email=ada@example.com")
    scope = "openid email orders:read"
    return first_tokens(served, username, client, redirect_uri, scope, by_header=False, nonce="n")


@pytest.fixture(scope="module")
def machine_token(served: ServedSignet, register: Register) -> str:
    """A token of the page's first client."""
    [client] = register(JWT_AUTHORIZER)
    form = {"grant_type": "client_credentials"}
    answer = httpx.post(f"{served.issuer}/oauth/token", data=form, auth=credentials(client)).raise_for_status()
    return str(answer.json()["access_token"])


def test_every_snippet_is_sound(tmp_path: Path) -> None:
    """Types, properties and values as CloudFormation's own schemas have them."""
    assert len(SNIPPETS) == 7
    paths = [tmp_path / f"{number}.yaml" for number in range(len(SNIPPETS))]
    for path, snippet in zip(paths, SNIPPETS.values(), strict=True):
        path.write_text(f'AWSTemplateFormatVersion: "2010-09-09"\n{snippet}', "utf-8")
    assert findings(*paths) == ""


def test_every_address_on_the_page_is_one_of_ours(served: ServedSignet, metadata: Any) -> None:
    """The issuer, or what its discovery document says."""
    named = set(re.findall(rf"{re.escape(ISSUER)}[\w/.-]*", PAGE))
    ours = {str(value).replace(served.issuer, ISSUER) for value in metadata.values()}
    # a condition key of IAM goes on with its claim
    assert {address.rstrip("./") for address in named} <= ours
    assert len(named) >= 5


def test_the_discovery_document_has_what_consumers_look_for(served: ServedSignet, metadata: Any) -> None:
    """At `<issuer>/.well-known/openid-configuration`, where Kubernetes, IAM, AppSync and Cognito look."""
    assert metadata["issuer"] == served.issuer
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert metadata[name].startswith(f"{served.issuer}/")
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["subject_types_supported"] == ["public"]
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert {"client_secret_post", "client_secret_basic"} <= set(metadata["token_endpoint_auth_methods_supported"])


def test_tokens_and_keys_name_the_key_and_its_algorithm(metadata: Any, app: dict[str, Any], machine_token: str) -> None:
    """RS256 and `kid`: API Gateway and ALB take nothing else, Cognito wants the `kid`. ALB takes ten keys."""
    keys = {key["kid"]: key for key in httpx.get(metadata["jwks_uri"]).raise_for_status().json()["keys"]}
    assert len(keys) <= 10
    for token in (machine_token, app["access_token"], app["id_token"]):
        header = jwt.get_unverified_header(token)
        assert header["alg"] == "RS256" == keys[header["kid"]]["alg"]
        assert keys[header["kid"]]["use"] == "sig"


def test_jwt_authorizer_is_set_up_for_the_client_of_its_section(machine_token: str) -> None:
    """Issuer, audience and scope; tests/compatibility/test_api_gateway_jwt_authorizer.py has the rules."""
    configuration = properties(JWT_AUTHORIZER, "AWS::ApiGatewayV2::Authorizer")["JwtConfiguration"]
    claims = payload(machine_token)
    assert configuration == {"Issuer": ISSUER, "Audience": [claims["aud"]]}
    wanted = properties(JWT_AUTHORIZER, "AWS::ApiGatewayV2::Route")["AuthorizationScopes"]
    assert set(wanted) & set(claims["scope"].split(" "))


def alb_lets_through(token: str, issuer: str, configuration: Mapping[str, Any]) -> bool:
    """The claims' half of the load balancer's JWT verification, all additional claims being wanted."""
    claims = payload(token)
    for wanted in configuration["AdditionalClaims"]:
        value = claims.get(wanted["Name"])
        held: set[str] = set()
        if isinstance(value, str):
            held = {
                "single-string": {value},
                "space-separated-values": set(value.split(" ")),
                "string-array": held,
            }[wanted["Format"]]
        elif isinstance(value, list) and wanted["Format"] == "string-array":
            held = set(value)
        if not held & set(wanted["Values"]):
            return False
    return claims["iss"] == issuer and {"exp", "iat"} <= claims.keys()


def test_the_load_balancer_lets_access_tokens_through_and_no_id_token(
    served: ServedSignet, app: dict[str, Any], machine_token: str
) -> None:
    """By the claims of the page's rule, in the formats that it names."""
    [action, _] = properties(ALB_JWT, "AWS::ElasticLoadBalancingV2::ListenerRule")["Actions"]
    configuration = action["JwtValidationConfig"]
    assert len(configuration["JwksEndpoint"]) <= 256
    assert len(configuration["AdditionalClaims"]) <= 10
    assert alb_lets_through(machine_token, served.issuer, configuration)
    assert alb_lets_through(app["access_token"], served.issuer, configuration)
    assert not alb_lets_through(app["id_token"], served.issuer, configuration)
    other = served.create_client(audience=["https://other.example"], scope="orders:read")
    answer = httpx.post(f"{served.issuer}/oauth/token", data={"grant_type": "client_credentials"}, auth=other)
    assert not alb_lets_through(answer.json()["access_token"], served.issuer, configuration)
    several = served.create_client(audience=[API, "https://other.example"], scope="orders:read")
    answer = httpx.post(f"{served.issuer}/oauth/token", data={"grant_type": "client_credentials"}, auth=several)
    assert isinstance(payload(answer.json()["access_token"])["aud"], list)


@pytest.mark.parametrize("heading", [ALB_SIGN_IN, COGNITO])
def test_a_relying_party_of_aws_signs_a_person_in(
    served: ServedSignet, metadata: Any, register: Register, heading: str
) -> None:
    """The code without PKCE, the secret in the body, userinfo by GET: as the load balancer and Cognito do it."""
    [client] = register(heading)
    username = create_person(served, "--claim", "name=Ada Lovelace", "--claim", "email=ada@example.com")
    redirect_uri = client["redirect_uris"][0]
    assert redirect_uri.endswith("/oauth2/idpresponse")
    tokens = first_tokens(
        served,
        username,
        credentials(client),
        redirect_uri,
        "openid profile email",
        by_header=False,
        with_pkce=False,
        state="s",
        nonce="n",
    )
    claims = payload(tokens["id_token"])
    assert (claims["aud"], claims["nonce"]) == (client["client_id"], "n")
    answer = httpx.get(metadata["userinfo_endpoint"], headers={"authorization": f"Bearer {tokens['access_token']}"})
    person = answer.raise_for_status().json()
    assert person["sub"] == claims["sub"]
    assert (person["name"], person["email"]) == ("Ada Lovelace", "ada@example.com")


def test_a_wrong_registration_shows_in_the_audit_by_the_name_on_the_page() -> None:
    """The operator who follows the page greps for it."""
    assert str(Reason.AUTHENTICATION_METHOD_NOT_REGISTERED) in SECTIONS[ALB_SIGN_IN].text


def test_appsync_takes_access_tokens_of_people_and_no_id_token(app: dict[str, Any], machine_token: str) -> None:
    """By its regular expression over `aud`; `auth_time` is there where a person is, and `iat` always."""
    configuration = properties("AppSync", "AWS::AppSync::GraphQLApi")["OpenIDConnectConfig"]
    access, identity, machine = map(payload, (app["access_token"], app["id_token"], machine_token))
    assert re.fullmatch(configuration["ClientId"], access["aud"])
    assert re.fullmatch(configuration["ClientId"], machine["aud"])
    assert not re.fullmatch(configuration["ClientId"], identity["aud"])
    assert not re.fullmatch(configuration["ClientId"], identity["azp"])
    assert access["auth_time"] <= access["iat"]
    assert "auth_time" not in machine
    assert "orders:read" in access["scope"].split(" ")


def test_eks_gets_name_and_groups_from_the_id_token(tmp_path: Path) -> None:
    """`aud`, `sub` always; groups where the `claims` parameter asks for them (OpenID Connect Core section 5.5).

    At an instance of its own: the shared one may have read the scopes a moment ago, and keeps them for a minute.
    """
    with running(tmp_path / "stderr") as instance:
        _scope, client = registered(instance, "EKS")
        configuration = properties("EKS", "AWS::EKS::IdentityProviderConfig")["Oidc"]
        claims_file = tmp_path / "claims.json"
        claims_file.write_text(json.dumps({"groups": ["operators", "on-call"]}), "utf-8")
        username = create_person(instance, "--claims", str(claims_file))
        [parameter] = re.findall(r"'claims=(\{.*?\})'", SECTIONS["EKS"].text)
        for parameters, groups in (({"claims": parameter}, ["operators", "on-call"]), ({}, None)):
            tokens = first_tokens(
                instance,
                username,
                credentials(client),
                "http://localhost:8000",
                "openid groups",
                by_header=False,
                nonce="n",
                **parameters,
            )
            claims = payload(tokens["id_token"])
            assert claims["aud"] == client["client_id"]
            assert claims[configuration["UsernameClaim"]] == claims["sub"]
            assert claims.get(configuration["GroupsClaim"]) == groups


def test_iam_finds_the_client_in_aud_and_the_person_in_sub(app: dict[str, Any]) -> None:
    """One string each; `azp`, which IAM would take for `aud`, says the same. Condition keys are without the scheme."""
    claims = payload(app["id_token"])
    assert claims["aud"] == claims["azp"]
    assert isinstance(claims["sub"], str)
    assert len(claims["sub"]) <= 255
    provider = properties(IAM, "AWS::IAM::OIDCProvider")
    assert provider["Url"] == ISSUER
    assert re.search(r":\d", ISSUER) is None
    [statement] = properties(IAM, "AWS::IAM::Role")["AssumeRolePolicyDocument"]["Statement"]
    conditions = statement["Condition"]["StringEquals"]
    assert set(conditions) == {f"{ISSUER.removeprefix('https://')}:{claim}" for claim in ("aud", "sub")}
