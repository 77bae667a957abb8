"""What people allow (OpenID Connect Core section 3.1.2.4): asked once, for more, and again after it was taken back."""

import pytest

from signet.aws.standings import DynamoDbStandingStore
from signet.model.scope import Scope
from signet.model.standing import Standing
from signet.model.user import User
from tests.support.sign_in import PASSWORD, REDIRECT_URI, Application, Service
from tests.support.visitor import Page


def granted(page: Page) -> str:
    """The code."""
    return page.redirected(REDIRECT_URI)["code"]


def test_consent_is_asked_the_first_time_and_remembered(service: Service, app: Application, ada: User) -> None:
    """By user and client, in any browser."""
    visitor = service.signed_in(ada)
    page = visitor.open(app.url(scope="openid email"))
    assert (page.status, page.step) == (200, "consent")
    granted(visitor.allow(page))
    granted(service.signed_in(ada).open(app.url(scope="openid email")))
    granted(service.signed_in(ada).open(app.url(scope="email")))
    _, consent = service.consents.get(ada.sub, "app")
    assert consent
    assert consent.scope == ("openid", "email")


def test_consent_is_not_anothers(service: Service, app: Application, ada: User) -> None:
    """Neither another user's nor for another client."""
    service.consent(ada, app)
    assert service.signed_in(service.user("bob")).open(app.url()).step == "consent"
    assert service.signed_in(ada).open(service.application("other").url()).step == "consent"


def test_a_new_scope_is_asked_for_beside_the_old_ones(service: Service, app: Application, ada: User) -> None:
    """What was allowed stays allowed, and is shown apart."""
    service.consent(ada, app, "openid", "email")
    visitor = service.signed_in(ada)
    page = visitor.open(app.url(scope="openid email phone"))
    assert "asks for more access" in page.heading
    before_details, _, known = page.text.partition("<details>")
    assert "See your telephone number" in before_details
    assert "See your e-mail address" in known
    granted(visitor.allow(page))
    granted(visitor.open(app.url(scope="openid phone")))
    granted(visitor.open(app.url(scope="email")))


def test_consent_that_is_taken_back_is_asked_for_again(service: Service, app: Application, ada: User) -> None:
    """Seed 001: asked again once it was revoked."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    granted(visitor.open(app.url()))
    assert service.consents.delete(ada.sub, "app")
    page = visitor.open(app.url())
    assert (page.step, "asks for access" in page.heading) == ("consent", True)


def test_a_public_client_is_asked_for_every_time(service: Service, ada: User) -> None:
    """RFC 9700 section 4.14: anyone can pose as it, so what was once allowed is not reused silently."""
    app = service.public()
    visitor = service.signed_in(ada)
    for _ in range(2):
        granted(visitor.allow(visitor.open(app.url())))
    assert visitor.open(app.url(prompt="none")).redirected(REDIRECT_URI)["error"] == "consent_required"


def test_a_first_party_client_is_never_asked_for(service: Service, ada: User) -> None:
    """By an operator's registration, public or not, and nothing is remembered of it."""
    for app in (service.application("web", first_party=True), service.public("native", first_party=True)):
        granted(service.signed_in(ada).open(app.url(scope="openid email", prompt="none")))
        assert service.consents.get(ada.sub, app.client_id)[1] is None


def test_a_first_party_client_can_ask_to_be_asked_for(service: Service, ada: User) -> None:
    """prompt=consent: the page is shown, and a no is a no."""
    app = service.application(first_party=True)
    visitor = service.signed_in(ada)
    page = visitor.deny(visitor.open(app.url(prompt="consent")))
    assert page.redirected(REDIRECT_URI)["error"] == "access_denied"


def test_a_no_is_access_denied(service: Service, app: Application, ada: User) -> None:
    """RFC 6749 section 4.1.2.1; nothing is granted or remembered, and the next visit asks again."""
    visitor = service.signed_in(ada)
    page = visitor.deny(visitor.open(app.url()))
    parameters = page.redirected(REDIRECT_URI)
    assert parameters.keys() == {"error", "error_description", "state", "iss"}
    assert parameters["error"] == "access_denied"
    assert service.deployment.state("grant") == []
    assert service.consents.get(ada.sub, "app")[1] is None
    assert visitor.open(app.url()).step == "consent"
    [line] = service.deployment.lines("consent_denied")
    assert (line["client_id"], line["sub"]) == ("app", ada.sub)


def test_a_no_by_form_post(service: Service, app: Application, ada: User) -> None:
    """OAuth 2.0 Form Post Response Mode: the same way back."""
    visitor = service.signed_in(ada)
    page = visitor.deny(visitor.open(app.url(response_mode="form_post")))
    assert page.posted(REDIRECT_URI)["error"] == "access_denied"


def test_a_no_to_more_leaves_what_was_allowed(service: Service, app: Application, ada: User) -> None:
    """It is no revocation."""
    service.consent(ada, app, "openid")
    visitor = service.signed_in(ada)
    visitor.deny(visitor.open(app.url(scope="openid email")))
    granted(visitor.open(app.url()))


@pytest.mark.parametrize("decision", ["", "maybe", "ALLOW", "deny"])
def test_only_allow_allows(service: Service, app: Application, ada: User, decision: str) -> None:
    """A form without its button pressed, or with another, is a no."""
    visitor = service.signed_in(ada)
    page = visitor.submit(visitor.open(app.url()), decision=decision)
    assert page.redirected(REDIRECT_URI)["error"] == "access_denied"


