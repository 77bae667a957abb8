"""The files of events/ played in an order in which each finds what it needs, on a stack that has what they name."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from signet.aws.clients import DynamoDbClientRegistry
from signet.aws.consents import DynamoDbConsentStore
from signet.aws.grants import DynamoDbGrantStore
from signet.aws.users import DynamoDbUserRegistry
from signet.endpoints.table import ENDPOINTS
from signet.model.client import Client, ClientSecret, digest
from signet.model.grant import Code, Grant
from signet.model.user import Consent, User
from signet.pkce import challenge_of
from tests.support.gateway_events import EXAMPLE_SECRET, Event, stored

Invoke = Callable[[str, Event], Any]
"""What a function returns for an event, by the function's name."""

ROTATION = [f"key-rotation-{step}-secret" for step in ("create", "set", "test", "finish")]

_BLANKS = {"put-an-access-token-here": "access_token", "put-a-refresh-token-here": "refresh_token"}
"""What stands in a file where a token of one's own stack belongs."""

_SEED_000_SECRET = "dkconnect-secret"


@dataclass(frozen=True)
class Outcome:
    """What an event is answered with as it is; and with tokens in its blanks, None where it has none."""

    status: int
    filled: int | None = None
    says: Mapping[str, Any] = field(default_factory=dict)
    """Members of the JSON body, of the filled event where it has blanks."""


OUTCOMES = {
    "jwks-get": Outcome(200),
    "jwks-not-modified": Outcome(304),
    "jwks-preflight": Outcome(204),
    "metadata-get": Outcome(200),
    "metadata-head": Outcome(200),
    "metadata-authorization-server-get": Outcome(200),
    "token-client-credentials-basic": Outcome(200),
    "token-client-credentials-post": Outcome(200),
    "token-json-body": Outcome(200),
    "token-multipart-seed-000": Outcome(200),
    "token-scope-and-resource": Outcome(200, says={"scope": "stock:read"}),
    "token-seller-center": Outcome(200),
    "token-get": Outcome(405, says={"error": "invalid_request"}),
    "token-credentials-in-query": Outcome(400, says={"error": "invalid_request"}),
    "token-parameter-repeated": Outcome(400, says={"error": "invalid_request"}),
    "token-wrong-secret": Outcome(401, says={"error": "invalid_client"}),
    "authorization-get": Outcome(200),
    "authorization-prompt-none": Outcome(303),
    "authorization-unregistered-redirect-uri": Outcome(400),
    "token-authorization-code": Outcome(200, says={"scope": "openid email", "token_type": "Bearer"}),
    "userinfo-get": Outcome(401, filled=200, says={"sub": "sub-ada"}),
    "introspection-access-token": Outcome(200, filled=200, says={"active": True, "client_id": "bookshop"}),
    "token-refresh-token": Outcome(400, filled=200, says={"scope": "openid email"}),
    "revocation-access-token": Outcome(200, filled=200),
    "revocation-refresh-token": Outcome(200, filled=200),
    "end_session-get": Outcome(200),
    "account-get": Outcome(200),
}
"""In their order. What is revoked at the end has been issued before."""


def populate(dynamodb: Any, registry: str, state: str, now: int) -> None:
    """The clients, the user, the consent and the code that the files name."""
    clients = DynamoDbClientRegistry(dynamodb, registry)
    post: dict[str, Any] = {"token_endpoint_auth_method": "client_secret_post"}
    stock: dict[str, Any] = {"scope": ("stock:read", "stock:write"), "audience": ("https://stock.example.com",)}
    bookshop: dict[str, Any] = {
        "grant_types": ("authorization_code", "refresh_token"),
        "scope": ("openid", "email"),
        "redirect_uris": ("https://bookshop.example.com/callback",),
    }
    for client in (
        _client("warehouse", **stock),
        _client("back-office", **post),
        _client("dkconnect", _SEED_000_SECRET, **post),
        _client("bookshop", **bookshop),
    ):
        assert clients.create(client)
    ada = User("sub-ada", "ada", claims={"email": "ada@example.com"})
    assert DynamoDbUserRegistry(dynamodb, registry).create(ada)
    consent = Consent(ada.sub, "bookshop", ("openid", "email"), now, now)
    assert DynamoDbConsentStore(dynamodb, registry).put(consent, None)
    DynamoDbGrantStore(dynamodb, state).create(_grant(ada, now))


def played(invoke: Invoke) -> Iterator[tuple[str, Outcome]]:
    """Each file's name, and what came of it."""
    tokens: dict[str, str] = {}
    for name in OUTCOMES:
        event = stored(name)
        answer = _invoked(invoke, name, event)
        outcome = Outcome(answer["statusCode"], says=_members(answer, name))
        filled = _filled(event, tokens)
        if filled != event:
            answer = _invoked(invoke, name, filled)
            outcome = replace(outcome, filled=answer["statusCode"], says=_members(answer, name))
        if name == "token-authorization-code":
            tokens = json.loads(answer["body"])
        yield name, outcome


def _invoked(invoke: Invoke, name: str, event: Event) -> Mapping[str, Any]:
    [endpoint] = [endpoint for endpoint in ENDPOINTS.values() if name.startswith(f"{endpoint.name}-")]
    answer = invoke(endpoint.function, event)
    assert isinstance(answer, Mapping)
    return answer


def _filled(event: Event, tokens: Mapping[str, str]) -> Event:
    text = json.dumps(event)
    for blank, kind in _BLANKS.items():
        text = text.replace(blank, tokens.get(kind, blank))
    filled: Event = json.loads(text)
    return filled


def _members(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Those members of a JSON answer of which the table speaks."""
    wanted = OUTCOMES[name].says
    return {member: json.loads(answer["body"]).get(member) for member in wanted}


def _client(client_id: str, client_secret: str = EXAMPLE_SECRET, **metadata: Any) -> Client:
    members = {"token_endpoint_auth_method": "client_secret_basic", "grant_types": ("client_credentials",), **metadata}
    return Client(client_id=client_id, client_secrets=(ClientSecret(digest(client_secret), created_at=0),), **members)


def _grant(user: User, now: int) -> Grant:
    """The grant of the code in token-authorization-code."""
    form = dict(parse_qsl(stored("token-authorization-code")["body"]))
    code = Code.parse(form["code"])
    assert code
    return Grant(
        grant_id=code.grant_id,
        client_id="bookshop",
        sub=user.sub,
        redirect_uri=form["redirect_uri"],
        scope=("openid", "email"),
        auth_time=now,
        code_digest=code.digest(),
        code_expires_at=now + 600,
        expires_at=now + 600,
        created_at=now,
        code_challenge=challenge_of(form["code_verifier"]),
    )
