"""Row 9 of the threats: a refresh token in two hands, at once or one after the other, and in the wrong ones."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from signet.model.user import User
from tests.support.embedded_tables import at_once
from tests.support.served import ServedSignet
from tests.support.served_sign_in import create_person, first_tokens, unverified
from tests.support.sign_in import Application, Service

REFRESHING = ("authorization_code", "refresh_token")
REDIRECT_URI = "https://app.example.com/cb"
TOKENS = ("access_token", "refresh_token", "id_token")


@pytest.fixture(scope="module")
def client(served: ServedSignet) -> tuple[str, str]:
    """A client of the running instance."""
    return served.create_client(redirect_uris=[REDIRECT_URI], grant_types=list(REFRESHING), scope="openid profile")


@pytest.fixture
def first(served: ServedSignet, client: tuple[str, str]) -> dict[str, Any]:
    """A sign-in there."""
    return first_tokens(served, create_person(served), client, REDIRECT_URI, "openid profile", by_header=True)


def test_twenty_uses_at_once_get_one_successor(
    served: ServedSignet, client: tuple[str, str], first: dict[str, Any]
) -> None:
    """The same bytes to all, over HTTP; it works, and the first one after it ends everything."""
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

    def refresh(token: str) -> httpx.Response:
        return httpx.post(
            f"{served.issuer}/oauth/token", data={**form, "refresh_token": token}, auth=client, timeout=60
        )

    answers = at_once(20, lambda _: refresh(first["refresh_token"]))
    assert {answer.status_code for answer in answers} == {200}
    for name in TOKENS:
        assert len({answer.json()[name] for answer in answers}) == 1
    second = answers[0].json()
    assert unverified(second["refresh_token"])["generation"] == 1
    third = refresh(second["refresh_token"])
    assert third.status_code == 200
    assert refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert refresh(third.json()["refresh_token"]).json()["error"] == "invalid_grant"
    for members in (first, second, third.json()):
        bearer = {"authorization": f"Bearer {members['access_token']}"}
        assert httpx.get(f"{served.issuer}/oauth/userinfo", headers=bearer).status_code == 401


@pytest.fixture
def app(service: Service) -> Application:
    """A client of two audiences, registered for more than it asks."""
    return service.application(grant_types=REFRESHING, audience=("https://a.example", "https://b.example"))


@pytest.fixture
def tokens(service: Service, app: Application, ada: User) -> dict[str, Any]:
    """What it got, bound to one audience."""
    return service.tokens(app, ada, scope="openid email", resource="https://a.example")


@pytest.mark.parametrize("thief_first", [True, False])
def test_a_stolen_token_is_worth_nothing_once_both_have_used_it(
    service: Service,
    app: Application,
    tokens: dict[str, Any],
    thief_first: bool,  # noqa: FBT001
) -> None:
    """Whoever comes second, eleven seconds later, ends the grant for both, access tokens included."""
    one = service.refresh(app, tokens["refresh_token"]).json()
    kept = one if thief_first else tokens
    service.clock.advance(11)
    assert service.refresh(app, tokens["refresh_token"]).error() == "invalid_grant"
    assert service.refresh(app, one["refresh_token"]).error() == "invalid_grant"
    assert service.userinfo(kept["access_token"]).error(401) == "invalid_token"
    assert service.userinfo(one["access_token"]).error(401) == "invalid_token"


Misuse = Callable[[Service, Application, dict[str, Any]], str]


def _by_another_client(service: Service, app: Application, tokens: dict[str, Any]) -> str:
    other = service.application("other", grant_types=REFRESHING)
    return service.refresh(other, tokens["refresh_token"]).error()


def _by_a_public_client(service: Service, app: Application, tokens: dict[str, Any]) -> str:
    return service.refresh(service.public(grant_types=REFRESHING), tokens["refresh_token"]).error()


def _wider_scope(service: Service, app: Application, tokens: dict[str, Any]) -> str:
    return service.refresh(app, tokens["refresh_token"], scope="openid email phone").error()


def _foreign_resource(service: Service, app: Application, tokens: dict[str, Any]) -> str:
    return service.refresh(app, tokens["refresh_token"], resource="https://b.example").error()


MISUSES: dict[Misuse, str] = {
    _by_another_client: "invalid_grant",
    _by_a_public_client: "invalid_grant",
    _wider_scope: "invalid_scope",
    _foreign_resource: "invalid_target",
}


@pytest.mark.parametrize("misuse", MISUSES)
def test_a_misuse_is_refused_and_leaves_the_grant_to_its_owner(
    service: Service, app: Application, tokens: dict[str, Any], misuse: Misuse
) -> None:
    """Neither a use nor a replay: who cannot use a token cannot end its grant with it."""
    before = service.deployment.state("grant")
    assert misuse(service, app, tokens) == MISUSES[misuse]
    assert service.deployment.state("grant") == before
    assert service.refresh(app, tokens["refresh_token"]).status == 200


def test_what_the_user_or_an_operator_ended_stays_ended(service: Service, app: Application, ada: User) -> None:
    """A disabled user, a consent taken back: the grant does not rise again with them."""
    for end, undo in (
        (lambda: service.change(ada, disabled=True), lambda: service.change(ada, disabled=False)),
        (lambda: service.consents.delete(ada.sub, "app"), lambda: service.consent(ada, app)),
    ):
        tokens = service.tokens(app, ada, scope="openid email")
        end()
        assert service.refresh(app, tokens["refresh_token"]).error() == "invalid_grant"
        undo()
        assert service.refresh(app, tokens["refresh_token"]).error() == "invalid_grant"
        assert service.userinfo(tokens["access_token"]).error(401) == "invalid_token"


def test_a_clock_that_is_behind_neither_forgives_nor_punishes(
    service: Service, app: Application, tokens: dict[str, Any]
) -> None:
    """Another execution environment's clock: a retry there is a retry, two generations back is a replay."""
    second = service.refresh(app, tokens["refresh_token"]).json()
    service.clock.advance(-4)
    assert service.refresh(app, tokens["refresh_token"]).json()["refresh_token"] == second["refresh_token"]
    grant = service.grants.get(unverified(second["refresh_token"])["grant_id"], service.now)
    assert grant
    assert grant == replace(grant, generation=1, revoked_at=None)
