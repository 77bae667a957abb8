"""Execution environments: what a handler finds there, and what becomes of those that fail."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signet_cli.local.application import Function
from signet_cli.local.environment import FunctionError, FunctionPool, TooManyRequestsError

Pools = Callable[..., FunctionPool]


def asking(**query: str) -> dict[str, Any]:
    """Return an event that makes the handler behave in some way."""
    return {"queryStringParameters": query}


def test_handler_has_its_own_variables_and_nothing_of_the_developers(
    function: Function, pool_of: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile, a proxy or a key of the developer's machine must not decide how a function behaves here."""
    for name in ("AWS_PROFILE", "HTTPS_PROXY", "PYTHONPATH", "SIGNET_ISSUER", "HOME"):
        monkeypatch.setenv(name, "the developer's")
    found = pool_of(function).invoke(asking())
    environment = found["environment"]
    assert environment["GREETING"] == "hello"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "signet-Echo"
    assert "the developer's" not in environment.values()
    assert found["directory"] == str(function.code)


def test_handler_has_a_context_like_lambdas(function: Function, pool_of: Pools) -> None:
    """Members that Powertools and handlers read; the id is another one each time."""
    pool = pool_of(function)
    first, second = (pool.invoke(asking())["context"] for _ in range(2))
    assert first["name"] == "signet-Echo"
    assert first["arn"] == function.arn
    assert first["memory"] == "256"
    assert 0 < first["left"] <= function.timeout * 1000
    assert first["id"] != second["id"]


def test_environment_is_used_again(function: Function, pool_of: Pools) -> None:
    """What the module holds stays warm, as on Lambda."""
    pool = pool_of(function)
    assert pool.invoke(asking())["pid"] == pool.invoke(asking())["pid"]


def test_events_at_the_same_time_have_an_environment_each(function: Function, pool_of: Pools, tmp_path: Path) -> None:
    """Three handlers wait for each other; they would for ever if one had to finish first."""
    place = tmp_path / "meeting"
    place.mkdir()
    pool = pool_of(function)
    with ThreadPoolExecutor(3) as executor:
        event = asking(meets=str(place), others="3")
        found = list(executor.map(pool.invoke, [event] * 3))
    assert len({answer["pid"] for answer in found}) == 3


def test_no_environment_beyond_the_limit(function: Function, pool_of: Pools) -> None:
    """Who finds all of them busy waits for as long as it can, and is told so then."""
    pool = pool_of(function, limit=1)
    with ThreadPoolExecutor(1) as executor:
        busy = executor.submit(pool.invoke, asking(hangs="1"))
        while not busy.running():
            pass
        with pytest.raises(TooManyRequestsError):
            pool.invoke(asking(), patience=0.1)
        pool.close()
        with pytest.raises(FunctionError):
            busy.result(timeout=20)


def test_handler_that_raises_keeps_its_environment(function: Function, pool_of: Pools, log: list[str]) -> None:
    """The exception is the caller's FunctionError and a stack trace in the function's log."""
    pool = pool_of(function)
    before = pool.invoke(asking())["pid"]
    with pytest.raises(FunctionError, match="ValueError: asked to"):
        pool.invoke(asking(raises="1"))
    assert pool.invoke(asking())["pid"] == before
    deadline = time.monotonic() + 10  # the log is read as it comes, which may be after the answer
    while not any("Traceback" in line for line in log) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert any("Traceback" in line for line in log)


def test_process_that_ends_is_replaced(function: Function, pool_of: Pools) -> None:
    """A crash costs its own event only."""
    pool = pool_of(function)
    before = pool.invoke(asking())["pid"]
    with pytest.raises(FunctionError, match="exited with code 3"):
        pool.invoke(asking(exits="1"))
    assert pool.invoke(asking())["pid"] != before


def test_process_killed_while_idle_is_replaced(function: Function, pool_of: Pools) -> None:
    """Nobody is told, because nobody lost anything."""
    pool = pool_of(function)
    before = pool.invoke(asking())["pid"]
    os.kill(before, 9)
    while pool._idle[0].alive:
        time.sleep(0.01)
    assert pool.invoke(asking())["pid"] != before


def test_timeout_ends_the_process(function: Function, pool_of: Pools, log: list[str]) -> None:
    """The template's Timeout holds, also against a handler that ignores being asked to stop."""
    pool = pool_of(replace(function, timeout=0.5))
    with pytest.raises(FunctionError, match=r"timed out after 0\.50 seconds"):
        pool.invoke(asking(hangs="1"))
    assert pool.invoke(asking())["context"]["name"] == "signet-Echo"
    assert "echo | task timed out after 0.50 seconds" in log


@pytest.mark.parametrize(
    ("module", "complaint"),
    [
        ("raise RuntimeError('at import')", "RuntimeError: at import"),
        ("import sys; sys.exit(4)", "exited with code 4"),
        ("def handler(", "SyntaxError"),
        ("", "AttributeError"),
    ],
)
def test_initialisation_that_fails_is_tried_anew(
    function: Function, pool_of: Pools, module: str, complaint: str
) -> None:
    """The next event gets a fresh process, so it works once the cause is gone."""
    app = function.code / "app.py"
    working = app.read_text()
    app.write_text(module)
    pool = pool_of(function)
    with pytest.raises(FunctionError, match=complaint):
        pool.invoke(asking())
    app.write_text(working + "\n# mended\n")
    assert pool.invoke(asking())["pid"]


def test_result_that_is_not_json_is_the_functions_failure(function: Function, pool_of: Pools) -> None:
    """As Lambda's Runtime.MarshalError."""
    with pytest.raises(FunctionError, match="not JSON serializable"):
        pool_of(function).invoke(asking(returns="{1, 2}"))


def test_what_a_handler_prints_is_logged_with_its_name(function: Function, pool_of: Pools, log: list[str]) -> None:
    """Standard output and standard error alike."""
    pool = pool_of(function)
    pool.invoke(asking())
    pool.close()
    assert [line for line in log if line.startswith("echo | log line of ")]
