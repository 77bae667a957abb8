"""Grants in any order of events, on the ports' fakes."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.grant_life import GrantLife, Stores
from tests.support.people_fakes import (
    InMemoryConsentStore,
    InMemoryGrantStore,
    InMemoryPeople,
    InMemorySessionStore,
    InMemoryStandingStore,
    InMemoryUserRegistry,
)


class InMemoryLife(GrantLife):
    """With stores of its own for each run."""

    def opened(self) -> Stores:
        people, sessions = InMemoryPeople(), InMemorySessionStore()
        return Stores(
            InMemoryGrantStore(),
            InMemoryUserRegistry(people),
            InMemoryConsentStore(people),
            sessions,
            InMemoryStandingStore(people, sessions),
        )


def test_the_model_says_which_tokens_are_alive() -> None:
    """Codes and refresh tokens shown once, again, late, by strangers; users and keys that come and go."""
    run_state_machine_as_test(
        InMemoryLife,
        settings=settings(
            max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
