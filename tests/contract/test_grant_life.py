"""Grants in any order of events, on DynamoDB: the life of tests.support.grant_life, shorter."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from signet.aws.consents import DynamoDbConsentStore
from signet.aws.grants import DynamoDbGrantStore
from signet.aws.sessions import DynamoDbSessionStore
from signet.aws.standings import DynamoDbStandingStore
from signet.aws.users import DynamoDbUserRegistry
from tests.support.embedded_tables import Tables
from tests.support.grant_life import GrantLife, Stores


def test_the_model_says_which_tokens_are_alive(tables: Tables) -> None:
    """The same model as on the fakes."""

    class DynamoDbLife(GrantLife):
        def opened(self) -> Stores:
            return Stores(
                DynamoDbGrantStore(tables.dynamodb, tables.state),
                DynamoDbUserRegistry(tables.dynamodb, tables.registry),
                DynamoDbConsentStore(tables.dynamodb, tables.registry),
                DynamoDbSessionStore(tables.dynamodb, tables.state),
                DynamoDbStandingStore(tables.dynamodb, tables.registry, tables.state),
            )

    run_state_machine_as_test(
        DynamoDbLife,
        settings=settings(
            max_examples=6, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
