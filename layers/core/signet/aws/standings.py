"""All that a grant hangs on: user and consent in the registry table, the end of its session in the state table."""

from typing import Any

from signet.aws.consents import user_and_consent, user_and_consent_keys
from signet.aws.queries import batch
from signet.aws.sessions import ended_key, ended_login
from signet.model.standing import Standing


class DynamoDbStandingStore:
    """ports.StandingStore on both tables. `dynamodb` is a botocore client."""

    def __init__(self, dynamodb: Any, registry: str, state: str) -> None:
        self._dynamodb = dynamodb
        self._registry = registry
        self._state = state

    def get(self, sub: str, client_id: str, sid: str) -> Standing:
        """As ports.StandingStore.get, by one consistent read of both tables."""
        wanted = {self._registry: user_and_consent_keys(sub, client_id)}
        if sid:
            wanted[self._state] = [ended_key(sid)]
        found = batch(self._dynamodb, wanted)
        user, consent = user_and_consent(found[self._registry], client_id)
        ended = found.get(self._state)
        return Standing(user, consent, ended_login(ended[0]) if ended else None)
