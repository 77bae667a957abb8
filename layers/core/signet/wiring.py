"""Builds the adapters once per execution environment and hands out the functions' handlers."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from signet.aws import environ
from signet.aws.audit import EmbeddedMetricAudit
from signet.aws.proxy import Event, Payload, http_request, malformed, payload
from signet.cache import Remembered
from signet.endpoints.boundary import Answer, Boundary, Show, refusal
from signet.errors import OAuthError, Reason, unavailable
from signet.http import HttpRequest, HttpResponse
from signet.model.key import KeySet, RingKey
from signet.model.scope import ScopeCatalogue
from signet.ports import Audit, KeyService, Signer, TokenStatusStore
from signet.settings import CLIENT_CACHE, KEY_SET_CACHE, KEYRING_CACHE, Settings, SettingsInvalid

if TYPE_CHECKING:
    from signet.clientauth.authenticate import ClientAuthentication
    from signet.clientauth.short_secrets import ShortSecrets
    from signet.endpoints.login import Login
    from signet.people.sessions import Sessions
    from signet.tokens.inspect import Inspector

Handler = Callable[[Event, object], Payload | None]


@dataclass(frozen=True, slots=True)
class Answers:
    """The endpoints that a function serves; `show` where its errors are pages."""

    by_endpoint: Mapping[str, Answer]
    show: Show | None = None


_YOUNG_OBJECTS = 20_000
"""Objects after which a collection looks at them: many requests' worth, since requests leave no cycles behind."""


def handler_for(function: str) -> Handler:
    """The Lambda handler of a function. Imports only what that function needs."""
    handler = {
        "authorization": _authorization_function,
        "token": _token_function,
        "jwks": _jwks_function,
        "userinfo": _userinfo_function,
        "revocation": _revocation_function,
        "introspection": _introspection_function,
        "end_session": _end_session_function,
        "account": _account_function,
        "key_rotation": _key_rotation_function,
        "bearer_authorizer": _bearer_authorizer_function,
    }[function]()
    if environ.is_lambda():
        gc.freeze()  # what stands now stays for good: no collection needs to look at it
        gc.set_threshold(_YOUNG_OBJECTS)
    return handler


def _token_function() -> Handler:
    return HttpFunction(_token_answers)


def _token_answers(audit: Audit) -> Answers:
    from signet.aws.consents import DynamoDbConsentStore
    from signet.aws.grants import DynamoDbGrantStore
    from signet.aws.keyring_secret import KeyringSecret
    from signet.aws.users import DynamoDbUserRegistry
    from signet.endpoints.token import TokenEndpoint
    from signet.grants.request import GrantServices
    from signet.keys.keyring import RememberedRing, loaded
    from signet.tokens.inspect import RefreshTokenReader
    from signet.tokens.issue import Issuer

    settings = environ.settings()
    dynamodb, secretsmanager = sdk_clients("dynamodb", "secretsmanager")
    table, state = environ.registry_table(), environ.state_table()
    keyring = KeyringSecret(secretsmanager, environ.keyring_secret())
    kms = cache(lambda: sdk_client("kms"))  # made for the first key that is there: others never pay for it

    def remote(key: RingKey) -> Signer:
        from signet.aws.kms import KmsSigner

        return KmsSigner(kms(), key, ring.forget)

    ring = RememberedRing(lambda: loaded(keyring.current(), remote), KEYRING_CACHE, time.time)
    scopes = _scopes(dynamodb, table)
    services = GrantServices(
        settings=settings,
        clock=time.time,
        grants=DynamoDbGrantStore(dynamodb, state),
        users=DynamoDbUserRegistry(dynamodb, table),
        consents=DynamoDbConsentStore(dynamodb, table),
        scopes=scopes,
        refresh_token=RefreshTokenReader(settings, ring.public),
    )

    def resources() -> Mapping[str, str]:
        # where only one algorithm signs nobody has a choice, and nothing is read for it
        return scopes().resources if ring.has_choice else {}

    issuer = Issuer(settings, ring.signer, time.time, resources=resources)
    endpoint = TokenEndpoint(services, _client_authentication(dynamodb, table, state), issuer, time.time, audit)
    _preload(ring.warm)
    connect(dynamodb)
    _preload(resources)
    return Answers({"token": endpoint})


