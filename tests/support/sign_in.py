"""The interactive half of a deployment: people, the applications that ask for them, and the browsers in between."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from signet import pkce
from signet.authorize.forms import SESSION
from signet.aws.consents import DynamoDbConsentStore
from signet.aws.grants import DynamoDbGrantStore
from signet.aws.scopes import DynamoDbScopeStore
from signet.aws.sessions import DynamoDbSessionStore
from signet.aws.token_status import DynamoDbTokenStatusStore
from signet.aws.users import DynamoDbUserRegistry
from signet.endpoints.table import ENDPOINTS
from signet.model.scope import Scope
from signet.model.session import Session
from signet.model.user import Consent, User
from signet.people import passwords
from signet.people.sessions import Sessions
from tests.support import gateway_events
from tests.support.access_tokens import verified
from tests.support.deployment import ISSUER, Deployment, Machine
from tests.support.gateway_events import Answer, token_event
from tests.support.visitor import ADDRESS, Visitor, receiving

AUTHORIZE = ENDPOINTS["authorization"].paths[0]
USERINFO = ENDPOINTS["userinfo"].paths[0]

ACCOUNT = ENDPOINTS["account"].paths[0]
END_SESSION = ENDPOINTS["end_session"].paths[0]

_FUNCTIONS = {path: endpoint.function for endpoint in ENDPOINTS.values() for path in endpoint.paths}
"""Where API Gateway routes a path."""

PASSWORD = "correct horse battery staple"
REDIRECT_URI = "https://app.example.com/cb"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
"""The code_verifier of RFC 7636 appendix B."""

STATE, NONCE = "state-of-the-application", "nonce-of-the-application"


@dataclass(frozen=True)
class Application(Machine):
    """A client that sends people here."""

    request: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def redirect_uri(self) -> str:
        return self.client.redirect_uris[0]

    def parameters(self, **changed: str | None) -> dict[str, str]:
        """Its authorization request; None takes a parameter out."""
        parameters = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid",
            "state": STATE,
            "nonce": NONCE,
            "code_challenge": pkce.challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **self.request,
            **changed,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def url(self, **changed: str | None) -> str:
        """The target of its authorization request."""
        return f"{AUTHORIZE}?{urlencode(self.parameters(**changed))}"


class Service:
    """A deployment in which people sign in."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.clock = deployment.clock
        dynamodb, registry, state = deployment.dynamodb, deployment.table, deployment.state_table
        self.users = DynamoDbUserRegistry(dynamodb, registry)
        self.consents = DynamoDbConsentStore(dynamodb, registry)
        self.grants = DynamoDbGrantStore(dynamodb, state)
        self.sessions = Sessions(DynamoDbSessionStore(dynamodb, state), self.clock, 12 * 3_600, 7 * 86_400)
        self.token_status = DynamoDbTokenStatusStore(dynamodb, registry, state)
        self._scopes = DynamoDbScopeStore(dynamodb, registry)

    @property
    def now(self) -> int:
        return int(self.clock())

    def user(self, username: str = "ada", password: str = PASSWORD, **fields: Any) -> User:
        """A new user of that password, whose `sub` is `sub-<username>`."""
        user = User(
            **{
                "sub": f"sub-{username}",
                "username": username,
                "password_hash": _hash(password),
                "created_at": self.now,
                "password_changed_at": self.now,
                **fields,
            }
        )
        assert self.users.create(user)
        return user

    def change(self, user: User, **fields: Any) -> User:
        """What an operator changes of a user."""
        stored = self.users.get(user.sub)
        assert stored
        changed = replace(stored, **fields)
        assert self.users.update(changed, stored)
        return changed

    def application(self, client_id: str = "app", **metadata: Any) -> Application:
        """A new client for the authorization code; confidential unless it says otherwise."""
        return self._registered(
            client_id,
            **{
                "grant_types": ("authorization_code",),
                "redirect_uris": (REDIRECT_URI,),
                "scope": ("openid", "profile", "email", "address", "phone", "offline_access"),
                **metadata,
            },
        )

    def public(self, client_id: str = "native", **metadata: Any) -> Application:
        """A new public client."""
        return self.application(client_id, **{"token_endpoint_auth_method": "none", "client_secrets": (), **metadata})

    def scope(self, *scopes: Scope) -> None:
        """Put scopes into the catalogue."""
        catalogue = self._scopes.load()
        added = {**catalogue.scopes, **{scope.name: scope for scope in scopes}}
        assert self._scopes.replace(replace(catalogue, scopes=added, version=catalogue.version + 1))

    def consent(self, user: User, application: Application, *scope: str) -> None:
        """What the user has allowed, since they first did; all that is registered where no scope is named."""
        allowed = scope or application.client.scope
        _, previous = self.consents.get(user.sub, application.client_id)
        granted_at = previous.granted_at if previous else self.now
        assert self.consents.put(Consent(user.sub, application.client_id, allowed, granted_at, self.now), previous)

    def visitor(self, address: str = ADDRESS, **headers: str) -> Visitor:
        """A browser that has never been here."""
        send = receiving(lambda event: self.deployment.invoke(_FUNCTIONS[event["rawPath"]], event))
        return Visitor(send, address, dict(headers))

    def signed_in(self, user: User, user_agent: str = "a browser") -> Visitor:
        """A browser with a session of the user, which began now."""
        session_id, _ = self.sessions.begin(user, user_agent)
        visitor = self.visitor()
        visitor.cookies[SESSION] = session_id
        return visitor

    def session_of(self, visitor: Visitor) -> Session | None:
        """The session that the browser has."""
        return self.sessions.find(visitor.cookies[SESSION])

    def code(self, application: Application, user: User, **request: str | None) -> str:
        """A code for what the user has consented to."""
        self.consent(user, application)
        visitor = self.signed_in(user)
        page = visitor.get(application.url(**request))
        if page.step == "consent":  # a public client is always asked for
            page = visitor.allow(page)
        return page.redirected(application.parameters(**request)["redirect_uri"])["code"]

    def redeem(self, application: Application, shown: str, /, **changed: str | None) -> Answer:
        """The token endpoint's answer to a code, shown by a client that authenticates as it is registered to."""
        parameters = {
            "grant_type": "authorization_code",
            "code": shown,
            "redirect_uri": application.redirect_uri,
            "code_verifier": VERIFIER,
            **changed,
        }
        return self._token(application, parameters)

    def refresh(self, application: Application, refresh_token: str, /, **changed: str | None) -> Answer:
        """The token endpoint's answer to a refresh token, shown the same way."""
        return self._token(application, {"grant_type": "refresh_token", "refresh_token": refresh_token, **changed})

    def _token(self, application: Application, parameters: Mapping[str, str | None]) -> Answer:
        by_header = application.client.token_endpoint_auth_method == "client_secret_basic"
        given = {**({} if by_header else _body(application)), **parameters}
        form = {name: value for name, value in given.items() if value is not None}
        return self.deployment.token(token_event(form, basic=application.basic if by_header else None))

    def tokens(self, application: Application, user: User, **request: str | None) -> dict[str, Any]:
        """What the application gets in the end."""
        answer = self.redeem(application, self.code(application, user, **request))
        assert answer.status == 200, answer
        members: dict[str, Any] = answer.json()
        return members

    def userinfo(self, access_token: str = "", *, method: str = "GET", query: str = "", **headers: str) -> Answer:
        """The userinfo endpoint's answer to a bearer token in the header."""
        fields = {**({"authorization": f"Bearer {access_token}"} if access_token else {}), **headers}
        event = gateway_events.event(method, USERINFO, headers=fields, query=query)
        return gateway_events.answer(self.deployment.invoke("userinfo", event))

    def claims(self, token: str, audience: str = ISSUER) -> dict[str, Any]:
        """The claims of a token whose signature holds now."""
        keys = gateway_events.answer(
            self.deployment.invoke("jwks", gateway_events.event("GET", "/connect/oauth/jwks"))
        ).json()["keys"]
        return verified(token, keys, audience, self.clock()).claims

    def _registered(self, client_id: str, **metadata: Any) -> Application:
        machine = self.deployment.register(client_id, **metadata)
        return Application(machine.client, machine.client_secret)


def grant_id_of(token: str) -> str:
    """The grant that a token comes of, unverified."""
    grant_id: str = jwt.decode(token, options={"verify_signature": False})["grant_id"]
    return grant_id


def _body(application: Application) -> dict[str, str]:
    secret = {} if application.client.is_public else {"client_secret": application.client_secret}
    return {"client_id": application.client_id, **secret}


@cache
def _hash(password: str) -> str:
    """One hash for each password of the run: argon2id is meant to be slow."""
    return passwords.rehash(password)


class _Compiled(BytecodeCache):
    """The pages' templates, compiled once for each run: that takes longer than most tests."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


@pytest.fixture
def service(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A deployment in which nobody is registered yet."""
    monkeypatch.setattr("signet.pages.rendering.Environment", partial(Environment, bytecode_cache=_COMPILED))
    return Service(deployment)


@pytest.fixture
def ada(service: Service) -> User:
    """A user."""
    return service.user()


@pytest.fixture
def app(service: Service) -> Application:
    """A confidential client."""
    return service.application()
