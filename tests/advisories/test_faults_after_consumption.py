"""Row 12: a code or a refresh token was used, and then the answer failed. The client's retry gets a right answer.

Case by case in docs/decisions: never two grants, and none lost where one more write still works.
"""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from signet.model.user import User
from tests.support.deployment import Deployment
from tests.support.faults import denied, slow_to_answer
from tests.support.gateway_events import Answer
from tests.support.sign_in import Application, Service
from tests.support.signers import CutOff, away, cut_off, defective, signing
from tests.support.token_requests import revoke

TOKENS = ("access_token", "refresh_token", "id_token")
SIGNATURES = range(3)
"""An access token, an ID token and a refresh token are signed."""

OUTAGE = 3_600


@pytest.fixture
def app(service: Service) -> Application:
    """A client that gets all three kinds of token."""
    return service.application(grant_types=("authorization_code", "refresh_token"))


@pytest.fixture
def code(service: Service, app: Application, ada: User) -> str:
    """A code, in an environment that knows its client already."""
    service.tokens(app, ada)
    return service.code(app, ada)


@pytest.fixture
def first(service: Service, app: Application, ada: User) -> dict[str, Any]:
    """The tokens of a code."""
    return service.tokens(app, ada)


def failed(answer: Answer) -> bool:
    """Whether the answer is 503 without a token in it."""
    return answer.error(503) == "temporarily_unavailable" and not any(name in answer.json() for name in TOKENS)


def generation(tokens: dict[str, Any]) -> int:
    """Of a refresh token."""
    number: int = claims(tokens["refresh_token"])["generation"]
    return number


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    said: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return said


def alive(service: Service, tokens: dict[str, Any]) -> bool:
    """Whether the access token counts."""
    return service.userinfo(tokens["access_token"]).status == 200


def grant_of(service: Service, code: str) -> dict[str, Any]:
    """The item of a code's grant."""
    [grant] = [item for item in service.deployment.state("grant") if code.startswith(item["grant_id"]["S"])]
    return grant


# a code


@pytest.mark.parametrize("cold", [False, True])
@pytest.mark.parametrize("number", SIGNATURES)
def test_a_signer_that_fails_after_a_code_was_consumed_costs_the_client_a_retry(
    service: Service,
    app: Application,
    code: str,
    number: int,
    cold: bool,  # noqa: FBT001
) -> None:
    """Whichever of the tokens it was: 503, and the same code becomes one set of tokens, once."""
    for _ in range(2):
        with signing(away, number):
            assert failed(service.redeem(app, code))
        assert "redeemed_at" not in grant_of(service, code)
    if cold:
        service.deployment.cold("token")
    tokens = service.redeem(app, code).json()
    assert alive(service, tokens)
    assert generation(service.refresh(app, tokens["refresh_token"]).json()) == 1
    assert service.redeem(app, code).error() == "invalid_grant"
    assert not alive(service, tokens)


def test_a_defect_after_a_code_was_consumed_costs_the_client_a_retry(
    service: Service, app: Application, code: str
) -> None:
    """500 is no answer either."""
    with signing(defective):
        assert service.redeem(app, code).error(500) == "server_error"
    assert service.redeem(app, code).status == 200


def test_a_code_that_expires_meanwhile_is_expired(service: Service, app: Application, code: str) -> None:
    """Taken back it is as good as before, and no better (RFC 6749 section 4.1.2)."""
    with signing(away):
        assert failed(service.redeem(app, code))
    service.clock.advance(61)
    assert service.redeem(app, code).error() == "invalid_grant"
    assert service.deployment.lines("request_refused")[-1]["reason"] == "code_expired"


def test_a_code_that_was_taken_back_is_still_its_clients_alone(service: Service, app: Application, code: str) -> None:
    """Bound to client, redirect URI and verifier as it was."""
    with signing(away):
        assert failed(service.redeem(app, code))
    assert service.redeem(service.application("other"), code).error() == "invalid_grant"
    assert service.redeem(app, code, code_verifier="x" * 43).error() == "invalid_grant"
    assert service.redeem(app, code, redirect_uri="https://x.example").error() == "invalid_grant"
    assert service.redeem(app, code).status == 200


