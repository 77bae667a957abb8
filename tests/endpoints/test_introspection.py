"""The introspection endpoint (RFC 7662)."""

import json
from typing import Any

import jwt
import pytest

from signet.model.scope import Scope
from signet.model.user import User
from tests.support import faults, gateway_events
from tests.support.deployment import ISSUER, Deployment, Machine
from tests.support.gateway_events import token_event
from tests.support.sign_in import Application, Service, grant_id_of
from tests.support.token_requests import INACTIVE, INTROSPECT, asked, introspect, refresh

REFRESHING = ("authorization_code", "refresh_token")
API = "https://api.example.com"


@pytest.fixture
def app(service: Service) -> Application:
    """A confidential client that gets refresh tokens, for an API."""
    return service.application(grant_types=REFRESHING, audience=(API,))


@pytest.fixture
def tokens(service: Service, app: Application, ada: User) -> dict[str, Any]:
    """An access token and a refresh token."""
    tokens = service.tokens(app, ada, scope="openid email")
    service.deployment.forget_output()
    return tokens


@pytest.fixture
def api(deployment: Deployment) -> Machine:
    """The resource server: a client that is registered for its API's audience."""
    return deployment.register("api", audience=(API,))


def active(deployment: Deployment, client: Machine, token: str) -> bool:
    """Whether a token counts for that caller; where it does not, nothing else is said of it."""
    answer = introspect(deployment, client, token)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store"), answer
    found: bool = answer.json()["active"]
    assert found or answer.body == INACTIVE
    return found


def reason(deployment: Deployment, client: Machine, token: str) -> str:
    """Why a token does not count, as the operator sees it."""
    assert not active(deployment, client, token)
    return str(deployment.lines("token_introspected")[-1]["reason"])


