"""RS256 unless a client or a resource is set up otherwise: each algorithm with its own keys, which rotate like any."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from hashlib import sha256, sha512
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet

from signet.aws.scopes import DynamoDbScopeStore
from signet.keys import algorithms
from signet.model.key import KEY_TYPES
from signet.model.scope import ScopeCatalogue
from tests.support import gateway_events
from tests.support.access_tokens import verified
from tests.support.deployment import ISSUER, Deployment, Machine
from tests.support.sign_in import Application, Service
from tests.support.token_requests import introspect, refresh

ALGS = tuple(KEY_TYPES)

LEAD = 7200 + 60 + 300

WEB = ("authorization_code", "refresh_token")


@pytest.fixture
def every(deployment: Deployment) -> Deployment:
    """A deployment that signs by each algorithm, with two resources that have chosen theirs."""
    deployment.give_keys(*ALGS)
    chosen = ScopeCatalogue({}, 1, {"https://a.example": "ES256", "https://b.example": "PS256"})
    assert DynamoDbScopeStore(deployment.dynamodb, deployment.table).replace(chosen)
    return deployment


def header(token: str) -> dict[str, Any]:
    """The header of a token."""
    return jwt.get_unverified_header(token)


def access_token(deployment: Deployment, machine: Machine, **parameters: str) -> str:
    """What the client gets of a cold environment."""
    deployment.cold("token")
    answer = deployment.issue(machine, **parameters)
    assert answer.status == 200
    return str(answer.json()["access_token"])


def web(service: Service, client_id: str = "web", **metadata: Any) -> Application:
    """An application whose tokens can be refreshed."""
    return service.application(client_id, grant_types=WEB, **metadata)


@pytest.mark.parametrize("alg", ALGS)
def test_an_access_token_is_signed_as_its_client_is_registered(every: Deployment, alg: str) -> None:
    """By a key of that algorithm alone, which the key set names, and which other libraries verify."""
    machine = every.register(access_token_signed_response_alg=alg)
    token = access_token(every, machine)
    keys = every.key_set()
    assert verified(token, keys).header["alg"] == alg
    assert joserfc_jwt.decode(token, KeySet.import_key_set({"keys": keys}), algorithms=[alg]).claims["iss"] == ISSUER  # type: ignore[typeddict-item]
    [signing] = [key for key in keys if key["kid"] == header(token)["kid"]]
    assert signing["alg"] == alg


@pytest.mark.parametrize("alg", ALGS)
def test_an_id_token_is_signed_as_its_client_is_registered(service: Service, alg: str) -> None:
    """OpenID Connect Registration section 2; `at_hash` by the hash function of that algorithm (Core 3.1.3.6)."""
    service.deployment.give_keys(*ALGS)
    tokens = service.tokens(web(service, id_token_signed_response_alg=alg), service.user())
    claims = verified(tokens["id_token"], service.deployment.key_set(), audience="web").claims
    assert header(tokens["id_token"])["alg"] == alg
    assert header(tokens["access_token"])["alg"] == "RS256"
    hashed = (sha512 if alg == "EdDSA" else sha256)(tokens["access_token"].encode()).digest()
    assert claims["at_hash"] == urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode()


@pytest.mark.parametrize("alg", ALGS)
def test_whatever_the_client_chose_its_tokens_work_everywhere(service: Service, alg: str) -> None:
    """At userinfo, introspection and the next sign-in; the refresh token is for us alone, so always by the default."""
    service.deployment.give_keys(*ALGS)
    app = web(service, id_token_signed_response_alg=alg, access_token_signed_response_alg=alg)
    user = service.user()
    tokens = service.tokens(app, user)
    assert service.userinfo(tokens["access_token"]).json()["sub"] == user.sub
    assert introspect(service.deployment, app, tokens["access_token"]).json()["active"] is True
    assert service.code(app, user, id_token_hint=tokens["id_token"], prompt="none")
    assert header(tokens["refresh_token"])["alg"] == "RS256"
    assert refresh(service.deployment, app, tokens["refresh_token"]).status == 200


@pytest.mark.parametrize("alg", ALGS)
def test_a_refresh_asked_again_has_the_same_successor(service: Service, alg: str) -> None:
    """The same refresh token to the byte, and an access token of the same claims.

    Its bytes are the same where the algorithm signs alike each time.
    """
    service.deployment.give_keys(*ALGS)
    app = web(service, access_token_signed_response_alg=alg)
    service.clock.stop()
    first = service.tokens(app, service.user())["refresh_token"]
    one, other = (refresh(service.deployment, app, first).json() for _ in range(2))
    assert one["refresh_token"] == other["refresh_token"]
    assert service.claims(one["access_token"]) == service.claims(other["access_token"])
    assert (one["access_token"] == other["access_token"]) is (alg in {"RS256", "EdDSA"})


@pytest.mark.parametrize(
    ("audience", "alg"),
    [
        (("https://a.example",), "ES256"),
        (("https://b.example",), "PS256"),
        (("https://c.example",), "EdDSA"),
        (("https://a.example", "https://b.example"), "RS256"),
        (("https://a.example", "https://c.example"), "RS256"),
    ],
)
def test_a_resource_has_the_last_word(every: Deployment, audience: tuple[str, ...], alg: str) -> None:
    """It is the one who verifies; where several do not agree, the algorithm that every verifier knows signs."""
    machine = every.register(audience=audience, access_token_signed_response_alg="EdDSA")
    token = access_token(every, machine)
    assert header(token)["alg"] == alg
    assert verified(token, every.key_set(), audience=audience[-1])


def test_a_token_for_one_of_several_resources_is_signed_as_that_one_wants(every: Deployment) -> None:
    """RFC 8707: the request narrows the audience, and with it who verifies."""
    machine = every.register(audience=("https://a.example", "https://b.example"))
    for resource, alg in (("https://a.example", "ES256"), ("https://b.example", "PS256")):
        assert header(access_token(every, machine, resource=resource))["alg"] == alg


def test_an_algorithm_that_is_added_signs_once_every_verifier_can_have_its_key(deployment: Deployment) -> None:
    """Until then the default signs; a verifier with a set of two hours ago verifies both. Metadata names it then."""
    machine = deployment.register(access_token_signed_response_alg="ES256")
    deployment.clock.advance(2 * LEAD)
    deployment.cold("key_rotation", SIGNET_SIGNING_ALGORITHMS="RS256,ES256")
    deployment.rotate()
    published = deployment.key_set()
    assert [key["alg"] for key in published].count("ES256") == 1
    assert header(access_token(deployment, machine))["alg"] == "RS256"
    assert supported(deployment) == ["RS256"]
    deployment.clock.advance(LEAD + 1)
    deployment.rotate()
    token = access_token(deployment, machine)
    assert verified(token, published, now=deployment.clock()).header["alg"] == "ES256"
    assert supported(deployment) == ["ES256", "RS256"]


def test_an_algorithm_that_is_removed_signs_no_more(every: Deployment) -> None:
    """Its clients get the default; what it signed is verified until it has expired."""
    machine = every.register(access_token_signed_response_alg="EdDSA", access_token_lifetime=86_400)
    before = access_token(every, machine)
    every.cold("key_rotation")
    every.rotate()
    assert supported(every) == ["RS256"]
    assert header(access_token(every, machine))["alg"] == "RS256"
    every.clock.advance(86_000)
    every.rotate()
    assert verified(before, every.key_set(), now=every.clock())
    every.clock.advance(3 * LEAD)
    every.rotate()
    assert {key["alg"] for key in every.key_set()} == {"RS256"}


def supported(deployment: Deployment) -> list[str]:
    """What the metadata says signs."""
    deployment.cold("jwks")
    algs: list[str] = deployment.get("/connect/.well-known/openid-configuration").json()[
        "id_token_signing_alg_values_supported"
    ]
    return algs


def test_a_rotation_tests_the_keys_of_every_algorithm(placeholder: Deployment) -> None:
    """The four steps, with keys as in production."""
    placeholder.cold("key_rotation", SIGNET_SIGNING_ALGORITHMS=",".join(ALGS))
    placeholder.rotate()
    keys = json.loads(placeholder.keyring())["keys"]
    assert sorted(key["alg"] for key in keys if key["state"] == "active") == sorted(ALGS)
    for alg in ALGS:
        machine = placeholder.register(alg, access_token_signed_response_alg=alg)
        assert verified(access_token(placeholder, machine), placeholder.key_set()).header["alg"] == alg


def test_each_key_that_signs_is_ready_before_the_first_request(
    every: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parsed, and has signed, in the INIT phase, which has full CPU; the next keys wait their turn."""
    states = {key["state"] for key in json.loads(every.keyring())["keys"]}
    assert states == {"active", "next"}
    machine = every.register(access_token_signed_response_alg="ES256")
    parsed: list[str] = []
    signed: list[str] = []
    for name, row in list(algorithms.ALGORITHMS.items()):

        def signer(kid: str, jwk: Any, parse: Any = row.signer) -> Any:
            parsed.append(kid)
            key = parse(kid, jwk)

            def sign(octets: bytes) -> bytes:
                signed.append(kid)
                return bytes(key.sign(octets))

            return SimpleNamespace(kid=kid, alg=key.alg, remote=False, sign=sign)

        monkeypatch.setitem(algorithms.ALGORITHMS, name, replace(row, signer=signer))
    every.cold("token")
    active = {key["alg"]: key["kid"] for key in json.loads(every.keyring())["keys"] if key["state"] == "active"}
    assert sorted(parsed) == sorted(signed) == sorted(active.values())
    every.calls.clear()
    assert every.issue(machine).status == 200
    assert every.calls == ["dynamodb:GetItem"]  # of the client alone: what resources have chosen is there too
    assert len(parsed) == len(ALGS)
    assert signed[len(ALGS) :] == [active["ES256"]]


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_a_damaged_key_consumes_nothing(service: Service, alg: str) -> None:
    """503 before the code is used, for those who need that key; the others go on."""
    service.deployment.give_keys(*ALGS)
    ring = service.deployment.keyring()
    document = json.loads(ring)
    for key in document["keys"]:
        key["jwk"] |= {"d": "AAAA"} if key["alg"] == alg else {}
    user, app = service.user(), web(service, id_token_signed_response_alg=alg)
    code = service.code(app, user)
    service.deployment.put_keyring(json.dumps(document))
    service.deployment.cold("token")
    assert service.redeem(app, code).error(503) == "temporarily_unavailable"
    [line] = service.deployment.lines("request_failed")
    assert line["reason"] == "keyring_invalid"
    assert service.deployment.issue(service.deployment.register()).status == 200
    service.deployment.put_keyring(ring)
    service.deployment.cold("token")
    assert service.redeem(app, code).status == 200


