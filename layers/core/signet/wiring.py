"""Builds the adapters once per execution environment and hands out the functions' handlers."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from signet.aws import environ
from signet.aws.audit import PowertoolsAudit
from signet.aws.proxy import Event, Payload, http_request, malformed, payload
from signet.aws.sdk import sdk_client
from signet.endpoints.boundary import Answer, Boundary, refusal
from signet.errors import OAuthError, Reason, unavailable
from signet.ports import Audit
from signet.settings import CLIENT_CACHE, KEY_SET_CACHE, KEYRING_CACHE, SettingsInvalid

Handler = Callable[[Event, object], Payload | None]


def handler_for(function: str) -> Handler:
    """The Lambda handler of a function. Imports only what that function needs."""
    return {"token": _token_function, "jwks": _jwks_function, "key_rotation": _key_rotation_function}[function]()


def _token_function() -> Handler:
    return HttpFunction(_token_answers)


def _token_answers(audit: Audit) -> Mapping[str, Answer]:
    from signet.aws.clients import DynamoDbClientRegistry
    from signet.aws.keyring_secret import KeyringSecret
    from signet.cache import CachedClientStore, Remembered
    from signet.endpoints.token import TokenEndpoint
    from signet.keys.keyring import active_signer
    from signet.tokens.issue import Issuer

    settings = environ.settings()
    registry = DynamoDbClientRegistry(sdk_client("dynamodb"), environ.registry_table())
    keyring = KeyringSecret(sdk_client("secretsmanager"), environ.keyring_secret())
    signer = Remembered(lambda: active_signer(keyring.current()), KEYRING_CACHE, time.time)
    clients = CachedClientStore(registry, CLIENT_CACHE, time.time)
    endpoint = TokenEndpoint(settings, clients, Issuer(settings, signer.get, time.time), time.time, audit)
    _preload(signer.get)
    return {"token": endpoint}


def _jwks_function() -> Handler:
    return HttpFunction(_jwks_answers)


def _jwks_answers(audit: Audit) -> Mapping[str, Answer]:  # noqa: ARG001 - every builder's signature
    from signet.aws.key_sets import DynamoDbKeySetStore
    from signet.cache import Remembered
    from signet.endpoints.documents import Documents, published

    store = DynamoDbKeySetStore(sdk_client("dynamodb"), environ.registry_table())
    key_set = Remembered(lambda: published(store), KEY_SET_CACHE, time.time)
    documents = Documents(environ.settings(), key_set.get)
    _preload(key_set.get)
    return {"jwks": documents.jwks, "metadata": documents.metadata}


def _preload(load: Callable[[], object]) -> None:
    """Load in the INIT phase what every request needs. A failure is the first request's to meet and to answer."""
    try:
        load()
    except OAuthError:
        return


class HttpFunction:
    """The handler of a function behind the HTTP API: event in, payload out, and always an answer."""

    def __init__(self, answers: Callable[[Audit], Mapping[str, Answer]]) -> None:
        self._answers = answers
        self._audit = PowertoolsAudit()
        self._boundary: Boundary | None = None
        try:
            self._built()
        except OAuthError:
            return  # the settings are at fault: every request says so

    def __call__(self, event: Event, context: object) -> Payload:  # noqa: ARG002 - Lambda's signature
        """The payload 2.0 answer to a payload 2.0 event."""
        try:
            boundary = self._built()
            return payload(boundary.respond(http_request(event)))
        except OAuthError as error:
            return payload(refusal(error, malformed(event), self._audit))

    def _built(self) -> Boundary:
        if self._boundary is None:
            try:
                self._boundary = Boundary(self._answers(self._audit), self._audit)
            except SettingsInvalid as error:
                raise unavailable(Reason.SETTINGS_INVALID, str(error)) from None
        return self._boundary


def _key_rotation_function() -> Handler:
    from signet.aws.key_sets import DynamoDbKeySetStore
    from signet.aws.keyring_secret import KeyringSecret
    from signet.keys.rotation import Rotation

    rotation = Rotation(
        KeyringSecret(sdk_client("secretsmanager"), environ.keyring_secret()),
        DynamoDbKeySetStore(sdk_client("dynamodb"), environ.registry_table()),
        environ.rotation_policy(),
        time.time,
        PowertoolsAudit(),
    )

    def handler(event: Mapping[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
        rotation.perform(event["Step"], event["ClientRequestToken"])

    return handler