def _jwks_function() -> Handler:
    return HttpFunction(_jwks_answers)


def _jwks_answers(audit: Audit) -> Answers:  # noqa: ARG001 - every builder's signature
    from signet.endpoints.documents import Documents

    key_set = _key_set(sdk_client("dynamodb"), environ.registry_table())
    documents = Documents(environ.settings(), key_set.get)
    _preload(key_set.get)
    return Answers({"jwks": documents.jwks, "metadata": documents.metadata})


def _authorization_function() -> Handler:
    return HttpFunction(_authorization_answers, _plain_error)


def _authorization_answers(audit: Audit) -> Answers:
    from signet.aws.clients import DynamoDbClientRegistry
    from signet.aws.consents import DynamoDbConsentStore
    from signet.aws.grants import DynamoDbGrantStore
    from signet.aws.sessions import DynamoDbSessionStore
    from signet.cache import CachedClientStore
    from signet.endpoints.authorization import AuthorizationEndpoint
    from signet.endpoints.authorization_pages import AuthorizationPages
    from signet.pages.pages import Pages
    from signet.pages.theme import Theme
    from signet.people.sessions import Sessions

    settings = environ.settings()
    dynamodb = sdk_client("dynamodb")
    registry, state = environ.registry_table(), environ.state_table()
    pages = AuthorizationPages(Pages(Theme(**environ.theme())), _scopes(dynamodb, registry))
    sessions = Sessions(
        DynamoDbSessionStore(dynamodb, state), time.time, settings.session_idle_lifetime, settings.session_lifetime
    )
    endpoint = AuthorizationEndpoint(
        settings=settings,
        clients=CachedClientStore(DynamoDbClientRegistry(dynamodb, registry), CLIENT_CACHE, time.time),
        sessions=sessions,
        login=_login(dynamodb, registry, state, sessions, audit),
        consents=DynamoDbConsentStore(dynamodb, registry),
        grants=DynamoDbGrantStore(dynamodb, state),
        inspector=_inspector(settings, _key_set(dynamodb, registry)),
        pages=pages,
        clock=time.time,
        audit=audit,
    )
    return Answers({"authorization": endpoint, "assets": pages.asset}, pages.error)


def _plain_error(error: OAuthError, http: HttpRequest) -> HttpResponse:
    """The error page without a theme of the deployment's own, which may be what is at fault."""
    from signet.endpoints.browser import error_page
    from signet.pages.pages import Pages
    from signet.pages.theme import Theme

    return error_page(Pages(Theme()), error, http)


def _userinfo_function() -> Handler:
    return HttpFunction(_userinfo_answers)


def _userinfo_answers(audit: Audit) -> Answers:
    from signet import jwt
    from signet.aws.token_status import DynamoDbTokenStatusStore
    from signet.endpoints.userinfo import UserInfoEndpoint

    settings = environ.settings()
    dynamodb, registry = sdk_client("dynamodb"), environ.registry_table()
    key_set = _key_set(dynamodb, registry)
    endpoint = UserInfoEndpoint(
        inspector=_inspector(settings, key_set),
        tokens=DynamoDbTokenStatusStore(dynamodb, registry, environ.state_table()),
        scopes=_scopes(dynamodb, registry),
        clock=time.time,
        audit=audit,
    )
    _preload(jwt.prepare_to_read)
    _preload(key_set.get)
    return Answers({"userinfo": endpoint})


def _revocation_function() -> Handler:
    return HttpFunction(_revocation_answers)


def _revocation_answers(audit: Audit) -> Answers:
    from signet import jwt
    from signet.aws.grants import DynamoDbGrantStore
    from signet.aws.token_status import DynamoDbTokenStatusStore
    from signet.endpoints.revocation import RevocationEndpoint

    settings = environ.settings()
    dynamodb = sdk_client("dynamodb")
    registry, state = environ.registry_table(), environ.state_table()
    key_set = _key_set(dynamodb, registry)
    endpoint = RevocationEndpoint(
        inspector=_inspector(settings, key_set),
        authenticate=_client_authentication(dynamodb, registry, state),
        grants=DynamoDbGrantStore(dynamodb, state),
        tokens=DynamoDbTokenStatusStore(dynamodb, registry, state),
        clock=time.time,
        audit=audit,
    )
    _preload(jwt.prepare_to_read)
    _preload(key_set.get)
    return Answers({"revocation": endpoint})


