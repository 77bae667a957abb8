"""The README's Python, run as it stands there against a served instance."""

import re
from pathlib import Path

import pytest

from tests.support.served import ServedSignet

README = Path(__file__).parents[2] / "README.md"


def snippets() -> dict[str, str]:
    """The Python blocks by what stands out in them."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names = {"authlib": "from authlib", "requests_oauthlib": "from requests_oauthlib", "pyjwt": "PyJWKClient"}
    found = {name: block for name, mark in names.items() for block in blocks if mark in block}
    assert len(found) == len(blocks)
    return found


@pytest.mark.parametrize("library", ["authlib", "requests_oauthlib"])
def test_the_first_token_comes_and_verifies_as_printed(
    served: ServedSignet, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only host, client and secret are replaced; what verifies it is the README's too."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    client_id, client_secret = served.create_client(scope="read")
    code = (
        snippets()[library].replace("http://localhost:8080/connect", served.issuer).replace('"demo"', repr(client_id))
    )
    names: dict[str, object] = {"client_secret": client_secret}
    exec(code, names)  # noqa: S102 - our own README
    token = names["token"]
    assert isinstance(token, dict)
    verifier = {"issuer": served.issuer, "audience": served.issuer, "token": token["access_token"]}
    exec("import jwt\n" + snippets()["pyjwt"], verifier)  # noqa: S102 - our own README
    claims = verifier["claims"]
    assert isinstance(claims, dict)
    assert claims["client_id"] == client_id
