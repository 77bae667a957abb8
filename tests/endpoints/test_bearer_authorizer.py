"""The Lambda authorizer for other people's HTTP APIs: payload format 2.0 in, a simple response out."""

import json
from typing import Any

import pytest

from signet.settings import KEY_SET_MAX_AGE, SettingsInvalid
from tests.support import faults
from tests.support.deployment import ISSUER, Deployment
from tests.support.guarded_api import BACK_OFFICE, STOREFRONT, GuardedApi, authorizer_event, example
from tests.support.sign_in import Application, Service
from tests.support.token_requests import revoke

ORDERS = ("orders:read", "orders:write")


def token_of(deployment: Deployment, *audience: str, **metadata: Any) -> str:
    """An access token of a new client for that audience, by default the back office."""
    name = f"client-{len(deployment.items())}"
    machine = deployment.register(name, **{"audience": audience or (BACK_OFFICE,), "scope": ORDERS, **metadata})
    return str(deployment.issue(machine).json()["access_token"])


@pytest.fixture
def api(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> GuardedApi:
    """The back office."""
    return GuardedApi(deployment, monkeypatch)


@pytest.fixture
def checking(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> GuardedApi:
    """The back office, which looks up what has been revoked."""
    tables = {"SIGNET_REGISTRY_TABLE": deployment.table, "SIGNET_STATE_TABLE": deployment.state_table}
    return GuardedApi(deployment, monkeypatch, **tables)


@pytest.fixture
def app(service: Service) -> Application:
    """An application that asks people for the back office."""
    return service.application(audience=(BACK_OFFICE,), scope=("openid", *ORDERS))


def test_the_backend_gets_the_tokens_claims(deployment: Deployment, api: GuardedApi) -> None:
    """As `context`, which API Gateway hands on; scope in RFC 6749's spelling, however the client has it."""
    for scope_format in ("string", "list"):
        answer = api.ask(token_of(deployment, scope_format=scope_format, claims={"data_center": "EU"}))
        context = answer["context"]
        assert answer["isAuthorized"] is True
        assert context["scope"] == "orders:read orders:write"
        assert (context["iss"], context["aud"], context["data_center"]) == (ISSUER, BACK_OFFICE, "EU")
        assert context["client_id"] == context["sub"]
        assert None not in context.values()


def test_a_decision_is_one_audit_line(deployment: Deployment, api: GuardedApi) -> None:
    """Who was let in where, and which token; the token itself is nowhere."""
    token = token_of(deployment)
    deployment.forget_output()
    claims = api.ask(token)["context"]
    [line] = deployment.lines()
    assert line["event"] == "request_authorized"
    assert [line[name] for name in ("client_id", "sub", "jti")] == [claims[n] for n in ("client_id", "sub", "jti")]
    assert (line["route"], line["endpoint"]) == ("GET /orders", "bearer_authorizer")
    assert (line["request_id"], line["source_ip"]) == ("JKJaXmPLvHcESHA=", "203.0.113.7")
    assert token not in deployment.output()


def test_a_token_of_one_audience_is_refused_at_the_other(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens for back office and storefront are not interchangeable (seed 003)."""
    tokens = {audience: token_of(deployment, audience) for audience in (BACK_OFFICE, STOREFRONT)}
    for audience, route in ((BACK_OFFICE, "GET /orders"), (STOREFRONT, "GET /catalogue")):
        api = GuardedApi(deployment, monkeypatch, audience)
        other = STOREFRONT if audience == BACK_OFFICE else BACK_OFFICE
        assert api.passes(tokens[audience], route)
        assert api.refusal(tokens[other], route) == "token_of_another_audience"


def test_a_token_of_several_audiences_is_good_at_each(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """`aud` may be a list (RFC 7519 section 4.1.3)."""
    token = token_of(deployment, BACK_OFFICE, STOREFRONT)
    assert GuardedApi(deployment, monkeypatch, BACK_OFFICE).passes(token, "GET /orders")
    assert GuardedApi(deployment, monkeypatch, STOREFRONT).passes(token, "GET /catalogue")


@pytest.mark.parametrize(
    ("scope", "route", "passes"),
    [
        (("orders:read",), "GET /orders", True),
        (("orders:read",), "GET /orders/{id}", True),
        (("orders:read",), "POST /orders", False),
        (("orders:write",), "POST /orders", False),
        (ORDERS, "POST /orders", True),
        (("orders:reader",), "GET /orders", False),
        (("ORDERS:READ",), "GET /orders", False),
        ((), "GET /orders", False),
    ],
)
def test_a_route_wants_all_of_its_scope(
    deployment: Deployment, api: GuardedApi, scope: tuple[str, ...], route: str, *, passes: bool
) -> None:
    """A scope in the settings is one that RFC 6749 section 3.3 could spell in a token: each part of it is needed."""
    token = token_of(deployment, scope=scope)
    assert api.passes(token, route) is passes
    if not passes:
        assert api.refusal(token, route) == "scope_insufficient"


def test_of_a_list_one_scope_is_enough(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """And an empty one wants a token, whatever its scope."""
    api = GuardedApi(deployment, monkeypatch, STOREFRONT)
    for scope, passes in (("carts:write", True), ("shop:admin", True), ("carts:read", False)):
        token = token_of(deployment, STOREFRONT, scope=(scope,))
        assert api.passes(token, "POST /carts") is passes
        assert api.passes(token, "GET /catalogue")
    assert api.refusal(None, "GET /catalogue") == "token_missing"


@pytest.mark.parametrize("route", ["DELETE /orders", "GET /", "ANY /orders", "$default", "get /orders", "GET /orders/"])
def test_a_route_that_the_settings_do_not_name_is_closed(deployment: Deployment, api: GuardedApi, route: str) -> None:
    """A route that is added later is not open until somebody says what it wants."""
    assert api.refusal(token_of(deployment), route) == "route_unknown"


def test_without_scopes_in_the_settings_every_route_takes_a_token(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An API that leaves scopes to its own code."""
    api = GuardedApi(deployment, monkeypatch, SIGNET_ROUTE_SCOPES="")
    assert api.passes(token_of(deployment, scope=()), "DELETE /anything")
    assert api.passes(token_of(deployment), "$default")
    assert api.refusal("none", "DELETE /anything") == "token_invalid"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "token_missing"),
        ({"authorization": ""}, "token_missing"),
        ({"authorization": "Bearer"}, "token_missing"),
        ({"authorization": "Bearer "}, "token_missing"),
        ({"authorization": "Basic YTpi"}, "token_missing"),
        ({"authorization": "Bearer a.b.c"}, "token_invalid"),
        ({"x-authorization": "Bearer a.b.c"}, "token_missing"),
    ],
)
def test_a_request_without_a_token_is_refused(
    deployment: Deployment, api: GuardedApi, headers: dict[str, str], reason: str
) -> None:
    """The header alone counts (RFC 6750 section 2.1)."""
    assert api.refusal(None, **headers) == reason


