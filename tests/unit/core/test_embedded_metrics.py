"""The audit's line as CloudWatch's embedded metric format, and as Powertools would have written it in two."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any

import jsonschema
import pytest

from signet.aws.audit import EmbeddedMetricAudit
from tests.support.deployment import embedded_metric, metric_names

NAME = {"type": "string", "pattern": "^(.*)$", "minLength": 1}

SCHEMA = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "properties": {
                            "Namespace": {**NAME, "maxLength": 1024},
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {
                                    "type": "array",
                                    "minItems": 1,
                                    "maxItems": 30,
                                    "items": {**NAME, "maxLength": 250},
                                },
                            },
                            "Metrics": {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "properties": {"Name": {**NAME, "maxLength": 1024}, "Unit": {"enum": ["Count"]}},
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}
"""The schema of the format's specification, with the one unit that is used here."""

RECORDS: list[tuple[str, dict[str, Any]]] = [
    ("token_issued", {"client_id": "a", "grant_type": "client_credentials", "scope": "read", "jti": "x", "n": 1}),
    ("request_refused", {"reason": "scope_malformed", "error": "invalid_scope", "status": 400}),
    ("request_failed", {"reason": "unexpected", "status": 500, "detail": "KeyError at x.py:1 f"}),
    ("keys_rotated", {}),
    ("code_issued", {"text": 'line\nbreak "quoted" \u2028 \U0001f511'}),
    ("rotation_step", {"step": "setSecret"}),
]

POWERTOOLS = """
import json, sys
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
event, fields, metric, dimension = json.loads(sys.argv[1])
logger = Logger(level="INFO", location=None, timestamp=None)
log = logger.error if event == "request_failed" else logger.info
log(event, extra={"event": event, **fields})
if metric:
    with single_metric(name=metric, unit=MetricUnit.Count, value=1) as counted:
        if dimension:
            counted.add_dimension(dimension, fields[dimension])
"""

VARIABLES = {"POWERTOOLS_SERVICE_NAME": "signet", "POWERTOOLS_METRICS_NAMESPACE": "Signet"}

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def line(monkeypatch: pytest.MonkeyPatch, event: str, fields: Mapping[str, Any], **variables: str) -> dict[str, Any]:
    """What one record writes, which must be one line; empty where it writes none."""
    for name in ("AWS_LAMBDA_LOG_LEVEL", "POWERTOOLS_LOG_LEVEL", "LOG_LEVEL", "_X_AMZN_TRACE_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**VARIABLES, **variables}.items():
        monkeypatch.setenv(name, value)
    with redirect_stdout(io.StringIO()) as console:
        EmbeddedMetricAudit().record(event, **fields)
    lines = console.getvalue().splitlines()
    assert len(lines) <= 1
    written: dict[str, Any] = json.loads(lines[0]) if lines else {}
    return written


@pytest.mark.parametrize(("event", "fields"), RECORDS)
def test_a_line_with_a_metric_is_valid_embedded_metric_format(
    monkeypatch: pytest.MonkeyPatch, event: str, fields: dict[str, Any]
) -> None:
    """The specification's schema, and what it says in words: a member for each name, a string for each dimension."""
    written = line(monkeypatch, event, fields)
    if event == "rotation_step":
        assert "_aws" not in written
        return
    jsonschema.validate(written, SCHEMA)
    [directive] = written["_aws"]["CloudWatchMetrics"]
    assert written[directive["Metrics"][0]["Name"]] == [1.0]
    [dimensions] = directive["Dimensions"]
    assert all(isinstance(written[name], str) and written[name] for name in dimensions)
    assert "service" in dimensions


@pytest.mark.parametrize(("event", "fields"), RECORDS)
@pytest.mark.parametrize("trace", ["", TRACE])
def test_one_line_says_what_powertools_says_in_two(
    monkeypatch: pytest.MonkeyPatch, event: str, fields: dict[str, Any], trace: str
) -> None:
    """Whoever searches logs or builds dashboards by Powertools' names finds them here."""
    written = line(monkeypatch, event, fields, **({"_X_AMZN_TRACE_ID": trace} if trace else {}))
    metric = next(iter(metric_names(written)), None)
    dimension = next((name for name in embedded_metric(written) if name in fields), None) if metric else None
    spoken = subprocess.run(
        [sys.executable, "-c", POWERTOOLS, json.dumps([event, fields, metric, dimension])],
        env={"PATH": os.defpath, **VARIABLES, **({"_X_AMZN_TRACE_ID": trace} if trace else {})},
        capture_output=True,
        text=True,
        check=True,
    )
    log, *metrics = map(json.loads, spoken.stdout.strip("\n").split("\n"))
    assert {name: value for name, value in written.items() if name not in {"_aws", *metric_names(written)}} == log
    assert len(metrics) == (metric is not None)
    for powertools in metrics:
        ours = embedded_metric(written)
        [ours_directive], [directive] = (one["_aws"].pop("CloudWatchMetrics") for one in (ours, powertools))
        assert {**ours_directive, "Dimensions": sorted(ours_directive["Dimensions"][0])} == {
            **directive,
            "Dimensions": sorted(directive["Dimensions"][0]),
        }
        assert abs(ours.pop("_aws")["Timestamp"] - powertools.pop("_aws")["Timestamp"]) < 3_600_000
        assert ours == powertools


def test_a_record_below_the_level_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The level is for the log; Lambda's own setting goes before Powertools', and that before the general one."""
    event, fields = RECORDS[0]
    for variables in (
        {"LOG_LEVEL": "ERROR"},
        {"POWERTOOLS_LOG_LEVEL": "error", "LOG_LEVEL": "DEBUG"},
        {"AWS_LAMBDA_LOG_LEVEL": "WARN", "POWERTOOLS_LOG_LEVEL": "DEBUG"},
    ):
        written = line(monkeypatch, event, fields, **variables)
        assert written == embedded_metric(written)
        assert line(monkeypatch, "rotation_step", {}, **variables) == {}
        assert line(monkeypatch, "request_failed", {"reason": "x"}, **variables)["level"] == "ERROR"


def test_metrics_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """By Powertools' own switch, or by naming no namespace; the record stays."""
    event, fields = RECORDS[0]
    for name, value in (("POWERTOOLS_METRICS_DISABLED", "true"), ("POWERTOOLS_METRICS_NAMESPACE", "")):
        written = line(monkeypatch, event, fields, **{**VARIABLES, "POWERTOOLS_METRICS_DISABLED": "", name: value})
        assert "_aws" not in written
        assert written["event"] == "token_issued"
