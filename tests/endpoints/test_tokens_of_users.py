"""What stands in the tokens of a user's grant (OpenID Connect Core section 2, RFC 9068 section 2.2)."""

import base64
import json
from hashlib import sha256
from typing import Any

import jwt
import pytest

from signet.model.scope import Scope
from signet.model.user import User
from tests.support.deployment import ISSUER
from tests.support.sign_in import NONCE, Application, Service

ACCESS = {"iss", "sub", "aud", "client_id", "exp", "iat", "jti", "scope"}
LOGIN = {"auth_time", "acr", "amr", "sid"}
ID = {"iss", "sub", "aud", "azp", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid", "jti"}


def test_an_access_token_says_who_for_whom_and_how_they_logged_in(
    service: Service, app: Application, ada: User
) -> None:
    """RFC 9068 sections 2.2 and 2.2.1: exactly these claims, none of them empty."""
    answer = service.tokens(app, ada, scope="openid email")
    claims = service.claims(answer["access_token"])
    assert claims.keys() == {*ACCESS, *LOGIN, "grant_id"}
    assert all(value not in (None, "", [], {}) for value in claims.values())
    assert (claims["iss"], claims["sub"], claims["aud"], claims["client_id"]) == (ISSUER, ada.sub, ISSUER, "app")
    assert (claims["scope"], claims["jti"]) == ("openid email", answer["jti"])
    assert (claims["acr"], claims["amr"]) == ("urn:signet:acr:password", ["pwd"])
    assert jwt.get_unverified_header(answer["access_token"])["typ"] == "at+jwt"
    assert claims["exp"] - claims["iat"] == answer["expires_in"]


def test_an_id_token_says_who_logged_in_to_what(service: Service, app: Application, ada: User) -> None:
    """OpenID Connect Core section 2: exactly these claims, none of them empty."""
    service.clock.stop()
    service.clock.advance(100)
    visitor = service.signed_in(ada)
    logged_in = service.now
    service.consent(ada, app)
    service.clock.advance(100)
    code = visitor.get(app.url()).redirected(app.redirect_uri)["code"]
    answer = service.redeem(app, code).json()
    claims = service.claims(answer["id_token"], "app")
    access = service.claims(answer["access_token"])
    assert claims.keys() == ID
    assert all(value not in (None, "", [], {}) for value in claims.values())
    assert (claims["iss"], claims["sub"], claims["aud"], claims["azp"]) == (ISSUER, ada.sub, "app", "app")
    assert (claims["nonce"], claims["auth_time"]) == (NONCE, logged_in)
    assert {name: claims[name] for name in LOGIN} == {name: access[name] for name in LOGIN}
    assert claims["jti"] != access["jti"]
    assert jwt.get_unverified_header(answer["id_token"]).keys() == {"typ", "alg", "kid"}
    assert jwt.get_unverified_header(answer["id_token"])["typ"] == "JWT"


def test_at_hash_binds_the_access_token(service: Service, app: Application, ada: User) -> None:
    """OpenID Connect Core section 3.1.3.6: base64url of the left half of SHA-256 of its ASCII form."""
    answer = service.tokens(app, ada)
    half = sha256(answer["access_token"].encode("ascii")).digest()[:16]
    at_hash = service.claims(answer["id_token"], "app")["at_hash"]
    assert at_hash == base64.urlsafe_b64encode(half).decode().rstrip("=")


def test_sid_is_the_sessions_public_id(service: Service, app: Application, ada: User) -> None:
    """The same for two grants of one session, another for another, and never the cookie."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)

    def sid() -> str:
        code = visitor.get(app.url()).redirected(app.redirect_uri)["code"]
        return str(service.claims(service.redeem(app, code).json()["id_token"], "app")["sid"])

    first = sid()
    assert sid() == first
    assert first not in visitor.cookies.values()
    visitor = service.signed_in(ada)
    assert sid() != first


def test_the_clients_lifetime_is_that_of_its_tokens(service: Service, ada: User) -> None:
    """Both of them."""
    app = service.application(access_token_lifetime=900)
    answer = service.tokens(app, ada)
    assert answer["expires_in"] == 900
    for token, audience in ((answer["access_token"], ISSUER), (answer["id_token"], "app")):
        claims = service.claims(token, audience)
        assert claims["exp"] - claims["iat"] == 900


@pytest.fixture
def seeds(service: Service) -> Service:
    """The seeds' attributes, each in a scope of its own."""
    service.scope(
        Scope("person", token_claims=("personid", "location")),
        Scope("rights", token_claims=("authorities",)),
    )
    return service


ATTRIBUTES: dict[str, Any] = {
    "personid": 4_711,
    "location": {"site": "lille", "floor": 2},
    "authorities": ["reader", "writer"],
    "email": "ada@example.com",
    "empty": "",
}


def test_attributes_of_the_user_come_with_their_scopes(seeds: Service) -> None:
    """Seed 001's `personid`, `location` and `authorities`: each in the access token where its scope was granted."""
    ada = seeds.user(claims=ATTRIBUTES)
    app = seeds.application(scope=("openid", "email", "person", "rights"), claims={"data_center": "eu"})
    expected = {
        "openid": set(),
        "openid email": set(),
        "openid person": {"personid", "location"},
        "rights": {"authorities"},
        "openid person rights": {"personid", "location", "authorities"},
    }
    for scope, names in expected.items():
        answer = seeds.tokens(app, ada, scope=scope)
        claims = seeds.claims(answer["access_token"])
        assert {name: claims[name] for name in names} == {name: ATTRIBUTES[name] for name in names}
        assert claims["data_center"] == "eu"
        assert claims.keys() - {*ACCESS, *LOGIN, "grant_id", "data_center"} == names
        if "id_token" in answer:
            assert seeds.claims(answer["id_token"], "app").keys() == ID


def test_attributes_are_those_of_now(seeds: Service) -> None:
    """Not those of the moment of consent."""
    ada = seeds.user(claims=ATTRIBUTES)
    app = seeds.application(scope=("openid", "rights"))
    code = seeds.code(app, ada, scope="rights")
    seeds.change(ada, claims={**ATTRIBUTES, "authorities": ["reader"]})
    assert seeds.claims(seeds.redeem(app, code).json()["access_token"])["authorities"] == ["reader"]


def test_an_attribute_is_never_a_claim_of_the_service(service: Service, app: Application) -> None:
    """Whatever an operator writes into a user or a scope."""
    names = (*sorted({*ACCESS, *LOGIN, *ID, "grant_id"}), "cnf", "act", "client_id", "active", "nbf")
    service.scope(Scope("email", claims=names, token_claims=names))
    mallory = service.user("mallory", claims=dict.fromkeys(names, "forged"))
    wanted = json.dumps({"id_token": dict.fromkeys(names)})
    answer = service.tokens(app, mallory, scope="openid email", claims=wanted)
    for token, audience in ((answer["access_token"], ISSUER), (answer["id_token"], "app")):
        assert "forged" not in service.claims(token, audience).values()
    assert service.userinfo(answer["access_token"]).json()["sub"] == mallory.sub


def test_scope_is_a_list_for_clients_that_register_so(service: Service, ada: User) -> None:
    """In the access token alone: the response's member is RFC 6749's string; userinfo reads both."""
    app = service.application(scope_format="list")
    answer = service.tokens(app, ada, scope="openid email")
    assert answer["scope"] == "openid email"
    assert service.claims(answer["access_token"])["scope"] == ["openid", "email"]
    assert service.userinfo(answer["access_token"]).status == 200


def test_the_clients_audience_is_the_access_tokens_and_not_the_id_tokens(service: Service, ada: User) -> None:
    """RFC 9068 section 3, OpenID Connect Core section 2."""
    app = service.application(audience=("https://api.example.com",))
    answer = service.tokens(app, ada)
    assert service.claims(answer["access_token"], "https://api.example.com")["aud"] == "https://api.example.com"
    assert service.claims(answer["id_token"], "app")["aud"] == "app"
