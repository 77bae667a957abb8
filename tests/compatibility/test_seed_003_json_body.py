"""OroCommerce's page: a token by a JSON body, and tokens of one API that are no use at the other."""

import json
import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.errors import InvalidClaimError

from tests.compatibility.conftest import CurlAnswer, json_documents, seed
from tests.support.served import ServedSignet

PAGE = seed("003_5a13fa557b85c057.txt")
REQUEST_BODY, RESPONSE_BODY = json_documents(PAGE)
BACK_OFFICE = "https://shop.example/admin/api"
STOREFRONT = "https://shop.example/api"


def requested(page: str) -> tuple[str, str, list[str]]:
    """Return method, path and header lines of the page's token request."""
    found = re.search(r"^    (POST) (\S+) HTTP/1\.1\n((?:    \S+: .*\n)+)", page, re.MULTILINE)
    assert found
    return found[1], found[2], [line.strip() for line in found[3].splitlines()]


@pytest.fixture(scope="module")
def back_office(served: ServedSignet) -> tuple[str, str]:
    """A client of the back office alone."""
    return served.create_client(token_endpoint_auth_method="client_secret_post", audience=[BACK_OFFICE])


@pytest.fixture
def answer(
    served: ServedSignet, back_office: tuple[str, str], run_as_printed: Callable[[str], CurlAnswer]
) -> CurlAnswer:
    """What the page's request gets here."""
    method, path, headers = requested(PAGE)
    client_id, client_secret = back_office
    body = {**REQUEST_BODY, "client_id": client_id, "client_secret": client_secret}
    command = ["curl", "--request", method, f"{served.origin}{path}", "--data-binary", json.dumps(body)]
    for header in headers:
        command += ["--header", header]
    return run_as_printed(shlex.join(command))


def test_request_of_the_page_gets_the_members_it_shows(answer: CurlAnswer) -> None:
    """`token_type` Bearer, `expires_in` 3600 unless configured, and the token."""
    assert answer.status == 200
    assert answer.body.keys() >= RESPONSE_BODY.keys()
    assert answer.body["token_type"] == RESPONSE_BODY["token_type"]
    assert answer.body["expires_in"] == RESPONSE_BODY["expires_in"]


def test_token_verifies_at_its_own_api(
    answer: CurlAnswer, back_office: tuple[str, str], verify: Callable[..., dict[str, Any]]
) -> None:
    """The token is signed with the server's private key and is for the API that the client was registered for."""
    claims = verify(answer.body["access_token"], audience=BACK_OFFICE)
    assert claims["client_id"] == back_office[0]
    assert claims["aud"] == BACK_OFFICE


def test_back_office_token_is_refused_by_the_storefront(
    answer: CurlAnswer, verify: Callable[..., dict[str, Any]]
) -> None:
    """Tokens for back office and storefront are not interchangeable, as the page's note says."""
    with pytest.raises(InvalidClaimError, match="aud"):
        verify(answer.body["access_token"], audience=STOREFRONT)