def test_a_token_that_is_sent_twice_is_refused(deployment: Deployment, api: GuardedApi) -> None:
    """API Gateway joins two headers by a comma; neither is taken."""
    token = token_of(deployment)
    assert api.passes(None, authorization=f"bearer {token}")
    assert api.refusal(None, authorization=f"Bearer {token},Bearer {token}") == "authentication_repeated"


def test_a_query_of_the_api_is_none_of_the_authorizers_business(deployment: Deployment, api: GuardedApi) -> None:
    """Repeated parameters are usual elsewhere."""
    event = authorizer_event("GET /orders", {"authorization": f"Bearer {token_of(deployment)}"})
    event |= {"rawQueryString": "id=1&id=2&access_token=x", "queryStringParameters": {"id": "1,2", "access_token": "x"}}
    assert deployment.invoke("bearer_authorizer", event)["isAuthorized"] is True


def test_an_expired_token_is_refused(deployment: Deployment, api: GuardedApi) -> None:
    """From the second of `exp` on (RFC 7519 section 4.1.4)."""
    token = token_of(deployment, access_token_lifetime=600)
    deployment.clock.advance(599)
    assert api.passes(token)
    deployment.clock.advance(1)
    assert api.refusal(token) == "token_expired"


def test_a_refusal_names_client_and_token_where_they_are_certain(deployment: Deployment, api: GuardedApi) -> None:
    """A caller with too little scope can be found; of a token that does not verify nothing is believed."""
    token = token_of(deployment, scope=("orders:read",))
    assert api.refusal(token, "POST /orders") == "scope_insufficient"
    [line] = deployment.lines()
    assert line["client_id"] == line["sub"]
    assert line["jti"]
    api.refusal(token[:-4] + "AAAA")
    [line] = deployment.lines()
    assert {"client_id", "sub", "jti"}.isdisjoint(line)


