"""Decathlon's page: the authorization code flow, its URL opened in a real browser and its curl run as printed."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actors import Person
from tests.compatibility.conftest import CurlAnswer, curl_command, json_documents, seed
from tests.support.served import ServedSignet

PAGE = seed("001_d9c697478a718b59.txt")
EXAMPLE, ERROR = json_documents(PAGE)
[AUTHORIZATION_URL] = re.findall(r"^https://\S+/connect/oauth/authorize\?\S+", PAGE, re.MULTILINE)
CODE = "EUgbCsK7"
REDIRECT_URI = dict(parse_qsl(urlsplit(AUTHORIZATION_URL).query))["redirect_uri"]

LOGOUT_URL = "https://blablabla.com/bye"


@pytest.fixture(scope="module")
def client(served: ServedSignet) -> tuple[str, str]:
    """The page's client, with everything the page asks for at its creation; it knows nothing of PKCE."""
    return served.create_client(
        client_name="Sports Club",
        redirect_uris=[REDIRECT_URI, "https://www.blablabla.com/callback"],
        logo_uri="https://blablabla.com/logo.png",
        policy_uri="https://blablabla.com/privacy",
        tos_uri="https://blablabla.com/terms",
        post_logout_redirect_uris=[LOGOUT_URL],
        scope="profile sports email",
        scope_format="list",
        grant_types=["authorization_code"],
        token_endpoint_auth_method="client_secret_post",
        require_pkce=False,
        access_token_lifetime=EXAMPLE["expires_in"],
    )


