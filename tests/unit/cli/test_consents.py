"""`signet users consents` and `signet users revoke`: what people have allowed, and taking it back for them."""

import time
from dataclasses import dataclass, field

import pytest

from signet.model.grant import Grant
from signet.model.user import Consent, User
from signet_cli.stack import Location
from tests.support.people_fakes import (
    InMemoryConsentStore,
    InMemoryGrantStore,
    InMemoryPeople,
    InMemorySessionStore,
    InMemoryUserRegistry,
)
from tests.unit.cli.conftest import CommandLine

ALICE = User("sub-alice", "alice")
BOOKSHOP = Consent("sub-alice", "bookshop", ("openid", "email"), granted_at=1_700_000_000, updated_at=1_700_000_000)


@dataclass(frozen=True)
class StackOfConsents:
    people: InMemoryPeople
    granted: InMemoryGrantStore = field(default_factory=InMemoryGrantStore)

    def grants(self) -> InMemoryGrantStore:
        return self.granted

    def sessions(self) -> InMemorySessionStore:
        return InMemorySessionStore()

    def users(self) -> InMemoryUserRegistry:
        return InMemoryUserRegistry(self.people)

    def consents(self) -> InMemoryConsentStore:
        return InMemoryConsentStore(self.people)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> StackOfConsents:
    """A stack in which Alice has allowed something to the bookshop."""
    stack = StackOfConsents(InMemoryPeople())

    def find_stack(location: Location) -> StackOfConsents:
        return stack

    monkeypatch.setattr("signet_cli.stack.find_stack", find_stack)
    stack.users().create(ALICE)
    stack.consents().put(BOOKSHOP, None)
    return stack


def test_consents_lists_what_was_allowed_to_whom(signet: CommandLine, stack: StackOfConsents) -> None:
    """For people, and for machines."""
    assert "bookshop" in signet("users", "consents", "alice").stdout
    [consent] = signet("users", "consents", "alice", "--json").json
    assert (consent["client_id"], consent["scope"]) == ("bookshop", ["openid", "email"])


def test_revoke_takes_one_consent_back(signet: CommandLine, stack: StackOfConsents) -> None:
    """That client has to ask again, and its grants end; a second time there is nothing to take back."""
    end = int(time.time()) + 600
    for grant_id, client_id in (("g1", "bookshop"), ("g2", "other")):
        grant = Grant(grant_id, client_id, ALICE.sub, "https://app", (), 1, "digest", end, end, 1)
        stack.granted.create(grant)
    answer = signet("users", "revoke", "alice", "bookshop")
    assert (answer.exit_code, answer.stdout) == (0, "Revoked, and 1 grant with it.\n")
    assert [grant.grant_id for grant in stack.granted.of_subject(ALICE.sub, 1) if grant.revoked_at] == ["g1"]
    assert stack.consents().get("sub-alice", "bookshop")[1] is None
    again = signet("users", "revoke", "alice", "bookshop")
    assert again.exit_code == 1
    assert "nothing" in again.stderr
    assert "nothing has been allowed" in signet("users", "consents", "alice").stdout


def test_a_stranger_has_no_consents(signet: CommandLine, stack: StackOfConsents) -> None:
    """A name that nobody has is one clear line."""
    answer = signet("users", "consents", "bob")
    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1
