"""Row 21: guesses at passwords are slowed, and their owners are not (ZITADEL CVE-2025-64102, CVE-2026-23511)."""

from collections import Counter
from functools import partial

import pytest

from signet.authorize.forms import SESSION
from signet.aws.clients import DynamoDbClientRegistry
from signet.aws.users import DynamoDbUserRegistry
from signet.model.client import Client
from signet.model.user import User
from signet.people import passwords
from signet.people.sign_in import SignIn
from tests.support.embedded_tables import Tables, at_once
from tests.support.environments import Environment
from tests.support.faults import over_capacity
from tests.support.sign_in import ACCOUNT, PASSWORD, REDIRECT_URI, Application, Service
from tests.support.visitor import Page, Visitor

WRONG = "The username or the password is not right."
TOO_MANY = "Too many attempts."


class Guesser:
    """Somebody with one form and as many addresses as they like."""

    def __init__(self, service: Service, app: Application) -> None:
        self.visitor = service.visitor()
        self.page = self.visitor.get(app.url())

    def __call__(self, address: str, username: str = "ada", password: str = "a guess", **headers: str) -> Page:
        """One attempt, and the page after it."""
        self.visitor.address = address
        self.visitor.headers = headers
        page = self.visitor.sign_in(self.page, username, password)
        self.visitor.cookies.pop(SESSION, None)
        return page


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that passwords were compared with, in no time; the rules are the same."""
    hashes: list[str] = []

    def verify(password: str, encoded: str) -> bool:
        hashes.append(encoded)
        return bool(encoded) and password == PASSWORD

    monkeypatch.setattr(passwords, "verify", verify)
    return hashes


@pytest.fixture
def guess(service: Service, app: Application) -> Guesser:
    """The attacker."""
    return Guesser(service, app)


def test_guesses_from_many_addresses_are_counted_together(ada: User, guess: Guesser, verified: list[str]) -> None:
    """By account: the sixth is not looked at, right or wrong."""
    alerts = [guess(f"198.51.100.{number}").alert for number in range(5)]
    assert alerts == [WRONG] * 5
    assert len(verified) == 5
    for password in ("a guess", PASSWORD):
        page = guess("198.51.100.200", password=password)
        assert (page.status, page.alert.startswith(TOO_MANY)) == (429, True)
    assert len(verified) == 5


def test_guesses_at_many_accounts_are_counted_together(ada: User, guess: Guesser, verified: list[str]) -> None:
    """By address, known accounts or not."""
    for number in range(50):
        guess("198.51.100.1", f"user{number}")
    page = guess("198.51.100.1", password=PASSWORD)
    assert (page.status, page.alert.startswith(TOO_MANY)) == (429, True)
    assert len(verified) == 50
    assert guess("198.51.100.2", password=PASSWORD).step == "consent"


def test_guesses_in_many_execution_environments_are_counted_together(
    service: Service, ada: User, guess: Guesser
) -> None:
    """A new environment for each guess remembers what the table does."""
    statuses = []
    for number in range(7):
        service.deployment.cold("authorization")
        statuses.append(guess(f"198.51.100.{number}").status)
    assert statuses == [400] * 5 + [429] * 2


def test_one_subscriber_of_ipv6_is_one_address(guess: Guesser) -> None:
    """A /64 has more addresses than there are guesses."""
    for number in range(50):
        guess(f"2001:db8:1:1::{number:x}", f"user{number}")
    assert guess("2001:db8:1:1:ffff::1", "another").status == 429
    assert guess("2001:db8:1:2::1", "another").status == 400


def test_an_address_is_not_what_the_caller_says(ada: User, guess: Guesser) -> None:
    """It is the one that API Gateway saw."""
    names = ("x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip", "cf-connecting-ip")
    for number in range(51):
        page = guess("198.51.100.1", f"user{number}", **dict.fromkeys(names, f"203.0.113.{number}"))
    assert page.status == 429


def test_delays_grow_and_end(service: Service, ada: User, guess: Guesser) -> None:
    """Each failure doubles the wait; never more than five minutes for an account; then the right password is right."""
    for number in range(5):
        guess(f"198.51.100.{number}")
    waits = []
    for number in range(9):
        waited = 0
        while guess(f"203.0.113.{number}").status == 429:
            service.clock.advance(1 if waited < 8 else 16)
            waited += 1 if waited < 8 else 16
            assert waited <= 330
        waits.append(waited)
    assert waits == sorted(waits)
    assert waits[0] <= 3
    assert waits[-1] >= 250
    service.clock.advance(301)
    assert guess("203.0.113.77", password=PASSWORD).step == "consent"


def test_an_owner_is_not_locked_out_by_a_stranger(
    service: Service, app: Application, ada: User, guess: Guesser
) -> None:
    """In a browser where the account has signed in before, only what fails there counts."""
    own = service.visitor("203.0.113.1")
    assert own.sign_in(own.get(app.url()), "ada", PASSWORD).step == "consent"
    for number in range(30):
        guess(f"198.51.100.{number}")
    assert guess("203.0.113.1", password=PASSWORD).status == 429  # the address alone is anybody's
    own.address = "192.0.2.9"
    del own.cookies[SESSION]
    page = own.sign_in(own.get(app.url()), "ada", "mistyped")
    assert (page.status, page.alert) == (400, WRONG)
    assert own.sign_in(page, "ada", PASSWORD).step == "consent"


def test_counters_that_strangers_keep_busy_are_not_in_the_owners_way(
    service: Service, app: Application, ada: User
) -> None:
    """An item that is asked for too often is not answered; in a browser that the account is known in it is not read."""
    own = service.visitor("203.0.113.1")
    assert own.sign_in(own.get(app.url()), "ada", PASSWORD).step == "consent"
    del own.cookies[SESSION]
    stranger = service.visitor("203.0.113.1")
    with service.deployment.failing("dynamodb:BatchGetItem", over_capacity):
        for visitor, status in ((stranger, 503), (own, 303)):
            form = visitor.get(app.url()).form
            page = visitor.post(form.action, {**form.fields, "username": "ada", "password": PASSWORD})
            assert (page.status, SESSION in visitor.cookies) == (status, visitor is own)


def test_a_device_cookie_that_was_made_up_is_worth_nothing(
    service: Service, app: Application, ada: User, guess: Guesser
) -> None:
    """Nor is one of another account, however often it is exchanged."""
    eve = service.visitor()
    service.user("eve")
    eve.sign_in(eve.get(app.url()), "eve", PASSWORD)
    [device] = [value for name, value in eve.cookies.items() if "device" in name]
    for number in range(5):
        guess(f"198.51.100.{number}")
    for value in ("a" * 43, device, "", device[:-1], "x"):
        guess.visitor.cookies["__Host-signet-device"] = value
        assert guess("198.51.100.99", password=PASSWORD).status == 429


def test_an_open_session_is_not_locked_out_either(
    service: Service, app: Application, ada: User, guess: Guesser
) -> None:
    """A flood of guesses signs nobody out."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    for number in range(10):
        guess(f"198.51.100.{number}")
    assert "code=" in visitor.get(app.url()).location