@pytest.fixture
def member(served: ServedSignet) -> Person:
    """A member with an account, as an operator creates it."""
    username, password = f"member-{os.urandom(4).hex()}", "correct horse battery staple"
    created = subprocess.run(
        [
            Path(sys.executable).with_name("signet"),
            "users",
            "create",
            username,
            "--password-stdin",
            "--json",
            "--local",
        ],
        input=password,
        env={**os.environ, "AWS_PORT": served.aws_endpoint.rpartition(":")[2]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert created.returncode == 0, created.stderr
    return Person(json.loads(created.stdout)["sub"], username, password)


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Return the page's text with each first member, which must be there once, replaced by the second."""
    for printed, here in pairs:
        assert text.count(printed) == 1, printed
        text = text.replace(printed, here)
    return text


@pytest.fixture
def authorization_url(served: ServedSignet, client: tuple[str, str]) -> str:
    """The page's URL at this host."""
    return replaced(AUTHORIZATION_URL, ("https://api-eu.decathlon.net/", f"{served.origin}/"), ("CLIENT_ID", client[0]))


@pytest.fixture
def exchange(
    served: ServedSignet, client: tuple[str, str], run_as_printed: Callable[[str], CurlAnswer]
) -> Callable[..., CurlAnswer]:
    """Run the page's curl, with whatever else is to be replaced in it."""
    command = replaced(
        curl_command(PAGE),
        ("https://api-eu.preprod.decathlon.net/connect/oauth/mock_redirect_uri", REDIRECT_URI),
        ("https://api-eu.preprod.decathlon.net/", f"{served.origin}/"),
        ("CLIENT_ID", client[0]),
        ("CLIENT_SECRET", client[1]),
    )
    return lambda *pairs: run_as_printed(replaced(command, *pairs))


def answer_to(page: Page, step: Callable[[], object]) -> dict[str, str]:
    """Take the step that ends at the redirect URI, and return what the application is told there.

    The application's host is not on this machine: that the browser asks for it is the answer.
    """
    with page.expect_request(re.compile(rf"^{re.escape(REDIRECT_URI)}/?\?")) as answered:
        step()
    return dict(parse_qsl(urlsplit(answered.value.url).query))


def answer_at(url: str, page: Page) -> dict[str, str]:
    """Open a URL that is answered without a page, in another tab of the same window."""
    tab = page.context.new_page()
    return answer_to(tab, lambda: tab.evaluate("url => { location.href = url }", url))


def test_url_of_the_page_leads_by_login_and_consent_to_a_code_and_its_curl_to_a_token(
    page: Page,
    member: Person,
    authorization_url: str,
    exchange: Callable[..., CurlAnswer],
    verify: Callable[..., dict[str, Any]],
) -> None:
    """The response has the members that the page shows; its optional refresh token is another grant's matter."""
    page.goto(authorization_url)
    member.sign_in(page)
    expect(page.get_by_role("main")).to_contain_text("Sports Club")
    code = answer_to(page, lambda: member.allow(page))["code"]

    answer = exchange((CODE, code))
    assert answer.status == 200
    assert answer.body.keys() >= EXAMPLE.keys() - {"refresh_token"}
    assert answer.body["token_type"].lower() == EXAMPLE["token_type"]
    assert answer.body["expires_in"] == EXAMPLE["expires_in"]
    assert answer.body["scope"].split() == ["profile", "sports"]
    claims = verify(answer.body["access_token"])
    assert (claims["sub"], claims["jti"]) == (member.sub, answer.body["jti"])
    assert claims["scope"] == ["profile", "sports"]  # a list, as in the page's token

    again = exchange((CODE, code))
    assert (again.status, again.body["error"]) == (400, ERROR["error"])
    assert again.body.keys() == ERROR.keys()


def test_permission_screen_is_bypassed_while_the_permission_is_valid(
    page: Page, member: Person, authorization_url: str
) -> None:
    """As the page says; for a new scope it is shown. `state` comes back the same."""
    page.goto(authorization_url)
    member.sign_in(page)
    answer_to(page, lambda: member.allow(page))

    answer = answer_at(f"{authorization_url}&state=hard%20to%20guess", page)
    assert answer["state"] == "hard to guess"
    assert answer["code"]

    other = page.context.new_page()
    other.goto(replaced(authorization_url, ("profile%20sports", "profile%20sports%20email")))
    expect(other.get_by_role("button", name="Allow")).to_be_visible()


def test_permission_screen_comes_back_once_the_member_has_revoked_the_permission(
    page: Page, member: Person, authorization_url: str, served: ServedSignet
) -> None:
    """As the page says; the member does it at the account page."""
    page.goto(authorization_url)
    member.sign_in(page)
    answer_to(page, lambda: member.allow(page))
    account = page.context.new_page()
    account.goto(f"{served.issuer}/account")
    account.get_by_role("button", name="Remove access of Sports Club").click()
    expect(account.get_by_role("status")).to_be_visible()
    account.goto(authorization_url)
    expect(account.get_by_role("button", name="Allow")).to_be_visible()


def test_logout_url_of_the_registration_is_where_a_logout_leads(
    page: Page, member: Person, authorization_url: str, served: ServedSignet, client: tuple[str, str]
) -> None:
    """Without `openid` there is no ID token to show, so the member is asked; then the session is over."""
    page.goto(authorization_url)
    member.sign_in(page)
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    page.route(f"{LOGOUT_URL}*", lambda route: route.fulfill(body="Goodbye"))
    asked = {"client_id": client[0], "post_logout_redirect_uri": LOGOUT_URL, "state": "left"}
    page.goto(f"{served.issuer}/oauth/end_session?{urlencode(asked)}")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{LOGOUT_URL}?state=left")
    page.goto(authorization_url)
    expect(page.get_by_label("Password")).to_be_visible()


@pytest.mark.parametrize(
    ("printed", "sent", "error"),
    [
        ("'code=", "'other=", "invalid_request"),
        (CODE, "3Qx7Vz", "invalid_grant"),
        ("'client_secret=", "'client_secret=not-", "invalid_client"),
        ("grant_type=authorization_code", "grant_type=client_credentials", "unauthorized_client"),
        ("grant_type=authorization_code", "grant_type=anything", "unsupported_grant_type"),
    ],
)
def test_refused_exchange_is_a_400_of_the_page(
    exchange: Callable[..., CurlAnswer], printed: str, sent: str, error: str
) -> None:
    """`error` and `error_description` with status 400, whatever is wrong."""
    answer = exchange((printed, sent))
    assert (answer.status, answer.body["error"]) == (400, error)
    assert answer.body.keys() == ERROR.keys()


def test_scope_that_is_not_the_applications_goes_back_as_invalid_scope(page: Page, authorization_url: str) -> None:
    """The sixth error of the page, at the endpoint where the scope is asked for."""
    answer = answer_at(replaced(authorization_url, ("profile%20sports", "everything")), page)
    assert answer["error"] == "invalid_scope"
    assert answer["error_description"]