def test_a_redemption_that_cannot_be_taken_back_ends_safely(
    service: Service, app: Application, ada: User, code: str, deployment: Deployment
) -> None:
    """Signer and store fail together: the retry is a replay, nobody has a token, and the grant is dead."""
    for fault in (denied, slow_to_answer):
        with signing(away), deployment.failing_at(fault, *range(2, 6)):
            assert failed(service.redeem(app, code))
        assert deployment.lines("request_failed")[-1]["reason"] == "keyring_unavailable"
        assert service.redeem(app, code).error() == "invalid_grant"
        assert "revoked_at" in grant_of(service, code)
        code = service.code(app, ada)


def test_a_release_whose_answers_were_lost_has_happened(
    service: Service, app: Application, code: str, deployment: Deployment
) -> None:
    """One, two or all three: what was written holds, and what it took back stays so."""
    for lost in (1, 2, 3):

        def lose_then_fail(lost: int = lost) -> None:
            deployment.lose_answer("dynamodb:UpdateItem", lost)
            away()

        with signing(lose_then_fail):
            assert failed(service.redeem(app, code))
        assert "redeemed_at" not in grant_of(service, code)
    assert service.redeem(app, code).status == 200


def test_a_replay_before_the_release_stays_one(service: Service, app: Application, code: str) -> None:
    """Two hold the code, and nobody knows which is the thief: the release does not undo the revocation."""

    def replayed() -> None:
        assert service.redeem(app, code).error() == "invalid_grant"
        away()

    with signing(replayed):
        assert failed(service.redeem(app, code))
    assert "revoked_at" in grant_of(service, code)
    assert service.redeem(app, code).error() == "invalid_grant"


def test_an_environment_that_is_cut_off_with_a_code_leaves_a_replay(
    service: Service, app: Application, code: str
) -> None:
    """Nothing could be taken back: the next use revokes, whose tokens nobody has."""
    with signing(cut_off), pytest.raises(CutOff):
        service.redeem(app, code)
    service.deployment.cold("token")
    assert service.redeem(app, code).error() == "invalid_grant"
    assert "revoked_at" in grant_of(service, code)


# a refresh token


@pytest.mark.parametrize("cold", [False, True])
@pytest.mark.parametrize("number", SIGNATURES)
def test_a_signer_that_fails_after_a_generation_advanced_costs_the_client_a_retry(
    service: Service,
    app: Application,
    first: dict[str, Any],
    number: int,
    cold: bool,  # noqa: FBT001
) -> None:
    """Also once an outage is over that lasted longer than any grace: nobody has to sign in again."""
    for _ in range(3):
        with signing(away, number):
            assert failed(service.refresh(app, first["refresh_token"]))
        service.clock.advance(OUTAGE)
    if cold:
        service.deployment.cold("token")
    second = service.refresh(app, first["refresh_token"]).json()
    assert generation(second) == 1
    assert alive(service, second)
    service.clock.advance(11)
    assert service.refresh(app, first["refresh_token"]).error() == "invalid_grant"
    assert not alive(service, second)


@pytest.mark.parametrize("cold", [False, True])
@pytest.mark.parametrize("ending", ["cut off", "stuck"])
def test_a_turn_that_cannot_be_taken_back_can_be_made_good_within_the_grace(
    service: Service,
    app: Application,
    first: dict[str, Any],
    ending: str,
    cold: bool,  # noqa: FBT001
) -> None:
    """The retry gets the successor that the first try has made, whichever environment it comes to."""
    lost = lost_turn(service, app, first["refresh_token"], ending)
    service.clock.advance(5)
    if cold:
        service.deployment.cold("token")
    second = service.refresh(app, first["refresh_token"]).json()
    assert (generation(second), lost["rotated_at"]["N"]) == (1, str(issued_at(second)))
    again = service.refresh(app, first["refresh_token"]).json()
    assert [again[name] for name in TOKENS] == [second[name] for name in TOKENS]


@pytest.mark.parametrize("ending", ["cut off", "stuck"])
def test_a_turn_that_cannot_be_taken_back_is_a_replay_later(
    service: Service, app: Application, first: dict[str, Any], ending: str
) -> None:
    """Nobody can tell it from a theft: the grant ends."""
    lost_turn(service, app, first["refresh_token"], ending)
    service.clock.advance(11)
    assert service.refresh(app, first["refresh_token"]).error() == "invalid_grant"
    assert not alive(service, first)


