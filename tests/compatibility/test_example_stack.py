"""The example stack, run here: its authorizers and backend in processes of their own, tokens from a served instance.

Tokens are asked for as seed 003 prints it, by a JSON body; its note is the rule: a token for the back office is refused
by the storefront, and the other way round.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from signet_cli.local.template import Template
from tests.compatibility.test_seed_003_json_body import PAGE, REQUEST_BODY, requested
from tests.support.guarded_api import BACK_OFFICE, STOREFRONT, example
from tests.support.guarded_http_api import serving
from tests.support.served import ServedSignet

ROOT = Path(__file__).parents[2]


@dataclass
class Shop:
    """The example's two APIs; `now` is the time that API Gateway's cache goes by, `lines` all that was logged."""

    served: ServedSignet
    addresses: dict[str, str]
    lines: list[str]
    now: float = 0.0

    def call(self, api: str, method: str, path: str, token: str | None) -> httpx.Response:
        """The answer of an API to a request with this token."""
        headers = {"authorization": f"Bearer {token}"} if token is not None else {}
        return httpx.request(method, self.addresses[api] + path, headers=headers, timeout=60)

    def decisions(self) -> int:
        """How often an authorizer has been asked so far."""
        return len([line for line in self.lines if '"endpoint":"bearer_authorizer"' in line])

    def client(self, audience: str, scope: str) -> tuple[str, str]:
        """A new client of one API."""
        return self.served.create_client(
            token_endpoint_auth_method="client_secret_post", audience=[audience], scope=scope
        )

    def token(self, client: tuple[str, str]) -> str:
        """A token by the request of seed 003."""
        method, path, headers = requested(PAGE)
        body = {**REQUEST_BODY, "client_id": client[0], "client_secret": client[1]}
        fields = dict(header.split(": ", 1) for header in headers)
        answer = httpx.request(method, self.served.origin + path, headers=fields, content=json.dumps(body))
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token


def open_shop(served: ServedSignet, **parameters: str) -> Iterator[Shop]:
    """The example with these parameters."""
    lines: list[str] = []
    shop: list[Shop] = []
    template = example(Issuer=served.issuer, **parameters)
    with serving(template, served.aws_endpoint, lambda: shop[0].now, lines) as addresses:
        shop.append(Shop(served, addresses, lines))
        yield shop[0]


@pytest.fixture(scope="module")
def shop(served: ServedSignet) -> Iterator[Shop]:
    """As it is deployed by default: decisions are remembered, revocations are not asked for."""
    yield from open_shop(served)


@pytest.fixture(scope="module")
def careful_shop(served: ServedSignet) -> Iterator[Shop]:
    """With the tables of the stack that issues the tokens."""
    template = Template.read(ROOT / "template.yaml", served.origin)
    tables = {name: template.name(name) for name in ("RegistryTable", "StateTable")}
    yield from open_shop(served, **tables)


def test_a_token_opens_the_api_that_it_is_for(shop: Shop) -> None:
    """The backend learns who asks from the authorizer's context alone."""
    client = shop.client(BACK_OFFICE, "orders:read")
    answer = shop.call("BackOfficeApi", "GET", "/orders", shop.token(client))
    assert answer.status_code == 200, shop.lines[-5:]
    assert answer.json() == {
        "route": "GET /orders",
        "client_id": client[0],
        "sub": client[0],
        "scope": "orders:read",
    }


def test_back_office_and_storefront_are_not_interchangeable(shop: Shop) -> None:
    """Seed 003's note, at running APIs and in both directions."""
    back_office = shop.token(shop.client(BACK_OFFICE, "orders:read"))
    storefront = shop.token(shop.client(STOREFRONT, "carts:write"))
    assert shop.call("BackOfficeApi", "GET", "/orders", back_office).status_code == 200
    assert shop.call("StorefrontApi", "GET", "/catalogue", back_office).status_code == 403
    assert shop.call("StorefrontApi", "GET", "/catalogue", storefront).status_code == 200
    assert shop.call("BackOfficeApi", "GET", "/orders", storefront).status_code == 403


def test_each_route_wants_its_scope(shop: Shop) -> None:
    """Also right after another route has let the same token pass: a decision is remembered for its route."""
    reader = shop.token(shop.client(BACK_OFFICE, "orders:read"))
    writer = shop.token(shop.client(BACK_OFFICE, "orders:read orders:write"))
    for token, statuses in ((reader, (200, 403, 200)), (writer, (200, 200, 200))):
        for _ in range(2):
            asked = [("GET", "/orders"), ("POST", "/orders"), ("GET", "/orders/7")]
            assert tuple(shop.call("BackOfficeApi", *one, token).status_code for one in asked) == statuses


def test_without_a_token_the_authorizer_is_not_asked(shop: Shop) -> None:
    """API Gateway's own 401: a flood of requests without credentials costs no invocation."""
    before = shop.decisions()
    assert shop.call("BackOfficeApi", "GET", "/orders", None).status_code == 401
    assert shop.decisions() == before


def test_no_token_at_all_is_refused(shop: Shop) -> None:
    """Whatever is sent in its place: 403, and nothing of it in a log."""
    for nonsense in ("nonsense-in-the-log", "a.b.c", "-"):
        assert shop.call("BackOfficeApi", "GET", "/orders", nonsense).status_code == 403
    assert "nonsense-in-the-log" not in "".join(shop.lines)


def test_a_decision_is_remembered_for_as_long_as_the_parameter_says(shop: Shop) -> None:
    """One invocation a minute for each token and route; refusals are remembered too."""
    token = shop.token(shop.client(BACK_OFFICE, "orders:read"))
    for path, status in (("/orders", 200), ("/orders/8", 200)):
        before = shop.decisions()
        for _ in range(3):
            assert shop.call("BackOfficeApi", "GET", path, token).status_code == status
        shop.now += 61
        assert shop.call("BackOfficeApi", "GET", path, token).status_code == status
        wait_for(shop, before + 2)


def test_a_revoked_token_is_refused_at_once_where_the_tables_are_given(careful_shop: Shop) -> None:
    """RFC 7009 and the next request: nothing is remembered there."""
    client = careful_shop.client(BACK_OFFICE, "orders:read")
    token = careful_shop.token(client)
    assert careful_shop.call("BackOfficeApi", "GET", "/orders", token).status_code == 200
    form = {"token": token, "client_id": client[0], "client_secret": client[1]}
    revoked = httpx.post(f"{careful_shop.served.issuer}/oauth/revoke", data=form)
    assert revoked.status_code == 200, revoked.text
    assert careful_shop.call("BackOfficeApi", "GET", "/orders", token).status_code == 403
    assert careful_shop.call("BackOfficeApi", "GET", "/orders", careful_shop.token(client)).status_code == 200


def test_an_issuer_that_is_not_there_is_a_failure(served: ServedSignet) -> None:
    """500, not 403: nothing was decided, and a client may try again."""
    token = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImtleSJ9.e30.c2lnbmF0dXJl"
    lines: list[str] = []
    template = example(Issuer="http://127.0.0.1:9/connect")
    with serving(template, served.aws_endpoint, lambda: 0.0, lines) as addresses:
        answer = httpx.get(
            f"{addresses['BackOfficeApi']}/orders", headers={"authorization": f"Bearer {token}"}, timeout=60
        )
    assert answer.status_code == 500


def wait_for(shop: Shop, decisions: int) -> None:
    """The log of a function comes by a pipe of its own, after the answer."""
    deadline = time.monotonic() + 30
    while shop.decisions() < decisions and time.monotonic() < deadline:
        time.sleep(0.01)
    assert shop.decisions() == decisions
