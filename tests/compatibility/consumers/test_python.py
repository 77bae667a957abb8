"""The page's Python, run as it stands there; only the issuer is replaced."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.compatibility.consumers.conftest import ISSUER, SECTIONS, Register, credentials
from tests.support.served import ServedSignet
from tests.support.served_sign_in import answer_to, create_person

REDIRECT_URI = "https://bookshop.example.com/callback"


@pytest.fixture(scope="module")
def client(register: Register) -> tuple[str, str]:
    """The client of both sections."""
    [registered] = register("Python: Authlib")
    return credentials(registered)


@pytest.mark.parametrize("heading", ["Python: Authlib", "Python: requests-oauthlib"])
def test_a_person_signs_in(
    served: ServedSignet, client: tuple[str, str], heading: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the authorization code with PKCE; userinfo names them, and a refresh token goes on."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    username = create_person(served, "--claim", "name=Ada Lovelace")

    def redirected(url: str) -> str:
        return f"{REDIRECT_URI}?{urlencode(answer_to(served, username, url, REDIRECT_URI))}"

    names: dict[str, Any] = {
        "client_id": client[0],
        "client_secret": client[1],
        "redirect_uri": REDIRECT_URI,
        "redirected": redirected,
    }
    exec(SECTIONS[heading].block("python").replace(ISSUER, served.issuer), names)  # noqa: S102 - our own page
    assert names["person"]["name"] == "Ada Lovelace"
    assert names["token"]["refresh_token"]
    assert names["token"]["id_token"]
