"""Every page's headers, whatever it says, and what is served beside the pages (OWASP ASVS 5.0 section 3.4)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from botocore.awsrequest import AWSResponse

from signet.endpoints.table import ENDPOINTS
from signet.model.user import User
from tests.support import gateway_events
from tests.support.deployment import Deployment
from tests.support.faults import SECRET_WORD, internal
from tests.support.sign_in import AUTHORIZE, PASSWORD, Application, Service
from tests.support.visitor import Page

HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "pragma": "no-cache",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-language": "en",
}


def directives(page: Page) -> dict[str, str]:
    """The page's Content-Security-Policy."""
    parts = [part.strip().partition(" ") for part in page.headers["content-security-policy"].split(";")]
    assert len({name for name, _, _ in parts}) == len(parts)
    return {name: value for name, _, value in parts}


@dataclass(frozen=True)
class Scene:
    """Where, which application, who."""

    service: Service
    app: Application
    ada: User


def wrong_password(at: Scene) -> Page:
    """The sign-in form with its alert."""
    visitor = at.service.visitor()
    return visitor.sign_in(visitor.get(at.app.url()), "ada", "wrong")


def unavailable(at: Scene) -> Page:
    """A table that does not answer."""
    visitor = at.service.signed_in(at.ada)
    with at.service.deployment.failing("dynamodb", internal):
        return visitor.get(at.app.url())


def unexpected(at: Scene) -> Page:
    """A defect of ours."""
    at.service.deployment.cold("authorization")
    visitor = at.service.signed_in(at.ada)

    def fail() -> AWSResponse:
        raise RuntimeError(f"a word of {PASSWORD}")

    with at.service.deployment.failing("dynamodb", fail):
        return visitor.get(at.app.url())


PAGES: dict[str, tuple[int, Callable[[Scene], Page]]] = {
    "login": (200, lambda at: at.service.visitor().get(at.app.url())),
    "login refused": (400, wrong_password),
    "consent": (200, lambda at: at.service.signed_in(at.ada).get(at.app.url())),
    "account": (200, lambda at: at.service.signed_in(at.ada).get(at.app.url(prompt="select_account"))),
    "form_post": (
        200,
        lambda at: at.service.visitor().get(at.app.url(prompt="none", response_mode="form_post")),
    ),
    "unknown client": (400, lambda at: at.service.visitor().get(AUTHORIZE)),
    "malformed": (400, lambda at: at.service.visitor().get(f"{AUTHORIZE}?state=%ff")),
    "redirect_uri": (
        400,
        lambda at: at.service.visitor().get(at.app.url(redirect_uri="https://evil.example")),
    ),
    "method": (405, lambda at: at.service.visitor().request("PUT", at.app.url())),
    "cookies": (400, lambda at: at.service.visitor().post(at.app.url(), {"form": "login"})),
    "unavailable": (503, unavailable),
    "unexpected": (500, unexpected),
}


@pytest.fixture(params=list(PAGES))
def page(request: pytest.FixtureRequest, service: Service, app: Application, ada: User) -> Page:
    """Each page there is."""
    status, shown = PAGES[request.param]
    page = shown(Scene(service, app, ada))
    assert page.status == status
    return page


def test_every_page_has_its_headers(page: Page) -> None:
    """No cache keeps it, no site frames it, no referrer leaves it, no type is guessed, no http follows it."""
    assert page.headers.items() >= HEADERS.items()
    assert page.headers["strict-transport-security"].startswith("max-age=63072000")


def test_every_page_has_a_policy_that_runs_nothing_foreign(page: Page) -> None:
    """CSP Level 3: nothing but our style sheet, clients' logos over https, and no frame around it."""
    policy = directives(page)
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert policy["img-src"] == "'self' https:"
    assert (policy["base-uri"], policy["frame-ancestors"]) == ("'none'", "'none'")
    assert policy.get("script-src", "'self'") == "'self'"
    assert "unsafe" not in page.headers["content-security-policy"]


def test_no_page_has_a_script_or_a_style_in_it(page: Page) -> None:
    """The policy would not run it."""
    inline = re.findall(r"<script(?![^>]* src=)|<style|\son\w+=|style=|javascript:", page.text)
    assert inline == []


def test_no_page_says_what_failed_inside(page: Page) -> None:
    """Nor the password that the failure spoke of."""
    for word in ("Traceback", "RuntimeError", "dynamodb", "DynamoDB", "botocore", PASSWORD, SECRET_WORD):
        assert word not in page.text


def test_a_failure_can_be_found_by_its_reference(service: Service, app: Application, ada: User) -> None:
    """The page names the request, whose line in the log names what failed."""
    page = unavailable(Scene(service, app, ada))
    [line] = service.deployment.lines("request_failed")
    assert line["request_id"] in page.text
    assert (line["reason"], line["endpoint"]) == ("store_unavailable", "authorization")
    assert int(page.headers["retry-after"]) > 0


def test_an_unexpected_failure_is_logged_without_its_text(service: Service, app: Application, ada: User) -> None:
    """Which may quote what was received."""
    unexpected(Scene(service, app, ada))
    [line] = service.deployment.lines("request_failed")
    assert (line["reason"], line["status"]) == ("unexpected", 500)
    assert "RuntimeError" in line["detail"]
    assert PASSWORD not in service.deployment.output()


