"""Every page that a person can come to, each reached as a person reaches it."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from tests.browser.actors import Operator, Person

BOOKSHOP = "https://bookshop.example"
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" fill="#7a3b12"/>'
    '<path d="M50 30c-9-7-21-7-30-4v45c9-3 21-3 30 4 9-7 21-7 30-4V26c-9-3-21-3-30 4z" fill="#fff"/>'
    '<path d="M50 32v42" stroke="#7a3b12" stroke-width="3"/></svg>'
)

DAY = 86_400
TELEPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.0 Mobile/15E148 Safari/604.1"
)
TABLET = "Mozilla/5.0 (Android 15; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0"
KNOWN = "k" * 43
"""The id of a session that began a while ago."""


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


def _account_login(stage: Stage) -> None:
    stage.page.goto(f"{stage.issuer}/account")
    expect(stage.page.get_by_label("Username")).to_be_focused()


def _account(stage: Stage) -> None:
    """Three applications, one of which nobody has described, and three browsers."""
    operator, ines = stage.operator, stage.operator.create_person("ines.duval")
    photo, _ = operator.create_client(client_id="photo", client_name="Atelier Photo")
    odd, _ = operator.create_client(client_id="warehouse", client_name="Warehouse", scope=("openid", "stock:read"))
    operator.remember_consent(ines, stage.client_id, "openid profile email offline_access", ago=210 * DAY)
    operator.remember_consent(ines, photo, "openid profile", ago=33 * DAY)
    operator.remember_consent(ines, odd, "openid stock:read", ago=2 * DAY)
    operator.open_session(ines, TELEPHONE, ago=DAY // 2)
    operator.open_session(ines, TABLET, ago=2 * DAY // 3)
    _sign_in_at_account(stage, ines)


def _account_of_a_newcomer(stage: Stage) -> None:
    _sign_in_at_account(stage, stage.operator.create_person("omar.haddad"))


def _account_after_removal(stage: Stage) -> None:
    """What a button says afterwards."""
    chloe = stage.operator.create_person("chloe.weber")
    stage.operator.remember_consent(chloe, stage.client_id, "openid profile email", ago=7 * DAY)
    stage.operator.open_session(chloe, TELEPHONE, ago=3_600)
    _sign_in_at_account(stage, chloe)
    stage.page.get_by_role("button", name="Remove access").click()
    expect(stage.page.get_by_role("status")).to_be_visible()


def _account_again(stage: Stage) -> None:
    """The password is asked for again before sessions elsewhere end."""
    person = stage.operator.create_person("jonas.berg")
    stage.operator.open_session(person, TELEPHONE, ago=DAY // 8, session_id=KNOWN)
    stage.page.context.add_cookies(
        [{"name": "__Host-signet-session", "value": KNOWN, "url": "https://localhost/", "httpOnly": True}]
    )
    stage.operator.open_session(person, TABLET, ago=DAY // 8)
    stage.page.goto(f"{stage.issuer}/account")
    stage.page.get_by_role("button", name="Sign out everywhere else").click()
    expect(stage.page.get_by_label("Password")).to_be_visible()


def _sign_in_at_account(stage: Stage, person: Person) -> None:
    stage.page.goto(f"{stage.issuer}/account")
    person.sign_in(stage.page)
    expect(stage.page.get_by_role("heading", level=1)).to_have_text("Your account")


def _sign_out(stage: Stage) -> None:
    stage.operator.let_come_back_to(stage.client_id, f"{BOOKSHOP}/goodbye")
    stage.sign_in()
    asked = {"client_id": stage.client_id, "post_logout_redirect_uri": f"{BOOKSHOP}/goodbye"}
    stage.page.goto(f"{stage.issuer}/oauth/end_session?{urlencode(asked)}")
    expect(stage.page.get_by_role("button", name="Sign out")).to_be_visible()


def _signed_out(stage: Stage) -> None:
    stage.sign_in()
    stage.page.goto(f"{stage.issuer}/oauth/end_session?{urlencode({'client_id': stage.client_id})}")
    stage.page.get_by_role("button", name="Sign out").click()
    expect(stage.page.get_by_role("link", name="Return")).to_be_visible()


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
    "account-login": _account_login,
    "account": _account,
    "account-newcomer": _account_of_a_newcomer,
    "account-after-removal": _account_after_removal,
    "account-again": _account_again,
    "sign-out": _sign_out,
    "signed-out": _signed_out,
}
"""Pages by the name of their picture."""
