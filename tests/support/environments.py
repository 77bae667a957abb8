"""Several execution environments of each function at once, on one AWS that is reached by HTTP and serialises."""

import uuid
from collections.abc import Mapping

import pytest

from signet.aws.sdk import sdk_client
from signet.wiring import handler_for
from signet_cli.local import embedded
from signet_cli.local.aws import EmbeddedAws
from tests.support import gateway_events
from tests.support.deployment import ISSUER, STEPS
from tests.support.embedded_tables import Tables
from tests.support.gateway_events import Answer, Event


class Environment:
    """One execution environment: the handler that Lambda would load, with SDK clients of its own."""

    def __init__(self, function: str) -> None:
        self._handler = handler_for(function)

    def answer(self, event: Event) -> Answer:
        """What the function answers."""
        result = self._handler(event, None)
        assert isinstance(result, Mapping)
        return gateway_events.answer(result)


@pytest.fixture
def stack(embedded_aws: EmbeddedAws, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> Tables:
    """Tables and a keyring, which has been rotated once; environments that start now stand on them."""
    variables = {
        **embedded.ENVIRONMENT,
        "AWS_ENDPOINT_URL": embedded_aws.endpoint,
        "SIGNET_ISSUER": ISSUER,
        "SIGNET_REGISTRY_TABLE": tables.registry,
        "SIGNET_STATE_TABLE": tables.state,
        "POWERTOOLS_SERVICE_NAME": "signet",
        "POWERTOOLS_METRICS_NAMESPACE": "Signet",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    # fifty threads and one server on a busy machine: patience, or the SDK itself would try again
    monkeypatch.setattr("signet.aws.lean.transport.READ_TIMEOUT", 30)
    secret = sdk_client("secretsmanager").create_secret(Name=f"keyring-{uuid.uuid4()}", SecretString='{"keys":[]}')
    monkeypatch.setenv("SIGNET_KEYRING_SECRET", secret["ARN"])
    rotate, version_id = handler_for("key_rotation"), str(uuid.uuid4())
    for step in STEPS:
        rotate({"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": version_id}, None)
    return tables
