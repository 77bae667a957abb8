"""The audit: one line of JSON for each decision, which CloudWatch reads as a log record and as a metric at once."""

import os
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from signet.json_text import encoded

_METRICS = {
    "token_issued": ("TokensIssued", "grant_type"),
    "request_refused": ("RequestsRefused", "reason"),
    "request_failed": ("RequestsFailed", "reason"),
    "token_revoked": ("TokensRevoked", "token_type"),
    "code_issued": ("CodesIssued", None),
    "login": ("Logins", None),
    "login_refused": ("LoginsRefused", "reason"),
    "logout": ("Logouts", None),
    "consent_revoked": ("ConsentsRevoked", None),
    "keys_rotated": ("KeysRotated", None),
    "key_withdrawn": ("KeysWithdrawn", None),
}
"""Metric of an event and the field that is its dimension; every dimension is a closed vocabulary."""

_MEASURED = {"keys_checked": {"KeyAge": ("key_age", "Seconds"), "RotationOverdue": ("overdue", "Count")}}
"""Metrics of an event whose values are fields of it, and their units."""

_COUNTED = frozenset({*_METRICS, *_MEASURED})

_OURS = frozenset({"request_failed", "rotation_failed"})
"""Events of what failed on our side."""

_LEVELS = {"TRACE": 5, "DEBUG": 10, "INFO": 20, "WARN": 30, "WARNING": 30, "ERROR": 40, "FATAL": 50, "CRITICAL": 50}


class EmbeddedMetricAudit:
    """ports.Audit in CloudWatch's embedded metric format, its members named as Powertools' Logger and Metrics do.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    Configured by Powertools' variables for service, namespace, level and the metrics' switch, and by the level of
    Lambda's logging controls, which goes before its own. A record below the level still counts. `write` takes the
    lines in place of standard output.
    """

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        self._write = write
        self._service = os.environ.get("POWERTOOLS_SERVICE_NAME") or "service_undefined"
        self._namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or ""
        if os.environ.get("POWERTOOLS_METRICS_DISABLED", "").lower() in {"1", "true", "yes", "y", "t", "on"}:
            self._namespace = ""
        self._level = _level()
        self._invocation_id: str | None = None

    def invoked(self, context: object) -> None:
        """An invocation begins. Lambda's id of it joins our lines to those of the platform (START, REPORT)."""
        self._invocation_id = getattr(context, "aws_request_id", None)

    def record(self, event: str, **fields: Any) -> None:
        """As ports.Audit.record; what failed on our side is logged as an error."""
        fields["invocation_id"] = self._invocation_id
        known = {name: value for name, value in fields.items() if value is not None and value != ""}
        level = "ERROR" if event in _OURS else "INFO"
        members = self._metric(event, known) if self._namespace and event in _COUNTED else {}
        if _LEVELS[level] >= self._level:
            members = {"level": level, "message": event, "service": self._service, "event": event, **known, **members}
            if trace := os.environ.get("_X_AMZN_TRACE_ID"):
                members["xray_trace_id"] = trace.partition(";")[0].removeprefix("Root=")
        if members:
            (self._write or sys.stdout.write)(encoded(members, str).decode() + "\n")

    def _metric(self, event: str, known: dict[str, Any]) -> dict[str, Any]:
        """One count, with the members that are its dimensions; or what the event has measured."""
        dimensions = {"service": self._service}
        if event in _METRICS:
            name, dimension = _METRICS[event]
            values = {name: [1.0]}
            if dimension and dimension in known:
                dimensions[dimension] = known[dimension]
        else:
            values = {name: [float(known[field])] for name, (field, _) in _MEASURED[event].items()}
        directives = _directives(self._namespace, event, tuple(dimensions))
        metadata = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": directives}
        return {"_aws": metadata, **dimensions, **values}


@lru_cache(maxsize=64)
def _directives(namespace: str, event: str, dimensions: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """What CloudWatch is to make of the members of such a line: the same each time."""
    units = {name: unit for name, (_, unit) in _MEASURED.get(event, {}).items()} or {_METRICS[event][0]: "Count"}
    metrics = [{"Name": name, "Unit": unit} for name, unit in units.items()]
    return ({"Namespace": namespace, "Dimensions": [dimensions], "Metrics": metrics},)


def _level() -> int:
    """The least level of a record that is written; Lambda's own setting goes before Powertools'."""
    for name in ("AWS_LAMBDA_LOG_LEVEL", "POWERTOOLS_LOG_LEVEL", "LOG_LEVEL"):
        if level := _LEVELS.get(os.environ.get(name, "").upper()):
            return level
    return _LEVELS["INFO"]
