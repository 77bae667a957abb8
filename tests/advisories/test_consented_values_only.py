"""Row 13: what was shown is granted, to whom it was shown (MITREid CVE-2021-27582, Doorkeeper CVE-2023-34246)."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from signet.model.user import User
from tests.support.gateway_events import token_event
from tests.support.sign_in import AUTHORIZE, REDIRECT_URI, Application, Service

OTHER_URI = "https://app.example.com/other"


@pytest.fixture
def app(service: Service) -> Application:
    """An application with two redirect URIs, both of which are its own."""
    return service.application(redirect_uris=(REDIRECT_URI, OTHER_URI), audience=("https://a", "https://b"))


CHANGES: dict[str, dict[str, str]] = {
    "more scope": {"scope": "openid email phone"},
    "less scope": {"scope": "email"},
    "another redirect URI": {"redirect_uri": OTHER_URI},
    "another resource": {"resource": "https://b"},
    "another nonce": {"nonce": "other"},
    "another challenge": {"code_challenge": "a" * 43},
    "another response mode": {"response_mode": "form_post"},
    "more claims": {"claims": '{"id_token": {"email": null}}'},
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_what_changed_between_the_page_and_the_button_is_not_granted(
    service: Service, app: Application, ada: User, change: str
) -> None:
    """The person sees the page of what is asked now, and nothing has been remembered."""
    visitor = service.signed_in(ada)
    form = visitor.get(app.url()).form
    page = visitor.post(app.url(**CHANGES[change]), {**form.fields, "decision": "allow"})
    assert page.location == app.url(**CHANGES[change])
    assert visitor.get(page.location).step == "consent"
    assert service.consents.get(ada.sub, "app")[1] is None
    assert service.deployment.state("grant") == []


def test_another_clients_page_is_not_this_ones(service: Service, app: Application, ada: User) -> None:
    """Though both ask for the same, at addresses of the same name."""
    other = service.application("other")
    visitor = service.signed_in(ada)
    form = visitor.get(app.url()).form
    page = visitor.post(other.url(), {**form.fields, "decision": "allow"})
    assert visitor.get(page.location).step == "consent"
    assert service.consents.get(ada.sub, "other")[1] is None
    assert service.deployment.state("grant") == []


def test_parameters_in_the_body_of_the_form_change_nothing(service: Service, app: Application, ada: User) -> None:
    """MITREid took them for the request's: here the request is in the URL, and the proof is of the URL."""
    visitor = service.signed_in(ada)
    page = visitor.get(app.url())
    extra = {"scope": "openid email phone", "redirect_uri": OTHER_URI, "client_id": "other", "approve": "true"}
    code = visitor.submit(page, decision="allow", **extra).redirected(REDIRECT_URI)["code"]
    [grant] = service.deployment.state("grant")
    assert (grant["client_id"], grant["scope"]) == ({"S": "app"}, {"L": [{"S": "openid"}]})
    assert grant["redirect_uri"] == {"S": REDIRECT_URI}
    assert service.redeem(app, code).json()["scope"] == "openid"


def test_the_exchange_cannot_widen_what_was_allowed(service: Service, app: Application, ada: User) -> None:
    """RFC 6749 section 4.1.3 has no scope: it is ignored, like any other unknown parameter."""
    code = service.code(app, ada)
    form = {
        **app.parameters(),
        "grant_type": "authorization_code",
        "code": code,
        "scope": "openid email phone",
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    answer = service.deployment.token(token_event(form, basic=app.basic))
    assert answer.json()["scope"] == "openid"


def test_a_registration_that_shrank_meanwhile_grants_no_more_than_it_has(
    service: Service, app: Application, ada: User
) -> None:
    """The button asks for what the client may no longer have."""
    visitor = service.signed_in(ada)
    form = visitor.get(app.url(scope="openid email")).form
    stored = service.deployment.registry.get("app")
    assert stored
    assert service.deployment.registry.replace(replace(stored, scope=("openid",)), stored)
    service.clock.advance(61)
    page = visitor.post(form.action, {**form.fields, "decision": "allow"})
    assert page.redirected(REDIRECT_URI)["error"] == "invalid_scope"
    assert service.deployment.state("grant") == []


def test_the_consent_of_an_impersonable_client_is_not_reused(service: Service, ada: User) -> None:
    """Anybody can name a public client: whoever does gets the page and not the code."""
    native = service.public(redirect_uris=("com.example.app:/cb", "http://127.0.0.1/cb"))
    visitor = service.signed_in(ada)
    visitor.allow(visitor.get(native.url()))
    for changed in ({}, {"redirect_uri": "http://127.0.0.1:4711/cb"}, {"scope": "openid"}):
        assert visitor.get(native.url(**changed)).step == "consent"
        page = visitor.get(native.url(prompt="none", **changed))
        assert page.redirected(native.parameters(**changed)["redirect_uri"])["error"] == "consent_required"


def test_a_consent_given_to_one_user_agent_is_asked_of_the_other_user(
    service: Service, app: Application, ada: User
) -> None:
    """The page was one person's; the button is pressed by another who has signed in since."""
    visitor = service.signed_in(ada)
    form = visitor.get(app.url()).form
    visitor.cookies.update(service.signed_in(service.user("eve")).cookies)
    page = visitor.post(form.action, {**form.fields, "decision": "allow"})
    assert visitor.get(page.location).step == "consent"
    assert service.deployment.state("grant") == []


def test_a_request_in_two_halves_is_one_request(service: Service, app: Application, ada: User) -> None:
    """A POST's query and its body are never added up."""
    service.consent(ada, app, "openid")
    visitor = service.signed_in(ada)
    query = urlencode(app.parameters(scope="openid email phone"))
    page = visitor.post(f"{AUTHORIZE}?{query}", app.parameters())
    visitor.get(page.location).redirected(REDIRECT_URI)
    [grant] = service.deployment.state("grant")
    assert grant["scope"] == {"L": [{"S": "openid"}]}
