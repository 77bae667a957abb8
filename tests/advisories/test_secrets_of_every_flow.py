"""Row 19 for every flow there is: what came out of it is in no log, no metric and, in clear, in no table.

What is secret is learned from the answers themselves, so a flow that is new is searched without being told of.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from signet_cli.local.template import Template
from tests.support.deployment import Deployment, deployed
from tests.support.flows import FLOWS
from tests.support.gateway_events import Event
from tests.support.sign_in import PASSWORD, VERIFIER, Service

ISSUED = {"access_token", "refresh_token", "id_token", "device_code", "user_code", "request_uri", "client_secret"}
"""Members of answers that are a secret of whoever gets them."""

SENT = {"password", "client_secret", "code_verifier", "client_assertion", "assertion", "csrf", *ISSUED}
"""Parameters that are a secret of whoever sends them."""

LEAST = 8
"""Characters of the shortest text that is searched for."""


class Overheard(Deployment):
    """A deployment whose every request and answer is searched for secrets."""

    def __init__(self, template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
        self.secrets: set[str] = {PASSWORD, VERIFIER}
        super().__init__(template, monkeypatch)

    def invoke(self, function: str, event: Event) -> Any:
        self.secrets |= set(sent(event))
        answer = super().invoke(function, event)
        if isinstance(answer, dict) and "statusCode" in answer:
            self.secrets |= set(answered(answer))
        return answer


def sent(event: Event) -> Iterator[str]:
    """The secrets of a request: in its body, its Authorization header and its cookies."""
    body = str(event.get("body") or "")
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode("utf-8", "replace")
    for name, value in (*parse_qsl(body), *parse_qsl(str(event.get("rawQueryString") or ""))):
        if name in SENT:
            yield value
        if name == "code":
            yield value.rpartition(".")[2]
    scheme, _, credentials = event.get("headers", {}).get("authorization", "").partition(" ")
    if scheme == "Basic":
        yield credentials
        yield unquote(base64.b64decode(credentials).decode().partition(":")[2])
    elif scheme:
        yield credentials
    for cookie in event.get("cookies") or ():
        yield cookie.partition("=")[2]


def answered(answer: Mapping[str, Any]) -> Iterator[str]:
    """The secrets of an answer: tokens, the secret half of a code, cookies."""
    if answer["headers"].get("Content-Type", "").startswith("application/json") and answer["body"]:
        yield from (value for name, value in json.loads(answer["body"]).items() if name in ISSUED)
    for name, value in parse_qsl(urlsplit(answer["headers"].get("Location", "")).query):
        if name == "code":
            yield value.rpartition(".")[2]
    for cookie in answer.get("cookies", ()):
        yield cookie.partition("=")[2].partition(";")[0]


def private_members(deployment: Deployment) -> Iterator[str]:
    """What nobody but the keyring may hold."""
    for key in json.loads(deployment.keyring())["keys"]:
        yield from (value for name, value in key.get("jwk", {}).items() if name in {"d", "p", "q", "dp", "dq", "qi"})


def spellings(secret: str) -> set[str]:
    """The secret as it may be written, and of a token its signature, which alone makes it one."""
    found = {secret, secret.rpartition(".")[2], base64.b64encode(secret.encode()).decode(), secret.encode().hex()}
    return {text for text in found if len(text) >= LEAST}


def test_no_flow_lets_a_secret_out() -> None:
    """At the most talkative level; names and hints that a page keeps in a cookie are no secrets of a kind."""
    with pytest.MonkeyPatch.context() as patch, deployed(Overheard, patch) as deployment:
        deployment.set_log_level("DEBUG")
        service = Service(deployment)
        for flow in FLOWS:
            flow(service)
        secrets = {secret for secret in deployment.secrets if len(secret) >= LEAST} | set(private_members(deployment))
        secrets |= {machine.client_secret for machine in deployment._machines.values() if machine.client_secret}
        places = {
            "log or metric": deployment.output(),
            "registry": json.dumps(deployment.items()),
            "state": json.dumps(deployment.state()),
        }
    assert len(secrets) > 100
    for place, text in places.items():
        assert not [spelled for secret in secrets for spelled in spellings(secret) if spelled in text], place
        assert not re.search(r"eyJ[\w-]{10,}\.[\w-]+\.[\w-]{10,}", text), f"a token in {place}"
