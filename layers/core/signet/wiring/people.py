"""What the functions with a sign-in form share."""

from typing import Any

from signet.aws import environ
from signet.aws.sessions import DynamoDbSessionStore
from signet.aws.throttles import DynamoDbThrottleStore
from signet.aws.users import DynamoDbUserRegistry
from signet.endpoints.login import Login
from signet.people.sessions import Sessions
from signet.people.sign_in import SignIn, refused_after
from signet.people.throttle import Throttle
from signet.ports import Audit
from signet.wiring import adapters


def sessions(store: DynamoDbSessionStore) -> Sessions:
    """Who is signed in where, for as long as the settings say."""
    settings = environ.settings()
    return Sessions(store, adapters.clock, settings.session_idle_lifetime, settings.session_lifetime)


def login(dynamodb: Any, registry: str, state: str, begun: Sessions, audit: Audit) -> Login:
    """The sign-in form's other end."""
    users, throttle = DynamoDbUserRegistry(dynamodb, registry), Throttle(DynamoDbThrottleStore(dynamodb, state))
    sign_in = SignIn(users, throttle, adapters.clock, refused_after=refused_after(environ.cores()))
    return Login(begun, sign_in, audit)
