"""The token endpoint's request (RFC 6749 section 3.2): methods, media types, parameters."""

import base64
import json
from typing import Any

import pytest

from signet.endpoints.table import ENDPOINTS
from signet.grants.table import GRANTS
from tests.support.deployment import Deployment, Machine
from tests.support.gateway_events import EXAMPLE_SECRET, FORM, event, stored, token_event

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
def machine(deployment: Deployment) -> Machine:
    """A client that sends its credentials in the body."""
    return deployment.register(token_endpoint_auth_method="client_secret_post")


def form(machine: Machine, **changed: Any) -> dict[str, Any]:
    """The parameters of a request that would be answered."""
    return {**GRANT, "client_id": machine.client_id, "client_secret": machine.client_secret, **changed}


def multipart(parameters: dict[str, str], boundary: str = "4f7c2a91d3e8b605") -> bytes:
    """A body of RFC 7578."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parameters.items()
    ]
    return "".join([*parts, f"--{boundary}--\r\n"]).encode()


@pytest.mark.parametrize("path", ENDPOINTS["token"].paths)
def test_other_methods_are_not_allowed(deployment: Deployment, path: str) -> None:
    """RFC 6749 section 3.2: POST only; 405 names it (RFC 9110 section 15.5.6)."""
    machine = deployment.register()
    for method in ("GET", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "get", "X"):
        answer = deployment.token(token_event(GRANT, basic=machine.basic, method=method, path=path))
        assert answer.error(405) == "invalid_request"
        assert answer.headers["allow"] == "POST"
        assert "POST" in answer.json()["error_description"]


def test_a_preflight_mints_nothing(deployment: Deployment) -> None:
    """The Fetch standard's question of a browser before a page may post: answered without a look at credentials."""
    machine = deployment.register()
    answer = deployment.token(token_event(GRANT, basic=machine.basic, method="OPTIONS"))
    assert (answer.status, answer.body) == (204, "")
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert "access-control-allow-credentials" not in answer.headers
    assert deployment.lines() == []


def test_a_browser_that_opens_the_token_endpoint_gets_405(deployment: Deployment) -> None:
    """The stored event of a GET with everything in the query."""
    deployment.register("warehouse", EXAMPLE_SECRET)
    assert deployment.token(stored("token-get")).error(405) == "invalid_request"


def test_head_is_405_without_a_body(deployment: Deployment) -> None:
    """RFC 9110 section 9.3.2: an answer to HEAD has no content, an error neither."""
    answer = deployment.token(token_event(GRANT, method="HEAD"))
    assert (answer.status, answer.body) == (405, "")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "content_type",
    [
        FORM,
        FORM.upper(),
        f"{FORM}; charset=UTF-8",
        f'{FORM};charset="utf-8"',
        f"{FORM}; boundary=unused",
    ],
)
def test_a_form_is_read_by_its_media_type(deployment: Deployment, machine: Machine, content_type: str) -> None:
    """RFC 9110 section 8.3.1: type and parameter names in any case."""
    answer = deployment.token(token_event(form(machine), headers={"content-type": content_type}))
    assert answer.status == 200


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_a_json_object_of_strings_is_a_form(deployment: Deployment, machine: Machine, content_type: str) -> None:
    """Seed 003 sends JSON."""
    body = json.dumps(form(machine, scope="read")).encode()
    assert deployment.token(token_event(body, headers={"content-type": content_type})).json()["scope"] == "read"


def test_null_in_json_counts_as_omitted(deployment: Deployment, machine: Machine) -> None:
    """What a client library writes for a member that is not set."""
    body = json.dumps(form(machine, scope=None, resource=None)).encode()
    answer = deployment.token(token_event(body, headers={"content-type": "application/json"}))
    assert answer.json()["scope"] == "read write"


def test_an_event_with_a_text_body_is_read_alike(deployment: Deployment, machine: Machine) -> None:
    """API Gateway sends bodies of text types as they are, others as base64."""
    text = json.dumps(form(machine, scope="read"))
    request = token_event(text.encode(), headers={"content-type": "application/json"})
    assert request["isBase64Encoded"] is False
    encoded = {**request, "body": base64.b64encode(text.encode()).decode(), "isBase64Encoded": True}
    assert deployment.token(request).status == deployment.token(encoded).status == 200


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data; boundary=4f7c2a91d3e8b605", f'{FORM}; boundary="4f7c2a91d3e8b605"'],
)
def test_a_multipart_body_is_read(deployment: Deployment, machine: Machine, content_type: str) -> None:
    """RFC 7578, also under the form's media type as `curl --form` sends it for seed 000."""
    request = token_event(multipart(form(machine, scope="read")), headers={"content-type": content_type})
    assert deployment.token(request).json()["scope"] == "read"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencodedx",
        "multipart/form-data",
        "multipart/mixed; boundary=x",
        "application/json, application/json",
        "application/json; charset=utf-16",
        f"{FORM}; charset=iso-8859-1",
    ],
)
def test_an_unknown_media_type_is_an_invalid_request(
    deployment: Deployment, machine: Machine, content_type: str
) -> None:
    """Never guessed from the body."""
    request = token_event(form(machine), headers={"content-type": content_type})
    assert deployment.token(request).error() == "invalid_request"