def test_the_algorithms_of_the_ring_are_checked(deployment: Deployment) -> None:
    """A rotation of a wrong setting changes nothing."""
    before = deployment.keyring()
    for setting in ("ES256", "RS256,none", "RS256,HS256", "RS256,RS256", "rs256", "RS256, ES256"):
        with pytest.raises(Exception, match="SIGNET_SIGNING_ALGORITHMS"):
            deployment.cold("key_rotation", SIGNET_SIGNING_ALGORITHMS=setting)
    assert deployment.keyring() == before


def test_resources_are_read_only_where_there_is_a_choice(every: Deployment) -> None:
    """Of the catalogue, in the INIT phase and once a minute; a deployment of one algorithm makes no call for it."""
    machine = every.register()
    every.calls.clear()
    every.cold("token")
    calls = [list(every.calls)]
    for seconds in (0, 59, 2):
        every.clock.advance(seconds)
        every.calls.clear()
        assert every.issue(machine).status == 200
        calls.append(list(every.calls))
    read = "dynamodb:GetItem"
    assert calls == [["secretsmanager:GetSecretValue", read], [read], [], [read, read]]
    every.dynamodb.delete_item(TableName=every.table, Key={"pk": {"S": "jwks"}, "sk": {"S": "jwks"}})
    every.give_keys()
    every.calls.clear()
    every.cold("token")
    assert every.issue(machine).status == 200
    assert every.calls == ["secretsmanager:GetSecretValue", read]


