"""The client_credentials grant (RFC 6749 section 4.4) from the request to the verified token."""

import time
from typing import Any

import pytest

from signet.model.client import ClientSecret, digest
from tests.support.access_tokens import verified
from tests.support.deployment import ISSUER, Deployment
from tests.support.gateway_events import EXAMPLE_SECRET, Answer, stored, token_event


def claims(deployment: Deployment, answer: Answer, audience: str = ISSUER) -> dict[str, Any]:
    """Verified claims of the access token in an answer."""
    assert answer.status == 200, answer.body
    return verified(answer.json()["access_token"], deployment.key_set(), audience).claims


def test_a_client_gets_a_token_that_any_verifier_accepts(deployment: Deployment) -> None:
    """RFC 9068 section 2: exactly these claims for a client that acts for itself, none of them null or empty."""
    deployment.register("warehouse", EXAMPLE_SECRET, scope=("stock:read", "stock:write"))
    before = int(time.time())
    answer = deployment.token(stored("token-client-credentials-basic"))
    after = int(time.time())
    token = verified(answer.json()["access_token"], deployment.key_set())
    iat, jti = token.claims.pop("iat"), token.claims.pop("jti")
    assert before <= iat <= after
    assert jti
    assert token.claims == {
        "iss": ISSUER,
        "sub": "warehouse",
        "aud": ISSUER,
        "client_id": "warehouse",
        "exp": iat + 3600,
        "scope": "stock:read stock:write",
    }


def test_the_token_header_names_its_kind_algorithm_and_key(deployment: Deployment) -> None:
    """RFC 9068 section 2.1 and RFC 7638: `at+jwt`, RS256 and the thumbprint of the active key, nothing else."""
    answer = deployment.issue(deployment.register())
    keys = deployment.key_set()
    header = verified(answer.json()["access_token"], keys).header
    assert header == {"typ": "at+jwt", "alg": "RS256", "kid": keys[0]["kid"]}


def test_the_response_has_the_members_of_the_seeds(deployment: Deployment) -> None:
    """RFC 6749 section 5.1 and the seeds' `jti`; no refresh token, ever, for this grant (section 4.4.3)."""
    answer = deployment.issue(deployment.register())
    members = answer.json()
    token = verified(members.pop("access_token"), deployment.key_set())
    assert members == {"token_type": "Bearer", "expires_in": 3600, "scope": "read write", "jti": token.claims["jti"]}


def test_the_response_is_json_that_no_cache_keeps(deployment: Deployment) -> None:
    """RFC 6749 section 5.1."""
    answer = deployment.issue(deployment.register())
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_token_has_an_id_of_its_own(deployment: Deployment) -> None:
    """RFC 7519 section 4.1.7: 128 random bits at least."""
    machine = deployment.register()
    ids = {deployment.issue(machine).json()["jti"] for _ in range(20)}
    assert len(ids) == 20
    assert all(len(jti) >= 22 for jti in ids)


def test_a_client_without_scope_gets_a_token_without_scope(deployment: Deployment) -> None:
    """An empty scope is left out of token and response rather than sent empty."""
    answer = deployment.issue(deployment.register(scope=()))
    assert "scope" not in answer.json()
    assert "scope" not in claims(deployment, answer)


@pytest.mark.parametrize(
    ("requested", "granted"),
    [
        ("read", "read"),
        ("write read", "write read"),
        ("read read", "read"),
        ("", "read write"),
    ],
)
def test_a_scope_within_the_registration_is_granted(deployment: Deployment, requested: str, granted: str) -> None:
    """RFC 6749 section 3.3; the whole registered scope when none is requested."""
    answer = deployment.issue(deployment.register(), scope=requested)
    assert answer.json()["scope"] == granted
    assert claims(deployment, answer)["scope"] == granted