def lost_turn(service: Service, app: Application, token: str, ending: str) -> dict[str, Any]:
    """The grant after a use that moved it on, and of which nothing came back."""
    service.clock.stop()
    if ending == "cut off":
        with signing(cut_off), pytest.raises(CutOff):
            service.refresh(app, token)
    else:
        with signing(away), service.deployment.failing_at(denied, 2):
            assert failed(service.refresh(app, token))
    [grant] = service.deployment.state("grant")
    assert grant["generation"] == {"N": "1"}
    return grant


def issued_at(tokens: dict[str, Any]) -> int:
    """Of an access token."""
    at: int = claims(tokens["access_token"])["iat"]
    return at


def in_the_other_tab(service: Service, app: Application, token: str, got: list[dict[str, Any]]) -> Callable[[], None]:
    """While one request signs, another with the same token gets its answer; then the first fails."""

    def other() -> None:
        if not got:
            got.append({})
            got[0] = service.refresh(app, token).json()
        elif got[0]:
            away()

    return other


def test_a_tab_that_got_its_answer_is_not_harmed_by_one_that_did_not(
    service: Service, app: Application, first: dict[str, Any]
) -> None:
    """The turn that both made is taken back by the first; the successor that the second has goes on all the same."""
    got: list[dict[str, Any]] = []
    with signing(in_the_other_tab(service, app, first["refresh_token"], got)):
        service.refresh(app, first["refresh_token"])
    assert generation(got[0]) == 1
    service.clock.advance(OUTAGE)
    second = service.refresh(app, got[0]["refresh_token"]).json()
    assert generation(second) == 2
    assert service.refresh(app, first["refresh_token"]).error() == "invalid_grant"
    assert not alive(service, second)


def test_a_turn_that_is_made_anew_gives_tokens_of_their_own_ids(
    service: Service, app: Application, first: dict[str, Any]
) -> None:
    """RFC 7519 section 4.1.7: ended by its id each stays so, though the one that expires first was ended last."""
    got: list[dict[str, Any]] = []
    with signing(in_the_other_tab(service, app, first["refresh_token"], got)):
        service.refresh(app, first["refresh_token"])
    service.clock.advance(OUTAGE // 2)
    second = service.refresh(app, first["refresh_token"]).json()
    assert generation(second) == generation(got[0])
    for tokens in (second, got[0]):
        assert revoke(service.deployment, app, tokens["access_token"]).status == 200
    service.clock.advance(OUTAGE // 2 + 60)
    assert not alive(service, second)
    ids = {claims(tokens[name])["jti"] for tokens in (second, got[0]) for name in TOKENS}
    assert len(ids) == 2 * len(TOKENS)


def test_a_replay_during_an_outage_is_one(service: Service, app: Application, first: dict[str, Any]) -> None:
    """What is taken back is the last use alone: an older token still ends the grant."""
    second = service.refresh(app, first["refresh_token"]).json()
    with signing(away):
        assert failed(service.refresh(app, second["refresh_token"]))
        assert service.refresh(app, first["refresh_token"]).error() == "invalid_grant"
    assert service.refresh(app, second["refresh_token"]).error() == "invalid_grant"


def test_a_revocation_while_an_answer_fails_holds(service: Service, app: Application, first: dict[str, Any]) -> None:
    """Taking back never brings a grant back to life."""

    def revoked() -> None:
        service.grants.revoke(service.deployment.state("grant")[0]["grant_id"]["S"], service.now)
        away()

    with signing(revoked):
        assert failed(service.refresh(app, first["refresh_token"]))
    assert service.refresh(app, first["refresh_token"]).error() == "invalid_grant"


def test_an_answer_that_fails_costs_one_call_more(
    service: Service, app: Application, code: str, first: dict[str, Any], deployment: Deployment
) -> None:
    """The write that takes the use back; what is refused, or not consumed at all, costs none."""
    deployment.calls.clear()
    with signing(away):
        service.redeem(app, code)
        assert deployment.calls == ["dynamodb:UpdateItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
        deployment.calls.clear()
        service.refresh(app, first["refresh_token"])
        assert deployment.calls == ["dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:UpdateItem"]
        unrotated = service.application("unrotated", grant_types=("client_credentials",))
        deployment.calls.clear()
        assert failed(deployment.issue(unrotated))
        assert deployment.calls == ["dynamodb:GetItem"]
