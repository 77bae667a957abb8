"""Decathlon's page on refresh tokens: both of its curl commands as printed."""

import re
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from tests.compatibility.conftest import CurlAnswer, json_documents, payload, seed
from tests.support.served import ServedSignet
from tests.support.served_sign_in import create_person, first_tokens

PAGE = seed("002_58d610090cc8280b.txt")
BY_HEADER, BY_BODY = re.findall(r"^curl (?:.*\\\n)*.*", PAGE, re.MULTILINE)
[EXAMPLE] = json_documents(PAGE)
CREDENTIALS = "Y2xpZW50LWRlZmF1bHQ6Y2xpZW50LWRlZmF1bHQtc2VjcmV0"
REDIRECT_URI = "https://www.blablabla.com/callback"

VENDORS_OWN = {"data_center", "authorities", "personid", "location"}
"""Claims that Decathlon's server adds for itself."""


@pytest.fixture(scope="module")
def clients(served: ServedSignet) -> dict[str, tuple[str, str]]:
    """The clients of the two commands."""
    members: dict[str, Any] = {
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": EXAMPLE["scope"],
        "access_token_lifetime": EXAMPLE["expires_in"],
    }
    return {
        BY_HEADER: served.create_client(**members),
        BY_BODY: served.create_client(**members, token_endpoint_auth_method="client_secret_post"),
    }


@pytest.fixture(params=[BY_HEADER, BY_BODY], ids=["by_header", "by_body"])
def command(request: pytest.FixtureRequest) -> str:
    """One of the page's commands."""
    printed: str = request.param
    return printed


@pytest.fixture
def first(served: ServedSignet, clients: dict[str, tuple[str, str]], command: str) -> dict[str, Any]:
    """What the application got by the authorization code flow, as the page says it must."""
    by_header = command == BY_HEADER
    return first_tokens(
        served, create_person(served), clients[command], REDIRECT_URI, EXAMPLE["scope"], by_header=by_header
    )


@pytest.fixture
def refresh(
    served: ServedSignet,
    clients: dict[str, tuple[str, str]],
    command: str,
    run_as_printed: Callable[[str], CurlAnswer],
) -> Callable[[str], CurlAnswer]:
    """Run the command with a refresh token."""
    client_id, client_secret = clients[command]

    def run(refresh_token: str) -> CurlAnswer:
        text = command
        for printed, here in (
            ("https://api-global.preprod.decathlon.net/", f"{served.origin}/"),
            ("REFRESH_TOKEN", refresh_token),
            *([("CLIENT_ID", client_id), ("CLIENT_SECRET", client_secret)] if command == BY_BODY else []),
            *(
                [(CREDENTIALS, b64encode(f"{client_id}:{client_secret}".encode()).decode())]
                if command == BY_HEADER
                else []
            ),
        ):
            assert text.count(printed) == 1, printed
            text = text.replace(printed, here)
        return run_as_printed(text)

    return run


def test_command_of_the_page_gets_all_three_tokens_again(
    first: dict[str, Any], refresh: Callable[[str], CurlAnswer], verify: Callable[..., dict[str, Any]]
) -> None:
    """The members that the page shows, and the scope that was granted."""
    answer = refresh(first["refresh_token"])
    assert answer.status == 200
    assert answer.body.keys() == EXAMPLE.keys()
    assert answer.body["token_type"].lower() == EXAMPLE["token_type"]
    assert 0 <= EXAMPLE["expires_in"] - answer.body["expires_in"] <= 5
    assert set(answer.body["scope"].split()) == set(EXAMPLE["scope"].split())
    assert verify(answer.body["access_token"])["jti"] == answer.body["jti"]
    assert answer.body["access_token"] != first["access_token"]


def test_refresh_token_says_what_that_of_the_page_says(
    first: dict[str, Any], refresh: Callable[[str], CurlAnswer]
) -> None:
    """`ati` is the access token's jti; `auth_time` stays that of the login, and so does the user."""
    body = refresh(first["refresh_token"]).body
    printed = {name: payload(EXAMPLE[name]) for name in ("access_token", "refresh_token", "id_token")}
    here = {name: payload(body[name]) for name in printed}
    for name, claims in printed.items():
        assert here[name].keys() >= claims.keys() - VENDORS_OWN, name
    for tokens, jti in ((printed, EXAMPLE["jti"]), (here, body["jti"])):
        assert tokens["refresh_token"]["ati"] == tokens["access_token"]["jti"] == jti
        assert len({claims["auth_time"] for claims in tokens.values()}) == 1
        assert len({claims["sub"] for claims in tokens.values()}) == 1
    assert here["id_token"]["auth_time"] == payload(first["id_token"])["auth_time"]


def test_refreshed_token_refreshes_again(first: dict[str, Any], refresh: Callable[[str], CurlAnswer]) -> None:
    """And the first one, shown again after its successor was used, ends them both."""
    second = refresh(first["refresh_token"]).body
    third = refresh(second["refresh_token"]).body
    answer = refresh(first["refresh_token"])
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
    answer = refresh(third["refresh_token"])
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