@pytest.mark.parametrize(
    "requested",
    [
        "admin",
        "read admin",
        "read  write",
        " read",
        "read ",
        "read\twrite",
        'read "',
        "read\\",
        "lire é",
        "READ",
        "x" * 300,
    ],
)
def test_a_scope_outside_the_registration_is_refused(deployment: Deployment, requested: str) -> None:
    """RFC 6749 section 5.2: unknown, malformed, or exceeding the registered scope; never silently narrowed."""
    assert deployment.issue(deployment.register(), scope=requested).error() == "invalid_scope"


def test_a_client_without_scope_is_refused_any(deployment: Deployment) -> None:
    """The registered scope is the limit, also where it is empty."""
    assert deployment.issue(deployment.register(scope=()), scope="read").error() == "invalid_scope"


def test_scope_is_a_list_for_clients_registered_so(deployment: Deployment) -> None:
    """Tokens of seed 000 carry a list; the response's `scope` stays the string of RFC 6749 section 5.1."""
    answer = deployment.issue(deployment.register(scope_format="list"), scope="write")
    assert answer.json()["scope"] == "write"
    assert claims(deployment, answer)["scope"] == ["write"]


def test_one_registered_audience_is_a_string(deployment: Deployment) -> None:
    """RFC 7519 section 4.1.3: the special case of one value."""
    machine = deployment.register(audience=("https://stock.example.com",))
    answer = deployment.issue(machine)
    assert claims(deployment, answer, "https://stock.example.com")["aud"] == "https://stock.example.com"


def test_several_registered_audiences_are_a_list(deployment: Deployment) -> None:
    """RFC 7519 section 4.1.3, in the order of the registration."""
    audience = ("https://stock.example.com", "https://orders.example.com")
    answer = deployment.issue(deployment.register(audience=audience))
    assert claims(deployment, answer, audience[1])["aud"] == list(audience)


def test_a_resource_narrows_the_audience(deployment: Deployment) -> None:
    """RFC 8707 section 2.2: the token is for the requested resource alone."""
    deployment.register(
        "warehouse",
        EXAMPLE_SECRET,
        scope=("stock:read", "stock:write"),
        audience=("https://stock.example.com", "https://orders.example.com"),
    )
    answer = deployment.token(stored("token-scope-and-resource"))
    found = claims(deployment, answer, "https://stock.example.com")
    assert found["aud"] == "https://stock.example.com"
    assert found["scope"] == "stock:read"


@pytest.mark.parametrize(
    "resource",
    [
        "https://pay.example.com",
        "https://stock.example.com/",
        "https://stock.example.com#x",
        "HTTPS://STOCK.EXAMPLE.COM",
        "x",
    ],
)
def test_another_resource_is_an_invalid_target(deployment: Deployment, resource: str) -> None:
    """RFC 8707 section 2: compared as it is spelled, never normalised into a match."""
    machine = deployment.register(audience=("https://stock.example.com",))
    assert deployment.issue(machine, resource=resource).error() == "invalid_target"


def test_a_client_without_audience_may_name_the_default_one(deployment: Deployment) -> None:
    """The issuer is its audience; naming it is no different, naming another is an invalid target."""
    machine = deployment.register()
    assert claims(deployment, deployment.issue(machine, resource=ISSUER))["aud"] == ISSUER
    assert deployment.issue(machine, resource="https://stock.example.com").error() == "invalid_target"


def test_the_default_audience_is_a_setting(deployment: Deployment) -> None:
    """A deployment may name its API once instead of in each registration."""
    deployment.cold("token", SIGNET_DEFAULT_AUDIENCE="https://api.example.com")
    answer = deployment.issue(deployment.register())
    assert claims(deployment, answer, "https://api.example.com")["aud"] == "https://api.example.com"


@pytest.mark.parametrize("lifetime", [1, 899, 900, 3600, 86_400])
def test_lifetime_is_the_clients(deployment: Deployment, lifetime: int) -> None:
    """Seeds 000 and 003 show 899 and 3600 seconds: `expires_in` and `exp` say the same."""
    answer = deployment.issue(deployment.register(access_token_lifetime=lifetime))
    found = claims(deployment, answer)
    assert answer.json()["expires_in"] == lifetime
    assert found["exp"] - found["iat"] == lifetime


