"""A code gives tokens once, under any concurrency, and a replay takes them back (RFC 6749 section 4.1.2, RFC 9700 4.5).

Many token endpoints, each with its own connection, show one code to one store that serialises its writes.
"""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from signet import pkce
from signet.aws.clients import DynamoDbClientRegistry
from signet.aws.consents import DynamoDbConsentStore
from signet.aws.grants import DynamoDbGrantStore
from signet.aws.users import DynamoDbUserRegistry
from signet.model.client import Client, ClientSecret, digest
from signet.model.grant import Code, Grant, new_grant_id
from signet.model.user import Consent, User
from tests.support.embedded_tables import Tables, at_once
from tests.support.environments import Environment
from tests.support.gateway_events import Answer, event, token_event
from tests.support.sign_in import REDIRECT_URI, USERINFO, VERIFIER

THREADS = 50


@dataclass(frozen=True)
class Race:
    """Token endpoints in environments of their own, and a code that nobody has shown yet."""

    environments: tuple[Environment, ...]
    grants: DynamoDbGrantStore
    code: Code

    def redeem(self, number: int, **changed: str) -> Answer:
        """The answer of one of the environments to the code."""
        form = {
            "grant_type": "authorization_code",
            "code": self.code.wire(),
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
            **changed,
        }
        return self.environments[number % len(self.environments)].answer(token_event(form, basic=("app", "secret")))

    def grant(self) -> Grant:
        grant = self.grants.get(self.code.grant_id, int(time.time()))
        assert grant
        return grant


@pytest.fixture
def race(stack: Tables) -> Race:
    """A user has just allowed an application what it asked for."""
    now = int(time.time())
    clients = DynamoDbClientRegistry(stack.dynamodb, stack.registry)
    secrets = (ClientSecret(digest("secret"), now),)
    assert clients.create(
        Client("app", "client_secret_basic", ("authorization_code",), secrets, redirect_uris=(REDIRECT_URI,))
    )
    assert DynamoDbUserRegistry(stack.dynamodb, stack.registry).create(User("sub-ada", "ada"))
    consents = DynamoDbConsentStore(stack.dynamodb, stack.registry)
    assert consents.put(Consent("sub-ada", "app", ("openid",), granted_at=now, updated_at=now), None)
    grants = DynamoDbGrantStore(stack.dynamodb, stack.state)
    code = Code.new(new_grant_id())
    grants.create(
        Grant(
            grant_id=code.grant_id,
            client_id="app",
            sub="sub-ada",
            redirect_uri=REDIRECT_URI,
            scope=("openid",),
            auth_time=now,
            code_digest=code.digest(),
            code_expires_at=now + 60,
            expires_at=now + 600,
            created_at=now,
            code_challenge=pkce.challenge_of(VERIFIER),
        )
    )
    return Race(tuple(Environment("token") for _ in range(5)), grants, code)


def outcomes(answers: list[Answer]) -> Mapping[str, int]:
    """How often there were tokens, and how often which error."""
    return Counter("tokens" if answer.status == 200 else answer.error() for answer in answers)


def test_fifty_who_show_one_code_are_one_who_gets_tokens(race: Race) -> None:
    """Exactly one success, the rest invalid_grant; the grant is revoked, its access token dead."""
    answers = at_once(THREADS, race.redeem)
    assert outcomes(answers) == {"tokens": 1, "invalid_grant": THREADS - 1}
    assert race.grant().revoked_at is not None
    [winner] = [answer for answer in answers if answer.status == 200]
    headers = {"authorization": f"Bearer {winner.json()['access_token']}"}
    userinfo = Environment("userinfo").answer(event("GET", USERINFO, headers=headers))
    assert userinfo.error(401) == "invalid_token"
    assert race.redeem(0).error() == "invalid_grant"


def test_guessed_verifiers_do_not_stop_the_right_one(race: Race) -> None:
    """A wrong verifier does not burn the code, whenever it comes; after the right one it is a replay."""
    answers = at_once(THREADS, lambda number: race.redeem(number, **({"code_verifier": "x" * 43} if number else {})))
    assert answers[0].status == 200
    assert outcomes(answers) == {"tokens": 1, "invalid_grant": THREADS - 1}
