"""A deployment that keeps what its functions ask of AWS and of their environment."""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from signet import aws
from signet.aws import environ
from signet.settings import Settings
from signet_cli.local.template import Template
from tests.support.deployment import Deployment
from tests.support.permissions import AwsRequest, Statement

ADAPTERS = Path(aws.__file__).parent

WRITES = {
    *(f"dynamodb:{name}" for name in ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")),
    *(f"secretsmanager:{name}" for name in ("PutSecretValue", "UpdateSecretVersionStage")),
    *(f"kms:{name}" for name in ("CreateKey", "CreateAlias", "ScheduleKeyDeletion")),
}
"""Calls that leave something behind."""

OPTIONAL = {f"SIGNET_{field.name.upper()}" for field in fields(Settings)} - {"SIGNET_ISSUER"}
"""Variables that are read for every function, whether it needs them or not: what counts is its use of the setting."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of AWS: `operation` as in `dynamodb:GetItem`, `adapter` the function of signet.aws that makes it."""

    operation: str
    parameters: Mapping[str, Any]
    adapter: str


@dataclass(frozen=True)
class Recording:
    """What every flow left: by the function's logical id, but for the adapters that made the calls of all of them.

    `lines` are the audit's, by flow. `unexplained` are invocations that wrote to a store and said nothing of it.
    """

    requests: dict[str, set[AwsRequest]]
    variables: dict[str, set[str]]
    adapters: set[str]
    statements: dict[str, list[Statement]]
    lines: dict[str, list[dict[str, Any]]]
    metrics: list[dict[str, Any]]
    unexplained: set[str]


class RecordedDeployment(Deployment):
    """Only what a function does is recorded, by the function's name; what a test does itself is not."""

    def __init__(self, template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
        self.recorded: defaultdict[str, list[Call]] = defaultdict(list)
        self.variables_read: defaultdict[str, set[str]] = defaultdict(set)
        self.unexplained: set[str] = set()
        self._function = ""
        super().__init__(template, monkeypatch)
        self._watch_environment()

    @contextmanager
    def _running(self, function: str) -> Iterator[None]:
        said, asked = len(self.lines()), len(self.recorded[function])
        with super()._running(function):
            self._function = function
            try:
                yield
            finally:
                self._function = ""
        writes = {call.operation for call in self.recorded[function][asked:]} & WRITES
        if writes and len(self.lines()) == said:
            self.unexplained.add(f"{function} {' '.join(sorted(writes))}")

    def _before_send(self, event_name: str, request: Any, **sent: Any) -> Any:
        try:
            return super()._before_send(event_name, request, **sent)
        finally:  # what met a fault was asked for all the same
            if self._function:
                call = Call(self.calls[-1], json.loads(request.body), _adapter(sys._getframe()))
                self.recorded[self._function].append(call)

    def _watch_environment(self) -> None:
        read = type(os.environ).__getitem__
        settings = environ.settings

        def watched(variables: Any, name: str) -> str:
            if name not in OPTIONAL:
                self._note(name)
            value: str = read(variables, name)
            return value

        self._monkeypatch.setattr(type(os.environ), "__getitem__", watched)
        self._monkeypatch.setattr(environ, "settings", lambda: _Watched(settings(), self))

    def _note(self, name: str) -> None:
        if self._function:
            self.variables_read[self._function].add(name)


class _Watched:
    """Settings that notice which of them are used."""

    def __init__(self, settings: Settings, deployment: RecordedDeployment) -> None:
        self._settings = settings
        self._deployment = deployment

    def __getattr__(self, name: str) -> Any:
        variable = f"SIGNET_{name.upper()}"
        if variable in OPTIONAL:
            self._deployment._note(variable)
        return getattr(self._settings, name)


def _adapter(frame: FrameType | None) -> str:
    """The nearest function of signet.aws on the stack, as `<module>.<qualified name>`."""
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.parent == ADAPTERS:
            return f"{path.stem}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    raise AssertionError("AWS is called from outside of signet.aws")
