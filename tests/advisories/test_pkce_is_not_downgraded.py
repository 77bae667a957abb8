"""Row 2: a challenge stripped, weakened or guessed at gives no token (RFC 9700 section 4.8, Spring CVE-2024-22258)."""

import pytest

from signet import pkce
from signet.model.client import ClientInvalid
from signet.model.user import User
from tests.support.sign_in import REDIRECT_URI, VERIFIER, Application, Service

NONE: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture(params=["public", "confidential", "legacy"])
def client(request: pytest.FixtureRequest, service: Service) -> Application:
    """One client of each kind."""
    if request.param == "public":
        return service.public("app")
    return service.application("app", require_pkce=request.param == "confidential")


def refused_at_once(service: Service, client: Application, **changed: str | None) -> bool:
    """Whether the authorization request is refused, before anybody is asked for anything."""
    page = service.visitor().get(client.url(**changed))
    return page.status == 303 and page.redirected(REDIRECT_URI)["error"] == "invalid_request"


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "PLAIN"},
        {"code_challenge_method": None},
        {"code_challenge_method": ""},
        {"code_challenge_method": "S256 plain"},
        {"code_challenge_method": "S512"},
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge": "", "code_challenge_method": "S256"},
        {"code_challenge": None, "code_challenge_method": "S256"},
        {"code_challenge": "a" * 42},
        {"code_challenge": "a" * 44},
        {"code_challenge": "a" * 42 + "="},
        {"code_challenge": "a" * 42 + "\n"},
        {"code_challenge": "\u00e9" * 43},
    ],
)
def test_a_challenge_is_s256_or_the_request_is_refused(
    service: Service, client: Application, changed: dict[str, str | None]
) -> None:
    """Of every client, also one that could go without: what is sent is never weaker than it looks."""
    assert refused_at_once(service, client, **changed)


def test_a_challenge_that_was_stripped_is_missed_at_the_start(service: Service) -> None:
    """By default of every client."""
    for client in (service.public(), service.application()):
        assert refused_at_once(service, client, **NONE)


def test_a_challenge_that_was_stripped_is_missed_at_the_end(service: Service, ada: User) -> None:
    """Where a client may go without, the verifier that it sends all the same gives the attack away."""
    legacy = service.application(require_pkce=False)
    code = service.code(legacy, ada, **NONE)
    for verifier in (VERIFIER, "a" * 43, "x", pkce.challenge_of(VERIFIER)):
        assert service.redeem(legacy, code, code_verifier=verifier).error() == "invalid_grant"


@pytest.mark.parametrize(
    "verifier",
    [None, "", VERIFIER[:-1], VERIFIER + "a", VERIFIER.swapcase(), VERIFIER + "=", "a" * 43, "a" * 129, "\u00e9" * 43],
)
def test_only_the_verifier_fits_its_challenge(
    service: Service, client: Application, ada: User, verifier: str | None
) -> None:
    """RFC 7636 section 4.6; an empty one is none, and none does not fit."""
    code = service.code(client, ada)
    assert service.redeem(client, code, code_verifier=verifier).error() == "invalid_grant"
    assert service.redeem(client, code, code_verifier=VERIFIER).status == 200


def test_a_public_client_cannot_be_registered_without_pkce(service: Service) -> None:
    """RFC 9700 section 2.1.1."""
    with pytest.raises(ClientInvalid):
        service.public(require_pkce=False)


def test_the_challenge_of_one_tab_is_not_that_of_another(service: Service, ada: User) -> None:
    """RFC 9700 section 4.5.3: a code that is injected into another session meets another verifier."""
    app = service.application()
    other = "b" * 43
    stolen = service.code(app, ada)
    service.code(app, ada, code_challenge=pkce.challenge_of(other))
    assert service.redeem(app, stolen, code_verifier=other).error() == "invalid_grant"
