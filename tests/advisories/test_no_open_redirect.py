"""Rows 1 and 7: nobody is led anywhere but to a registered redirect URI, by no parameter, error, method or cookie.

Keycloak CVE-2024-8883, CVE-2026-3872, CVE-2022-3782; fosite CVE-2020-15233 and -15234; RFC 9700 sections 4.11, 4.12.
"""

from urllib.parse import quote

import pytest

from signet.model.user import User
from tests.support.sign_in import AUTHORIZE, PASSWORD, Application, Service
from tests.support.visitor import Page

REGISTERED = ("https://app.example.com/cb", "http://127.0.0.1/cb", "http://[::1]:9000/cb", "com.example.app:/cb")

HOSTILE = (
    "https://evil.example/cb",
    "https://app.example.com@evil.example/cb",
    "https://app.example.com:443@evil.example/cb",
    "https://evil.example#https://app.example.com/cb",
    "https://app.example.com/cb#@evil.example",
    "https://app.example.com/cb/../../evil",
    "https://app.example.com/cb/..;/evil",
    "https://app.example.com/cb%2f%2e%2e%2fevil",
    "https://app.example.com/cb%252f..",
    "https://app.example.com\\@evil.example/cb",
    "https:\\\\app.example.com/cb",
    "https://app.example.com/cb\t",
    "\thttps://app.example.com/cb",
    " https://app.example.com/cb",
    "https://app.example.com/cb\r\nLocation: https://evil.example",
    "https://app.example.com/cb?x=1",
    "https://app.example.com/cb?",
    "https://app.example.com./cb",
    "https://APP.example.com/cb",
    "HTTPS://app.example.com/cb",
    "https://app.example.com:443/cb",
    "https://app.example.com/CB",
    "https://app.example.com.evil.example/cb",
    "https://evil-app.example.com/cb",
    "https://\u0430pp.example.com/cb",
    "http://app.example.com/cb",
    "//app.example.com/cb",
    "/cb",
    "javascript:alert(1)//https://app.example.com/cb",
    "data:text/html,<script>alert(1)</script>",
    "http://127.0.0.1:1@evil.example/cb",
    "http://127.0.0.1:80/other",
    "http://127.0.0.1:080/cb",
    "http://127.0.0.1:65536/cb",
    "http://127.0.0.1:99999999999/cb",
    "http://127.0.0.1:8080/cb?x",
    "http://127.0.0.1.evil.example/cb",
    "http://127.0.0.1:8080.evil.example/cb",
    "http://localhost/cb",
    "http://127.1/cb",
    "http://2130706433/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "http://[::1]:9000@evil.example/cb",
    "https://127.0.0.1/cb",
    "com.example.app://evil.example/cb",
    "com.example.app:/cb/x",
    "COM.EXAMPLE.APP:/cb",
)


@pytest.fixture
def app(service: Service) -> Application:
    """An application with redirect URIs of every kind."""
    return service.application(redirect_uris=REGISTERED)


def stays(page: Page) -> None:
    """The answer is the error page: no Location, no form, no link, no refresh, nothing of the URI in it."""
    assert (page.status, page.location, page.step) == (400, "", "")
    assert "refresh" not in page.headers
    assert "evil" not in page.text
    assert "<form" not in page.text
    assert "http-equiv" not in page.text


def test_no_hostile_redirect_uri_is_ever_followed(service: Service, app: Application, ada: User) -> None:
    """Signed in or not, a page wanted or not, by query or by form, in an error or a grant."""
    service.consent(ada, app)
    visitors = (service.visitor(), service.signed_in(ada))
    for redirect_uri in HOSTILE:
        for changed in (
            {},
            {"prompt": "none"},
            {"response_mode": "form_post"},
            {"response_type": "token"},
            {"scope": "not-registered"},
        ):
            for visitor in visitors:
                stays(visitor.get(app.url(redirect_uri=redirect_uri, **changed)))
    assert service.deployment.state("grant") == []


def test_a_redirect_uri_encoded_twice_is_not_decoded_twice(service: Service, app: Application) -> None:
    """What arrives after one decoding is what is compared."""
    query = app.url(redirect_uri=None).partition("?")[2]
    once = quote(quote(REGISTERED[0], safe=""), safe="")
    stays(service.visitor().get(f"{AUTHORIZE}?{query}&redirect_uri={once}"))