def test_the_default_lifetime_is_a_setting(deployment: Deployment) -> None:
    """It holds for clients that are registered without one."""
    deployment.cold("token", SIGNET_ACCESS_TOKEN_LIFETIME="600")
    assert deployment.issue(deployment.register("a")).json()["expires_in"] == 600
    assert deployment.issue(deployment.register("b", access_token_lifetime=900)).json()["expires_in"] == 900


def test_an_expired_token_is_refused_by_a_verifier(deployment: Deployment) -> None:
    """`exp` is in seconds and in the token, not only in the response."""
    machine = deployment.register(access_token_lifetime=60)
    deployment.clock.advance(-120)
    token = deployment.issue(machine).json()["access_token"]
    with pytest.raises(Exception, match="expired"):
        verified(token, deployment.key_set())


def test_custom_claims_are_in_the_token_as_registered(deployment: Deployment) -> None:
    """The seeds' tokens carry such: strings, numbers, lists and objects keep their JSON type."""
    custom = {
        "data_center": "EU",
        "personid": 4711,
        "ratio": 0.25,
        "active_member": True,
        "authorities": ["ROLE_A", "ROLE_B"],
        "location": {"site": "Lille", "floor": 3},
    }
    found = claims(deployment, deployment.issue(deployment.register(claims=custom)))
    assert {name: found[name] for name in custom} == custom


def test_the_multipart_body_of_seed_000_is_answered(deployment: Deployment) -> None:
    """`curl --form` under an explicit form header sends a multipart body and adds its boundary to that header."""
    secrets = (ClientSecret(digest("dkconnect-secret"), created_at=0),)
    deployment.register(
        "dkconnect",
        token_endpoint_auth_method="client_secret_post",
        client_secrets=secrets,
        access_token_lifetime=899,
        scope_format="list",
        scope=("profile", "email"),
    )
    answer = deployment.token(stored("token-multipart-seed-000"))
    assert answer.json().keys() == {"access_token", "token_type", "expires_in", "scope", "jti"}
    assert answer.json()["expires_in"] == 899
    assert claims(deployment, answer).keys() >= {"scope", "iss", "exp", "iat", "jti", "client_id"}


def test_the_json_body_of_seed_003_is_answered(deployment: Deployment) -> None:
    """A token of one audience is refused at another: back office and storefront are not interchangeable."""
    deployment.register(
        "back-office",
        EXAMPLE_SECRET,
        token_endpoint_auth_method="client_secret_post",
        audience=("https://shop.example.com/admin",),
    )
    answer = deployment.token(stored("token-json-body"))
    assert answer.json()["token_type"] == "Bearer"
    assert claims(deployment, answer, "https://shop.example.com/admin")
    with pytest.raises(Exception, match=r"[Aa]udience"):
        claims(deployment, answer, "https://shop.example.com/storefront")


def test_the_path_of_seed_004_is_answered(deployment: Deployment) -> None:
    """Basic credentials at the seller center's path; no refresh token."""
    deployment.register("warehouse", EXAMPLE_SECRET)
    answer = deployment.token(stored("token-seller-center"))
    assert answer.status == 200
    assert "refresh_token" not in answer.json()


@pytest.mark.parametrize(
    "path", ["/connect/oauth/token", "/connect-re7/oauth/token", "/oauth2-token", "/sc/oauth2/token"]
)
def test_every_path_of_the_token_endpoint_issues_alike(deployment: Deployment, path: str) -> None:
    """The seeds' paths are one endpoint with one issuer."""
    machine = deployment.register()
    answer = deployment.token(token_event({"grant_type": "client_credentials"}, basic=machine.basic, path=path))
    assert claims(deployment, answer)["iss"] == ISSUER


def test_a_grant_type_that_is_not_registered_is_refused(deployment: Deployment) -> None:
    """RFC 6749 section 5.2 unauthorized_client: the client is known and may not."""
    machine = deployment.register(grant_types=("authorization_code",), redirect_uris=("https://app.example.com/cb",))
    assert deployment.issue(machine).error() == "unauthorized_client"
