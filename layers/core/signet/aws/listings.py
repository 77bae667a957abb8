"""A user's grants and sessions together, for the page that shows both."""

from typing import Any

from signet.aws.grants import GRANTS, stored_grant
from signet.aws.records import restored
from signet.aws.sessions import SESSIONS
from signet.aws.subjects import items_of
from signet.model.grant import Grant
from signet.model.session import Session


class DynamoDbSubjectListing:
    """ports.SubjectListing on a table. `dynamodb` is a botocore client."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def of_subject(self, sub: str, now: int) -> tuple[list[Grant], list[Session]]:
        """As ports.SubjectListing.of_subject: one query, and a read for each hundred items that it finds."""
        grants, sessions = [], []
        for stored in items_of(self._dynamodb, self._table, sub, GRANTS, SESSIONS):
            if stored["pk"]["S"].startswith(GRANTS):
                grants.append(stored_grant(stored))
            else:
                sessions.append(restored(Session, stored))
        return [each for each in grants if now < each.expires_at], [each for each in sessions if each.lives(now)]
