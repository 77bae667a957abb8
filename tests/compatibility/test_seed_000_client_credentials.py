"""Decathlon's page: a client-credentials token by curl, whose `--form` contradicts its own Content-Type header."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.compatibility.conftest import CurlAnswer, curl_command, json_documents, payload, seed
from tests.support.served import ServedSignet

PAGE = seed("000_d77bd525b4f603dc.txt")
EXAMPLE = json_documents(PAGE)[1]


@pytest.fixture(scope="module")
def client(served: ServedSignet) -> tuple[str, str]:
    """The page's client: 899 seconds, the scopes of the example, spelled as a list in its tokens."""
    return served.create_client(
        token_endpoint_auth_method="client_secret_post",
        scope=EXAMPLE["scope"],
        scope_format="list",
        access_token_lifetime=EXAMPLE["expires_in"],
    )


@pytest.fixture
def answer(served: ServedSignet, client: tuple[str, str], run_as_printed: Callable[[str], CurlAnswer]) -> CurlAnswer:
    """What the page's command gets here."""
    command = curl_command(PAGE)
    for printed, here in (
        ("http://api-global.preprod.decathlon.net/", f"{served.origin}/"),
        ('"dkconnect-secret"', f'"{client[1]}"'),
        ('"dkconnect"', f'"{client[0]}"'),
    ):
        assert command.count(printed) == 1
        command = command.replace(printed, here)
    return run_as_printed(command)


def test_command_of_the_page_gets_the_members_it_shows(answer: CurlAnswer) -> None:
    """The response has the members and, where they are no placeholders, the values of the page's example."""
    assert answer.status == 200
    assert answer.body.keys() == EXAMPLE.keys()
    assert answer.body["token_type"].lower() == EXAMPLE["token_type"].lower()  # case-insensitive: RFC 6749 section 5.1
    assert answer.body["expires_in"] == EXAMPLE["expires_in"]
    assert answer.body["scope"].split() == EXAMPLE["scope"].split()
    assert answer.headers["cache-control"] == "no-store"


def test_token_has_the_claims_of_the_page_and_verifies(
    answer: CurlAnswer, client: tuple[str, str], verify: Callable[..., dict[str, Any]]
) -> None:
    """The token on the page has `scope, iss, exp, iat, jti, client_id`; so has this one, of the same types."""
    claims = verify(answer.body["access_token"])
    for name, value in payload(EXAMPLE["access_token"]).items():
        assert isinstance(claims[name], type(value)), name
    assert claims["client_id"] == client[0]
    assert claims["scope"] == EXAMPLE["scope"].split()
    assert claims["jti"] == answer.body["jti"]
    assert claims["exp"] - claims["iat"] == EXAMPLE["expires_in"]
