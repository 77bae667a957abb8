"""Rows 10 and 11: what is not the kind of token that was asked for, or is damaged, is no token at all."""

from collections.abc import Callable
from typing import Any

import pytest

from signet.model.user import User
from tests.support import gateway_events
from tests.support.deployment import Deployment
from tests.support.sign_in import Application, Service
from tests.support.token_requests import INACTIVE, introspect, refresh, revoke


@pytest.fixture
def app(service: Service) -> Application:
    """A client that gets every kind of token."""
    return service.application(grant_types=("authorization_code", "refresh_token"))


@pytest.fixture
def tokens(service: Service, app: Application, ada: User) -> dict[str, Any]:
    """One of each."""
    return service.tokens(app, ada, scope="openid email")


KINDS = ("access_token", "refresh_token")


@pytest.fixture
def others(service: Service, app: Application, ada: User, tokens: dict[str, Any]) -> dict[str, str]:
    """What is neither an access token nor a refresh token."""
    session_id, _ = service.sessions.begin(ada)
    return {
        "code": service.code(app, ada),
        "id_token": tokens["id_token"],
        "session_id": session_id,
        "client_secret": app.client_secret,
        "jti": tokens["jti"],
    }


def test_nothing_else_is_introspected_or_revoked(
    app: Application, tokens: dict[str, Any], others: dict[str, str], deployment: Deployment
) -> None:
    """A code, an ID token, a session id: inactive, and revoked already, without a write (Keycloak CVE-2026-4282)."""
    introspect(deployment, app, "x")
    revoke(deployment, app, "x")
    for kind, other in others.items():
        for hint in KINDS:
            deployment.calls.clear()
            assert introspect(deployment, app, other, token_type_hint=hint).body == INACTIVE, kind
            assert revoke(deployment, app, other, token_type_hint=hint).status == 200, kind
            assert deployment.calls == [], kind
    for kind in KINDS:
        assert introspect(deployment, app, tokens[kind]).json()["active"] is True


def test_each_kind_is_refused_where_another_is_expected(
    service: Service, app: Application, tokens: dict[str, Any], others: dict[str, str], deployment: Deployment
) -> None:
    """A refresh token is no bearer's, an access token refreshes nothing, and neither is a code; all of them live on."""
    for bearer in (tokens["refresh_token"], *others.values()):
        answer = service.userinfo(bearer)
        assert answer.error(401) == "invalid_token"
    for shown in (tokens["access_token"], *others.values()):
        assert refresh(deployment, app, shown).error() == "invalid_grant"
    for shown in (tokens["access_token"], tokens["refresh_token"], tokens["id_token"]):
        assert service.redeem(app, shown).error() == "invalid_grant"
    assert service.userinfo(tokens["access_token"]).status == 200
    assert service.redeem(app, others["code"]).status == 200
    assert refresh(deployment, app, tokens["refresh_token"]).status == 200


def test_no_token_authenticates_a_client(app: Application, tokens: dict[str, Any], deployment: Deployment) -> None:
    """Neither as its secret nor as a bearer's: whoever found a token could ask about others."""
    for token in (tokens["access_token"], tokens["refresh_token"], tokens["id_token"]):
        for function, path in (("revocation", "/connect/oauth/revoke"), ("introspection", "/connect/oauth/introspect")):
            for event in (
                gateway_events.token_event({"token": token}, basic=(app.client_id, token), path=path),
                gateway_events.token_event({"token": token}, headers={"authorization": f"Bearer {token}"}, path=path),
            ):
                answer = gateway_events.answer(deployment.invoke(function, event))
                assert answer.error(401) == "invalid_client"
    assert introspect(deployment, app, tokens["refresh_token"]).json()["active"] is True


def _exchanged(part: int) -> Callable[[str], str]:
    """A token one of whose characters was changed in that part."""

    def damage(token: str) -> str:
        parts = token.split(".")
        middle = len(parts[part]) // 2
        character = parts[part][middle]
        parts[part] = parts[part][:middle] + ("A" if character != "A" else "B") + parts[part][middle + 1 :]
        return ".".join(parts)

    return damage


DAMAGES: dict[str, Callable[[str], str]] = {
    "shortened": lambda token: token[:-1],
    "shortened by a byte's worth": lambda token: token[:-4],
    "halved": lambda token: token[: len(token) // 2],
    "beheaded": lambda token: token[1:],
    "lengthened": lambda token: token + "A",
    "lengthened by a byte's worth": lambda token: token + "AAAA",
    "lengthened by a part": lambda token: token + ".AAAA",
    "doubled": lambda token: token + token,
    "its case flipped": str.swapcase,
    "upper case": str.upper,
    "re-padded": lambda token: token + "=",
    "re-padded twice": lambda token: token + "==",
    "every part padded": lambda token: ".".join(part + "=" * (-len(part) % 4) for part in token.split(".")) + "=",
    "in base64's other alphabet": lambda token: token.replace("-", "+").replace("_", "/") + "/",
    "behind a space": lambda token: " " + token,
    "before a space": lambda token: token + " ",
    "before a line break": lambda token: token + "\n",
    "in quotation marks": lambda token: f'"{token}"',
    "with its scheme": lambda token: f"Bearer {token}",
    "percent-encoded twice": lambda token: token.replace(".", "%2E"),
    "without its signature": lambda token: token.rpartition(".")[0] + ".",
    "with dots in between": lambda token: token.replace(".", ".."),
    "its header exchanged": _exchanged(0),
    "its claims exchanged": _exchanged(1),
    "its signature exchanged": _exchanged(2),
}
"""Row 11 (ZITADEL CVE-2026-27840): each spelling but the one that was issued."""

KEY_LOOKED_FOR = {"its header exchanged": {"dynamodb:GetItem", "secretsmanager:GetSecretValue"}}
"""A `kid` that nobody has may be of a newer key set or ring: both are read once, whatever comes after."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_token_is_none(app: Application, tokens: dict[str, Any], deployment: Deployment, kind: str) -> None:
    """It is inactive, revokes nothing and refreshes nothing, without a call but for its key; the token lives on."""
    introspect(deployment, app, "x")
    revoke(deployment, app, "x")
    refresh(deployment, app, "x")
    for name, damage in DAMAGES.items():
        damaged = damage(tokens[kind])
        assert damaged != tokens[kind]
        deployment.calls.clear()
        assert introspect(deployment, app, damaged).body == INACTIVE, name
        assert revoke(deployment, app, damaged).status == 200, name
        assert refresh(deployment, app, damaged).error() == "invalid_grant", name
        assert set(deployment.calls) <= KEY_LOOKED_FOR.get(name, set()), name
    assert introspect(deployment, app, tokens[kind]).json()["active"] is True
    assert refresh(deployment, app, tokens["refresh_token"]).status == 200


def test_halves_of_two_tokens_are_none(
    service: Service, app: Application, ada: User, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """The claims of one under the signature of another, of the same kind or not."""
    second = service.tokens(app, ada)
    whole = [tokens[kind] for kind in (*KINDS, "id_token")], [second[kind] for kind in (*KINDS, "id_token")]
    for one in whole[0]:
        for other in whole[1]:
            for cut in (1, 2):
                mixed = ".".join((*one.split(".")[:cut], *other.split(".")[cut:]))
                if mixed == other:  # two of a kind have the same header
                    continue
                assert introspect(deployment, app, mixed).body == INACTIVE
                assert refresh(deployment, app, mixed).error() == "invalid_grant"
