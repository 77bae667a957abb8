"""Rows 10, 11, 15 and 17 at the authorizer of other people's APIs: what is no access token of ours opens nothing."""

import hmac
import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest

from signet import jwt
from signet.keys.algorithms import ALGORITHMS, LocalSigner
from signet.keys.fetched import PAUSE, PAUSE_AFTER_FAILURE
from signet.keys.keyring import loaded
from signet.keys.thumbprint import public_jwk, thumbprint
from signet.model.user import User
from tests.support.deployment import ISSUER, Deployment
from tests.support.guarded_api import BACK_OFFICE, GuardedApi
from tests.support.sign_in import Application, Service


@pytest.fixture
def api(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> GuardedApi:
    """The back office of the example."""
    return GuardedApi(deployment, monkeypatch)


@pytest.fixture
def claims(deployment: Deployment) -> dict[str, Any]:
    """Claims of an access token that passes, once it is signed."""
    now = int(deployment.clock())
    return {
        "iss": ISSUER,
        "sub": "machine",
        "aud": BACK_OFFICE,
        "client_id": "machine",
        "exp": now + 600,
        "iat": now,
        "jti": "jti",
        "scope": "orders:read",
    }


def signed(deployment: Deployment, claims: dict[str, Any], typ: str = "at+jwt") -> str:
    """These claims under the deployment's own key."""
    return jwt.sign(claims, typ=typ, signer=loaded(deployment.keyring()).signer())


def encoded(part: object) -> str:
    """A part of a JWS."""
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_our_own_token_passes(deployment: Deployment, api: GuardedApi, claims: dict[str, Any]) -> None:
    """Else nothing below would show anything."""
    assert api.passes(signed(deployment, claims))


def test_only_an_access_token_is_one(
    service: Service, api: GuardedApi, app: Application, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ID token is for its client, a refresh token for us: neither opens an API (RFC 9068 section 5)."""
    lasting = service.application(
        "lasting",
        grant_types=("authorization_code", "refresh_token"),
        scope=("openid", "orders:read"),
        audience=(BACK_OFFICE,),
    )
    tokens = service.tokens(lasting, ada, scope="openid orders:read")
    assert api.passes(tokens["access_token"])
    # not by their audience alone: also an authorizer for their own audience refuses them
    for audience in (BACK_OFFICE, "lasting", ISSUER):
        own = GuardedApi(service.deployment, monkeypatch, SIGNET_AUDIENCE=audience, SIGNET_ROUTE_SCOPES="")
        assert own.refusal(tokens["id_token"]) == "token_invalid"
        assert own.refusal(tokens["refresh_token"]) == "token_invalid"


@pytest.mark.parametrize("typ", ["JWT", "rt+jwt", "AT+JWT", "application/at+jwt", "logout+jwt", ""])
def test_typ_is_compared(deployment: Deployment, api: GuardedApi, claims: dict[str, Any], typ: str) -> None:
    """RFC 8725 section 3.11, under a signature of ours that holds."""
    assert api.refusal(signed(deployment, claims, typ)) == "token_invalid"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://evil.example/connect"}, "token_invalid"),
        ({"iss": ISSUER + "/"}, "token_invalid"),
        ({"iss": None}, "token_invalid"),
        ({"aud": "https://shop.example/api"}, "token_of_another_audience"),
        ({"aud": BACK_OFFICE + "/"}, "token_of_another_audience"),
        ({"aud": BACK_OFFICE.upper()}, "token_of_another_audience"),
        ({"aud": []}, "token_of_another_audience"),
        ({"aud": ["machine", ISSUER]}, "token_of_another_audience"),
        ({"scope": "orders:write"}, "scope_insufficient"),
        ({"scope": "orders:read2"}, "scope_insufficient"),
        ({"scope": ""}, "scope_insufficient"),
        ({"exp": 0}, "token_expired"),
        ({"iat": 99_999_999_999}, "token_expired"),
    ],
)
def test_every_claim_counts(
    deployment: Deployment, api: GuardedApi, claims: dict[str, Any], changed: dict[str, Any], reason: str
) -> None:
    """Exactly as it is set up (RFC 9068 section 4), also under a signature of ours that holds."""
    assert api.refusal(signed(deployment, {**claims, **changed})) == reason


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "client_id", "exp", "iat", "jti", "scope"])
def test_no_claim_may_be_missing(deployment: Deployment, api: GuardedApi, claims: dict[str, Any], name: str) -> None:
    """RFC 9068 section 2.2."""
    del claims[name]
    assert not api.passes(signed(deployment, claims))


def test_no_other_signature_opens_anything(deployment: Deployment, api: GuardedApi, claims: dict[str, Any]) -> None:
    """No algorithm, an HMAC with the public key, a key of the caller's own under our kid or in the header."""
    key = deployment.key_set()[0]
    token = signed(deployment, claims)
    header, payload, signature = token.split(".")
    forged = [f"{encoded({'alg': alg, 'typ': 'at+jwt', 'kid': key['kid']})}.{payload}." for alg in ("none", "None", "")]
    for secret in (json.dumps(key), key["n"], key["kid"], ""):
        text = f"{encoded({'alg': 'HS256', 'typ': 'at+jwt', 'kid': key['kid']})}.{payload}"
        mac = hmac.digest(secret.encode(), text.encode(), sha256)
        forged.append(f"{text}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}")
    own = ALGORITHMS["RS256"].generate()
    stranger = ALGORITHMS["RS256"].signer(key["kid"], own)
    assert isinstance(stranger, LocalSigner)
    forged.append(jwt.sign(claims, typ="at+jwt", signer=stranger))
    for member in ({"jwk": public_jwk(own)}, {"jku": "https://evil.example/jwks"}, {"crit": ["exp"]}):
        text = f"{encoded({'alg': 'RS256', 'typ': 'at+jwt', 'kid': key['kid'], **member})}.{payload}"
        forged.append(f"{text}.{urlsafe_b64encode(stranger.sign(text.encode())).rstrip(b'=').decode()}")
    forged += [token[:-1], token + "A", f"{header}.{payload}.", f"{header}..{signature}", "A" * 100_000, "." * 10_000]
    for one in forged:
        assert api.refusal(one) == "token_invalid"
    assert api.passes(token)


def test_unknown_kids_do_not_run_up_fetches(deployment: Deployment, api: GuardedApi, claims: dict[str, Any]) -> None:
    """A thousand of them, each in a token that is signed: one fetch in PAUSE seconds, and a denial each."""
    own = ALGORITHMS["RS256"].generate()
    deployment.clock.advance(PAUSE)
    for number in range(1_000):
        text = f"{encoded({'alg': 'RS256', 'typ': 'at+jwt', 'kid': f'unknown-{number}'})}.{encoded(claims)}"
        assert not api.passes(f"{text}.{encoded(thumbprint(own))}")
    assert api.fetches <= 3


def test_an_issuer_out_of_reach_lets_nobody_pass(
    deployment: Deployment, api: GuardedApi, claims: dict[str, Any]
) -> None:
    """Without keys a request fails (500, not remembered) instead of being denied; with them again it passes."""
    token = signed(deployment, claims)
    api.reachable = False
    api.cold()
    assert api.failure(token) == "key_set_unavailable"
    api.reachable = True
    assert api.failure(token) == "key_set_unavailable"
    deployment.clock.advance(PAUSE_AFTER_FAILURE)
    assert api.passes(token)