def test_two_redirect_uris_lead_nowhere(service: Service, app: Application) -> None:
    """Neither to the first nor to the last, though one is registered."""
    for first, last in ((REGISTERED[0], HOSTILE[0]), (HOSTILE[0], REGISTERED[0]), (REGISTERED[0], REGISTERED[1])):
        query = app.url(redirect_uri=first).partition("?")[2]
        stays(service.visitor().get(f"{AUTHORIZE}?{query}&redirect_uri={quote(last, safe='')}"))
        stays(service.visitor().get(f"{AUTHORIZE}?{query}&redirect%5Furi={quote(last, safe='')}"))


def test_another_clients_redirect_uri_leads_nowhere(service: Service, app: Application) -> None:
    """Registered is registered for this client."""
    other = service.application("other", redirect_uris=("https://evil.example/cb",))
    stays(service.visitor().get(app.url(redirect_uri=other.redirect_uri)))


@pytest.mark.parametrize("name", ["state", "issuer", "iss", "error_uri", "return_to", "next", "action", "login_hint"])
def test_no_other_parameter_leads_anywhere(service: Service, app: Application, ada: User, name: str) -> None:
    """Every redirect is to this server or to the redirect URI."""
    service.consent(ada, app)
    for value in ("//evil.example", "https://evil.example", "/\\evil.example"):
        visitor = service.visitor()
        page = visitor.get(app.url(**{name: value}))
        form = page.form
        assert form.action.startswith(f"{AUTHORIZE}?")
        page = visitor.post(form.action, {**form.fields, "username": "ada", "password": PASSWORD})
        assert page.location.startswith(f"{AUTHORIZE}?")
        assert visitor.get(page.location).location.startswith(f"{REGISTERED[0]}?code=")


def test_a_form_posted_to_another_address_goes_no_further(service: Service, app: Application, ada: User) -> None:
    """A form's own redirect URI, exchanged in its action, is validated again."""
    visitor = service.signed_in(ada)
    form = visitor.get(app.url()).form
    stays(visitor.post(app.url(redirect_uri=HOSTILE[0]), {**form.fields, "decision": "allow"}))


def test_credentials_are_never_sent_on(service: Service, app: Application, ada: User) -> None:
    """RFC 9700 section 4.12: 303 and nothing else, for 307 and 308 repeat the form at the redirect URI."""
    visitor = service.visitor()
    statuses = set()
    form = visitor.get(app.url()).form
    for password in ("wrong", PASSWORD):
        page = visitor.post(form.action, {**form.fields, "username": "ada", "password": password})
        statuses.add(page.status)
        assert PASSWORD not in page.location
    form = visitor.get(app.url()).form
    for decision in ("allow", "deny"):
        statuses.add(visitor.post(form.action, {**form.fields, "decision": decision}).status)
    statuses.add(visitor.post(AUTHORIZE, app.parameters()).status)
    assert statuses == {303}


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"x-forwarded-host": "evil.example"},
        {"forwarded": "host=evil.example;proto=http"},
        {"x-forwarded-proto": "http", "x-forwarded-port": "1"},
        {"x-original-url": "https://evil.example/", "x-rewrite-url": "/evil"},
        {"origin": "https://evil.example", "referer": "https://evil.example/"},
    ],
)
def test_no_header_moves_a_page_a_redirect_or_the_issuer(
    service: Service, app: Application, ada: User, headers: dict[str, str]
) -> None:
    """Row 4, ZITADEL CVE-2025-64101: links, forms, cookies and `iss` are the same whatever a proxy says."""
    plain, moved = service.visitor(), service.visitor(**headers)
    pages = [plain.get(app.url()), moved.get(app.url())]
    assert pages[0].form.action == pages[1].form.action
    assert "evil" not in pages[1].text + str(pages[1].headers) + str(pages[1].answer.cookies)
    page = moved.sign_in(pages[1], "ada", PASSWORD)
    answer = moved.allow(page).redirected(REGISTERED[0])
    assert answer["iss"] == plain.get(app.url(prompt="none")).redirected(REGISTERED[0])["iss"]
