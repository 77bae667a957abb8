"""What runs inside an execution environment: loads the handler once, then answers one event after another.

The server holds the other end of the socket; both sides write whole JSON documents.
"""

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from signet_cli.local.lifeline import end_with_parent

Handler = Callable[[dict[str, Any], object], Any]


@dataclass(frozen=True)
class LambdaContext:
    """The members of Lambda's context object; `deadline` is on this process's monotonic clock, in seconds."""

    aws_request_id: str
    invoked_function_arn: str
    deadline: float
    function_name: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_FUNCTION_NAME"])
    function_version: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_FUNCTION_VERSION"])
    memory_limit_in_mb: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
    log_group_name: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_LOG_GROUP_NAME"])
    log_stream_name: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_LOG_STREAM_NAME"])
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left before Lambda would end this invocation."""
        return max(0, round((self.deadline - time.monotonic()) * 1000))


def load(specification: str) -> Handler:
    """Import `module.attribute` from the current directory."""
    module, _, attribute = specification.rpartition(".")
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    handler: Handler = getattr(importlib.import_module(module.replace("/", ".")), attribute)
    return handler


def failure(error: Exception) -> bytes:
    """Describe an exception as Lambda does, after printing it to the function's log."""
    print(f"[ERROR] {type(error).__name__}: {error}")
    traceback.print_exception(error, file=sys.stdout)
    return json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}).encode()


def answer(handler: Handler, message: dict[str, Any]) -> bytes:
    """Call the handler and return its result as JSON: Lambda's `{"result": ...}` or what went wrong."""
    os.environ["_X_AMZN_TRACE_ID"] = message["trace_id"]
    context = LambdaContext(message["request_id"], message["arn"], time.monotonic() + message["timeout"])
    try:
        return json.dumps({"result": handler(message["event"], context)}).encode()
    except Exception as error:  # noqa: BLE001 - as Lambda: whatever the handler raises is this invocation's failure
        return failure(error)


def main() -> int:
    """Serve the socket whose file descriptor is the only argument until its other end closes."""
    end_with_parent()
    server: Connection[bytes, bytes] = Connection(int(sys.argv[1]))
    try:
        handler = load(os.environ["_HANDLER"])
    except Exception as error:  # noqa: BLE001 - as Lambda: whatever the module raises is a failed initialisation
        server.send_bytes(failure(error))
        return 1
    server.send_bytes(b"{}")
    while True:
        try:
            message = json.loads(server.recv_bytes())
        except EOFError:
            return 0
        server.send_bytes(answer(handler, message))


if __name__ == "__main__":
    sys.exit(main())
