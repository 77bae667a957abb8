"""Every page that a person can come to, each reached as a person reaches it."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from playwright.sync_api import Page, Route, expect

from signet.http import HttpResponse
from signet.pages.pages import Pages
from signet.pages.theme import Theme
from signet.pages.views import ClientView
from tests.browser.actors import Operator, Person

BOOKSHOP = "https://bookshop.example"
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" fill="#7a3b12"/>'
    '<path d="M50 30c-9-7-21-7-30-4v45c9-3 21-3 30 4 9-7 21-7 30-4V26c-9-3-21-3-30 4z" fill="#fff"/>'
    '<path d="M50 32v42" stroke="#7a3b12" stroke-width="3"/></svg>'
)


@dataclass(frozen=True)
class Stage:
    """A tab, the person before it, and the client that the pages are about."""

    page: Page
    issuer: str
    operator: Operator
    person: Person
    client_id: str

    def ask(self, **parameters: str) -> None:
        """Open an authorization request; `parameters` are added to the usual ones or replace them."""
        self.page.goto(f"{self.issuer}/oauth/authorize?{urlencode({**self._usual, **parameters})}")

    def sign_in(self, scope: str = "openid profile email") -> None:
        """Be signed in, at the consent page."""
        self.ask(scope=scope)
        self.person.sign_in(self.page)
        expect(self.page.get_by_role("button", name="Allow")).to_be_visible()

    @property
    def _usual(self) -> dict[str, str]:
        return {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": f"{BOOKSHOP}/callback",
            "scope": "openid profile email",
            "state": "af0ifjsldkj",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }


def bookshop_client(operator: Operator) -> str:
    """Register the client that the pages are about; its id."""
    client_id, _ = operator.create_client(
        redirect_uris=(f"{BOOKSHOP}/callback",),
        logo_uri=f"{BOOKSHOP}/logo.svg",
        client_uri=f"{BOOKSHOP}/",
        policy_uri=f"{BOOKSHOP}/privacy",
        tos_uri=f"{BOOKSHOP}/terms",
    )
    return client_id


def draw_logo(page: Page) -> None:
    """Stand in for the client's site, which the pages take its logo from."""
    page.route(f"{BOOKSHOP}/logo.svg", lambda route: route.fulfill(content_type="image/svg+xml", body=LOGO))


def _login(stage: Stage) -> None:
    stage.ask(login_hint=stage.person.username)


def _wrong_password(stage: Stage) -> None:
    stage.ask()
    stage.person.sign_in(stage.page, password="not the right one")
    expect(stage.page.get_by_role("alert")).to_be_visible()


def _too_many_attempts(stage: Stage) -> None:
    stage.ask()
    guessed_at = stage.operator.create_person()
    for _ in range(10):
        guessed_at.sign_in(stage.page, password="a guess at it")
        if "Too many" in stage.page.get_by_role("alert").inner_text():
            return
    raise AssertionError("nobody was slowed down")


def _login_again(stage: Stage) -> None:
    stage.sign_in()
    stage.ask(prompt="login")
    expect(stage.page.get_by_label("Password")).to_be_visible()


def _choose_account(stage: Stage) -> None:
    stage.sign_in()
    stage.ask(prompt="select_account")
    expect(stage.page.get_by_role("button", name="another account")).to_be_visible()


def _consent(stage: Stage) -> None:
    stage.sign_in("openid profile email phone offline_access")


def _consent_to_more(stage: Stage) -> None:
    stage.operator.remember_consent(stage.person, stage.client_id, "openid profile")
    stage.sign_in("openid profile email")


def _form_post(stage: Stage) -> None:
    stage.page.route("**/form_post.js*", lambda route: route.abort())
    stage.ask(response_mode="form_post", scope="openid profile")
    stage.person.sign_in(stage.page)
    stage.person.allow(stage.page)
    expect(stage.page.get_by_role("button", name="Continue")).to_be_visible()


def _unknown_client(stage: Stage) -> None:
    stage.ask(client_id="nobody")


def _unregistered_redirect_uri(stage: Stage) -> None:
    stage.ask(redirect_uri="https://evil.example/callback")


def _signed_out(stage: Stage) -> None:
    """No endpoint shows it yet: the page itself, at the origin that its style sheet is at."""
    shown = Pages(Theme()).signed_out("en", ClientView("Bookshop"), f"{BOOKSHOP}/")
    address = f"{stage.issuer}/signed-out"
    stage.page.route(address, lambda route: _answer(route, shown))
    stage.page.goto(address)


def _answer(route: Route, response: HttpResponse) -> None:
    route.fulfill(status=response.status, headers=dict(response.headers), body=response.body)


SCENES: dict[str, Callable[[Stage], None]] = {
    "login": _login,
    "login-wrong-password": _wrong_password,
    "login-too-many-attempts": _too_many_attempts,
    "login-again": _login_again,
    "choose-account": _choose_account,
    "consent": _consent,
    "consent-to-more": _consent_to_more,
    "form-post": _form_post,
    "error-unknown-client": _unknown_client,
    "error-redirect-uri": _unregistered_redirect_uri,
    "signed-out": _signed_out,
}
"""Pages by the name of their picture."""
