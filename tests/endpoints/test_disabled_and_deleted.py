"""A person who is disabled or deleted, a client that is deleted: what hung on them ends, at the latest at a refresh."""

from collections.abc import Callable

import pytest

from signet.model.user import User
from tests.support.sign_in import ACCOUNT, PASSWORD, Application, Service
from tests.support.token_requests import INACTIVE, introspect, refresh

CLIENT_CACHE = 61
"""Seconds after which every environment has read the client anew."""


@pytest.fixture
def app(service: Service, ada: User) -> Application:
    """A confidential client that ada has allowed."""
    app = service.application(grant_types=("authorization_code", "refresh_token"))
    service.consent(ada, app)
    return app


def disabled(service: Service, user: User) -> None:
    """By `signet users disable`."""
    service.change(user, disabled=True)


def deleted(service: Service, user: User) -> None:
    """By `signet users delete`."""
    assert service.users.delete(user.sub)


END_OF_A_PERSON = pytest.mark.parametrize("end", [disabled, deleted])

End = Callable[[Service, User], None]


@END_OF_A_PERSON
def test_their_tokens_count_no_more(service: Service, app: Application, ada: User, end: End) -> None:
    """Refresh, introspection and userinfo, at once."""
    tokens = service.tokens(app, ada, scope="openid email offline_access")
    end(service, ada)
    for kind in ("access_token", "refresh_token"):
        assert introspect(service.deployment, app, tokens[kind]).body == INACTIVE
    assert service.userinfo(tokens["access_token"]).error(401) == "invalid_token"
    assert refresh(service.deployment, app, tokens["refresh_token"]).error() == "invalid_grant"


@END_OF_A_PERSON
def test_a_refresh_ends_the_grant_for_good(service: Service, app: Application, ada: User, end: End) -> None:
    """Also where the person is let in again later: they sign in anew."""
    tokens = service.tokens(app, ada)
    end(service, ada)
    assert refresh(service.deployment, app, tokens["refresh_token"]).error() == "invalid_grant"
    if end is disabled:
        service.change(ada, disabled=False)
        assert refresh(service.deployment, app, tokens["refresh_token"]).error() == "invalid_grant"
        assert service.userinfo(tokens["access_token"]).status == 401
    [grant] = service.deployment.state("grant")
    assert "revoked_at" in grant


@END_OF_A_PERSON
def test_their_code_is_not_redeemed(service: Service, app: Application, ada: User, end: End) -> None:
    """Though it was issued a moment before; and who was refused once is so for good, whoever is let in again."""
    code = service.code(app, ada)
    end(service, ada)
    assert service.redeem(app, code).error() == "invalid_grant"
    assert service.deployment.lines("request_refused")[-1]["reason"] == "user_disabled"
    [grant] = service.deployment.state("grant")
    assert "revoked_at" in grant
    if end is disabled:
        service.change(ada, disabled=False)
        assert service.redeem(app, code).error() == "invalid_grant"


@END_OF_A_PERSON
def test_their_session_opens_nothing(service: Service, app: Application, ada: User, end: End) -> None:
    """Neither an application, silently or not, nor the account page; nor does the password."""
    visitor = service.signed_in(ada)
    assert "code=" in visitor.open(app.url()).location
    account = visitor.get(ACCOUNT).form_about("application", client_id=app.client_id)
    end(service, ada)
    assert visitor.open(app.url()).step == "login"
    silent = visitor.open(app.url(prompt="none"))
    assert silent.redirected(app.redirect_uri)["error"] == "login_required"
    assert visitor.get(ACCOUNT).step == "login"
    assert visitor.press(account).step == "login"
    assert visitor.sign_in(visitor.get(ACCOUNT), "ada", PASSWORD).step == "login"
    assert service.deployment.lines("consent_revoked") == []


def test_a_person_who_is_let_in_again_has_what_they_had(service: Service, app: Application, ada: User) -> None:
    """Disabling deletes nothing: consents stay, and whatever was not used meanwhile."""
    tokens = service.tokens(app, ada)
    visitor = service.signed_in(ada)
    service.change(ada, disabled=True)
    assert service.userinfo(tokens["access_token"]).status == 401
    service.change(ada, disabled=False)
    assert "code=" in visitor.open(app.url()).location
    assert refresh(service.deployment, app, tokens["refresh_token"]).status == 200


def test_a_deleted_client_gets_nothing_more(service: Service, app: Application, ada: User) -> None:
    """Neither refreshed nor redeemed nor told, once the minute is over for which a client is remembered."""
    tokens, code = service.tokens(app, ada), service.code(app, ada)
    assert service.deployment.registry.delete(app.client_id)
    service.clock.advance(CLIENT_CACHE)
    assert refresh(service.deployment, app, tokens["refresh_token"]).error(401) == "invalid_client"
    assert service.redeem(app, code).error(401) == "invalid_client"
    assert introspect(service.deployment, app, tokens["access_token"]).error(401) == "invalid_client"
    assert service.signed_in(ada).open(app.url()).status == 400


def test_a_client_of_the_same_id_gets_nothing_of_the_one_before(service: Service, app: Application, ada: User) -> None:
    """Its refresh tokens were issued to somebody else; people are asked again, and see nothing that was not theirs."""
    tokens = service.tokens(app, ada)
    assert service.deployment.registry.delete(app.client_id)
    service.clock.advance(CLIENT_CACHE)
    again = service.application(grant_types=("authorization_code", "refresh_token"), client_id_issued_at=service.now)
    assert refresh(service.deployment, again, tokens["refresh_token"]).error() == "invalid_grant"
    visitor = service.signed_in(ada)
    assert "You have not allowed any application" in visitor.get(ACCOUNT).text
    assert visitor.open(again.url()).step == "consent"


def test_changing_the_password_ends_every_session(service: Service, app: Application, ada: User) -> None:
    """Of before; whoever knows the new one is in, and sees none of them (OWASP ASVS 5.0 section 7.4.3)."""
    visitor, elsewhere = service.signed_in(ada), service.signed_in(ada)
    service.clock.advance(10)
    service.change(ada, password_changed_at=service.now)
    assert visitor.open(app.url()).step == "login"
    assert visitor.get(ACCOUNT).step == "login"
    page = visitor.sign_in(visitor.get(ACCOUNT), "ada", PASSWORD)
    assert elsewhere.get(ACCOUNT).step == "login"
    assert page.text.count("This browser") == 1
    assert "other_sessions" not in page.text
