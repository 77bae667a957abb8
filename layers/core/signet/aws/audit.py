"""The audit: a structured log line and a CloudWatch metric for each decision."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

_METRICS = {
    "token_issued": ("TokensIssued", "grant_type"),
    "request_refused": ("RequestsRefused", "reason"),
    "request_failed": ("RequestsFailed", "reason"),
    "token_revoked": ("TokensRevoked", "token_type"),
    "code_issued": ("CodesIssued", None),
    "login": ("Logins", None),
    "login_refused": ("LoginsRefused", "reason"),
    "keys_rotated": ("KeysRotated", None),
}
"""Metric of an event and the field that is its dimension; every dimension is a closed vocabulary."""


class PowertoolsAudit:
    """ports.Audit on Powertools' Logger and Metrics (embedded metric format), configured by the environment."""

    def __init__(self) -> None:
        self._logger = Logger(level="INFO", location=None, timestamp=None)

    def record(self, event: str, **fields: Any) -> None:
        """As ports.Audit.record; what failed on our side is logged as an error."""
        known = {name: value for name, value in fields.items() if value not in (None, "")}
        log = self._logger.error if event in {"request_failed", "rotation_failed"} else self._logger.info
        log(event, extra={"event": event, **known})
        if event in _METRICS:
            metric, dimension = _METRICS[event]
            with single_metric(name=metric, unit=MetricUnit.Count, value=1) as counted:
                if dimension and dimension in known:
                    counted.add_dimension(dimension, known[dimension])
