"""What bench/cost.py takes a request to be is what the request is: calls, request units, signatures, log lines."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from bench import cost
from signet import jwt
from signet.model.user import User
from tests.support.deployment import Machine, deployed
from tests.support.recorded import Call, RecordedDeployment
from tests.support.sign_in import PASSWORD, Application, Service
from tests.support.token_requests import introspect
from tests.support.visitor import Visitor


@dataclass
class World:
    """Everything that one kind of request needs, so that it can be repeated."""

    service: Service
    deployment: RecordedDeployment
    tokens: dict[str, str] = field(default_factory=dict)

    @cached_property
    def machine(self) -> Machine:
        return self.deployment.register("machine")

    @cached_property
    def app(self) -> Application:
        return self.service.application(grant_types=("authorization_code", "refresh_token"))

    @cached_property
    def user(self) -> User:
        user = self.service.user()
        self.service.consent(user, self.app)
        return user

    @cached_property
    def signed_in(self) -> Visitor:
        return self.service.signed_in(self.user)

    @cached_property
    def known_browser(self) -> Visitor:
        return self.service.visitor()

    def token(self) -> None:
        """A machine's token."""
        assert self.deployment.issue(self.machine).status == 200

    def code(self) -> None:
        """By-passed consent, and the exchange."""
        found = self.signed_in.get(self.app.url()).redirected(self.app.redirect_uri)["code"]
        self.tokens = self.service.redeem(self.app, found).json()

    def sign_in(self) -> None:
        """Page, password, code and exchange in a browser that the user has used before."""
        browser = self.known_browser
        browser.cookies.pop("__Host-signet-session", None)
        page = browser.sign_in(browser.open(self.app.url()), self.user.username, PASSWORD)
        assert self.service.redeem(self.app, page.redirected(self.app.redirect_uri)["code"]).status == 200

    def refresh(self) -> None:
        """The last refresh token, for the next."""
        self.tokens = self.service.refresh(self.app, self.tokens["refresh_token"]).json()

    def userinfo(self) -> None:
        """Of the last access token."""
        assert self.service.userinfo(self.tokens["access_token"]).status == 200

    def introspection(self) -> None:
        """Of the last access token."""
        assert introspect(self.deployment, self.app, self.tokens["access_token"]).json()["active"] is True

    def document(self) -> None:
        """The key set."""
        assert self.deployment.get("/connect/oauth/jwks").status == 200


REQUESTS: list[tuple[cost.Work, Callable[[World], None]]] = [
    (cost.TOKEN, World.token),
    (cost.CODE, World.code),
    (cost.SIGN_IN, World.sign_in),
    (cost.REFRESH, World.refresh),
    (cost.USERINFO, World.userinfo),
    (cost.INTROSPECTION, World.introspection),
    (cost.DOCUMENT, World.document),
]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A deployment that keeps what is asked of AWS."""
    with pytest.MonkeyPatch.context() as patch, deployed(RecordedDeployment, patch) as deployment:
        deployment.give_keys()
        world = World(Service(deployment), deployment)
        world.code()
        yield world


def units(call: Call) -> tuple[int, int]:
    """Read and write request units of a call on small items; the index of State has an item for each with a `sub`."""
    if call.operation == "dynamodb:GetItem":
        return 1, 0
    if call.operation == "dynamodb:BatchGetItem":
        return sum(len(wanted["Keys"]) for wanted in call.parameters["RequestItems"].values()), 0
    indexed = "sub" in call.parameters.get("Item", {}) and call.parameters["TableName"].endswith("StateTable")
    return 0, 2 if indexed else 1


def test_every_row_of_the_table_is_tried() -> None:
    """A row that nothing is held against is a guess."""
    assert {work.name for work, _ in REQUESTS} == {work.name for work in cost.WORK}


@pytest.mark.parametrize(("work", "request_"), REQUESTS, ids=[work.name for work, _ in REQUESTS])
def test_a_request_is_what_the_table_takes_it_for(
    world: World, monkeypatch: pytest.MonkeyPatch, work: cost.Work, request_: Callable[[World], None]
) -> None:
    """Of warm functions: clients, scopes and keys are remembered."""
    request_(world)
    invocations, signatures = [], []
    invoke, sign = world.deployment.invoke, jwt.sign

    def invoked(function: str, event: Any) -> Any:
        invocations.append(function)
        return invoke(function, event)

    def signed(*arguments: Any, **named: Any) -> str:
        signatures.append(named.get("typ"))
        return sign(*arguments, **named)

    monkeypatch.setattr(world.deployment, "invoke", invoked)
    monkeypatch.setattr("signet.jwt.sign", signed)
    world.deployment.recorded.clear()
    world.deployment.forget_output()
    request_(world)
    calls = [call for recorded in world.deployment.recorded.values() for call in recorded]
    reads, writes = (sum(units(call)[part] for call in calls) for part in (0, 1))
    found = (len(invocations), len(calls), reads, writes, len(signatures))
    assert found == (work.invocations, work.calls, work.reads, work.writes, work.signatures)
    line = sum(len(json.dumps(line)) for line in world.deployment._json_lines())
    assert line * 0.6 <= work.line <= line * 1.4