@pytest.mark.parametrize(
    ("redirect_uri", "sources"),
    [
        ("https://app.example.com/cb", "'self' https:"),
        ("http://127.0.0.1:8123/cb", "'self' https: http://127.0.0.1:8123"),
        ("http://localhost:3000/cb", "'self' https: http://localhost:3000"),
        ("http://[::1]:9000/cb", "'self' https: http:"),
        ("com.example.app:/cb", "'self' https: com.example.app:"),
    ],
)
def test_a_form_may_end_at_the_redirect_uri(service: Service, ada: User, redirect_uri: str, sources: str) -> None:
    """Chromium holds the redirects after a form to its page's form-action."""
    app = service.application(redirect_uris=(redirect_uri,))
    assert directives(service.visitor().get(app.url()))["form-action"] == sources
    assert directives(service.signed_in(ada).get(app.url()))["form-action"] == sources
    posting = service.visitor().get(app.url(prompt="none", response_mode="form_post"))
    assert directives(posting)["form-action"] == sources.removeprefix("'self' ")


def test_a_redirect_leaves_no_trace(service: Service, app: Application, ada: User) -> None:
    """RFC 9700 section 4.2: nobody behind the redirect URI is told where the person came from."""
    service.consent(ada, app)
    page = service.signed_in(ada).get(app.url())
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
    assert page.text == ""


@pytest.mark.parametrize("path", ENDPOINTS["assets"].paths)
def test_the_pages_assets_are_there(service: Service, app: Application, path: str) -> None:
    """At the addresses that the pages have, to be kept for good; asked for again they are 304."""
    visitor = service.visitor()
    answers = [visitor.get(path), visitor.request("HEAD", path)]
    assert [page.status for page in answers] == [200, 200]
    assert (answers[0].text != "", answers[1].text) == (True, "")
    etag = answers[0].headers["etag"]
    held = visitor.request("GET", path, b"", **{"if-none-match": etag})
    assert (held.status, held.text) == (304, "")
    assert visitor.request("POST", path).status == 405


def test_the_pages_lead_to_their_assets(service: Service, app: Application) -> None:
    """With a version in the address, so that a new release is a new address."""
    visitor = service.visitor()
    pages = visitor.get(app.url()).text + visitor.get(app.url(prompt="none", response_mode="form_post")).text
    addresses = set(re.findall(r'(?:href|src)="(/connect/assets/[^"]+)"', pages))
    assert {address.partition("?")[0] for address in addresses} == set(ENDPOINTS["assets"].paths)
    for address in addresses:
        assert "immutable" in visitor.get(address).headers["cache-control"]


def test_a_theme_comes_from_the_environment(service: Service, app: Application, deployment: Deployment) -> None:
    """The template's parameters: name, colour and logo."""
    deployment.cold(
        "authorization",
        SIGNET_THEME_SERVICE_NAME="Caf\u00e9 <ID>",
        SIGNET_THEME_ACCENT_COLOR="#aa3300",
        SIGNET_THEME_LOGO_URI="https://cdn.example.com/logo.svg",
    )
    visitor = service.visitor()
    text = visitor.get(app.url()).text
    assert "Caf\u00e9 &lt;ID&gt;" in text
    assert 'src="https://cdn.example.com/logo.svg"' in text
    assert "#aa3300" in visitor.get(ENDPOINTS["assets"].paths[0]).text


@pytest.mark.parametrize(
    "variables",
    [
        {"SIGNET_THEME_ACCENT_COLOR": "red; } body { display: none"},
        {"SIGNET_THEME_LOGO_URI": "javascript:alert(1)"},
        {"SIGNET_STATE_TABLE": None},
        {"SIGNET_REGISTRY_TABLE": None},
        {"SIGNET_ISSUER": "http://id.example.com/connect"},
    ],
)
def test_settings_that_are_wrong_are_503(
    service: Service, app: Application, deployment: Deployment, variables: dict[str, str | None]
) -> None:
    """By a page, as people look at it; one line in the log says which setting it is."""
    deployment.cold("authorization", **variables)
    page = service.visitor(**{"accept-language": "fr"}).get(app.url())
    assert (page.status, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert page.headers["retry-after"]
    assert '<html lang="fr"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not any(value and value in page.text for value in variables.values())
    [line] = deployment.lines("request_failed")
    assert line["reason"] == "settings_invalid"
    assert next(iter(variables)).removeprefix("SIGNET_").removeprefix("THEME_").lower() in line["detail"].lower()


@pytest.mark.parametrize("function", ["end_session", "account"])
def test_other_pages_with_wrong_settings_are_pages_too(service: Service, deployment: Deployment, function: str) -> None:
    """Whatever people look at."""
    deployment.cold(function, SIGNET_STATE_TABLE=None)
    event = gateway_events.event("GET", ENDPOINTS[function].paths[0])
    answer = gateway_events.answer(deployment.invoke(function, event))
    assert (answer.status, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")


# what a request costs


def test_who_is_signed_in_and_has_consented_costs_three_calls(
    service: Service, app: Application, ada: User, deployment: Deployment
) -> None:
    """Session; user and consent together; the grant. When warm."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    visitor.get(app.url())
    deployment.calls.clear()
    visitor.get(app.url())
    assert deployment.calls == ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"]


def test_somebody_new_costs_no_call(service: Service, app: Application, deployment: Deployment) -> None:
    """The sign-in page of a known client, when warm."""
    visitor = service.visitor()
    visitor.get(app.url())
    deployment.calls.clear()
    assert visitor.get(app.url()).step == "login"
    assert deployment.calls == []


def test_a_request_that_is_refused_costs_no_call(service: Service, app: Application, deployment: Deployment) -> None:
    """What is wrong in itself is refused before anybody is looked up."""
    visitor = service.visitor()
    visitor.get(app.url())
    deployment.calls.clear()
    for changed in ({"response_type": "token"}, {"scope": "admin"}, {"redirect_uri": "https://evil.example"}):
        visitor.get(app.url(**changed))
    assert deployment.calls == []
