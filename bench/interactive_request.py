"""CPU time and calls to AWS of the warm requests from a sign-in to the end of its grant, against one RS256 signature.

The AWS of this run is another process, whose CPU is not counted; that of the SDK is. It listens on loopback, without
TLS, and closes the connection after each call, where AWS keeps it open.
"""

import time
from collections import Counter
from dataclasses import fields
from typing import Any

from bench.interactive_loop import CLIENT, PASSWORD, REDIRECT_URI, SCOPE, USERNAME, Service
from bench.measure import MILLISECONDS
from bench.token_request import rotated_stack
from bench.warm_process import figures
from signet.aws.consents import DynamoDbConsentStore
from signet.aws.users import DynamoDbUserRegistry
from signet.model.user import Consent, User
from signet.people.passwords import hash_password
from tests.support.built import ROOT
from tests.support.stack import Stack

FUNCTIONS = tuple(f"{field.name.capitalize()}Function" for field in fields(Service))


def populate(stack: Stack) -> None:
    """A confidential client, a user, and the user's consent to all that the client may ask."""
    grant_types = ("authorization_code", "refresh_token")
    stack.register(*CLIENT, grant_types=grant_types, redirect_uris=(REDIRECT_URI,), scope=SCOPE)
    now = int(time.time())
    dynamodb, table = stack.aws.client("dynamodb"), stack.template.name("RegistryTable")
    claims = {"name": "Ada Lovelace", "email": "ada@example.com", "email_verified": True}
    user = User("user-of-the-benchmark", USERNAME, hash_password(PASSWORD, USERNAME), claims)
    DynamoDbUserRegistry(dynamodb, table).create(user)
    DynamoDbConsentStore(dynamodb, table).put(Consent(user.sub, CLIENT[0], SCOPE, granted_at=now, updated_at=now), None)


def measured() -> Any:
    """What one process says that has the three functions in it."""
    with rotated_stack() as stack:
        populate(stack)
        return figures("interactive_loop", {name: stack.variables(name) for name in FUNCTIONS}, ROOT, ROOT / "cli")


def main() -> None:
    """Print the figures."""
    found = measured()
    signature = found["signature"]
    print(f"Warm requests from sign-in to revocation, median CPU time over {found['requests']} of each")
    print(f"  {'one bare RS256 signature':28}{signature * MILLISECONDS:7.2f} ms")
    print(f"  {'':28}{'whole':>7}    {'x signature':>11} {'argon2':>7} {'the SDK':>7} {'the rest':>8}  calls to AWS")
    for name, cost in found["by_request"].items():
        whole, argon2, aws, rest = (cost[part] * MILLISECONDS for part in ("cpu", "argon2", "aws", "rest"))
        calls = ", ".join(f"{count} {operation}" for operation, count in Counter(cost["calls"]).items())
        print(
            f"  {name:28}{whole:7.2f} ms {cost['cpu'] / signature:11.2f} {argon2:7.2f} {aws:7.2f} {rest:8.2f}"
            f"  {len(cost['calls']):2}: {calls}"
        )


if __name__ == "__main__":
    main()
