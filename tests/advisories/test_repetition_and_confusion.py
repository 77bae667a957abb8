"""Row 3: what is said twice, or in two ways, is refused; nothing ever wins by standing last."""

import base64
import json
from itertools import combinations
from typing import Any

import pytest

from tests.support.deployment import Deployment, Machine
from tests.support.gateway_events import FORM, Event, basic_header, token_event

GRANT = {"grant_type": "client_credentials"}

JSON = {"content-type": "application/json"}

ASSERTION = {
    "client_assertion": "e30.e30.e30",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
}


@pytest.fixture
def machine(deployment: Deployment) -> Machine:
    """A client whose request would be answered, did it not say something twice."""
    return deployment.register(token_endpoint_auth_method="client_secret_post")


def form(machine: Machine, **added: str) -> dict[str, str]:
    """The parameters of a request that is answered."""
    return {**GRANT, "client_id": machine.client_id, "client_secret": machine.client_secret, **added}


def multipart(pairs: list[tuple[str, str]]) -> bytes:
    """A body of RFC 7578."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs]
    return "".join([*parts, "--x--\r\n"]).encode()


def encoded(media_type: str, pairs: list[tuple[str, str]]) -> Event:
    """The event of a request with these pairs in their order, repeated names included."""
    if media_type == "application/json":
        members = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs)
        return token_event(f"{{{members}}}".encode(), headers=JSON)
    if media_type == "multipart/form-data":
        return token_event(multipart(pairs), headers={"content-type": "multipart/form-data; boundary=x"})
    from urllib.parse import urlencode

    return token_event(urlencode(pairs).encode())


@pytest.mark.parametrize("media_type", [FORM, "application/json", "multipart/form-data"])
def test_a_parameter_twice_is_refused_in_every_encoding(
    deployment: Deployment, machine: Machine, media_type: str
) -> None:
    """RFC 6749 section 3.2: also with the same value, also empty, also a parameter nobody knows, first or last."""
    pairs = list(form(machine, scope="read").items())
    assert deployment.token(encoded(media_type, pairs)).status == 200
    for name, value in [*pairs, ("resource", "https://a.example"), ("unknown", "x")]:
        for again in (value, "", "other"):
            for repeated in ([(name, again), *pairs, (name, value)], [*pairs, (name, value), (name, again)]):
                answer = deployment.token(encoded(media_type, repeated))
                assert answer.error() == "invalid_request", (name, again)


def test_a_parameter_twice_in_the_query_is_refused(deployment: Deployment, machine: Machine) -> None:
    """The same rule there, although nothing is read from it."""
    assert deployment.token(token_event(form(machine), query="a=1")).status == 200
    assert deployment.token(token_event(form(machine), query="a=1&a=1")).error() == "invalid_request"


def test_a_name_spelled_in_two_ways_is_one_name(deployment: Deployment, machine: Machine) -> None:
    """Percent-encoding and JSON escapes do not hide a repetition."""
    body = token_event(form(machine, scope="read"))
    plain = base64.b64decode(body["body"])
    assert deployment.token(token_event(plain + b"&sc%6Fpe=write")).error() == "invalid_request"
    text = json.dumps(form(machine, scope="read"))
    twice = text[:-1] + ',"sc\\u006fpe":"write"}'
    assert deployment.token(token_event(twice.encode(), headers=JSON)).error() == "invalid_request"


def test_two_authorization_headers_are_refused(deployment: Deployment) -> None:
    """API Gateway joins them by a comma; neither the first nor the last is taken, equal or not."""
    machine = deployment.register()
    right, wrong = basic_header(*machine.basic), basic_header("nobody", "x")
    assert deployment.token(token_event(GRANT, headers={"authorization": right})).status == 200
    for pair in ((right, right), (right, wrong), (wrong, right), (right, "Bearer x"), ("Bearer x", right)):
        for joined in (",".join(pair), ", ".join(pair)):
            answer = deployment.token(token_event(GRANT, headers={"authorization": joined}))
            assert answer.error() == "invalid_request"


@pytest.mark.parametrize("registered", ["client_secret_basic", "client_secret_post"])
def test_two_client_authentication_methods_are_refused(deployment: Deployment, registered: str) -> None:
    """RFC 6749 section 2.3: one method in each request, however many of them would succeed."""
    machine = deployment.register(token_endpoint_auth_method=registered)
    ways: dict[str, tuple[dict[str, str], dict[str, str]]] = {
        "header": ({}, {"authorization": basic_header(*machine.basic)}),
        "body": ({"client_id": machine.client_id, "client_secret": machine.client_secret}, {}),
        "assertion": (ASSERTION, {}),
    }
    for names in [*combinations(ways, 2), tuple(ways)]:
        parameters: dict[str, str] = dict(GRANT)
        headers: dict[str, str] = {}
        for name in names:
            parameters |= ways[name][0]
            headers |= ways[name][1]
        answer = deployment.token(token_event(parameters, headers=headers))
        assert answer.error() == "invalid_request", names


def test_another_scheme_beside_a_secret_in_the_body_is_refused(deployment: Deployment, machine: Machine) -> None:
    """An Authorization header that would be ignored is a second method all the same."""
    for authorization in ("Bearer abc", "Digest x", "Negotiate x", "basic_", "x"):
        answer = deployment.token(token_event(form(machine), headers={"authorization": authorization}))
        assert answer.error() == "invalid_request", authorization


def test_the_query_adds_nothing_to_the_body(deployment: Deployment, machine: Machine) -> None:
    """Neither what the body has nor what it lacks, however it is spelled."""
    whole = form(machine)
    for name, value in whole.items():
        lacking = {other: text for other, text in whole.items() if other != name}
        for parameters in (whole, lacking):
            assert deployment.token(token_event(parameters, query=f"{name}={value}")).error() == "invalid_request"
            assert deployment.token(token_event(parameters, query=f"%{ord(name[0]):x}{name[1:]}=x")).status == 400


@pytest.mark.parametrize(
    ("said", "sent"),
    [("application/json", FORM), (FORM, "application/json"), ("multipart/form-data; boundary=x", FORM)],
)
def test_a_body_of_another_type_than_it_says_grants_nothing(
    deployment: Deployment, machine: Machine, said: str, sent: str
) -> None:
    """The type is never guessed."""
    body = encoded(sent, list(form(machine).items()))
    assert deployment.token({**body, "headers": {**body["headers"], "content-type": said}}).error() == "invalid_request"


def test_a_large_body_is_refused_unread(deployment: Deployment, machine: Machine) -> None:
    """64 KiB are read, one byte more is not, whatever it holds."""
    fits = token_event(form(machine)), 65_536
    padding = fits[1] - len(base64.b64decode(fits[0]["body"])) - len("&x=")
    body = base64.b64decode(fits[0]["body"]) + b"&x=" + b"y" * padding
    assert len(body) == 65_536
    assert deployment.token(token_event(body)).status == 200
    assert deployment.token(token_event(body + b"y")).error() == "invalid_request"


@pytest.mark.parametrize("media_type", [FORM, "application/json", "multipart/form-data"])
def test_many_parameters_are_refused(deployment: Deployment, machine: Machine, media_type: str) -> None:
    """A hundred are read."""
    pairs = [*form(machine).items(), *((f"p{number}", "x") for number in range(96))]
    assert deployment.token(encoded(media_type, pairs)).status == 200
    pairs += [(f"q{number}", "x") for number in range(10)]
    assert deployment.token(encoded(media_type, pairs)).error() == "invalid_request"


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"a":['])
def test_deep_json_is_refused(deployment: Deployment, opening: str) -> None:
    """As deep as 64 KiB allow, closed or not: an answer, not an exhausted stack."""
    depth = 60_000 // len(opening)
    closing = opening[::-1].translate(str.maketrans("[{", "]}")).replace('"a":'[::-1], "")
    for body in (opening * depth, '{"scope":' + opening * depth, opening * 3_000 + "1" + closing * 3_000):
        answer = deployment.token(token_event(body.encode(), headers=JSON))
        assert answer.error() == "invalid_request"


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=client_credentials&client_id=\xff\xfe",
        b"grant_type=client_credentials&client_id=%ff%fe",
        b"grant_type=client_credentials&client_id=%ed%a0%80",
        b"grant_type=client_credentials&client_id=%c0%80",
        b"grant_type=client_credentials&%00=x",
        b"grant_type=client_credentials%00&scope=read",
        b"grant_type=client_credentials&client_id=machine%00x",
        b"grant_type=client_credentials\x00",
    ],
)
def test_invalid_utf_8_and_nul_are_refused(deployment: Deployment, body: bytes) -> None:
    """Overlong forms and surrogates too: no two programs on the way read them alike."""
    assert deployment.token(token_event(body)).error() == "invalid_request"


def test_separators_of_others_are_no_separators(deployment: Deployment, machine: Machine) -> None:
    """A semicolon is text (WHATWG URL standard), so nothing hides behind one."""
    body = base64.b64decode(token_event(form(machine))["body"])
    assert deployment.token(token_event(body + b";scope=admin")).status == 400
    assert deployment.token(token_event(body + b"&a=b;scope=admin")).json()["scope"] == "read write"


def test_values_that_are_no_strings_are_never_coerced(deployment: Deployment, machine: Machine) -> None:
    """In JSON a number, a list or an object is no parameter, though its text might be a secret's."""
    secret_number: Any = 12345678901234567890
    numeric = deployment.register("numeric", str(secret_number), token_endpoint_auth_method="client_secret_post")
    for value in (secret_number, [str(secret_number)], {"0": str(secret_number)}, True):
        body = json.dumps({**form(numeric), "client_secret": value}).encode()
        assert deployment.token(token_event(body, headers=JSON)).error() == "invalid_request"
