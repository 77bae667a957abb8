"""What several functions stand on, and the clock that all of them are given."""

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from signet.aws import environ
from signet.cache import CachedClientStore, Remembered
from signet.errors import OAuthError
from signet.http import HttpRequest, HttpResponse
from signet.model.key import KeySet
from signet.model.scope import ScopeCatalogue
from signet.ports import Clock
from signet.settings import CLIENT_CACHE, KEY_SET_CACHE

if TYPE_CHECKING:
    from signet.clientauth.authenticate import ClientAuthentication
    from signet.clientauth.short_secrets import ShortSecrets
    from signet.tokens.inspect import Inspector

clock: Clock = time.time
"""Seconds since the epoch. Ask this module for it when a function is built: a test may have put another here."""


def preload(load: Callable[[], object]) -> None:
    """Load in the INIT phase what every request needs. A failure is the first request's to meet and to answer."""
    try:
        load()
    except Exception:  # noqa: BLE001 - whatever it is, the first request meets it where it becomes an answer
        return


def clients(dynamodb: Any, registry: str) -> CachedClientStore:
    """The registered clients, remembered."""
    from signet.aws.clients import DynamoDbClientRegistry

    return CachedClientStore(DynamoDbClientRegistry(dynamodb, registry), CLIENT_CACHE, clock)


def client_authentication(dynamodb: Any, registry: str, state: str) -> "ClientAuthentication":
    """What finds out which client is calling; what verifies short secrets is for the first that has one."""
    from signet.aws.clients import DynamoDbClientRegistry
    from signet.clientauth.authenticate import ClientAuthentication, refused_after

    @cache
    def short_secrets() -> "ShortSecrets":
        from signet.aws.throttles import DynamoDbThrottleStore
        from signet.clientauth.short_secrets import ShortSecrets
        from signet.people.throttle import CLIENTS, Throttle

        return ShortSecrets(Throttle(DynamoDbThrottleStore(dynamodb, state), limits=CLIENTS), clock)

    return ClientAuthentication(
        clients(dynamodb, registry),
        clock,
        Remembered(DynamoDbClientRegistry(dynamodb, registry).has_short_secrets, CLIENT_CACHE, clock).get,
        short_secrets,
        refused_after=refused_after(environ.cores()),
    )


def inspector(key_set: Remembered[KeySet]) -> "Inspector":
    """The reader of our own tokens."""
    from signet.tokens.inspect import Inspector

    return Inspector(environ.settings(), key_set.get, key_set.again)


def key_set(dynamodb: Any, registry: str) -> Remembered[KeySet]:
    """The published key set, remembered."""
    from signet.aws.key_sets import DynamoDbKeySetStore
    from signet.keys.jwks import published

    store = DynamoDbKeySetStore(dynamodb, registry)
    return Remembered(lambda: published(store), KEY_SET_CACHE, clock)


def scopes(dynamodb: Any, registry: str) -> Callable[[], ScopeCatalogue]:
    """The scope catalogue, remembered."""
    from signet.aws.scopes import DynamoDbScopeStore

    return Remembered(DynamoDbScopeStore(dynamodb, registry).load, CLIENT_CACHE, clock).get


def plain_error(error: OAuthError, http: HttpRequest) -> HttpResponse:
    """The error page without a theme of the deployment's own, which may be what is at fault."""
    from signet.endpoints.browser import error_page
    from signet.pages.pages import Pages
    from signet.pages.theme import Theme

    return error_page(Pages(Theme()), error, http)