def test_resources_that_cannot_be_read_consume_nothing(service: Service) -> None:
    """503 before the code is used: a token by the wrong algorithm would be one that its resource refuses."""
    service.deployment.give_keys(*ALGS)
    user, app = service.user(), web(service)
    code = service.code(app, user)
    damages: list[dict[str, Any]] = [{"M": {"https://a.example": {"S": "none"}}}, {"L": []}, {"S": "ES256"}]
    for damage in damages:
        stored = {"pk": {"S": "scopes"}, "sk": {"S": "scopes"}, "scopes": {"L": []}, "version": {"N": "1"}}
        service.deployment.dynamodb.put_item(TableName=service.deployment.table, Item={**stored, "resources": damage})
        service.deployment.cold("token")
        assert service.redeem(app, code).error(503) == "temporarily_unavailable"
        assert service.deployment.lines("request_failed")[-1]["reason"] == "record_invalid"
    service.deployment.dynamodb.delete_item(
        TableName=service.deployment.table, Key={"pk": {"S": "scopes"}, "sk": {"S": "scopes"}}
    )
    assert service.redeem(app, code).status == 200


def test_the_key_set_shows_public_members_alone(every: Deployment) -> None:
    """RFC 7518 section 6.2.2, RFC 8037 section 2: `d` is the private half on curves too."""
    document = gateway_events.answer(every.invoke("jwks", gateway_events.event("GET", "/connect/oauth/jwks"))).json()
    members = {key["alg"]: set(key) - {"kid", "use", "alg"} for key in document["keys"]}
    assert members == {
        "RS256": {"kty", "n", "e"},
        "PS256": {"kty", "n", "e"},
        "ES256": {"kty", "crv", "x", "y"},
        "EdDSA": {"kty", "crv", "x"},
    }
