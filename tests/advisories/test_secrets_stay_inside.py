"""Row 19: after every flow, nothing secret is in anything that came out."""

import base64
import json
import re
import traceback
import uuid
from collections.abc import Callable

import pytest

from signet.clientauth.credentials import Credentials
from signet.http import HttpRequest, HttpResponse
from signet.keys.keyring import Keyring, loaded
from signet.model.client import Client, ClientSecret, digest
from signet.model.token import TokenResponse
from tests.support import faults
from tests.support.deployment import STEPS, Deployment, Machine
from tests.support.gateway_events import Event, basic_header, event, token_event

GRANT = {"grant_type": "client_credentials"}


class Everything:
    """What came out of a deployment, and what is secret of what went in."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.answers: list[str] = []
        self.errors: list[str] = []
        self.secrets: set[str] = set()

    def answered(self, request: Event, *, secret: str = "", tokens: bool = False) -> None:
        """Send a token request. `secret` is in it; `tokens`: the answer is one, and goes to its owner."""
        authorization: str = request["headers"].get("authorization", "")
        hidden = (secret, authorization, authorization.removeprefix("Basic "))
        self.secrets |= {text for text in hidden if len(text) > 8}
        answer = self.deployment.token(request)
        assert (answer.status == 200) == tokens, answer
        if tokens:
            token = answer.json()["access_token"]
            self.secrets |= {token, token.rpartition(".")[2]}
            answer_without = answer.body.replace(token, "")
            self.answers += [answer_without, str(dict(answer.headers))]
        else:
            self.answers += [answer.body, str(dict(answer.headers))]

    def raised(self, do: Callable[[], object]) -> None:
        """Do what fails; Lambda prints the traceback of what a handler raises."""
        try:
            do()
        except Exception:  # noqa: BLE001 - whatever it is, Lambda would print it
            self.errors.append(traceback.format_exc())
        else:
            pytest.fail("did not fail")

    def keys(self, document: str) -> None:
        """Every private member of a keyring is secret."""
        for key in json.loads(document)["keys"]:
            self.secrets |= {value for name, value in key["jwk"].items() if name not in {"kty", "n", "e"}}
        self.secrets.add(document)


def check(everything: Everything) -> None:
    """Search: whole secrets, their halves, and their other spellings."""
    deployment = everything.deployment
    outputs = {
        "standard output and error": deployment.output(),
        "answers": "\n".join(everything.answers),
        "exceptions": "\n".join(everything.errors),
        "table": json.dumps(deployment.items()),
        "key set": deployment.get("/connect/oauth/jwks").body,
        "metadata": deployment.get("/connect/.well-known/openid-configuration").body,
    }
    assert len(everything.secrets) > 10
    for secret in everything.secrets:
        spellings = {secret, secret[: len(secret) // 2], secret[len(secret) // 2 :]}
        spellings |= {base64.b64encode(secret.encode()).decode(), secret.encode().hex(), repr(secret)[1:-1]}
        for where, text in outputs.items():
            found = [spelling for spelling in spellings if len(spelling) >= 8 and spelling in text]
            assert not found, f"in {where}"
    for where, text in outputs.items():
        assert not re.search(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", text), f"a token in {where}"
        assert not re.search(r'"(d|p|q|dp|dq|qi)": ?"', text), f"a private key in {where}"
        assert "BEGIN" not in text, f"a PEM in {where}"


@pytest.fixture
def everything(placeholder: Deployment) -> Everything:
    """A deployment from its first moment, at the most talkative level that the template offers."""
    placeholder.set_log_level("DEBUG")
    return Everything(placeholder)


def machines(everything: Everything) -> tuple[Machine, Machine]:
    """A client of each method; what is stored of their secrets is public enough to be in the table, and no more."""
    one = everything.deployment.register("one", f"first secret {uuid.uuid4()}")
    two = everything.deployment.register(
        "two", f"second secret {uuid.uuid4()}", token_endpoint_auth_method="client_secret_post"
    )
    everything.secrets |= {one.client_secret, two.client_secret}
    return one, two


def test_no_flow_leaves_a_secret_in_anything_that_comes_out(everything: Everything) -> None:
    """Rotations that succeed and fail, tokens by every way in, every kind of refusal, faults and defects."""
    deployment = everything.deployment
    one, two = machines(everything)
    post = {**GRANT, "client_id": two.client_id, "client_secret": two.client_secret}
    json_body = json.dumps(post).encode()

    everything.answered(token_event(GRANT, basic=one.basic), secret=one.client_secret)
    deployment.rotate()
    everything.keys(deployment.keyring())
    everything.answered(token_event(GRANT, basic=one.basic), tokens=True)
    everything.answered(token_event(post), tokens=True)
    everything.answered(token_event(json_body, headers={"content-type": "application/json"}), tokens=True)

    refused = [
        token_event({**GRANT, "scope": "x"}, basic=one.basic),
        token_event({**GRANT, "resource": "x"}, basic=one.basic),
        token_event({**GRANT, **post}, basic=one.basic),
        token_event(GRANT, basic=(one.client_id, one.client_secret[:-1])),
        token_event(GRANT, basic=(one.client_secret, one.client_secret)),
        token_event(GRANT, headers={"authorization": basic_header(*one.basic)[:-3] + "!!!"}),
        token_event(GRANT, headers={"authorization": f"Bearer {one.client_secret}"}),
        token_event({**post, "grant_type": two.client_secret}),
        token_event({**post, two.client_secret: two.client_secret}, query=f"client_secret={two.client_secret}"),
        token_event(json_body[:-1], headers={"content-type": "application/json"}),
        token_event(json_body, headers={"content-type": "text/plain"}),
        token_event(json_body, headers={"content-type": "multipart/form-data; boundary=x"}),
        token_event(b"--x\r\n" + json_body, headers={"content-type": "multipart/form-data; boundary=x"}),
        token_event(b"\xff" + json_body, headers={"content-type": "application/json"}),
        token_event(post, path="/connect/oauth/token", method="PUT"),
        {**token_event(post), "body": two.client_secret},
        event("POST", f"/{two.client_secret}", body=json_body),
    ]
    for request in refused:
        everything.answered(request, secret=two.client_secret)
    check(everything)


def test_no_failure_leaves_a_secret_in_anything_that_comes_out(everything: Everything) -> None:
    """AWS that fails at every call, corrupt secrets and records, defects: their texts quote what they were given."""
    deployment = everything.deployment
    _, two = machines(everything)
    deployment.rotate()
    good = deployment.keyring()
    everything.keys(good)
    post = token_event({**GRANT, "client_id": two.client_id, "client_secret": two.client_secret})

    for fault in (faults.throttled, faults.denied, faults.page, faults.slow_to_answer, faults.refused):
        for service in ("dynamodb", "secretsmanager"):
            with deployment.failing(service, fault):
                deployment.cold("token")
                everything.answered(post, secret=two.client_secret)
                everything.raised(deployment.rotate)

    half = json.loads(good)
    half["keys"][0]["jwk"]["p"] = half["keys"][0]["jwk"]["d"]
    odd = json.loads(good)
    odd["keys"][0]["jwk"]["q"] = 5
    for document in (json.dumps(half), json.dumps(odd), good[:-5], good + good, f'"{good[20:90]}"'):
        deployment.put_keyring(document)
        deployment.cold("token")
        everything.answered(post, secret=two.client_secret)
    everything.raised(deployment.rotate)
    deployment.put_keyring(good)
    deployment.cold("token")
    everything.answered(post, tokens=True)

    deployment.clock.advance(86_400)
    version_id = str(uuid.uuid4())
    deployment.step(STEPS[0], version_id)
    everything.keys(deployment.version(version_id))
    deployment.step(STEPS[1], version_id)
    deployment.put_version(version_id, json.dumps(half))
    everything.raised(lambda: deployment.step(STEPS[2], version_id))
    check(everything)


def test_a_defect_leaves_no_secret_in_anything_that_comes_out(
    everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that quotes its arguments, at every depth of a request."""
    deployment = everything.deployment
    _, two = machines(everything)
    deployment.rotate()
    everything.keys(deployment.keyring())
    post = token_event({**GRANT, "client_id": two.client_id, "client_secret": two.client_secret})

    def quoting(*args: object, **kwargs: object) -> None:
        raise ValueError(f"{args} {kwargs} {two.client_secret} {deployment.keyring()}")

    for place in (
        "signet.clientauth.authenticate.ClientAuthentication.__call__",
        "signet.endpoints.token.secret_parameters",
        "signet.model.client.digest",
        "signet.tokens.issue.jwt.sign",
        "signet.keys.algorithms.LocalSigner.sign",
        "signet.endpoints.token.uncached_json",
    ):
        with monkeypatch.context() as patched:
            patched.setattr(place, quoting)
            everything.answered(post, secret=two.client_secret)
    assert len(deployment.lines("request_failed")) == 6
    check(everything)


