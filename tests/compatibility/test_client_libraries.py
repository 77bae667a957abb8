"""Client libraries that people use, with nothing but the token endpoint's address and the credentials."""

from collections.abc import Callable
from typing import Any

import pytest
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

from tests.support.served import ServedSignet


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """The served instance is on this machine and has no TLS; oauthlib wants to be told."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture(scope="module")
def client(served: ServedSignet) -> tuple[str, str]:
    """A client with the defaults of registration: HTTP Basic."""
    return served.create_client(scope="read write")


def test_requests_oauthlib_fetches_a_token(
    served: ServedSignet, client: tuple[str, str], verify: Callable[..., dict[str, Any]]
) -> None:
    """BackendApplicationClient is the library's client for RFC 6749 section 4.4."""
    client_id, client_secret = client
    session = OAuth2Session(client=BackendApplicationClient(client_id=client_id, scope=["read"]))
    token = session.fetch_token(
        f"{served.issuer}/oauth/token", client_id=client_id, client_secret=client_secret, include_client_id=False
    )
    assert token["scope"] == ["read"]
    assert verify(token["access_token"])["scope"] == "read"


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_fetches_a_token_by_both_methods(
    served: ServedSignet, method: str, verify: Callable[..., dict[str, Any]]
) -> None:
    """Authlib's session authenticates as the client is registered (RFC 6749 section 2.3.1)."""
    client_id, client_secret = served.create_client(token_endpoint_auth_method=method, scope="read")
    session = AuthlibSession(client_id, client_secret, token_endpoint_auth_method=method)
    token = session.fetch_token(f"{served.issuer}/oauth/token", grant_type="client_credentials")
    assert token["token_type"] == "Bearer"
    assert verify(token["access_token"])["client_id"] == client_id
