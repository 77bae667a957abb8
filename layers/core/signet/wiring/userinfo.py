"""The function `userinfo`."""

from signet import jwt
from signet.aws import environ, sdk
from signet.aws.token_status import DynamoDbTokenStatusStore
from signet.endpoints.userinfo import UserInfoEndpoint
from signet.ports import Audit
from signet.wiring import adapters
from signet.wiring.http_function import Answers, Handler, HttpFunction


def handler() -> Handler:
    """The function's handler."""
    return HttpFunction(_answers)


def _answers(audit: Audit) -> Answers:
    dynamodb, registry = sdk.sdk_client("dynamodb"), environ.registry_table()
    key_set = adapters.key_set(dynamodb, registry)
    endpoint = UserInfoEndpoint(
        inspector=adapters.inspector(key_set),
        tokens=DynamoDbTokenStatusStore(dynamodb, registry, environ.state_table()),
        scopes=adapters.scopes(dynamodb, registry),
        clock=adapters.clock,
        audit=audit,
    )
    adapters.preload(jwt.prepare_to_read)
    adapters.preload(key_set.get)
    return Answers({"userinfo": endpoint})
