"""Row 3 and ASVS: whatever bytes arrive, the answer is a JSON error of the caller's, never a failure, never a token."""

import json
from base64 import b64encode
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signet.errors import ErrorCode
from signet.parameters import LONGEST_BODY
from tests.support.deployment import Deployment
from tests.support.gateway_events import FORM, Answer, event, token_event

TYPES = [FORM, "application/json", "multipart/form-data; boundary=x", f"{FORM}; boundary=x"]

NAMES = ["grant_type", "client_id", "client_secret", "scope", "resource", "client_assertion", "client_assertion_type"]

with_deployment = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

text = st.text(max_size=60)
names = st.sampled_from(NAMES) | text
values = st.sampled_from(["client_credentials", "machine", "read", ""]) | text
pairs = st.lists(st.tuples(names, values), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
part = st.builds(
    lambda name, header, value: (
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n{header}\r\n{value}\r\n'.encode()
    ),
    names,
    st.sampled_from(["", "Content-Type: text/plain\r\n", "Content-Transfer-Encoding: base64\r\n"])
    | st.from_regex(r"[A-Za-z-]{1,20}: [ -~]{0,40}\r\n", fullmatch=True),
    values,
)
bodies = (
    st.binary(max_size=300)
    | pairs.map(urlencode).map(str.encode)
    | json_values.map(json.dumps).map(str.encode)
    | st.dictionaries(names, values | json_values, max_size=8).map(json.dumps).map(str.encode)
    | st.lists(part, max_size=5).map(b"".join)
    | st.lists(part, max_size=5).map(lambda parts: b"".join([*parts, b"--x--\r\n"]))
    | st.binary(max_size=100).map(lambda octets: b"--x\r\n" + octets)
)
header_text = st.text(st.characters(codec="latin-1"), max_size=80)
authorizations = (
    header_text
    | header_text.map("Basic {}".format)
    | st.binary(max_size=60).map(lambda octets: "Basic " + b64encode(octets).decode())
)


def refused(deployment: Deployment, answer: Answer) -> None:
    """Check that the caller was refused in order, and that one line says so."""
    assert answer.error(answer.status) in set(ErrorCode)
    assert answer.status in {400, 401}
    assert "access_token" not in answer.body
    lines = deployment.lines()
    assert [line["event"] for line in lines] == ["request_refused"]
    assert len(deployment.output().splitlines()) == 1
    deployment.forget_output()


@with_deployment
@given(body=bodies, content_type=st.sampled_from(TYPES))
def test_any_body_is_refused_in_order(deployment: Deployment, body: bytes, content_type: str) -> None:
    """Of every media type, well formed or not, with the names of our parameters and with others."""
    refused(deployment, deployment.token(token_event(body, headers={"content-type": content_type})))


@with_deployment
@given(content_type=header_text | st.sampled_from(TYPES).flatmap(lambda known: header_text.map(known.__add__)))
def test_any_content_type_is_refused_in_order(deployment: Deployment, content_type: str) -> None:
    """Also one that begins well."""
    refused(deployment, deployment.token(token_event({"grant_type": "x"}, headers={"content-type": content_type})))


@with_deployment
@given(authorization=authorizations, in_body=st.booleans())
def test_any_authorization_header_is_refused_in_order(
    deployment: Deployment,
    authorization: str,
    in_body: bool,  # noqa: FBT001 - hypothesis passes by name
) -> None:
    """Other schemes, broken base64, any octets in it, with and without credentials in the body."""
    form = {"grant_type": "client_credentials", **({"client_id": "x", "client_secret": "y"} if in_body else {})}
    answer = deployment.token(token_event(form, headers={"authorization": authorization}))
    refused(deployment, answer)
    assert (answer.status == 401) == ("www-authenticate" in answer.headers)


@with_deployment
@given(query=st.text(max_size=80) | pairs.map(urlencode))
def test_any_query_is_refused_or_ignored_in_order(deployment: Deployment, query: str) -> None:
    """It never stands in for a body."""
    refused(deployment, deployment.token(token_event({"scope": "x"}, query=query)))


@with_deployment
@given(scope=st.text(max_size=80), resource=st.text(max_size=80))
def test_any_scope_and_resource_are_refused_or_registered(deployment: Deployment, scope: str, resource: str) -> None:
    """A client that may do nothing gets a token for nothing, or an error; never a scope it has not."""
    stored = deployment.registry.get("machine")
    machine = (
        deployment.machine("machine") if stored else deployment.register(scope=(), audience=("https://a.example",))
    )
    answer = deployment.issue(machine, scope=scope, resource=resource)
    if answer.status == 200:
        assert (scope, resource) in {("", ""), ("", "https://a.example")}
        assert "scope" not in answer.json()
    else:
        assert answer.error() in {"invalid_scope", "invalid_target", "invalid_request"}


@with_deployment
@given(
    path=st.sampled_from(["/connect/oauth/jwks", "/connect/.well-known/openid-configuration"]),
    headers=st.dictionaries(st.sampled_from(["if-none-match", "accept", "host", "range", "cookie"]), header_text),
    query=st.text(max_size=60),
)
def test_a_document_is_served_whatever_else_is_asked(
    deployment: Deployment, path: str, headers: dict[str, str], query: str
) -> None:
    """Nothing in a request for it can make it fail or differ."""
    answer = deployment.jwks(event("GET", path, headers=headers, query=query))
    assert answer.status in {200, 304}
    if answer.status == 200:
        assert answer.body == deployment.get(path).body


@pytest.mark.parametrize("content_type", TYPES)
def test_a_body_as_large_as_allowed_is_refused_in_order(deployment: Deployment, content_type: str) -> None:
    """Of the shapes that cost the most to read."""
    shapes = [b"a", b"&", b"=", b"%", b"a=&", b"[", b'{"a":', b'"', b"\\u", b"9", b"-"]
    shapes += [b"--x\r\n", b"\r\n--x", b"--x\r\na: b"]
    for shape in shapes:
        body = (shape * LONGEST_BODY)[:LONGEST_BODY]
        refused(deployment, deployment.token(token_event(body, headers={"content-type": content_type})))
