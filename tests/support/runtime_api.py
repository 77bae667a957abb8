"""Lambda's Runtime API on loopback, as far as its runtime clients use it, for one function at a time.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Lock, Thread
from typing import Any, Self

_PREFIX = "/2018-06-01/runtime"


class FunctionFailed(Exception):
    """The function reported an error, at its init or in an invocation."""

    def __init__(self, phase: str, error: dict[str, Any]) -> None:
        super().__init__(f"{phase}: {error.get('errorType')}: {error.get('errorMessage')}")


@dataclass(frozen=True, slots=True)
class _Invocation:
    event: bytes
    timeout: float
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    outcome: "queue.SimpleQueue[tuple[str, bytes]]" = field(default_factory=queue.SimpleQueue)


class RuntimeApi:
    """Serves one function's runtime client while the context is open; `address` is its AWS_LAMBDA_RUNTIME_API."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[_Invocation | None] = queue.SimpleQueue()
        self._running: dict[str, _Invocation] = {}
        self._init_error: bytes | None = None
        self._lock = Lock()
        self._idle = Condition()
        self._asked = 0
        self._server = _Server(self)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), name="runtime-api", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Host and port, without a scheme."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def invoke(self, event: object, timeout: float = 30) -> Any:
        """The function's result for an event. Raises FunctionFailed, or TimeoutError after `timeout` seconds."""
        invocation = _Invocation(json.dumps(event).encode(), timeout)
        with self._lock:
            if self._init_error is not None:
                raise FunctionFailed("init", json.loads(self._init_error))
            self._waiting.put(invocation)
        try:
            kind, body = invocation.outcome.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"no answer from the function within {timeout} s") from None
        if kind != "response":
            raise FunctionFailed(kind, json.loads(body))
        return json.loads(body)

    def wait_until_asked(self, times: int, timeout: float = 30) -> None:
        """Return once the function has asked for an invocation that often: the first time it is ready.

        Raises TimeoutError.
        """
        with self._idle:
            if not self._idle.wait_for(lambda: self._asked >= times, timeout):
                raise TimeoutError(f"the function has asked for {self._asked} invocations")

    def take(self) -> _Invocation | None:
        """The next invocation, once there is one; None when this API closes."""
        with self._idle:
            self._asked += 1
            self._idle.notify_all()
        invocation = self._waiting.get()
        if invocation is not None:
            self._running[invocation.request_id] = invocation
        return invocation

    def settle(self, request_id: str, kind: str, body: bytes) -> bool:
        """Hand over what a runtime client posted; False for an invocation that is not running."""
        invocation = self._running.pop(request_id, None)
        if invocation is not None:
            invocation.outcome.put((kind, body))
        return invocation is not None

    def fail_init(self, body: bytes) -> None:
        """The handler could not be loaded: whoever waits, now or later, learns why."""
        with self._lock:
            self._init_error = body
            while not self._waiting.empty():
                invocation = self._waiting.get()
                if invocation is not None:
                    invocation.outcome.put(("init", body))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a function that is ended resets its connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece and at once: Nagle's algorithm and delayed acknowledgements would add 40 ms to each.
    wbufsize = -1
    disable_nagle_algorithm = True

    @property
    def _api(self) -> RuntimeApi:
        assert isinstance(self.server, _Server)
        return self.server.api

    def do_GET(self) -> None:
        invocation = self._api.take() if self.path == f"{_PREFIX}/invocation/next" else None
        if invocation is None:
            self._answer(404, b"{}")
            return
        self._answer(
            200,
            invocation.event,
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + invocation.timeout) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:built",
                "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        resource = self.path.removeprefix(_PREFIX).strip("/").split("/")
        match resource:
            case ["init", "error"]:
                self._api.fail_init(body)
                accepted = True
            case ["invocation", request_id, "response" | "error" as kind]:
                accepted = self._api.settle(request_id, "response" if kind == "response" else "invocation", body)
            case _:
                accepted = False
        self._answer(202 if accepted else 404, b"{}")

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: what a test wants to know it reads from the outcome."""
