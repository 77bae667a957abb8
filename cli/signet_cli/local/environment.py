"""Execution environments as Lambda has them: a process serves one event at a time and is kept for the next one."""

import contextlib
import json
import multiprocessing
import subprocess
import threading
import time
import uuid
from typing import Any

from signet_cli.local import embedded, lifeline
from signet_cli.local.application import Function
from signet_cli.local.log import Log

INITIALISATION = 30.0
"""Seconds a handler's module may take to import; Lambda gives it 10 and then tries once more."""


class FunctionError(Exception):
    """The function did not return: it raised, timed out, ended its process or did not start."""


class TooManyRequestsError(Exception):
    """Every environment that the function may have stayed busy for as long as the caller could wait."""


class ExecutionEnvironment:
    """One process of a function. It starts at once and imports the handler while its first event is on the way."""

    def __init__(self, function: Function, aws_endpoint: str, log: Log) -> None:
        self._function = function
        self._log = log
        self._initialised = False
        self._connection, theirs = multiprocessing.Pipe()
        with theirs:
            self._process = lifeline.start(
                "signet_cli.local.runtime",
                [str(theirs.fileno())],
                environment=_variables(function, aws_endpoint),
                directory=function.code,
                keep=theirs.fileno(),
                errors=subprocess.STDOUT,
            )
        threading.Thread(target=self._copy_log, name=f"log of {function.name}", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process can take another event."""
        return self._process.poll() is None

    def invoke(self, event: dict[str, Any], trace_id: str) -> Any:
        """Return what the handler returns for `event`; FunctionError when there is no such answer."""
        request_id = str(uuid.uuid4())
        try:
            if not self._initialised:
                self._receive(INITIALISATION, "initialisation")
                self._initialised = True
            message = {
                "event": event,
                "request_id": request_id,
                "trace_id": trace_id,
                "arn": self._function.arn,
                "timeout": self._function.timeout,
            }
            self._connection.send_bytes(json.dumps(message).encode())
            return self._receive(self._function.timeout, "task").get("result")
        except (EOFError, OSError) as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)  # its exit code, if it is on its way out
            self.close()
            raise self._failed(f"exited with code {self._process.returncode} before it answered") from error

    def close(self) -> None:
        """End the process, whatever it is doing."""
        lifeline.stop(self._process)

    def _receive(self, timeout: float, what: str) -> dict[str, Any]:
        if not self._connection.poll(timeout):
            self.close()
            raise self._failed(f"{what} timed out after {timeout:.2f} seconds")
        answer: dict[str, Any] = json.loads(self._connection.recv_bytes())
        if "errorType" in answer:
            if not self._initialised:
                self.close()
            raise FunctionError(f"{self._function.name}: {answer['errorType']}: {answer['errorMessage']}")
        return answer

    def _failed(self, reason: str) -> FunctionError:
        self._log(f"{self._function.code.name} | {reason}")
        return FunctionError(f"{self._function.name}: {reason}")

    def _copy_log(self) -> None:
        if self._process.stdout:
            with self._process.stdout as stream:
                for line in stream:
                    self._log(f"{self._function.code.name} | {line.decode(errors='replace').rstrip()}")


class FunctionPool:
    """The environments of one function: a free one is used again, a new one starts while fewer than `limit` exist."""

    def __init__(self, function: Function, aws_endpoint: str, log: Log, limit: int = 4) -> None:
        self._function = function
        self._aws_endpoint = aws_endpoint
        self._log = log
        self._slots = threading.Semaphore(limit)
        self._lock = threading.Lock()
        self._idle: list[ExecutionEnvironment] = []
        self._all: set[ExecutionEnvironment] = set()
        self._closed = False

    def invoke(self, event: dict[str, Any], *, patience: float = 30.0, trace_id: str = "") -> Any:
        """Return the function's answer, waiting up to `patience` seconds for an environment that is free.

        Raises FunctionError, or TooManyRequestsError when none became free.
        """
        if not self._slots.acquire(timeout=patience):
            raise TooManyRequestsError
        try:
            environment = self._take()
            try:
                return environment.invoke(event, trace_id or new_trace_id())
            finally:
                self._give_back(environment)
        finally:
            self._slots.release()

    def close(self) -> None:
        """End every environment; those that are busy leave their caller with a FunctionError."""
        with self._lock:
            self._closed = True
            for environment in self._all:
                environment.close()

    def _take(self) -> ExecutionEnvironment:
        with self._lock:
            if self._closed:
                raise FunctionError("the server is stopping")
            while self._idle:
                environment = self._idle.pop()
                if environment.alive:
                    return environment
                self._all.discard(environment)
            environment = ExecutionEnvironment(self._function, self._aws_endpoint, self._log)
            self._all.add(environment)
            return environment

    def _give_back(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            if environment.alive:
                self._idle.append(environment)
            else:
                self._all.discard(environment)


def new_trace_id() -> str:
    """Return a trace id in the form of X-Ray's header."""
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"


def _variables(function: Function, aws_endpoint: str) -> dict[str, str]:
    """Return the whole environment of the process: Lambda's reserved variables and the function's own."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"$LATEST/{uuid.uuid4().hex}",
        "LAMBDA_TASK_ROOT": str(function.code),
        "_HANDLER": function.handler,
        **embedded.ENVIRONMENT,
        "AWS_ENDPOINT_URL": aws_endpoint,
        **function.environment,
    }
