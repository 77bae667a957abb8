"""Row 18 over months: simulated deployments on which no verifier ever meets a key that it cannot have."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import rotation_simulation
from bench.rotation_load import Outcome, Plan, simulate
from bench.rotation_orders import forced, publish_and_sign_at_once

MONTHS = Plan(tokens=8_000)

WEEKS = Plan(days=40, environments=30, verifiers=200, tokens=400)


@pytest.fixture(scope="module")
def months() -> Outcome:
    """What comes of them, with the rotation as it is deployed."""
    return simulate(MONTHS)


def test_no_token_is_rejected_in_months_of_rotations(months: Outcome) -> None:
    """Hundreds of environments, thousands of verifiers with caches of up to two hours, every lifetime, random hours."""
    outcome = months
    assert len(outcome.rotations) > 50
    assert len(outcome.verifications) > 20_000
    assert outcome.rejected == 0
    assert outcome.refreshed > 2_000
    assert outcome.refused == 0


def test_the_simulation_can_fail() -> None:
    """Publishing a key and signing with it at once fails those verifiers that kept the set from before."""
    outcome = simulate(MONTHS, publish_and_sign_at_once)
    rejected = [one for one in outcome.verifications if not one.accepted]
    assert len(rejected) > 200
    assert max(one.since_rotation for one in rejected) < MONTHS.policy.lead
    assert sum(one.asks for one in rejected) < len(rejected) / 20


def test_a_forced_rotation_fails_those_it_warns_of() -> None:
    """Verifiers that kept a set without the next key and never ask, for no longer than the operator is told."""
    outcome = simulate(replace(MONTHS, slowest_write=0), forced)
    rejected = [one for one in outcome.verifications if not one.accepted]
    assert len(rejected) > 20
    assert max(one.since_rotation for one in rejected) < MONTHS.policy.lead
    assert sum(one.asks for one in rejected) < len(rejected) / 5
    assert outcome.strays == 0


def test_an_environment_signs_with_what_was_active_within_five_minutes(months: Outcome) -> None:
    """Warm ones follow a rotation within the ring's cache time, in which a cold one is ahead of them."""
    assert months.strays == 0


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), slowest_write=st.floats(0, 60), slowest_step=st.floats(0, 40_000))
def test_whatever_the_chance_no_token_is_rejected(seed: int, slowest_write: float, slowest_step: float) -> None:
    """Other hours, caches and lifetimes, slower writes and steps that are repeated late."""
    outcome = simulate(
        Plan(
            seed=seed,
            days=WEEKS.days,
            environments=WEEKS.environments,
            verifiers=WEEKS.verifiers,
            tokens=WEEKS.tokens,
            slowest_write=slowest_write,
            slowest_step=slowest_step,
        )
    )
    assert (outcome.rejected, outcome.refused, outcome.strays) == (0, 0, 0)


def test_a_chance_can_be_repeated() -> None:
    """A seed that fails is the same case again."""
    assert simulate(WEEKS) == simulate(WEEKS)


def test_the_pictures_are_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of the documentation, by the command that prints the figures."""
    rotation_simulation.main([str(tmp_path)], WEEKS)
    assert "publish and sign at once" in capsys.readouterr().out
    drawn = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert drawn.keys() == {"rotation-states.png", "rotation-rejections.png"}
    assert all(picture.startswith(b"\x89PNG") and len(picture) < 100_000 for picture in drawn.values())