def _introspection_function() -> Handler:
    return HttpFunction(_introspection_answers)


def _introspection_answers(audit: Audit) -> Answers:
    from signet import jwt
    from signet.aws.token_status import DynamoDbTokenStatusStore
    from signet.endpoints.introspection import IntrospectionEndpoint

    settings = environ.settings()
    dynamodb = sdk_client("dynamodb")
    registry, state = environ.registry_table(), environ.state_table()
    key_set = _key_set(dynamodb, registry)
    endpoint = IntrospectionEndpoint(
        inspector=_inspector(settings, key_set),
        authenticate=_client_authentication(dynamodb, registry, state),
        tokens=DynamoDbTokenStatusStore(dynamodb, registry, state),
        clock=time.time,
        audit=audit,
    )
    _preload(jwt.prepare_to_read)
    _preload(key_set.get)
    return Answers({"introspection": endpoint})


def _end_session_function() -> Handler:
    return HttpFunction(_end_session_answers, _plain_error)


def _end_session_answers(audit: Audit) -> Answers:
    from signet.aws.clients import DynamoDbClientRegistry
    from signet.aws.grants import DynamoDbGrantStore
    from signet.aws.sessions import DynamoDbSessionStore
    from signet.aws.users import DynamoDbUserRegistry
    from signet.cache import CachedClientStore
    from signet.endpoints.end_session import EndSessionEndpoint
    from signet.pages.pages import Pages
    from signet.pages.theme import Theme
    from signet.people.exits import Exits

    settings = environ.settings()
    dynamodb = sdk_client("dynamodb")
    registry, state = environ.registry_table(), environ.state_table()
    sessions = DynamoDbSessionStore(dynamodb, state)
    endpoint = EndSessionEndpoint(
        clients=CachedClientStore(DynamoDbClientRegistry(dynamodb, registry), CLIENT_CACHE, time.time),
        users=DynamoDbUserRegistry(dynamodb, registry),
        sessions=sessions,
        exits=Exits(sessions, DynamoDbGrantStore(dynamodb, state), time.time),
        inspector=_inspector(settings, _key_set(dynamodb, registry)),
        pages=Pages(Theme(**environ.theme())),
        clock=time.time,
        audit=audit,
    )
    return Answers({"end_session": endpoint}, endpoint.error)


def _account_function() -> Handler:
    return HttpFunction(_account_answers, _plain_error)


def _account_answers(audit: Audit) -> Answers:
    from signet.aws.clients import DynamoDbClientRegistry
    from signet.aws.consents import DynamoDbConsentStore
    from signet.aws.grants import DynamoDbGrantStore
    from signet.aws.sessions import DynamoDbSessionStore
    from signet.aws.users import DynamoDbUserRegistry
    from signet.cache import CachedClientStore
    from signet.endpoints.account import AccountEndpoint
    from signet.endpoints.account_pages import AccountPages
    from signet.pages.pages import Pages
    from signet.pages.theme import Theme
    from signet.people.exits import Exits
    from signet.people.sessions import Sessions

    settings = environ.settings()
    dynamodb = sdk_client("dynamodb")
    registry, state = environ.registry_table(), environ.state_table()
    store, grants = DynamoDbSessionStore(dynamodb, state), DynamoDbGrantStore(dynamodb, state)
    sessions = Sessions(store, time.time, settings.session_idle_lifetime, settings.session_lifetime)
    pages = AccountPages(Pages(Theme(**environ.theme())), _scopes(dynamodb, registry))
    endpoint = AccountEndpoint(
        clients=CachedClientStore(DynamoDbClientRegistry(dynamodb, registry), CLIENT_CACHE, time.time),
        users=DynamoDbUserRegistry(dynamodb, registry),
        consents=DynamoDbConsentStore(dynamodb, registry),
        grants=grants,
        open_sessions=store,
        sessions=sessions,
        login=_login(dynamodb, registry, state, sessions, audit),
        exits=Exits(store, grants, time.time),
        pages=pages,
        clock=time.time,
        audit=audit,
    )
    return Answers({"account": endpoint}, pages.error)


