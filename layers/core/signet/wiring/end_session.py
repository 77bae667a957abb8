"""The function `end_session`."""

from signet import jwt
from signet.aws import environ, sdk
from signet.aws.grants import DynamoDbGrantStore
from signet.aws.sessions import DynamoDbSessionStore
from signet.aws.users import DynamoDbUserRegistry
from signet.endpoints.end_session import EndSessionEndpoint
from signet.pages.pages import Pages
from signet.pages.theme import Theme
from signet.people.exits import Exits
from signet.ports import Audit
from signet.wiring import adapters
from signet.wiring.http_function import Answers, Handler, HttpFunction


def handler() -> Handler:
    """The function's handler."""
    return HttpFunction(_answers, adapters.plain_error)


def _answers(audit: Audit) -> Answers:
    dynamodb = sdk.sdk_client("dynamodb")
    registry, state = environ.registry_table(), environ.state_table()
    sessions, key_set = DynamoDbSessionStore(dynamodb, state), adapters.key_set(dynamodb, registry)
    endpoint = EndSessionEndpoint(
        clients=adapters.clients(dynamodb, registry),
        users=DynamoDbUserRegistry(dynamodb, registry),
        sessions=sessions,
        exits=Exits(sessions, DynamoDbGrantStore(dynamodb, state), adapters.clock),
        inspector=adapters.inspector(key_set),
        pages=Pages(Theme(**environ.theme())),
        clock=adapters.clock,
        audit=audit,
    )
    adapters.preload(jwt.prepare_to_read)  # most clients show an ID token
    adapters.preload(key_set.get)
    return Answers({"end_session": endpoint}, endpoint.error)
