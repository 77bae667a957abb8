"""The INIT phase of a function: nobody looks for garbage among what is being imported."""

import gc
from collections.abc import Iterator

import pytest

import signet.wiring
from signet.wiring import handler_for

Seen = list[bool]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """Whether garbage was looked for while a function was made; the collector is as it was afterwards."""
    enabled: Seen = []
    threshold = gc.get_threshold()

    def made(function: str) -> object:
        enabled.append(gc.isenabled())
        if function == "broken":
            raise ValueError(function)
        return function

    monkeypatch.setattr(signet.wiring, "_made", made)
    yield enabled
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_a_function_is_made_without_collections(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands then is never looked at again; what requests make is."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "token")
    handler_for("token")
    assert seen == [False]
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_a_function_that_cannot_be_made_leaves_the_collector_on(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever goes on after it would fill its memory."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "token")
    with pytest.raises(ValueError, match="broken"):
        handler_for("broken")
    assert gc.isenabled()


def test_elsewhere_the_collector_is_left_alone(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of somebody else's has other things to collect."""
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    frozen = gc.get_freeze_count()
    handler_for("token")
    assert (seen, gc.get_freeze_count()) == ([True], frozen)