def _client_authentication(dynamodb: Any, registry: str, state: str) -> "ClientAuthentication":
    """What finds out which client is calling; what verifies short secrets is for the first that has one."""
    from signet.aws.clients import DynamoDbClientRegistry
    from signet.cache import CachedClientStore
    from signet.clientauth.authenticate import ClientAuthentication, refused_after

    clients = DynamoDbClientRegistry(dynamodb, registry)

    @cache
    def short_secrets() -> "ShortSecrets":
        from signet.aws.throttles import DynamoDbThrottleStore
        from signet.clientauth.short_secrets import ShortSecrets
        from signet.people.throttle import CLIENTS, Throttle

        return ShortSecrets(Throttle(DynamoDbThrottleStore(dynamodb, state), limits=CLIENTS), time.time)

    return ClientAuthentication(
        CachedClientStore(clients, CLIENT_CACHE, time.time),
        time.time,
        Remembered(clients.has_short_secrets, CLIENT_CACHE, time.time).get,
        short_secrets,
        refused_after=refused_after(environ.cores()),
    )


def _login(dynamodb: Any, registry: str, state: str, sessions: "Sessions", audit: Audit) -> "Login":
    """The sign-in form's other end."""
    from signet.aws.throttles import DynamoDbThrottleStore
    from signet.aws.users import DynamoDbUserRegistry
    from signet.endpoints.login import Login
    from signet.people.sign_in import SignIn, refused_after
    from signet.people.throttle import Throttle

    users, throttle = DynamoDbUserRegistry(dynamodb, registry), Throttle(DynamoDbThrottleStore(dynamodb, state))
    sign_in = SignIn(users, throttle, time.time, refused_after=refused_after(environ.cores()))
    return Login(sessions, sign_in, audit)


def _inspector(settings: Settings, key_set: Remembered[KeySet]) -> "Inspector":
    """The reader of our own tokens."""
    from signet.tokens.inspect import Inspector

    return Inspector(settings, key_set.get, key_set.again)


def _key_set(dynamodb: Any, registry: str) -> Remembered[KeySet]:
    """The published key set, remembered."""
    from signet.aws.key_sets import DynamoDbKeySetStore
    from signet.keys.jwks import published

    store = DynamoDbKeySetStore(dynamodb, registry)
    return Remembered(lambda: published(store), KEY_SET_CACHE, time.time)


def _scopes(dynamodb: Any, registry: str) -> Callable[[], ScopeCatalogue]:
    """The scope catalogue, remembered."""
    from signet.aws.scopes import DynamoDbScopeStore

    return Remembered(DynamoDbScopeStore(dynamodb, registry).load, CLIENT_CACHE, time.time).get


def _preload(load: Callable[[], object]) -> None:
    """Load in the INIT phase what every request needs. A failure is the first request's to meet and to answer."""
    try:
        load()
    except Exception:  # noqa: BLE001 - whatever it is, the first request meets it where it becomes an answer
        return


def sdk_clients(*services: str) -> list[Any]:
    """As signet.aws.sdk, which is imported where AWS is called: the bearer authorizer may have nothing to ask it."""
    from signet.aws import sdk

    return sdk.sdk_clients(*services)


def sdk_client(service: str) -> Any:
    """As signet.aws.sdk."""
    from signet.aws import sdk

    return sdk.sdk_client(service)


def connect(client: Any) -> None:
    """As signet.aws.sdk."""
    from signet.aws import sdk

    sdk.connect(client)


