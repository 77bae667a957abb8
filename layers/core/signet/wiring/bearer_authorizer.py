"""The function `bearer_authorizer`, which is deployed in other people's stacks."""

from signet.aws import environ
from signet.aws.audit import EmbeddedMetricAudit
from signet.aws.proxy import Event, Payload, http_request
from signet.endpoints.bearer_authorizer import BearerAuthorizer
from signet.endpoints.table import ENDPOINTS
from signet.keys.fetch import KeySetFetch
from signet.keys.fetched import FetchedKeySet
from signet.model.route_scopes import RouteScopes
from signet.ports import TokenStatusStore
from signet.tokens.inspect import AccessTokenReader
from signet.wiring import adapters
from signet.wiring.http_function import Handler


def handler() -> Handler:
    """The function's handler. Settings that are wrong end the initialisation, and with it every guarded request."""
    settings, audit = environ.settings(), EmbeddedMetricAudit()
    key_set = FetchedKeySet(KeySetFetch(settings.origin + ENDPOINTS["jwks"].paths[0]), adapters.clock)
    authorizer = BearerAuthorizer(
        access_token=AccessTokenReader(settings, key_set.key_of),
        audience=environ.audience(),
        routes=RouteScopes.parse(environ.route_scopes()),
        tokens=_token_status(environ.revocation_tables()),
        clock=adapters.clock,
        audit=audit,
    )
    adapters.preload(key_set.load)

    def authorize(event: Event, context: object) -> Payload:
        audit.invoked(context)
        return authorizer.respond(http_request(event), str(event.get("routeKey") or ""))

    return authorize


def _token_status(tables: tuple[str, str] | None) -> TokenStatusStore | None:
    """Where tokens are looked up that ended before their time; None where the authorizer is not given the tables."""
    if tables is None:
        return None
    from signet.aws.sdk import sdk_client  # nothing of it where AWS is not asked: it starts in front of other people
    from signet.aws.token_status import DynamoDbTokenStatusStore

    return DynamoDbTokenStatusStore(sdk_client("dynamodb"), *tables)
