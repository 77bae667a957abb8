"""The function `account`."""

from signet.aws import environ, sdk
from signet.aws.consents import DynamoDbConsentStore
from signet.aws.grants import DynamoDbGrantStore
from signet.aws.listings import DynamoDbSubjectListing
from signet.aws.sessions import DynamoDbSessionStore
from signet.endpoints.account import AccountEndpoint
from signet.endpoints.account_pages import AccountPages
from signet.pages.pages import Pages
from signet.pages.theme import Theme
from signet.people.exits import Exits
from signet.ports import Audit
from signet.wiring import adapters, people
from signet.wiring.http_function import Answers, Handler, HttpFunction


def handler() -> Handler:
    """The function's handler."""
    return HttpFunction(_answers, adapters.plain_error)


def _answers(audit: Audit) -> Answers:
    dynamodb = sdk.sdk_client("dynamodb")
    registry, state = environ.registry_table(), environ.state_table()
    store, grants = DynamoDbSessionStore(dynamodb, state), DynamoDbGrantStore(dynamodb, state)
    sessions = people.sessions(store)
    pages = AccountPages(Pages(Theme(**environ.theme())), adapters.scopes(dynamodb, registry))
    endpoint = AccountEndpoint(
        clients=adapters.clients(dynamodb, registry),
        consents=DynamoDbConsentStore(dynamodb, registry),
        listing=DynamoDbSubjectListing(dynamodb, state),
        sessions=sessions,
        login=people.login(dynamodb, registry, state, sessions, audit),
        exits=Exits(store, grants, adapters.clock),
        pages=pages,
        clock=adapters.clock,
        audit=audit,
    )
    return Answers({"account": endpoint}, pages.error)
