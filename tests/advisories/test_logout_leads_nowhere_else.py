"""Row 7: a logout leads to a URI that is registered for the client it is of, character for character, or to a page."""

from urllib.parse import urlencode, urlsplit

import pytest

from signet.model.user import User
from tests.support.sign_in import ACCOUNT, END_SESSION, REDIRECT_URI, Application, Service
from tests.support.visitor import Page, Visitor

BYE, LOOPBACK, NATIVE = "https://app.example.com/bye", "http://127.0.0.1/bye", "com.example.app:/bye"

HOSTILE = (
    "https://evil.example/bye",
    "https://app.example.com@evil.example/bye",
    "https://app.example.com/bye/",
    "https://app.example.com/bye?",
    "https://app.example.com/bye?next=https://evil.example",
    "https://app.example.com/bye#evil",
    "https://app.example.com/bye/..;/evil",
    "https://app.example.com/bye%2f..%2fevil",
    "https://app.example.com\\@evil.example/bye",
    "https://app.example.com./bye",
    "https://APP.example.com/bye",
    "https://app.example.com:443/bye",
    "https://app.example.com/BYE",
    "http://app.example.com/bye",
    "//app.example.com/bye",
    "//evil.example",
    "/connect/account",
    "\thttps://app.example.com/bye",
    "https://app.example.com/bye\r\nLocation: https://evil.example",
    "http://127.0.0.1:8080/bye",  # of this URI not even a loopback port may differ (section 3)
    "http://127.0.0.1:1@evil.example/bye",
    "javascript:alert(1)//https://app.example.com/bye",
    "data:text/html,<script>alert(1)</script>",
    "com.example.app://evil.example/bye",
    REDIRECT_URI,  # registered, but for answers of the authorization endpoint
    "https://other.example.com/bye",  # registered, but for another client
)


@pytest.fixture
def app(service: Service, ada: User) -> Application:
    """An application with post-logout URIs of every kind, which ada has allowed."""
    service.application("other", post_logout_redirect_uris=("https://other.example.com/bye",))
    app = service.application(post_logout_redirect_uris=(BYE, LOOPBACK, NATIVE))
    service.consent(ada, app)
    return app


def hint_of(service: Service, app: Application, visitor: Visitor) -> str:
    """An ID token of the browser's session."""
    code = visitor.open(app.url()).redirected(app.redirect_uri)["code"]
    token: str = service.redeem(app, code).json()["id_token"]
    return token


def stays_here(page: Page) -> bool:
    """Whether the browser is led nowhere but to this server, and nothing of the URI is on the page."""
    parts = urlsplit(page.location)
    refreshes = "refresh" in page.headers or "http-equiv" in page.text
    here = (parts.scheme, parts.netloc) == ("", "") and not page.location.startswith("//")
    return here and not refreshes and 'href="https://evil' not in page.text and "javascript:" not in page.text


@pytest.mark.parametrize("uri", HOSTILE)
def test_what_is_not_registered_is_never_gone_to(service: Service, app: Application, ada: User, uri: str) -> None:
    """With or without an ID token, asked or not, signed in or not, by GET or by POST."""
    for session in (True, False):
        for shown in ({}, {"client_id": app.client_id}, {"id_token_hint": ""}):
            visitor = service.signed_in(ada)
            asked = {**shown, "post_logout_redirect_uri": uri, "state": "s"}
            if "id_token_hint" in shown:
                asked["id_token_hint"] = hint_of(service, app, visitor)
            if not session:
                visitor.cookies.clear()
            page = visitor.get(f"{END_SESSION}?{urlencode(asked)}")
            assert page.location == "", asked
            assert stays_here(page), asked
            if session:
                assert page.heading == "Sign out?"
                assert "evil.example" not in page.headers["content-security-policy"]
                page = visitor.post(page.form.action, {**page.form.fields, "decision": "sign_out"})
                assert stays_here(page), asked
                page = visitor.get(page.location)
                assert (page.status, page.location, page.heading) == (200, "", "You are signed out")
            posted = service.visitor().post(END_SESSION, asked)
            assert stays_here(posted)
            assert service.visitor().get(posted.location).location in {"", posted.location}


@pytest.mark.parametrize("uri", [BYE, LOOPBACK, NATIVE])
def test_what_is_registered_is_gone_to_as_it_is(service: Service, app: Application, ada: User, uri: str) -> None:
    """Or all of the above would hold of a service that leads nowhere; the form's policy lets the browser follow."""
    visitor = service.signed_in(ada)
    page = visitor.get(f"{END_SESSION}?{urlencode({'client_id': 'app', 'post_logout_redirect_uri': uri})}")
    scheme = urlsplit(uri).scheme
    assert f"{scheme}:" in page.headers["content-security-policy"]
    assert visitor.submit(page, decision="sign_out").location == uri


def test_no_client_is_taken_for_another(service: Service, app: Application, ada: User) -> None:
    """Section 2: `client_id` must be that of the hint, else neither counts."""
    visitor = service.signed_in(ada)
    hint = hint_of(service, app, visitor)
    for client_id, uri in (("other", BYE), ("other", "https://other.example.com/bye"), ("nobody", BYE)):
        asked = {"id_token_hint": hint, "client_id": client_id, "post_logout_redirect_uri": uri}
        page = visitor.get(f"{END_SESSION}?{urlencode(asked)}")
        assert (page.heading, page.location) == ("Sign out?", "")
        visitor_without = service.visitor()
        assert visitor_without.get(f"{END_SESSION}?{urlencode(asked)}").location == ""


def test_a_client_that_is_gone_leads_nowhere(service: Service, app: Application, ada: User) -> None:
    """Its ID tokens prove nothing any more."""
    visitor = service.signed_in(ada)
    hint = hint_of(service, app, visitor)
    assert service.deployment.registry.delete(app.client_id)
    service.deployment.cold("end_session")
    page = visitor.get(f"{END_SESSION}?{urlencode({'id_token_hint': hint, 'post_logout_redirect_uri': BYE})}")
    assert (page.heading, page.location) == ("Sign out?", "")
    assert visitor.get(ACCOUNT).heading == "Your account"


@pytest.mark.parametrize(
    "query",
    [
        f"client_id=app&post_logout_redirect_uri={BYE}&post_logout_redirect_uri=https://evil.example",
        f"client_id=app&client_id=other&post_logout_redirect_uri={BYE}",
        f"client_id=app&post_logout_redirect_uri={BYE}&state=a&state=b",
        f"client_id=app&post_logout_redirect_uri={BYE}&state=%00",
        f"client_id=app&post_logout_redirect_uri={BYE}&state=%0d%0aLocation:%20https://evil.example",
        f"client_id=app&post_logout_redirect_uri={BYE}&state={'x' * 3_000}",
        "client_id=%ff",
    ],
)
def test_a_malformed_request_is_a_page(service: Service, app: Application, ada: User, query: str) -> None:
    """Never last-wins; nothing is done."""
    for visitor in (service.signed_in(ada), service.visitor()):
        page = visitor.get(f"{END_SESSION}?{query}")
        assert (page.status, page.location, page.step) == (400, "", "")
    assert len(service.deployment.state("session")) == 1


def test_a_request_that_is_too_long_for_an_address_is_a_page(service: Service, app: Application) -> None:
    """By POST, from where it would have to go on by GET."""
    page = service.visitor().post(END_SESSION, {"client_id": "app", "id_token_hint": "x" * 9_000})
    assert (page.status, page.location) == (400, "")
