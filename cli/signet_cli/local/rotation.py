"""Rotation as Secrets Manager drives it: four steps of one function, each called once the one before has returned."""

from collections.abc import Mapping
from typing import Any, Protocol

from signet_cli.local.aws import RotationRequest
from signet_cli.local.environment import FunctionError, TooManyRequestsError

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class RotationFunction(Protocol):
    """A function that takes the steps; FunctionError or TooManyRequestsError when it does not."""

    def invoke(self, event: dict[str, Any]) -> Any:
        """Take one step."""


def rotate(request: RotationRequest, functions: Mapping[str, RotationFunction]) -> str:
    """Run the steps by the function of that ARN; return what failed at which step, or an empty string."""
    function = functions.get(request.function_arn)
    if function is None:
        return f"there is no function {request.function_arn}"
    for step in STEPS:
        event = {"Step": step, "SecretId": request.secret_id, "ClientRequestToken": request.token}
        try:
            function.invoke(event)
        except (FunctionError, TooManyRequestsError) as error:
            return f"{step}: {error}"
    return ""