REFUSED = {
    "wrong password": ("ada", "a guess"),
    "unknown user": ("nobody", "a guess"),
    "disabled user, right password": ("eve", PASSWORD),
    "user without a password": ("new", "a guess"),
    "empty hash, empty-looking password": ("new", " "),
}


@pytest.fixture
def crowd(service: Service, ada: User) -> None:
    """Somebody of each kind."""
    service.user("eve", disabled=True)
    service.user("new", password_hash="")


def test_every_refusal_is_alike(
    service: Service, app: Application, crowd: None, guess: Guesser, verified: list[str]
) -> None:
    """In status, headers and page but for the name typed; in the work done, by hashes and by calls to AWS."""
    seen, work = set(), set()
    guess("198.51.100.250", "warm")
    for number, (username, password) in enumerate(REFUSED.values()):
        visitor = service.visitor(f"198.51.100.{number}")
        form = visitor.get(app.url()).form
        verified.clear()
        service.deployment.calls.clear()
        page = visitor.post(form.action, {**form.fields, "username": username, "password": password})
        work.add((len(verified), tuple(service.deployment.calls)))
        assert SESSION not in visitor.cookies
        notice = {name: value for name, value in visitor.cookies.items() if "notice" in name}
        assert len(notice) == 1
        shown = visitor.get(page.location)
        text = (
            shown.text.replace(f'value="{username}"', "")
            .replace(form.fields["csrf"], "")
            .replace(shown.form.fields["csrf"], "")
        )
        seen.add((page.status, page.location, shown.status, text, tuple(sorted(shown.headers.items()))))
    assert len(seen) == 1
    assert len(work) == 1
    [(hashes, _)] = work
    assert hashes == 1


def test_throttled_guesses_are_alike_too(crowd: None, guess: Guesser) -> None:
    """An account that does not exist is slowed like one that does."""
    statuses = {
        username: [guess(f"198.51.100.{number}", username).status for number in range(7)]
        for username in ("ada", "nobody", "eve", "new")
    }
    assert len({tuple(each) for each in statuses.values()}) == 1


def test_parallel_guesses_are_counted_one_by_one(stack: Tables, verified: list[str]) -> None:
    """Thirty at once, from as many addresses, in several environments: no more are looked at than one after another."""
    client = Client("app", "none", ("authorization_code",), scope=("openid",), redirect_uris=(REDIRECT_URI,))
    assert DynamoDbClientRegistry(stack.dynamodb, stack.registry).create(client)
    assert DynamoDbUserRegistry(stack.dynamodb, stack.registry).create(User("sub-ada", "ada", "a hash"))
    environments = [Environment("authorization") for _ in range(3)]
    target = Application(client, "").url()

    def attempt(number: int) -> int:
        visitor = Visitor(environments[number % 3].answer, f"198.51.100.{number}")
        return visitor.sign_in(visitor.get(target), "ada", "a guess").status

    statuses = Counter(at_once(30, attempt))
    assert 1 <= len(verified) <= 6  # five are free; a sixth where two seconds have passed meanwhile
    assert statuses == {400: len(verified), 429: 30 - len(verified)}


@pytest.mark.parametrize(("megabytes", "seconds"), [(256, 3.94), (512, 1.97), (1024, 1.0), (3008, 1.0)])
def test_a_slow_function_refuses_later(
    service: Service, app: Application, monkeypatch: pytest.MonkeyPatch, megabytes: int, seconds: float
) -> None:
    """What an imported hash takes of a core takes longer on a part of one: no time tells who has such a hash."""
    service.users.note_imported_hashes(service.now)
    waited: list[float] = []
    still = partial(SignIn, timer=lambda: 100.0, pause=waited.append)
    monkeypatch.setattr("signet.wiring.people.SignIn", still)
    for function, target in (("authorization", app.url()), ("account", ACCOUNT)):
        service.deployment.cold(function, AWS_LAMBDA_FUNCTION_MEMORY_SIZE=str(megabytes))
        visitor = service.visitor()
        visitor.sign_in(visitor.get(target), "nobody", "a guess")
    assert waited == [pytest.approx(seconds, abs=0.01)] * 2
