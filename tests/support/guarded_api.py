"""The example's authorizers inside this process, in front of nothing: event in, simple response out."""

import json
from pathlib import Path
from typing import Any

import pytest

from signet.endpoints.bearer_authorizer import AuthorizerFailed
from signet.errors import Reason, unavailable
from signet.keys import jwks
from signet.model.key import KeySet
from signet_cli.local.application import functions
from signet_cli.local.template import Template
from tests.support import gateway_events
from tests.support.deployment import ISSUER, Deployment

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop" / "template.yaml"

BACK_OFFICE = "https://shop.example/admin/api"
STOREFRONT = "https://shop.example/api"

AUTHORIZERS = {BACK_OFFICE: "BackOfficeAuthorizerFunction", STOREFRONT: "StorefrontAuthorizerFunction"}
"""By audience the function of the example that guards it."""

DENIED = {"isAuthorized": False}


def example(**parameters: str) -> Template:
    """The example's template with these parameters."""
    template = Template.read(EXAMPLE, gateway_events.ORIGIN)
    for name, value in {"Issuer": ISSUER, **parameters}.items():
        template.document["Parameters"][name]["Default"] = value
    return template


class GuardedApi:
    """One API of the example in front of the tokens of a deployment, whose key set is handed over without a network."""

    def __init__(
        self, deployment: Deployment, monkeypatch: pytest.MonkeyPatch, audience: str = BACK_OFFICE, **variables: str
    ) -> None:
        self.fetches = 0
        self.reachable = True
        self._deployment = deployment
        own = functions(example())[AUTHORIZERS[audience]].environment
        monkeypatch.setattr("signet.keys.fetch.KeySetFetch.__call__", lambda _: self._fetched())
        self._variables = {**own, **variables}
        self.cold()

    def cold(self) -> None:
        """A new execution environment."""
        self._deployment.cold("bearer_authorizer", **self._variables)
        self._deployment.forget_output()

    def _fetched(self) -> KeySet:
        self.fetches += 1
        if not self.reachable:
            raise unavailable(Reason.KEY_SET_UNAVAILABLE, "key set: not reachable")
        return jwks.read(json.dumps({"keys": self._deployment.key_set()}).encode())

    def ask(self, token: str | None, route: str = "GET /orders", **headers: str) -> dict[str, Any]:
        """The simple response for a request with this bearer token; AuthorizerFailed is raised."""
        fields = {**({"authorization": f"Bearer {token}"} if token is not None else {}), **headers}
        answer = self._deployment.invoke("bearer_authorizer", authorizer_event(route, fields))
        json.dumps(answer)
        assert isinstance(answer, dict)
        return answer

    def passes(self, token: str | None, route: str = "GET /orders", **headers: str) -> bool:
        """Whether the request is authorized; a denial says nothing else."""
        answer = self.ask(token, route, **headers)
        assert answer["isAuthorized"] is True or answer == DENIED
        return bool(answer["isAuthorized"])

    def refusal(self, token: str | None, route: str = "GET /orders", **headers: str) -> str:
        """The reason in the audit's one line of a denial."""
        self._deployment.forget_output()
        assert not self.passes(token, route, **headers)
        [line] = self._deployment.lines()
        assert (line["event"], line["endpoint"], line["route"]) == ("request_refused", "bearer_authorizer", route)
        return str(line["reason"])

    def failure(self, token: str, route: str = "GET /orders") -> str:
        """The reason in the audit's one line of a failure, after which API Gateway answers 500."""
        self._deployment.forget_output()
        with pytest.raises(AuthorizerFailed) as failed:
            self.ask(token, route)
        assert failed.value.__cause__ is None
        [line] = self._deployment.lines()
        assert (line["event"], line["level"]) == ("request_failed", "ERROR")
        assert str(failed.value) == line["reason"]
        return str(line["reason"])


def authorizer_event(route: str, headers: dict[str, str]) -> dict[str, Any]:
    """What API Gateway sends to a Lambda authorizer (payload format 2.0): the request without its body."""
    method, _, path = route.partition(" ")
    event = gateway_events.event(method if path else "GET", path or "/", headers=headers)
    del event["isBase64Encoded"]
    return {
        **event,
        "type": "REQUEST",
        "routeArn": f"arn:aws:execute-api:us-east-1:123456789012:api/$default/{method}{path}",
        "identitySource": [value for name, value in headers.items() if name == "authorization"] + [route],
        "routeKey": route,
        "requestContext": {**event["requestContext"], "routeKey": route},
    }
