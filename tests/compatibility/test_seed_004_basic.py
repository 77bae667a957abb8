"""Tiki's page: a token by HTTP Basic, and never a refresh token with it."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tests.compatibility.conftest import CurlAnswer, curl_command, seed
from tests.support.served import ServedSignet

PAGE = seed("004_0edda54ee1577070.txt")


@pytest.fixture(scope="module")
def client(served: ServedSignet) -> tuple[str, str]:
    """A client that authenticates by Basic header, with the id that the page shows."""
    return served.create_client(client_id="7590139168389961", scope="product order")


@pytest.fixture
def answer(served: ServedSignet, client: tuple[str, str], run_as_printed: Callable[[str], CurlAnswer]) -> CurlAnswer:
    """What the page's command gets here."""
    command = curl_command(PAGE)
    for printed, here in (
        ("https://api.tiki.vn/", f"{served.origin}/"),
        ("NzU5MDEzOTE2ODM4OTk2MTp0ZlNsMGM2...", base64.b64encode(":".join(client).encode()).decode()),
    ):
        assert command.count(printed) == 1
        command = command.replace(printed, here)
    return run_as_printed(command)


def test_command_of_the_page_gets_a_token_without_refresh_token(answer: CurlAnswer) -> None:
    """With client credentials there is no refresh token (RFC 6749 section 4.4.3)."""
    assert answer.status == 200
    assert answer.body["token_type"] == "Bearer"
    assert "refresh_token" not in answer.body


def test_token_verifies_and_is_the_clients_own(
    answer: CurlAnswer, client: tuple[str, str], verify: Callable[..., dict[str, Any]]
) -> None:
    """The client acts for itself: it is both `client_id` and `sub` (RFC 9068 section 2.2)."""
    claims = verify(answer.body["access_token"])
    assert claims["client_id"] == claims["sub"] == client[0]
    assert claims["scope"] == "product order"