def test_an_access_token_is_told_to_its_resource_server(
    service: Service, api: Machine, ada: User, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """RFC 7662 section 2.2: exactly these members, as the token has them."""
    claims = service.claims(tokens["access_token"], API)
    answer = introspect(deployment, api, tokens["access_token"])
    assert answer.json() == {
        "active": True,
        "scope": "openid email",
        "client_id": "app",
        "username": ada.username,
        "token_type": "Bearer",
        "sub": ada.sub,
        "aud": API,
        "iss": ISSUER,
        **{name: claims[name] for name in ("exp", "iat", "jti", "auth_time", "acr")},
    }
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


def test_a_refresh_token_is_told_to_its_own_client(
    app: Application, ada: User, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """Without a token_type, so that no resource server takes it for a bearer's."""
    members = introspect(deployment, app, tokens["refresh_token"]).json()
    assert members.keys() == {
        *("active", "scope", "client_id", "username", "exp", "iat", "sub", "aud", "iss", "jti", "auth_time"),
    }
    assert (members["active"], members["sub"], members["aud"]) == (True, ada.sub, ISSUER)


def test_a_clients_own_token_has_no_user(deployment: Deployment) -> None:
    """client_credentials: no username, no login."""
    machine = deployment.register()
    members = introspect(deployment, machine, deployment.issue(machine).json()["access_token"]).json()
    assert members.keys() == {
        *("active", "scope", "client_id", "token_type", "exp", "iat", "sub", "aud", "iss", "jti"),
    }
    assert (members["sub"], members["scope"]) == ("machine", "read write")


def test_scope_is_a_string_for_every_client(deployment: Deployment) -> None:
    """RFC 7662 section 2.2, whatever the token's own spelling; none where it has none."""
    listed = deployment.register("listed", scope_format="list")
    none = deployment.register("none", scope=())
    token = deployment.issue(listed).json()["access_token"]
    assert introspect(deployment, listed, token).json()["scope"] == "read write"
    assert "scope" not in introspect(deployment, none, deployment.issue(none).json()["access_token"]).json()


def test_attributes_in_the_token_are_no_members(service: Service, deployment: Deployment) -> None:
    """They are in the token, for whoever may read it; here they could shadow a member."""
    service.scope(Scope("staff", token_claims=("personid", "username")))
    ada = service.user(claims={"personid": 4_711, "username": "root"})
    app = service.application(scope=("staff",), claims={"data_center": "eu"})
    members = introspect(deployment, app, service.tokens(app, ada, scope="staff")["access_token"]).json()
    assert members["username"] == "ada"
    assert not {"personid", "data_center"} & members.keys()


# who may know


def test_a_token_for_another_audience_is_inactive(
    service: Service, app: Application, api: Machine, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """RFC 7662 section 4: its own client and its API, and nobody else."""
    storefront = deployment.register("storefront", audience=("https://storefront.example.com",))
    nowhere = deployment.register("nowhere")
    assert active(deployment, app, tokens["access_token"])
    assert active(deployment, api, tokens["access_token"])
    for other in (storefront, nowhere):
        assert reason(deployment, other, tokens["access_token"]) == "token_of_another_audience"


def test_a_token_that_names_the_caller_is_told_to_it(deployment: Deployment) -> None:
    """A resource server whose client_id is its audience; one of several is enough."""
    deployment.register("https://billing.example.com")
    machine = deployment.register(audience=(API, "https://billing.example.com"))
    token = deployment.issue(machine).json()["access_token"]
    assert active(deployment, deployment.machine("https://billing.example.com"), token)


def test_the_default_audience_opens_nothing_to_those_registered_for_none(deployment: Deployment) -> None:
    """A client without an audience gets tokens for the default one; it may not read everybody's."""
    one, two = deployment.register("one"), deployment.register("two")
    token = deployment.issue(one).json()["access_token"]
    assert active(deployment, one, token)
    assert reason(deployment, two, token) == "token_of_another_audience"


def test_a_refresh_token_is_nobody_elses(
    service: Service, api: Machine, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """Not even a resource server's, nor of one that is registered for the issuer as its audience."""
    for other in (api, deployment.register("issuer", audience=(ISSUER,))):
        assert reason(deployment, other, tokens["refresh_token"]) == "token_of_another_audience"


def test_a_public_client_is_refused(service: Service, ada: User, deployment: Deployment) -> None:
    """RFC 7662 section 2.1: whoever says its name could search for tokens; like an unknown one, and always 401."""
    native = service.public(grant_types=REFRESHING)
    token = service.tokens(native, ada)["access_token"]
    answer = introspect(deployment, native, token)
    assert answer.error(401) == "invalid_client"
    assert answer.headers["www-authenticate"].startswith("Basic ")
    [line] = deployment.lines("request_refused")
    assert line["reason"] == "client_public"
    form = {"token": token, "client_id": "nobody"}
    unknown = gateway_events.answer(deployment.invoke("introspection", token_event(form, path=INTROSPECT)))
    assert (unknown.status, unknown.body, unknown.headers) == (answer.status, answer.body, answer.headers)


def test_who_shows_nothing_is_told_what_to_show(tokens: dict[str, Any], deployment: Deployment) -> None:
    """As at the token endpoint: nothing is told of any client."""
    event = token_event({"token": tokens["access_token"]}, path=INTROSPECT)
    answer = gateway_events.answer(deployment.invoke("introspection", event))
    assert answer.error(401) == "invalid_client"
    assert "send HTTP Basic" in answer.json()["error_description"]


def test_without_authentication_nothing_is_told(tokens: dict[str, Any], deployment: Deployment) -> None:
    """RFC 7662 section 2.3: 401; nor by the token itself."""
    form = {"token": tokens["access_token"]}
    in_body = deployment.register("post", token_endpoint_auth_method="client_secret_post")
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    for event in (
        token_event(form, path=INTROSPECT),
        token_event(form, headers=bearer, path=INTROSPECT),
        token_event(form, basic=("app", "wrong"), path=INTROSPECT),
        token_event(form, basic=in_body.basic, path=INTROSPECT),
        token_event({**form, "client_id": "post", "client_secret": "wrong"}, path=INTROSPECT),
    ):
        answer = gateway_events.answer(deployment.invoke("introspection", event))
        assert answer.error(401) == "invalid_client"
        assert answer.headers["www-authenticate"].startswith("Basic ")


def test_both_methods_of_showing_a_secret_are_understood(deployment: Deployment) -> None:
    """As registered; a body may be JSON, as at the token endpoint."""
    in_body = deployment.register("post", token_endpoint_auth_method="client_secret_post")
    token = deployment.issue(in_body).json()["access_token"]
    assert active(deployment, in_body, token)
    body = {"token": token, "client_id": "post", "client_secret": in_body.client_secret}
    event = token_event(json.dumps(body).encode(), headers={"content-type": "application/json"}, path=INTROSPECT)
    assert gateway_events.answer(deployment.invoke("introspection", event)).json()["active"] is True


# which tokens count


def test_a_token_counts_until_it_expires(app: Application, tokens: dict[str, Any], deployment: Deployment) -> None:
    """Though its grant lives on."""
    deployment.clock.advance(3_590)
    assert active(deployment, app, tokens["access_token"])
    deployment.clock.advance(20)
    assert reason(deployment, app, tokens["access_token"]) == "token_expired"
    assert active(deployment, app, tokens["refresh_token"])
    deployment.clock.advance(30 * 86_400)
    assert reason(deployment, app, tokens["refresh_token"]) == "token_expired"


def test_every_token_of_a_revoked_grant_is_inactive(
    service: Service, app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """At once, in a warm environment."""
    assert active(deployment, app, tokens["access_token"])
    service.grants.revoke(grant_id_of(tokens["access_token"]), service.now)
    for kind in ("access_token", "refresh_token"):
        assert reason(deployment, app, tokens[kind]) == "grant_revoked"


def test_every_token_of_a_grant_that_is_gone_is_inactive(
    app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """Deleted, or past its end and not deleted yet."""
    [item] = deployment.state("grant#")
    deployment.dynamodb.put_item(TableName=deployment.state_table, Item={**item, "expires_at": {"N": "1"}})
    for kind in ("access_token", "refresh_token"):
        assert reason(deployment, app, tokens[kind]) == "grant_revoked"
    deployment.dynamodb.delete_item(TableName=deployment.state_table, Key={"pk": item["pk"]})
    for kind in ("access_token", "refresh_token"):
        assert reason(deployment, app, tokens[kind]) == "grant_revoked"


def test_every_token_of_a_disabled_or_deleted_user_is_inactive(
    service: Service, app: Application, ada: User, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """At once too."""
    service.change(ada, disabled=True)
    for kind in ("access_token", "refresh_token"):
        assert reason(deployment, app, tokens[kind]) == "user_disabled"
    service.change(ada, disabled=False)
    assert active(deployment, app, tokens["access_token"])
    assert service.users.delete(ada.sub)
    for kind in ("access_token", "refresh_token"):
        assert reason(deployment, app, tokens[kind]) == "user_disabled"


def test_a_blacklisted_token_is_inactive(
    service: Service, app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """And what is past the end of its blacklisting is harmless, whether deleted or not: the token has expired."""
    claims = service.claims(tokens["access_token"], API)
    service.token_status.blacklist(claims["jti"], claims["exp"])
    assert reason(deployment, app, tokens["access_token"]) == "token_revoked"
    assert active(deployment, app, tokens["refresh_token"])
    deployment.clock.advance(3_700)
    assert deployment.state("revoked#")
    assert reason(deployment, app, tokens["access_token"]) == "token_expired"


def test_a_refresh_token_counts_for_as_long_as_it_could_be_used(
    app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """Its successor makes it inactive, after the moment in which it may be used again."""
    successor = refresh(deployment, app, tokens["refresh_token"]).json()["refresh_token"]
    assert active(deployment, app, successor)
    assert active(deployment, app, tokens["refresh_token"])
    deployment.clock.advance(12)
    assert reason(deployment, app, tokens["refresh_token"]) == "refresh_token_replayed"
    assert active(deployment, app, successor)
    assert refresh(deployment, app, successor).status == 200


def test_asking_about_a_replayed_token_revokes_nothing(
    app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """Only its use does."""
    successor = refresh(deployment, app, tokens["refresh_token"]).json()["refresh_token"]
    refresh(deployment, app, successor)
    assert not active(deployment, app, tokens["refresh_token"])
    assert refresh(deployment, app, successor).status == 200


def test_tokens_outlive_a_rotation_of_the_keys(service: Service, ada: User, deployment: Deployment) -> None:
    """The key that signed them stays published while an access token may need it, and known for refresh tokens."""
    app = service.application(grant_types=REFRESHING, access_token_lifetime=86_400)
    tokens = service.tokens(app, ada)
    deployment.clock.advance(20_000)
    deployment.rotate()
    deployment.cold("introspection")
    assert active(deployment, app, tokens["access_token"])
    for _ in range(3):
        deployment.clock.advance(200_000)
        deployment.rotate()
    assert jwt.get_unverified_header(tokens["refresh_token"])["kid"] not in {key["kid"] for key in deployment.key_set()}
    deployment.cold("introspection")
    assert active(deployment, app, tokens["refresh_token"])


def test_a_withdrawn_key_vouches_for_no_access_token(service: Service, ada: User, deployment: Deployment) -> None:
    """Taken out of the published set, for whatever reason."""
    app = service.application(grant_types=REFRESHING)
    token = service.tokens(app, ada)["access_token"]
    deployment.unpublish(deployment.key_set()[0]["kid"])
    deployment.cold("introspection")
    assert reason(deployment, app, token) == "token_invalid"


def test_a_token_of_another_issuer_is_inactive(
    app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """Signed by the same key, for another name of ours."""
    deployment.cold("introspection", SIGNET_ISSUER="https://other.example.com/connect")
    for kind in ("access_token", "refresh_token"):
        assert reason(deployment, app, tokens[kind]) == "token_invalid"


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", "unknown"])
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_hint_changes_nothing(
    app: Application, tokens: dict[str, Any], deployment: Deployment, hint: str, kind: str
) -> None:
    """RFC 7662 section 2.1: the token is found all the same, and an unknown hint is no error."""
    assert introspect(deployment, app, tokens[kind], token_type_hint=hint).json()["active"] is True


# around it


def test_the_token_is_required(app: Application, deployment: Deployment) -> None:
    """RFC 7662 section 2.1."""
    for form in ({}, {"token": ""}, {"token_type_hint": "access_token"}):
        assert asked(deployment, "introspection", INTROSPECT, app, form).error() == "invalid_request"


@pytest.mark.parametrize("name", ["token", "token_type_hint", "client_id", "client_secret"])
def test_nothing_is_read_from_the_url(app: Application, deployment: Deployment, name: str) -> None:
    """RFC 7662 section 4: it would end in logs."""
    event = token_event({"token": "x"}, basic=app.basic, path=INTROSPECT, query=f"{name}=x")
    assert gateway_events.answer(deployment.invoke("introspection", event)).error() == "invalid_request"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(deployment: Deployment, method: str) -> None:
    """RFC 7662 section 2.1 leaves GET open; it would put tokens into URLs. No page of a browser asks, so no CORS."""
    event = gateway_events.event(method, INTROSPECT)
    answer = gateway_events.answer(deployment.invoke("introspection", event))
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert "access-control-allow-origin" not in answer.headers


def test_an_introspection_costs_one_call_when_warm(
    app: Application, api: Machine, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """Of either kind; what is not ours, expired, or another's costs none."""
    machine = deployment.register()
    own = deployment.issue(machine).json()["access_token"]
    for client, token in ((app, tokens["access_token"]), (app, tokens["refresh_token"]), (machine, own)):
        introspect(deployment, client, token)
        deployment.calls.clear()
        introspect(deployment, client, token)
        assert deployment.calls == ["dynamodb:BatchGetItem"]
    introspect(deployment, api, "x")
    deployment.calls.clear()
    for token in ("x", tokens["refresh_token"], own, tokens["access_token"] + "x"):
        introspect(deployment, api, token)
    assert deployment.calls == []


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_table_that_fails_is_503(app: Application, tokens: dict[str, Any], deployment: Deployment, kind: str) -> None:
    """Neither active nor inactive: nobody knows; and the next request works."""
    assert active(deployment, app, tokens[kind])
    with deployment.failing("dynamodb", faults.internal):
        answer = introspect(deployment, app, tokens[kind])
    assert answer.error(503) == "temporarily_unavailable"
    assert "active" not in answer.json()
    assert active(deployment, app, tokens[kind])


def test_an_introspection_is_one_line(
    app: Application, ada: User, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """Who asked about which token, what they learnt, and never the token."""
    introspect(deployment, app, tokens["access_token"])
    [line] = deployment.lines()
    expected = {"event": "token_introspected", "client_id": "app", "active": True, "sub": ada.sub}
    assert line.items() >= expected.items()
    assert "reason" not in line
    assert tokens["access_token"] not in deployment.output()
