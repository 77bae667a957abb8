"""ports.Audit: what every audit keeps to."""

import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from signet.aws.audit import EmbeddedMetricAudit
from signet.ports import Audit
from tests.support.deployment import metric_names
from tests.support.fakes import RecordingAudit

Written = Callable[[], list[dict[str, Any]]]


@pytest.fixture(params=["memory", "embedded metric format"])
def audit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Audit, Written]:
    """An audit, and what gives its lines."""
    if request.param == "memory":
        recording = RecordingAudit()
        return recording, lambda: recording.lines
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "signet")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Signet")

    def written() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in console.getvalue().split("\n") if line]
        own = {"level", "message", "service", "_aws"}
        return [{n: v for n, v in line.items() if n not in {*own, *metric_names(line)}} for line in lines]

    console = io.StringIO()
    monkeypatch.setattr("signet.aws.audit.sys", SimpleNamespace(stdout=console))
    return EmbeddedMetricAudit(), written


def test_a_record_is_one_line_with_its_fields(audit: tuple[Audit, Written]) -> None:
    """With their JSON types."""
    record, written = audit[0].record, audit[1]
    record("token_issued", client_id="a", grant_type="client_credentials", n=1, kids=["x"])
    record("request_failed", reason="unexpected", status=500)
    assert written() == [
        {"event": "token_issued", "client_id": "a", "grant_type": "client_credentials", "n": 1, "kids": ["x"]},
        {"event": "request_failed", "reason": "unexpected", "status": 500},
    ]


def test_a_field_without_a_value_is_left_out(audit: tuple[Audit, Written]) -> None:
    """None and the empty string; 0 and False are values."""
    record, written = audit[0].record, audit[1]
    record("rotation_step", nothing=None, empty="", zero=0, no=False)
    assert written() == [{"event": "rotation_step", "zero": 0, "no": False}]


def test_a_value_never_breaks_its_line(audit: tuple[Audit, Written]) -> None:
    """Line breaks and quotes are text."""
    record, written = audit[0].record, audit[1]
    record("rotation_step", step='a\r\n{"event":"forged"}"\u2028')
    assert written() == [{"event": "rotation_step", "step": 'a\r\n{"event":"forged"}"\u2028'}]