def test_no_media_type_at_all_is_an_invalid_request(deployment: Deployment) -> None:
    """A POST without Content-Type and without a body."""
    assert deployment.token(event("POST", "/connect/oauth/token")).error() == "invalid_request"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"grant_type"',
        b'[["grant_type", "client_credentials"]]',
        b'{"grant_type": 1}',
        b'{"grant_type": true}',
        b'{"grant_type": ["client_credentials"]}',
        b'{"grant_type": {"client_credentials": ""}}',
        b'{"grant_type": "\\ud800"}',
        b'{"grant_type": "client_credentials\\u0000"}',
        b'\xef\xbb\xbf{"grant_type": "client_credentials"}',
        b'{"grant_type": "\xff"}',
        b'{"grant_type": NaN}',
        b"{} {}",
    ],
)
def test_json_that_is_no_object_of_strings_is_an_invalid_request(deployment: Deployment, body: bytes) -> None:
    """A parameter has one value, and it is text."""
    request = token_event(body, headers={"content-type": "application/json"})
    assert deployment.token(request).error() == "invalid_request"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--4f7c2a91d3e8b605",
        b"--4f7c2a91d3e8b605--",
        b"no boundary",
        multipart(GRANT)[:-8],
        b"--4f7c2a91d3e8b605\r\nContent-Disposition: form-data\r\n\r\nx\r\n--4f7c2a91d3e8b605--\r\n",
        multipart(GRANT).replace(b'name="grant_type"', b'name="grant_type"; filename="x"'),
        multipart(GRANT).replace(b"client_credentials", b"\xff"),
    ],
)
def test_a_malformed_multipart_body_is_an_invalid_request(deployment: Deployment, body: bytes) -> None:
    """Cut short, without a name, with a file, or not in UTF-8."""
    headers = {"content-type": "multipart/form-data; boundary=4f7c2a91d3e8b605"}
    assert deployment.token(token_event(body, headers=headers)).error() == "invalid_request"


def test_the_grant_type_is_required(deployment: Deployment, machine: Machine) -> None:
    """RFC 6749 section 4.4.2; empty counts as omitted."""
    assert deployment.token(token_event(form(machine, grant_type=""))).error() == "invalid_request"


@pytest.mark.parametrize("grant_type", ["password", "implicit", "Client_Credentials", "client_credentials ", "refresh"])
def test_an_unknown_grant_type_is_unsupported(deployment: Deployment, machine: Machine, grant_type: str) -> None:
    """RFC 6749 section 5.2; the description names those that there are."""
    answer = deployment.token(token_event(form(machine, grant_type=grant_type)))
    assert answer.error() == "unsupported_grant_type"
    assert all(name in answer.json()["error_description"] for name in GRANTS)


def test_unknown_parameters_are_ignored(deployment: Deployment, machine: Machine) -> None:
    """RFC 6749 section 3.2: unrecognised request parameters are ignored, in body and query."""
    request = token_event(form(machine, foo="1", redirect_uri="https://x.example", code="2"), query="utm_source=x&a=1")
    assert deployment.token(request).status == 200


def test_credentials_in_the_query_are_refused(deployment: Deployment) -> None:
    """RFC 6749 section 2.3.1: they must not be in the URI, where every log on the way keeps them."""
    deployment.register("back-office", EXAMPLE_SECRET, token_endpoint_auth_method="client_secret_post")
    assert deployment.token(stored("token-credentials-in-query")).error() == "invalid_request"


@pytest.mark.parametrize("name", ["client_id", "client_secret", "grant_type", "scope", "resource", "client_assertion"])
def test_no_parameter_of_the_endpoint_is_read_from_the_query(
    deployment: Deployment, machine: Machine, name: str
) -> None:
    """RFC 6749 section 3.2: parameters are in the body, also where the body would do without this one."""
    request = token_event(form(machine), query=f"{name}=x")
    assert deployment.token(request).error() == "invalid_request"


def test_a_route_that_is_none_is_404(deployment: Deployment) -> None:
    """`$default` would send everything here: what is no path of the endpoint is not found, and mints nothing."""
    machine = deployment.register()
    request = token_event(GRANT, basic=machine.basic)
    for path in ("/", "/connect/oauth/token/", "/connect/oauth/TOKEN", "/connect/oauth/jwks"):
        unrouted = {**request, "routeKey": "$default", "rawPath": path}
        assert deployment.token(unrouted).status == 404
    found = {**request, "routeKey": "$default", "rawPath": "/connect/oauth/token"}
    assert deployment.token(found).status == 200


def test_a_body_that_is_not_its_base64_is_an_invalid_request(deployment: Deployment) -> None:
    """What an event says of itself is not taken on trust."""
    request = {**stored("token-client-credentials-basic"), "body": "%%%"}
    assert deployment.token(request).error() == "invalid_request"
