"""What a failure of AWS looks like from outside and to the operator."""

from typing import Any

from tests.support.deployment import Deployment
from tests.support.faults import SECRET_WORD
from tests.support.gateway_events import Answer


def failure(deployment: Deployment, answer: Answer) -> dict[str, Any]:
    """Check that an answer is a failure in order: 503, when to try again, and not a word of AWS; its audit line."""
    assert answer.error(503) == "temporarily_unavailable"
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    for text in (answer.body, str(answer.headers), deployment.output()):
        assert SECRET_WORD not in text
        assert "Traceback" not in text
    line = deployment.lines()[-1]
    assert line["event"] == "request_failed"
    return line