class HttpFunction:
    """The handler of a function behind the HTTP API: event in, payload out, and always an answer.

    `show` makes the page of an error that comes before any endpoint; without it the answer is JSON.
    """

    def __init__(self, answers: Callable[[Audit], Answers], show: Show | None = None) -> None:
        self._answers = answers
        self._show = show
        self._audit = EmbeddedMetricAudit()
        self._boundary: Boundary | None = None
        try:
            self._built()
        except OAuthError:
            return  # the settings are at fault: every request says so

    def __call__(self, event: Event, context: object) -> Payload:
        """The payload 2.0 answer to a payload 2.0 event."""
        self._audit.invoked(context)
        try:
            boundary = self._built()
            return payload(boundary.respond(http_request(event)))
        except OAuthError as error:
            request = malformed(event)
            answered = refusal(error, request, self._audit)
            return payload(self._show(error, request) if self._show and request.method != "HEAD" else answered)

    def _built(self) -> Boundary:
        if self._boundary is None:
            try:
                answers = self._answers(self._audit)
                self._boundary = Boundary(answers.by_endpoint, self._audit, answers.show)
            except SettingsInvalid as error:
                raise unavailable(Reason.SETTINGS_INVALID, str(error)) from None
        return self._boundary


def _key_rotation_function() -> Handler:
    from signet.aws.key_sets import DynamoDbKeySetStore
    from signet.aws.keyring_secret import KeyringSecret
    from signet.keys.making import KeyMaker
    from signet.keys.operations import KeyOperations
    from signet.keys.rotation import Rotation, RotationPolicy

    dynamodb, secretsmanager = sdk_clients("dynamodb", "secretsmanager")
    versions = KeyringSecret(secretsmanager, environ.keyring_secret())
    key_sets = DynamoDbKeySetStore(dynamodb, environ.registry_table())
    policy = RotationPolicy(environ.verifier_cache(), environ.signing_algorithms(), environ.makes_keys_in_kms())
    audit = EmbeddedMetricAudit()
    remote = _key_service()
    rotation = Rotation(versions, key_sets, policy, time.time, audit, remote=remote)
    operations = KeyOperations(
        versions,
        key_sets,
        policy,
        time.time,
        audit,
        rotation_days=environ.key_rotation_days(),
        generate=KeyMaker(remote if policy.kms else None),
        remote=remote,
    )

    def handler(event: Mapping[str, Any], context: object) -> Payload | None:
        audit.invoked(context)
        if "command" in event:
            return operations.perform(event)
        rotation.perform(str(event.get("Step")), str(event.get("ClientRequestToken")))
        return None

    return handler


def _key_service() -> KeyService | None:
    """KMS, where keys of the ring may be there."""
    if not environ.reaches_kms():
        return None
    from signet.aws.kms_keys import KmsKeyService
    from signet.aws.sdk import patient_client

    return KmsKeyService(patient_client("kms"), environ.keyring_secret(), time.time)


def _bearer_authorizer_function() -> Handler:
    """Settings that are wrong end the initialisation, and with it every request of the guarded API."""
    from signet.endpoints.bearer_authorizer import BearerAuthorizer
    from signet.endpoints.table import ENDPOINTS
    from signet.keys.fetch import KeySetFetch
    from signet.keys.fetched import FetchedKeySet
    from signet.model.route_scopes import RouteScopes
    from signet.tokens.inspect import AccessTokenReader

    settings, audit = environ.settings(), EmbeddedMetricAudit()
    key_set = FetchedKeySet(KeySetFetch(settings.origin + ENDPOINTS["jwks"].paths[0]), time.time)
    authorizer = BearerAuthorizer(
        access_token=AccessTokenReader(settings, key_set.key_of),
        audience=environ.audience(),
        routes=RouteScopes.parse(environ.route_scopes()),
        tokens=_token_status(environ.revocation_tables()),
        clock=time.time,
        audit=audit,
    )
    _preload(key_set.load)

    def handler(event: Event, context: object) -> Payload:
        audit.invoked(context)
        return authorizer.respond(http_request(event), str(event.get("routeKey") or ""))

    return handler


def _token_status(tables: tuple[str, str] | None) -> TokenStatusStore | None:
    """Where tokens are looked up that ended before their time; None where the authorizer is not given the tables."""
    if tables is None:
        return None
    from signet.aws.token_status import DynamoDbTokenStatusStore

    return DynamoDbTokenStatusStore(sdk_client("dynamodb"), *tables)