def test_without_the_tables_nothing_is_asked_of_aws(deployment: Deployment, api: GuardedApi) -> None:
    """The authorizer runs in accounts that know nothing of ours; a warm one fetches nothing either."""
    token = token_of(deployment)
    deployment.calls.clear()
    fetches = api.fetches
    assert api.passes(token)
    assert (deployment.calls, api.fetches) == ([], fetches)


def test_the_keys_are_there_before_the_first_token(deployment: Deployment, api: GuardedApi) -> None:
    """Fetched in the INIT phase."""
    assert api.fetches == 1


def test_a_check_costs_one_call(deployment: Deployment, checking: GuardedApi) -> None:
    """One consistent BatchGetItem, for a client's token and for a user's."""
    token = token_of(deployment)
    deployment.calls.clear()
    assert checking.passes(token)
    assert deployment.calls == ["dynamodb:BatchGetItem"]


def test_a_token_that_was_revoked_is_refused(deployment: Deployment, checking: GuardedApi) -> None:
    """By its `jti` (RFC 7009), though it has not expired."""
    machine = deployment.register("revoking", audience=(BACK_OFFICE,), scope=ORDERS)
    token, other = (deployment.issue(machine).json()["access_token"] for _ in range(2))
    assert revoke(deployment, machine, token).status == 200
    assert checking.refusal(token) == "token_revoked"
    assert checking.passes(other)


def test_the_token_of_a_grant_that_ended_is_refused(service: Service, checking: GuardedApi, app: Application) -> None:
    """A code used twice ends its grant, a disabled user everything."""
    ada, eve = service.user("ada"), service.user("eve")
    code = service.code(app, ada, scope="openid orders:read")
    token = service.redeem(app, code).json()["access_token"]
    eves = service.tokens(app, eve, scope="openid orders:read")["access_token"]
    assert checking.ask(token)["context"]["sub"] == ada.sub
    assert checking.passes(eves)
    assert service.redeem(app, code).error() == "invalid_grant"
    assert checking.refusal(token) == "grant_revoked"
    service.change(eve, disabled=True)
    assert checking.refusal(eves) == "user_disabled"


def test_a_failing_table_lets_nobody_pass(deployment: Deployment, checking: GuardedApi) -> None:
    """A revocation that cannot be looked up may have happened: 500, which API Gateway does not remember."""
    token = token_of(deployment)
    for fault in (faults.throttled, faults.denied, faults.slow_to_answer, faults.page):
        with deployment.failing("dynamodb", fault):
            assert checking.failure(token) == "store_unavailable"
    assert checking.passes(token)


def test_a_table_is_not_asked_for_a_token_that_is_none(deployment: Deployment, checking: GuardedApi) -> None:
    """What is refused anyway costs nothing, and cannot be used to run up a bill."""
    other = token_of(deployment, STOREFRONT)
    deployment.calls.clear()
    assert checking.refusal(other) == "token_of_another_audience"
    assert checking.refusal("a.b.c") == "token_invalid"
    assert deployment.calls == []


