"""What each function is asked first, in an execution environment of its own: all that it does for an honest caller."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from bench.token_request import CLIENT, REDIRECT_URI, SIGN_IN, form, rotated_stack
from signet.aws.consents import DynamoDbConsentStore
from signet.aws.grants import DynamoDbGrantStore
from signet.aws.users import DynamoDbUserRegistry
from signet.model.grant import Code, Grant, new_grant_id
from signet.model.user import Consent, User
from signet.pkce import challenge_of
from tests.support.built import BUILT, LambdaProcess
from tests.support.stack import Stack, event

FIRST_REQUESTS = {
    "TokenFunction": "a token",
    "JwksFunction": "the key set",
    "IntrospectionFunction": "a token that is valid",
    "RevocationFunction": "a token that is valid",
    "AuthorizationFunction": "the sign-in page",
    "EndSessionFunction": "an ID token is shown",
    "AccountFunction": "the sign-in page",
    "UserinfoFunction": "a user's claims",
}
"""What is asked for, by the function's logical id."""

_SUB, _SCOPE = "user-of-the-benchmark", ("openid", "profile", "email")
_VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@contextmanager
def asked_first() -> Iterator[tuple[Stack, dict[str, dict[str, Any]]]]:
    """A stack, and by its functions' logical ids the events of these requests, each good for any number of times."""
    with rotated_stack() as stack:
        code = _code(stack)
        with LambdaProcess(BUILT / "TokenFunction", stack.variables("TokenFunction")) as token:

            def tokens(client_id: str, **parameters: str) -> dict[str, str]:
                request = form(client_id, "/connect/oauth/token", **parameters)
                issued: dict[str, str] = json.loads(token.invoke(request)["body"])
                return issued

            introspected, revoked = (tokens(CLIENT, grant_type="client_credentials") for _ in range(2))
            of_a_user = tokens(
                "web", grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI, code_verifier=_VERIFIER
            )
        bearer = {"Authorization": f"Bearer {of_a_user['access_token']}"}
        logout = urlencode({"id_token_hint": of_a_user["id_token"]})
        yield (
            stack,
            {
                "TokenFunction": form(CLIENT, "/connect/oauth/token", grant_type="client_credentials"),
                "JwksFunction": event("GET", "/connect/oauth/jwks"),
                "IntrospectionFunction": form(CLIENT, "/connect/oauth/introspect", token=introspected["access_token"]),
                "RevocationFunction": form(CLIENT, "/connect/oauth/revoke", token=revoked["access_token"]),
                "AuthorizationFunction": event("GET", f"/connect/oauth/authorize?{urlencode(SIGN_IN)}"),
                "EndSessionFunction": event("GET", f"/connect/oauth/end_session?{logout}"),
                "AccountFunction": event("GET", "/connect/account"),
                "UserinfoFunction": event("GET", "/connect/oauth/userinfo", bearer),
            },
        )


def _code(stack: Stack) -> str:
    """A code of somebody who has consented."""
    dynamodb, now = stack.aws.client("dynamodb"), int(time.time())
    registry, state = stack.template.name("RegistryTable"), stack.template.name("StateTable")
    claims = {"name": "Ada Lovelace", "email": "ada@example.com", "email_verified": True}
    DynamoDbUserRegistry(dynamodb, registry).create(User(_SUB, "ada", claims=claims))
    DynamoDbConsentStore(dynamodb, registry).put(Consent(_SUB, "web", _SCOPE, granted_at=now, updated_at=now), None)
    code = Code.new(new_grant_id())
    grant = Grant(
        grant_id=code.grant_id,
        client_id="web",
        sub=_SUB,
        redirect_uri=REDIRECT_URI,
        scope=_SCOPE,
        auth_time=now,
        code_challenge=challenge_of(_VERIFIER),
        code_digest=code.digest(),
        code_expires_at=now + 60,
        expires_at=now + 3600,
        created_at=now,
    )
    DynamoDbGrantStore(dynamodb, state).create(grant)
    return code.wire()
