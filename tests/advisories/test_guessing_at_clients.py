"""Row 21: guesses at short client secrets are slowed, and partners are not (decision 0018)."""

from collections import Counter
from dataclasses import replace

import pytest

from signet.aws.clients import DynamoDbClientRegistry
from signet.model.client import Client
from signet.people import passwords
from tests.support import faults
from tests.support.deployment import Deployment, Fault, Machine
from tests.support.embedded_tables import Tables, at_once
from tests.support.environments import Environment
from tests.support.gateway_events import token_event
from tests.support.short_secrets import GRANT, SHORT, asked_from, register_short, sent_from, stored_short

HOME = "192.0.2.1"

FREE, FREE_AT_HOME = 20, 50
"""Guesses that are looked at before the first wait: from anywhere, and where the client has authenticated before."""


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The secrets that were verified, in no time; the rules are the same, but that no refusal waits."""
    shown: list[str] = []

    def verify(password: str, encoded: str) -> bool:
        shown.append(password)
        return bool(encoded) and password == SHORT

    monkeypatch.setattr(passwords, "verify", verify)
    monkeypatch.setattr("signet.clientauth.authenticate.REFUSED_AFTER", 0.0)
    return shown


@pytest.fixture
def partner(deployment: Deployment) -> Machine:
    """A client with a short secret, of which no request has come yet."""
    deployment.clock.stop()
    return register_short(deployment)


def guess(deployment: Deployment, number: int, address: str = "", function: str = "token") -> None:
    """A guess like no other, each from an address of its own unless one is named."""
    form = {} if function == "token" else {"token": "x"}
    address = address or f"198.51.{number // 250}.{number % 250}"
    answer = asked_from(deployment, address, "dkconnect", f"guess number {number}", function, **form)
    assert answer.error(401) == "invalid_client"


def reasons(deployment: Deployment) -> Counter[str]:
    """Why requests were refused so far."""
    return Counter(line["reason"] for line in deployment.lines("request_refused"))


def test_guesses_from_many_addresses_are_counted_together(
    deployment: Deployment, partner: Machine, verified: list[str]
) -> None:
    """By client, across addresses, execution environments and endpoints; then not even the right one is looked at."""
    for number in range(FREE):
        function = ("token", "introspection", "revocation")[number % 3]
        deployment.cold(function)
        guess(deployment, number, function=function)
    assert len(verified) == FREE
    for number in range(5):
        guess(deployment, FREE + number)
    assert asked_from(deployment, "198.51.100.1", "dkconnect", SHORT).error(401) == "invalid_client"
    assert len(verified) == FREE
    assert reasons(deployment) == {"client_secret_wrong": FREE, "throttled": 6}


def test_a_days_guesses_are_few(deployment: Deployment, partner: Machine, verified: list[str]) -> None:
    """Some three hundred from wherever, each made as soon as it may be: eight characters are not found by those."""
    for number in range(4 * 60):
        guess(deployment, number)
        deployment.clock.advance(60)
    assert len(verified) <= FREE + 4 * 60 * 60 // 300 + 10


def test_guesses_from_one_address_are_counted_together(deployment: Deployment, verified: list[str]) -> None:
    """By address, whichever clients they are at, and whatever a header says of it; another address is another."""
    for number in range(4):
        register_short(deployment, f"client-{number}")
    for number in range(60):
        headers = {"x-forwarded-for": f"203.0.113.{number}", "forwarded": f"for=203.0.113.{number}"}
        event = token_event(GRANT, basic=(f"client-{number % 4}", f"guess number {number}"), headers=headers)
        deployment.token(sent_from(HOME, event))
    assert 50 <= len(verified) <= 52
    assert asked_from(deployment, "198.51.100.1", "client-0", SHORT).status == 200


def test_a_partner_is_not_locked_out_by_strangers(deployment: Deployment, partner: Machine) -> None:
    """Where it has authenticated before, only what fails there counts: in an environment that knows nothing of it."""
    assert asked_from(deployment, HOME, "dkconnect", SHORT).status == 200
    for number in range(100):
        guess(deployment, number)
    assert reasons(deployment)["throttled"] > 50
    for _ in range(3):
        deployment.cold("token")
        assert asked_from(deployment, HOME, "dkconnect", SHORT).status == 200
        deployment.clock.advance(61)
        assert asked_from(deployment, HOME, "dkconnect", SHORT).status == 200


def test_a_long_secret_ends_what_strangers_can_do(deployment: Deployment, partner: Machine) -> None:
    """The way out for a partner whose addresses change while somebody guesses."""
    long = deployment.register("long")
    for number in range(30):
        guess(deployment, number)
    assert asked_from(deployment, HOME, "dkconnect", SHORT).error(401) == "invalid_client"
    stored = deployment.registry.get("dkconnect")
    assert stored
    assert deployment.registry.replace(replace(stored, client_secrets=long.client.client_secrets), stored)
    deployment.clock.advance(1)
    assert asked_from(deployment, HOME, "dkconnect", long.client_secret).status == 200


def test_guesses_where_the_partner_is_are_slowed_too_and_it_is_told(
    deployment: Deployment, partner: Machine, verified: list[str]
) -> None:
    """429 and Retry-After (RFC 6585 section 4) where it has authenticated before; then the right one is right."""
    assert asked_from(deployment, HOME, "dkconnect", SHORT).status == 200
    for number in range(FREE_AT_HOME):
        guess(deployment, number, HOME)
    looked_at = len(verified)
    deployment.cold("token")
    for client_secret in ("another-secret", SHORT):
        answer = asked_from(deployment, HOME, "dkconnect", client_secret)
        assert answer.error(429) == "temporarily_unavailable"
        assert 1 <= int(answer.headers["retry-after"]) <= 300
    assert len(verified) == looked_at
    deployment.clock.advance(int(answer.headers["retry-after"]))
    assert asked_from(deployment, HOME, "dkconnect", SHORT).status == 200
    [line, *_] = [line for line in deployment.lines("request_refused") if line["status"] == 429]
    assert (line["reason"], line["client_id"]) == ("throttled", "dkconnect")


def test_who_is_right_washes_off_no_guesses_of_others(
    deployment: Deployment, partner: Machine, verified: list[str]
) -> None:
    """An address is shared: what others fail there stays counted, however often the partner authenticates between."""
    assert asked_from(deployment, HOME, "dkconnect", SHORT).status == 200
    for number in range(2 * FREE_AT_HOME):
        asked_from(deployment, HOME, "dkconnect", f"guess number {number}")
        if number % 10 == 0:
            deployment.cold("token")
            asked_from(deployment, HOME, "dkconnect", SHORT)
    assert len([shown for shown in verified if shown != SHORT]) <= FREE_AT_HOME + 1


def test_the_same_wrong_secret_is_no_second_guess(
    deployment: Deployment, partner: Machine, verified: list[str]
) -> None:
    """A job that was forgotten with an old secret does not slow the others of its partner."""
    assert asked_from(deployment, HOME, "dkconnect", SHORT).status == 200
    for _ in range(100):
        assert asked_from(deployment, HOME, "dkconnect", "an old secret").error(401) == "invalid_client"
    assert verified == [SHORT, "an old secret"]
    deployment.cold("token")
    assert asked_from(deployment, HOME, "dkconnect", SHORT).status == 200


def test_a_client_is_known_at_an_address_for_thirty_days(deployment: Deployment, partner: Machine) -> None:
    """Addresses change hands; each success there begins the time anew."""
    for days in (0, 29, 29):
        deployment.clock.advance(days * 86_400)
        assert asked_from(deployment, HOME, "dkconnect", SHORT).status == 200
    deployment.clock.advance(31 * 86_400)
    for number in range(FREE):
        guess(deployment, number)
    assert asked_from(deployment, HOME, "dkconnect", SHORT).error(401) == "invalid_client"


def test_every_refusal_is_alike(deployment: Deployment, partner: Machine) -> None:
    """Wrong, slowed, unknown, and with a digest: nobody learns from the answer whose secret is short."""
    deployment.register("machine")
    for number in range(FREE):
        guess(deployment, number)
    asked = [("198.51.100.1", "dkconnect", "another-secret"), ("198.51.100.1", "dkconnect", SHORT)]
    asked += [("198.51.100.1", client_id, "another-secret") for client_id in ("machine", "nobody")]
    answers = [asked_from(deployment, *each) for each in asked]
    assert [answer for answer in answers if answer != answers[0]] == []
    assert answers[0].error(401) == "invalid_client"


def test_a_user_and_a_client_of_one_name_do_not_count_for_each_other(deployment: Deployment, partner: Machine) -> None:
    """Nor does one client for another whose id differs in case alone."""
    register_short(deployment, "DKconnect")
    for number in range(30):
        guess(deployment, number)
    assert asked_from(deployment, HOME, "DKconnect", SHORT).status == 200


@pytest.mark.parametrize("operation", ["dynamodb:GetItem", "dynamodb:PutItem"])
@pytest.mark.parametrize("fault", [faults.throttled, faults.denied, faults.slow_to_answer, faults.internal])
def test_what_cannot_be_counted_is_not_looked_at(
    deployment: Deployment, partner: Machine, verified: list[str], operation: str, fault: Fault
) -> None:
    """503 for the right and the wrong one alike, and neither counts as verified afterwards (row 12)."""
    asked_from(deployment, HOME, "dkconnect", "x")  # client and note are read
    with deployment.failing(operation, fault):
        for client_secret in (SHORT, "another-secret"):
            answer = asked_from(deployment, HOME, "dkconnect", client_secret)
            assert answer.error(503) == "temporarily_unavailable"
            assert answer.headers["retry-after"]
    assert verified == []
    assert asked_from(deployment, HOME, "dkconnect", "another-secret").error(401) == "invalid_client"
    assert asked_from(deployment, HOME, "dkconnect", SHORT).status == 200


def test_what_cannot_be_taken_back_is_no_token(deployment: Deployment, partner: Machine) -> None:
    """The secret was right and its count could not be cleared: 503, and the next try succeeds."""
    asked_from(deployment, HOME, "dkconnect", "x")
    with deployment.failing_at(faults.internal, *range(5, 30)):
        assert asked_from(deployment, HOME, "dkconnect", SHORT).error(503) == "temporarily_unavailable"
    assert asked_from(deployment, HOME, "dkconnect", SHORT).status == 200


@pytest.fixture
def environments(stack: Tables) -> list[Environment]:
    """Several of the token function, where one client has a short secret."""
    registry = DynamoDbClientRegistry(stack.dynamodb, stack.registry)
    registry.note_short_secrets(1)
    assert registry.create(
        Client("dkconnect", "client_secret_basic", ("client_credentials",), (stored_short(),), scope=("read",))
    )
    return [Environment("token") for _ in range(10)]


def test_parallel_guesses_are_counted_one_by_one(environments: list[Environment], verified: list[str]) -> None:
    """Forty at once, from as many addresses, in ten environments: no more are looked at than one after another."""

    def attempt(number: int) -> int:
        event = token_event(GRANT, basic=("dkconnect", f"guess number {number}"))
        return environments[number % 10].answer(sent_from(f"198.51.100.{number}", event)).status

    assert set(at_once(40, attempt)) == {401}
    assert 1 <= len(verified) <= FREE + 2  # a few more where seconds have passed meanwhile


def test_a_partners_jobs_may_begin_at_one_moment(environments: list[Environment]) -> None:
    """In environments that know nothing: at an address that is new, and at one that is known."""
    event = sent_from(HOME, token_event(GRANT, basic=("dkconnect", SHORT)))
    for _ in range(2):
        assert at_once(10, lambda number: environments[number].answer(event).status) == [200] * 10
        environments[:] = [Environment("token") for _ in environments]