def test_a_defect_lets_nobody_pass(deployment: Deployment, api: GuardedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is: a failure without the token in it."""
    token = token_of(deployment)

    def broken(*_: object) -> None:
        raise KeyError(token)

    monkeypatch.setattr("signet.jwt.verify", broken)
    assert api.failure(token) == "unexpected"
    assert token not in deployment.output()


def test_a_rotation_is_followed(deployment: Deployment, api: GuardedApi) -> None:
    """The next key signs, and its token passes without a restart; so do those of the keys before it."""
    before = token_of(deployment, access_token_lifetime=86_400)
    for _ in range(2):
        deployment.clock.advance(10_000)
        deployment.rotate()
        deployment.cold("token")
        token = token_of(deployment, access_token_lifetime=86_400)
        assert api.passes(token)
        assert api.passes(before)


def test_a_withdrawn_key_is_given_up(deployment: Deployment, api: GuardedApi) -> None:
    """At the latest when the set is fetched anew, minutes after a compromised key was taken out."""
    token = token_of(deployment)
    assert api.passes(token)
    deployment.unpublish(deployment.key_set()[0]["kid"])
    deployment.clock.advance(KEY_SET_MAX_AGE)
    assert api.refusal(token) == "token_invalid"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SIGNET_ISSUER", "", "SIGNET_ISSUER is missing"),
        ("SIGNET_ISSUER", "http://id.example.com/connect", "https"),
        ("SIGNET_ISSUER", "https://id.example.com", "/connect"),
        ("SIGNET_AUDIENCE", "", "SIGNET_AUDIENCE is missing"),
        ("SIGNET_REGISTRY_TABLE", "registry", "SIGNET_STATE_TABLE is missing"),
        ("SIGNET_STATE_TABLE", "state", "SIGNET_REGISTRY_TABLE is missing"),
        ("SIGNET_ROUTE_SCOPES", "{", "JSON object"),
        ("SIGNET_ROUTE_SCOPES", "[]", "JSON object"),
        ("SIGNET_ROUTE_SCOPES", "{}", "at least one route"),
        ("SIGNET_ROUTE_SCOPES", '{"GET /a": "x", "GET /a": "y"}', "each once"),
        ("SIGNET_ROUTE_SCOPES", '{"/a": "x"}', "'/a', which is no route key"),
        ("SIGNET_ROUTE_SCOPES", '{"get /a": "x"}', "no route key"),
        ("SIGNET_ROUTE_SCOPES", '{"GET /a": []}', "JSON object"),
        ("SIGNET_ROUTE_SCOPES", '{"GET /a": null}', "JSON object"),
        ("SIGNET_ROUTE_SCOPES", '{"GET /a": ["x", 1]}', "JSON object"),
        ("SIGNET_ROUTE_SCOPES", '{"GET /a": "x  y"}', "JSON object"),
        ("SIGNET_ROUTE_SCOPES", '{"GET /a": "x\\"y"}', "JSON object"),
    ],
)
def test_wrong_settings_end_the_initialisation(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    """One clear line in the log, and 500 for everybody: never a route that is open by a typing error."""
    with pytest.raises(SettingsInvalid, match=says):
        GuardedApi(deployment, monkeypatch, **{name: value})


def test_the_example_names_every_route_in_its_scopes() -> None:
    """Neither a route without scopes, which is closed, nor scopes without a route, which is a typing error."""
    template = example()
    scopes = {
        name: json.loads(function["Environment"]["Variables"]["SIGNET_ROUTE_SCOPES"])
        for name, function in template.resources("AWS::Serverless::Function").items()
        if "Authorizer" in name
    }
    routes: dict[str, set[str]] = {}
    for route in template.document["Resources"].values():
        if route["Type"] == "AWS::ApiGatewayV2::Route":
            authorizer = f"{route['Properties']['AuthorizerId']['Ref']}Function"
            routes.setdefault(authorizer, set()).add(route["Properties"]["RouteKey"])
    assert routes == {name: set(wanted) for name, wanted in scopes.items()}
