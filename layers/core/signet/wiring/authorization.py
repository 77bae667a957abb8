"""The function `authorization`: sign-in, consent, codes, and what the pages load."""

from signet.aws import environ, sdk
from signet.aws.consents import DynamoDbConsentStore
from signet.aws.grants import DynamoDbGrantStore
from signet.aws.sessions import DynamoDbSessionStore
from signet.aws.standings import DynamoDbStandingStore
from signet.endpoints.authorization import AuthorizationEndpoint
from signet.endpoints.authorization_pages import AuthorizationPages
from signet.pages.pages import Pages
from signet.pages.theme import Theme
from signet.ports import Audit
from signet.wiring import adapters, people
from signet.wiring.http_function import Answers, Handler, HttpFunction


def handler() -> Handler:
    """The function's handler."""
    return HttpFunction(_answers, adapters.plain_error)


def _answers(audit: Audit) -> Answers:
    dynamodb = sdk.sdk_client("dynamodb")
    registry, state = environ.registry_table(), environ.state_table()
    pages = AuthorizationPages(Pages(Theme(**environ.theme())), adapters.scopes(dynamodb, registry))
    sessions = people.sessions(DynamoDbSessionStore(dynamodb, state))
    endpoint = AuthorizationEndpoint(
        settings=environ.settings(),
        clients=adapters.clients(dynamodb, registry),
        sessions=sessions,
        login=people.login(dynamodb, registry, state, sessions, audit),
        consents=DynamoDbConsentStore(dynamodb, registry),
        standings=DynamoDbStandingStore(dynamodb, registry, state),
        grants=DynamoDbGrantStore(dynamodb, state),
        inspector=adapters.inspector(adapters.key_set(dynamodb, registry)),
        pages=pages,
        clock=adapters.clock,
        audit=audit,
    )
    return Answers({"authorization": endpoint, "assets": pages.asset}, pages.error)
