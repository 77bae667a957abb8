"""Row 6: no method, header or form from elsewhere takes the place of the button on our page (GitHub 2019)."""

import pytest

from signet.authorize.forms import SESSION
from signet.model.user import User
from tests.support.sign_in import AUTHORIZE, PASSWORD, Application, Service
from tests.support.visitor import Visitor

CONSENT = {"form": "consent", "decision": "allow"}


def granted_nothing(service: Service) -> bool:
    """Neither a code nor a consent."""
    consents = [item for item in service.deployment.items() if item["sk"]["S"].startswith("consent#")]
    return not consents and not service.deployment.state("grant")


@pytest.fixture
def victim(service: Service, app: Application, ada: User) -> Visitor:
    """Somebody signed in, who has the consent page open and has decided nothing."""
    visitor = service.signed_in(ada)
    assert visitor.get(app.url()).step == "consent"
    return visitor


@pytest.mark.parametrize(
    "method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "post", "Post", ""]
)
def test_no_other_method_grants(service: Service, app: Application, victim: Visitor, method: str) -> None:
    """Even with the form's own proof in its body."""
    form = victim.get(app.url()).form
    body = f"form=consent&decision=allow&csrf={form.fields['csrf']}".encode()
    page = victim.request(method, form.action, body, **{"content-type": "application/x-www-form-urlencoded"})
    assert page.status == 405
    assert granted_nothing(service)


@pytest.mark.parametrize("header", ["x-http-method-override", "x-http-method", "x-method-override", "_method"])
def test_no_override_grants(service: Service, app: Application, victim: Visitor, header: str) -> None:
    """The method of the request is the method."""
    form = victim.get(app.url()).form
    proof = form.fields["csrf"]
    page = victim.request("GET", form.action, b"", **{header: "POST"})
    assert page.step == "consent"
    page = victim.request("GET", f"{form.action}&{header}=POST&form=consent&decision=allow&csrf={proof}")
    assert page.step == "consent"
    page = victim.post(AUTHORIZE, {**app.parameters(), header: "POST", "decision": "allow", "csrf": proof})
    assert page.status == 303
    assert victim.get(page.location).step == "consent"
    assert granted_nothing(service)


def test_the_body_of_a_get_grants_nothing(service: Service, app: Application, victim: Visitor) -> None:
    """It has no meaning, and none is given to it."""
    form = victim.get(app.url()).form
    body = f"form=consent&decision=allow&csrf={form.fields['csrf']}".encode()
    page = victim.request("GET", form.action, body, **{"content-type": "application/x-www-form-urlencoded"})
    assert page.step == "consent"
    assert granted_nothing(service)


@pytest.mark.parametrize("csrf", [None, "", "0" * 64, "null", "undefined", "true"])
def test_no_form_without_its_proof_grants(
    service: Service, app: Application, victim: Visitor, csrf: str | None
) -> None:
    """RFC 9700 section 4.7."""
    fields = {**CONSENT, **({} if csrf is None else {"csrf": csrf})}
    page = victim.post(app.url(), fields)
    assert page.location == app.url()
    assert granted_nothing(service)


def test_no_proof_of_another_page_grants(service: Service, app: Application, ada: User, victim: Visitor) -> None:
    """Of another browser, person or form, or of a request that differs in anything."""
    proofs = {
        "another browser": service.signed_in(ada).get(app.url()).form,
        "another person": service.signed_in(service.user("eve")).get(app.url()).form,
        "nobody": service.visitor().get(app.url()).form,
        "another form": victim.get(app.url(prompt="login")).form,
        "another scope": victim.get(app.url(scope="email")).form,
        "another state": victim.get(app.url(state="x")).form,
        "another nonce": victim.get(app.url(nonce="x")).form,
        "another challenge": victim.get(app.url(code_challenge="a" * 43)).form,
        "another mode": victim.get(app.url(response_mode="form_post")).form,
        "another client": victim.get(service.application("other").url()).form,
    }
    assert len({form.fields["csrf"] for form in proofs.values()}) == len(proofs)
    for name, form in proofs.items():
        page = victim.post(app.url(), {**CONSENT, "csrf": form.fields["csrf"]})
        assert page.location == app.url(), name
        assert granted_nothing(service), name


def test_a_proof_is_of_one_form(service: Service, app: Application, ada: User, victim: Visitor) -> None:
    """One request can show one person several forms: the proof of each is of no use for the others."""
    target = app.url(max_age="600")
    consent = victim.get(target).form
    service.clock.advance(700)
    login = victim.get(target).form
    assert (consent.action, consent.fields["form"], login.fields["form"]) == (login.action, "consent", "login")
    before = victim.cookies[SESSION]
    fields = {"form": "login", "csrf": consent.fields["csrf"], "username": "ada", "password": PASSWORD}
    assert victim.post(target, fields).location == target
    assert victim.cookies[SESSION] == before
    assert service.deployment.lines("login") == []


def test_a_proof_dies_with_its_session(service: Service, app: Application, ada: User, victim: Visitor) -> None:
    """Replayed after logout, and after the next login in the same browser."""
    form = victim.get(app.url()).form
    session_id = victim.cookies.pop(SESSION)
    service.sessions.end(session_id)
    for cookies in ({}, {SESSION: session_id}, {SESSION: service.sessions.begin(ada)[0]}):
        victim.cookies.update(cookies)
        page = victim.post(form.action, {**form.fields, "decision": "allow"})
        assert page.location.startswith(AUTHORIZE)
        assert granted_nothing(service)


def test_the_page_itself_grants(service: Service, app: Application, victim: Visitor) -> None:
    """Or all of the above would hold of a service that does nothing."""
    assert "code=" in victim.allow(victim.get(app.url())).location
    assert not granted_nothing(service)


def test_a_form_from_another_site_brings_no_cookies(service: Service, app: Application) -> None:
    """SameSite=Lax keeps them at home; without them the form says so, whatever it holds."""
    page = service.visitor().post(app.url(), {**CONSENT, "csrf": "0" * 64})
    assert (page.status, page.location) == (400, "")


def test_no_page_can_be_framed(service: Service, app: Application, ada: User) -> None:
    """Clickjacking, RFC 9700 section 4.16: by either header, on every page and on every error."""
    for page in (
        service.visitor().get(app.url()),
        service.signed_in(ada).get(app.url()),
        service.signed_in(ada).get(app.url(prompt="select_account")),
        service.visitor().get(app.url(prompt="none", response_mode="form_post")),
        service.visitor().get(AUTHORIZE),
        service.visitor().request("PUT", AUTHORIZE),
        service.visitor().post(app.url(), CONSENT),
    ):
        assert page.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_no_answer_lets_another_origin_read_it(service: Service, app: Application, ada: User) -> None:
    """RFC 9700 section 2.6: no CORS at the authorization endpoint, on no answer and to no preflight."""
    visitor = service.visitor(origin="https://app.example.com")
    for page in (
        visitor.get(app.url()),
        visitor.get(app.url(prompt="none")),
        visitor.get(AUTHORIZE),
        visitor.post(AUTHORIZE, app.parameters()),
        visitor.request("OPTIONS", app.url(), b"", **{"access-control-request-method": "GET"}),
    ):
        assert not [name for name in page.headers if name.startswith("access-control-")]
