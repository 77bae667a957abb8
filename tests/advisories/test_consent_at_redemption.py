"""Rows 8, 9 and 13: what was taken back is over, also for a code or a token whose grant no listing had found yet.

A person's grants are listed by an index that lags, so a removal may miss the youngest. Whoever shows it is refused all
the same, by the consent itself (docs/decisions/0020).
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from signet.aws.sessions import DynamoDbSessionStore
from signet.model.user import User
from signet.people.exits import Exits
from tests.support.deployment import Deployment
from tests.support.faults import denied, throttled
from tests.support.gateway_events import Answer
from tests.support.sign_in import ACCOUNT, Application, Service, grant_id_of

REFRESHING = ("authorization_code", "refresh_token")
SCOPE = "openid email"


@pytest.fixture
def app(service: Service, ada: User) -> Application:
    """A confidential client that ada has allowed a while ago."""
    app = service.application(grant_types=REFRESHING)
    service.consent(ada, app)
    service.clock.advance(60)
    return app


@pytest.fixture
def code(service: Service, app: Application, ada: User) -> str:
    """A code that nobody has redeemed."""
    return service.code(app, ada, scope=SCOPE)


def at_the_account_page(service: Service, app: Application, user: User) -> None:
    """By the person: the button beside the application."""
    visitor = service.signed_in(user)
    form = visitor.get(ACCOUNT).form_about("application", client_id=app.client_id)
    assert visitor.press(form).notice == "The application no longer has access to your account."


def by_an_operator(service: Service, app: Application, user: User) -> None:
    """What `signet users revoke` does."""
    sessions = DynamoDbSessionStore(service.deployment.dynamodb, service.deployment.state_table)
    Exits(sessions, service.grants, service.clock).withdraw(user.sub, app.client_id, service.consents)


Withdraw = Callable[[Service, Application, User], None]

EVERY_WAY = pytest.mark.parametrize("withdraw", [at_the_account_page, by_an_operator])


def refused(service: Service, answer: Answer, reason: str) -> bool:
    """Whether it is invalid_grant, for that reason."""
    return answer.error() == "invalid_grant" and service.deployment.lines("request_refused")[-1]["reason"] == reason


def grant(service: Service) -> dict[str, Any]:
    """The item of the one grant."""
    [item] = service.deployment.state("grant")
    return item


@EVERY_WAY
def test_a_code_that_no_listing_has_found_is_refused_once_access_was_removed(
    service: Service, app: Application, ada: User, withdraw: Withdraw
) -> None:
    """And its grant ends: neither shown again nor after a new consent does the code give anything."""
    with service.deployment.lagging_index():
        code = service.code(app, ada, scope=SCOPE)
        withdraw(service, app, ada)
    assert "revoked_at" not in grant(service), "the listing has found it, and nothing is shown"
    assert refused(service, service.redeem(app, code), "consent_revoked")
    assert "revoked_at" in grant(service)
    service.consent(ada, app)
    assert service.redeem(app, code).error() == "invalid_grant"


@EVERY_WAY
def test_a_refresh_token_that_no_listing_has_found_is_refused_once_access_was_removed(
    service: Service, app: Application, ada: User, withdraw: Withdraw
) -> None:
    """The same for a code that was redeemed within the moment; with it the access token ends, where it is looked up."""
    with service.deployment.lagging_index():
        tokens = service.tokens(app, ada)
        withdraw(service, app, ada)
    assert refused(service, service.refresh(app, tokens["refresh_token"]), "consent_revoked")
    assert service.userinfo(tokens["access_token"]).error(401) == "invalid_token"
    service.consent(ada, app)
    assert service.refresh(app, tokens["refresh_token"]).error() == "invalid_grant"


def test_a_public_clients_code_is_refused_as_well(service: Service, ada: User) -> None:
    """It has to be asked for each time, which is of no use to somebody who has removed it since."""
    native = service.public(grant_types=REFRESHING)
    code = service.code(native, ada)
    assert service.consents.delete(ada.sub, native.client_id)
    assert refused(service, service.redeem(native, code), "consent_revoked")


def test_the_line_of_the_refusal_names_the_grant_and_the_client_learns_nothing(
    service: Service, app: Application, ada: User, code: str
) -> None:
    """The answer is that to a code that never was."""
    assert service.consents.delete(ada.sub, app.client_id)
    never = service.redeem(app, "A" * 22 + "." + "A" * 43)
    service.deployment.forget_output()
    answer = service.redeem(app, code)
    assert (answer.status, answer.body) == (never.status, never.body)
    [line] = service.deployment.lines()
    said = {"event": "request_refused", "reason": "consent_revoked", "grant_type": "authorization_code"}
    assert line.items() >= {**said, "client_id": "app", "sub": ada.sub, "grant_id": code.partition(".")[0]}.items()
    [metric] = service.deployment.metrics()
    assert (metric["RequestsRefused"], metric["reason"]) == ([1.0], "consent_revoked")


# which consent covers a code


def test_a_consent_that_allows_less_than_the_code_covers_none_of_it(
    service: Service, app: Application, ada: User, code: str
) -> None:
    """It can only be another one, given since; what was agreed to is not cut down behind the application's back."""
    service.consent(ada, app, "openid")
    assert refused(service, service.redeem(app, code), "consent_revoked")
    assert "revoked_at" in grant(service)