def test_what_holds_a_secret_does_not_print_it(deployment: Deployment) -> None:
    """`repr` is what a traceback, a debugger and a careless log line show."""
    machine = deployment.register()
    token = deployment.issue(machine).json()["access_token"]
    secret = machine.client_secret
    keyring = deployment.keyring()
    ring = Keyring.parse(keyring)
    request = HttpRequest("POST", "/", query=secret, headers={"authorization": secret}, body=secret.encode())
    values = [
        Credentials("machine", secret),
        request,
        HttpResponse(200, {}, token),
        TokenResponse(token, 1, (), "jti"),
        ClientSecret(digest(secret), 0),
        Client("a", "client_secret_basic", ("client_credentials",), (ClientSecret(digest(secret), 0),)),
        ring,
        ring.keys[0],
        loaded(keyring).signer(),
    ]
    private = [value for key in ring.keys for name, value in key.jwk.items() if name not in {"kty", "n", "e"}]
    for value in values:
        printed = f"{value!r} {value!s}"
        assert not any(hidden in printed for hidden in (secret, token, digest(secret), *private))


def test_the_table_holds_digests_alone(deployment: Deployment) -> None:
    """SHA-256 of 256 random bits: who reads the registry learns no secret (and no key: those are elsewhere)."""
    machine = deployment.register()
    stored = json.dumps(deployment.items())
    assert machine.client_secret not in stored
    assert digest(machine.client_secret) in stored


def test_the_function_of_the_documents_never_asks_for_the_secret(deployment: Deployment) -> None:
    """It has no permission to; asking would be the first step towards one."""
    deployment.calls.clear()
    deployment.cold("jwks")
    deployment.get("/connect/oauth/jwks")
    deployment.clock.advance(3600)
    deployment.get("/connect/.well-known/openid-configuration")
    assert {call.partition(":")[0] for call in deployment.calls} == {"dynamodb"}
