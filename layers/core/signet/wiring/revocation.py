"""The function `revocation`."""

from signet import jwt
from signet.aws import environ, sdk
from signet.aws.grants import DynamoDbGrantStore
from signet.aws.token_status import DynamoDbTokenStatusStore
from signet.endpoints.revocation import RevocationEndpoint
from signet.ports import Audit
from signet.wiring import adapters
from signet.wiring.http_function import Answers, Handler, HttpFunction


def handler() -> Handler:
    """The function's handler."""
    return HttpFunction(_answers)


def _answers(audit: Audit) -> Answers:
    dynamodb = sdk.sdk_client("dynamodb")
    registry, state = environ.registry_table(), environ.state_table()
    key_set = adapters.key_set(dynamodb, registry)
    endpoint = RevocationEndpoint(
        inspector=adapters.inspector(key_set),
        authenticate=adapters.client_authentication(dynamodb, registry, state),
        grants=DynamoDbGrantStore(dynamodb, state),
        tokens=DynamoDbTokenStatusStore(dynamodb, registry, state),
        clock=adapters.clock,
        audit=audit,
    )
    adapters.preload(jwt.prepare_to_read)
    adapters.preload(key_set.get)
    return Answers({"revocation": endpoint})
