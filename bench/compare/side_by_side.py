"""Signet beside what one would take instead, for JWTs of machines: same machine, same run, one core each.

A subject's process runs on a core of its own; who asks, and AWS, run on another. One request at a time, over a
connection that is kept, on loopback. Tokens a second of a core are what a token's CPU time leaves room for: that is how
many environments or workers have to be paid for. `make compare` runs it.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import time
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cost import table
from bench.measure import MILLISECONDS, memory, process_cpu
from bench.token_request import TOKEN_REQUEST, rotated_stack
from signet.keys.algorithms import ALGORITHMS
from signet.keys.thumbprint import thumbprint
from tests.support.built import BUILT, HOST, ROOT, LambdaProcess, build, python313
from tests.support.stack import Stack

NODE = Path(__file__).parent / "node"
CLIENT_ID, CLIENT_SECRET = "machine", "secret-of-the-comparison-0123456789"

WARM, MEASURED, LIMIT = 500, 2_000, 60.0
"""Tokens before it is measured, tokens measured at most, and seconds that these may take at most."""

STARTS = 7
"""Starts of each subject, in turn, of which the median counts."""


class WrongAnswer(Exception):
    """A subject gave no token; the message is what it gave."""


@dataclass(frozen=True, slots=True)
class Running:
    """A subject that answers: `ask` returns the access token that it got, `pid` is the process that was started."""

    pid: int
    ask: Callable[[], str]

    def cpu(self) -> float:
        """CPU seconds so far, of its workers too."""
        return sum(map(process_cpu, self._pids()))

    def resident(self) -> int:
        """Bytes in memory, of its workers too, shared pages counted for each."""
        return sum(map(memory, self._pids()))

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        return [self.pid, *map(int, children.split())]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one subject: seconds, bytes."""

    starts: list[float]
    latencies: list[float]
    cpu: float
    resident: int

    def row(self, name: str) -> list[str]:
        """As the table shows it."""
        ordered = sorted(self.latencies)
        return [
            name,
            f"{statistics.median(self.starts) * MILLISECONDS:,.0f} ms",
            f"{1 / self.cpu:,.0f}",
            f"{self.cpu * MILLISECONDS:.2f} ms",
            f"{statistics.median(ordered) * MILLISECONDS:.2f} ms",
            f"{ordered[len(ordered) * 99 // 100] * MILLISECONDS:.2f} ms",
            f"{self.resident / 1e6:,.0f} MB",
        ]


Subject = Callable[[int], AbstractContextManager[Running]]
"""Starts on a core, and ends with the context."""


@contextmanager
def signet(stack: Stack, core: int) -> Iterator[Running]:
    """The token function as built, under Lambda's runtime client, one environment."""
    function = BUILT / "TokenFunction"
    with LambdaProcess(function, stack.variables(function.name)) as process:
        os.sched_setaffinity(process.pid, {core})

        def ask() -> str:
            answer = process.invoke(TOKEN_REQUEST)
            if answer["statusCode"] != 200:
                raise WrongAnswer(answer)
            return str(json.loads(answer["body"])["access_token"])

        yield Running(process.pid, ask)


@contextmanager
def served(command: list[str], variables: Mapping[str, str], path: str, core: int) -> Iterator[Running]:
    """A server on loopback, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"PATH": os.environ["PATH"], "PORT": str(port), "NODE_ENV": "production", **variables}
    arguments = [argument.replace("{port}", str(port)) for argument in command]
    process = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.sched_setaffinity(process.pid, {core})
    try:
        yield Running(process.pid, _over_http(_connected(port, process), path))
    finally:
        process.terminate()
        process.wait(10)


def _connected(port: int, process: "subprocess.Popen[bytes]") -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(15_000):
        try:
            connection.connect()
        except ConnectionRefusedError:
            if process.poll() is not None:
                raise WrongAnswer(f"{process.args!r} ended with {process.returncode}") from None
            time.sleep(0.001)
        else:
            return connection
    raise WrongAnswer(f"{process.args!r} does not listen")


def _over_http(connection: http.client.HTTPConnection, path: str) -> Callable[[], str]:
    credentials = b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"}

    def ask() -> str:
        connection.request("POST", path, b"grant_type=client_credentials&scope=read+write", headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise WrongAnswer(body)
        return str(json.loads(body)["access_token"])

    return ask


def started(subject: Subject, core: int) -> float:
    """Seconds from the start of the process to its first token."""
    before = time.perf_counter()
    with subject(core) as running:
        running.ask()
        return time.perf_counter() - before


def measured(subject: Subject, core: int, starts: list[float]) -> Figures:
    """What a warm process takes for a token."""
    with subject(core) as running:
        for _ in range(WARM):
            running.ask()
        latencies: list[float] = []
        end, before = time.perf_counter() + LIMIT, running.cpu()
        while len(latencies) < MEASURED and time.perf_counter() < end:
            asked = time.perf_counter()
            running.ask()
            latencies.append(time.perf_counter() - asked)
        return Figures(starts, latencies, (running.cpu() - before) / len(latencies), running.resident())


def alike(subjects: Mapping[str, Subject], core: int) -> None:
    """Each gives what the others do: a JWT that is signed by RS256 with 2048 bits. Raises WrongAnswer."""
    for name, subject in subjects.items():
        with subject(core) as running:
            header, _, signature = running.ask().split(".")
            if len(signature) != 342 or '"RS256"' not in _decoded(header):
                raise WrongAnswer(f"{name} signs otherwise")


def _decoded(part: str) -> str:
    return urlsafe_b64decode(part + "==").decode()


def main() -> None:
    """Print the table."""
    first, *others = sorted(os.sched_getaffinity(0))
    core = others[-1] if others else first
    os.sched_setaffinity(0, {first})
    build()
    with rotated_stack() as stack, TemporaryDirectory() as folder:
        jwk = ALGORITHMS["RS256"].generate()
        key = Path(folder) / "key.json"
        key.write_text(json.dumps({**jwk, "kid": thumbprint(jwk), "alg": "RS256", "use": "sig"}), encoding="utf-8")
        variables = {"JWK": str(key), "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
        python = {
            **variables,
            "AUTHLIB_INSECURE_TRANSPORT": "1",
            "PYTHONPATH": os.pathsep.join((str(HOST / "compare"), str(ROOT))),
        }
        gunicorn = [python313(), "-m", "gunicorn", "--worker-class", "gthread", "--threads", "1", "--workers", "1"]
        gunicorn += ["--bind", "127.0.0.1:{port}", "--no-control-socket", "bench.compare.flask_server:app"]
        subjects: dict[str, Subject] = {
            "Signet": partial(signet, stack),
            "node-oidc-provider": partial(served, ["node", str(NODE / "server.mjs")], variables, "/token"),
            "Authlib on Flask, gunicorn": partial(served, gunicorn, python, "/token"),
        }
        alike(subjects, core)
        starts: dict[str, list[float]] = {name: [] for name in subjects}
        for _ in range(STARTS):
            for name, subject in subjects.items():
                starts[name].append(started(subject, core))
        rows = [measured(subject, core, starts[name]).row(name) for name, subject in subjects.items()]
    head = ["JWTs of machines, RS256", "start to first token", "tokens/s of a core", "CPU", "p50", "p99", "memory"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