def test_another_account_can_answer(service: Service, app: Application, ada: User) -> None:
    """Who is signed in is not who should be."""
    bob = service.user("bob")
    visitor = service.signed_in(ada)
    page = visitor.submit(visitor.open(app.url()), decision="other_account")
    assert page.step == "login"
    code = granted(visitor.allow(visitor.sign_in(page, "bob", PASSWORD)))
    assert service.claims(service.redeem(app, code).json()["access_token"])["sub"] == bob.sub
    assert service.consents.get(ada.sub, "app")[1] is None


def test_the_page_says_who_asks_for_what(service: Service, ada: User) -> None:
    """Name, logo, host of the redirect, links, and the scopes in words; `offline_access` in words of its own."""
    service.scope(Scope("orders", {"en": "See your orders", "fr": "Voir vos commandes"}))
    app = service.application(
        client_name="Bookshop",
        logo_uri="https://app.example.com/logo.png",
        policy_uri="https://app.example.com/policy",
        tos_uri="https://app.example.com/terms",
        scope=("openid", "orders", "stock", "offline_access"),
    )
    visitor = service.signed_in(ada)
    text = visitor.open(app.url(scope=None)).text
    for words in (
        "<bdi>Bookshop</bdi> asks for access",
        "Signed in as <bdi>ada</bdi>",
        "See your orders",
        'Use the permission <code dir="ltr">stock</code>',
        "Keep this access while you are away",
        "<bdi>app.example.com</bdi>",
        'src="https://app.example.com/logo.png"',
        'href="https://app.example.com/policy"',
        'href="https://app.example.com/terms"',
    ):
        assert words in text
    assert "Voir vos commandes" in visitor.open(app.url(scope=None, ui_locales="fr")).text


def test_a_client_without_a_name_is_shown_by_its_id(service: Service, app: Application, ada: User) -> None:
    """Never by nothing."""
    assert service.signed_in(ada).open(app.url()).heading == "app asks for access"


def test_a_request_without_any_scope_can_be_allowed(service: Service, ada: User) -> None:
    """What is asked for then is who it is."""
    app = service.application(scope=())
    visitor = service.signed_in(ada)
    page = visitor.open(app.url(scope=None))
    assert "Know that it is you" in page.text
    tokens = service.redeem(app, granted(visitor.allow(page))).json()
    assert "scope" not in tokens
    assert service.claims(tokens["access_token"])["sub"] == ada.sub


def test_what_is_allowed_is_what_is_granted(service: Service, app: Application, ada: User) -> None:
    """What was allowed before and is not asked for now is not in the token."""
    service.consent(ada, app)
    assert service.tokens(app, ada, scope="openid email")["scope"] == "openid email"


def test_a_consent_is_one_line(service: Service, app: Application, ada: User) -> None:
    """Who allowed what to whom; then the code, by the id of its grant."""
    visitor = service.signed_in(ada)
    granted(visitor.allow(visitor.open(app.url(scope="openid email"))))
    [consent] = service.deployment.lines("consent_granted")
    [issued] = service.deployment.lines("code_issued")
    [grant] = service.deployment.state("grant")
    expected = {"client_id": "app", "sub": ada.sub, "scope": "openid email"}
    assert consent.items() >= expected.items()
    assert issued.items() >= {**expected, "grant_id": grant["grant_id"]["S"]}.items()


def test_a_consent_taken_back_while_the_page_was_being_answered_stays_so(
    service: Service, app: Application, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading and the writing: nothing is granted, the page asks again, and then it is what was seen."""
    service.consent(ada, app, "openid")
    visitor = service.signed_in(ada)
    page = visitor.open(app.url(scope="openid email"))
    read = DynamoDbStandingStore.get

    def read_and_taken_back(store: DynamoDbStandingStore, sub: str, client_id: str, sid: str) -> Standing:
        found = read(store, sub, client_id, sid)
        service.consents.delete(sub, client_id)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(DynamoDbStandingStore, "get", read_and_taken_back)
        page = visitor.allow(page)
    assert service.consents.get(ada.sub, "app")[1] is None
    assert service.deployment.state("grant") == []
    assert page.step == "consent"
    granted(visitor.allow(page))
    consent = service.consents.get(ada.sub, "app")[1]
    assert consent
    assert consent.scope == ("openid", "email")


def test_what_an_earlier_client_of_the_id_was_allowed_is_not_added_to(
    service: Service, app: Application, ada: User
) -> None:
    """A yes to less gives the new one no more: what was once allowed to somebody else is asked for anew."""
    service.consent(ada, app, "openid", "email", "phone")
    assert service.deployment.registry.delete("app")
    service.clock.advance(61)
    heir = service.application("app", client_id_issued_at=service.now)
    visitor = service.signed_in(ada)
    granted(visitor.allow(visitor.open(heir.url())))
    consent = service.consents.get(ada.sub, "app")[1]
    assert consent
    assert (consent.scope, consent.granted_at >= heir.client.client_id_issued_at) == (("openid",), True)
    assert visitor.open(heir.url(scope="openid phone")).step == "consent"