def test_a_consent_that_was_taken_back_and_given_anew_does_not_cover_the_code(
    service: Service, app: Application, ada: User, code: str
) -> None:
    """As with a refresh token: what was taken back stays so, however much is allowed since."""
    assert service.consents.delete(ada.sub, app.client_id)
    service.clock.advance(10)
    service.consent(ada, app)
    assert refused(service, service.redeem(app, code), "consent_revoked")
    assert service.redeem(app, service.code(app, ada)).status == 200


def test_a_consent_that_has_grown_covers_the_code(service: Service, app: Application, ada: User) -> None:
    """Another tab was asked for more and allowed it: the same consent, and each code gives what it was issued for."""
    service.consent(ada, app, "openid", "email")
    visitor = service.signed_in(ada)
    code = visitor.get(app.url(scope=SCOPE)).redirected(app.redirect_uri)["code"]
    service.clock.advance(20)
    wider = visitor.allow(visitor.get(app.url(scope="openid email phone"))).redirected(app.redirect_uri)["code"]
    assert service.redeem(app, code).json()["scope"] == SCOPE
    assert service.redeem(app, wider).json()["scope"] == "openid email phone"


def test_a_consent_that_is_asked_for_again_covers_the_code(service: Service, app: Application, ada: User) -> None:
    """`prompt=consent`, with one that stands: what was allowed before stays allowed."""
    visitor = service.signed_in(ada)
    before = visitor.get(app.url()).redirected(app.redirect_uri)["code"]
    service.clock.advance(20)
    again = visitor.allow(visitor.get(app.url(prompt="consent"))).redirected(app.redirect_uri)["code"]
    for code in (before, again):
        assert service.redeem(app, code).status == 200


def test_a_consent_to_an_earlier_client_of_the_same_id_covers_no_code(
    service: Service, app: Application, ada: User, code: str
) -> None:
    """Who was allowed it was somebody else; the code may be of the minute for which a client is remembered."""
    assert service.deployment.registry.delete(app.client_id)
    service.clock.advance(20)
    heir = service.application(grant_types=REFRESHING, client_id_issued_at=service.now)
    service.deployment.cold("token")
    assert refused(service, service.redeem(heir, code), "consent_revoked")


@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
def test_an_operators_own_client_needs_no_consent(service: Service, ada: User, method: str) -> None:
    """Its people were never asked, unless it asked for it; what they say then is no condition of its access."""
    named: dict[str, Any] = {"first_party": True, "grant_types": REFRESHING}
    own = service.public(**named) if method == "none" else service.application(**named)
    visitor = service.signed_in(ada)
    code = visitor.get(own.url()).redirected(own.redirect_uri)["code"]
    assert service.consents.get(ada.sub, own.client_id)[1] is None
    assert service.redeem(own, code).status == 200
    asked = visitor.allow(visitor.get(own.url(prompt="consent"))).redirected(own.redirect_uri)["code"]
    assert service.redeem(own, asked).status == 200


# one after the other, at once, and when something fails


def test_a_removal_while_the_code_is_being_redeemed_counts(
    service: Service, app: Application, ada: User, code: str
) -> None:
    """The consent is read after the code is used: what has ended by then is seen to have."""

    def removed_meanwhile() -> AWSResponse:
        service.consents.delete(ada.sub, app.client_id)
        return throttled()  # and is asked again

    service.deployment.failing_once("dynamodb:BatchGetItem", removed_meanwhile)
    assert refused(service, service.redeem(app, code), "consent_revoked")


def test_a_refusal_that_could_not_end_the_grant_gives_the_code_to_nobody(
    service: Service, app: Application, ada: User, code: str
) -> None:
    """503, and the code stays used: not even a new consent brings it back, and the next try ends the grant."""
    service.redeem(app, service.code(app, ada))
    service.consents.delete(ada.sub, app.client_id)
    with service.deployment.failing_at(denied, 2):
        assert service.redeem(app, code).error(503) == "temporarily_unavailable"
    service.consent(ada, app)
    assert service.redeem(app, code).error() == "invalid_grant"
    [item] = [item for item in service.deployment.state("grant") if code.startswith(item["grant_id"]["S"])]
    assert "revoked_at" in item


def test_the_refusal_costs_one_call_more_than_the_tokens(
    service: Service, app: Application, ada: User, deployment: Deployment, code: str
) -> None:
    """The write that ends the grant; nothing is given back before it."""
    service.redeem(app, service.code(app, ada))
    service.consents.delete(ada.sub, app.client_id)
    deployment.calls.clear()
    assert service.redeem(app, code).error() == "invalid_grant"
    assert deployment.calls == ["dynamodb:UpdateItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem"]


def test_a_removal_leaves_other_applications_and_people_alone(
    service: Service, app: Application, ada: User, code: str
) -> None:
    """The consent of this person to this client, and no other."""
    other, eve = service.application("other"), service.user("eve")
    codes = [(other, service.code(other, ada)), (app, service.code(app, eve))]
    assert service.consents.delete(ada.sub, app.client_id)
    for client, shown in codes:
        token = service.redeem(client, shown).json()["access_token"]
        assert grant_id_of(token) == shown.partition(".")[0]
    assert refused(service, service.redeem(app, code), "consent_revoked")
