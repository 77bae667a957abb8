"""Everything `signet serve` runs, started in order and ended together."""

import errno
import os
import queue
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from signet_cli.local.application import functions, rotation_schedules, routes
from signet_cli.local.aws import EmbeddedAws, RotationRequest
from signet_cli.local.demo import Demo, create_demo
from signet_cli.local.environment import FunctionPool
from signet_cli.local.gateway import Gateway
from signet_cli.local.http_api import HttpApi
from signet_cli.local.log import Log
from signet_cli.local.rotation import rotate
from signet_cli.local.settings import ServeSettings
from signet_cli.local.template import Template
from signet_cli.mistake import Mistake

T = TypeVar("T")


@dataclass(frozen=True)
class Served:
    """What is reachable once the server is ready."""

    issuer: str
    address: str
    aws_endpoint: str
    demo: Demo


class Server:
    """The gateway, the functions' environments and the embedded AWS of one template."""

    def __init__(self, template: Path, settings: ServeSettings, started: ExitStack, log: Log) -> None:
        """Prepare; whatever is started later ends with `started`."""
        self._template = template
        self._settings = settings
        self._started = started
        self._log = log
        self._pools: dict[str, FunctionPool] = {}
        self._rotations: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._ended = threading.Event()

    def start(self) -> Served:
        """Return once requests are answered. Raises Mistake for what the operator can put right."""
        gateway = _listening(self._settings.port, "PORT", lambda port: Gateway(port, self._log))
        self._started.callback(gateway.server_close)
        listener = _listening(self._settings.aws_port, "AWS_PORT", _listener)
        self._started.callback(listener.close)
        address = f"http://localhost:{gateway.port}"
        template = Template.read(self._template, self._settings.public_url or address)
        template = template.with_parameters(self._settings.parameters)
        api_routes = routes(template)
        if missing := {"Issuer", "RegistryTable"} - template.outputs().keys():
            raise Mistake(f"template: there is no output {', '.join(sorted(missing))}")
        aws = self._started.enter_context(EmbeddedAws(listener, on_rotation=self._rotate, on_end=self._aws_ended))
        template = aws.create_stack(template, self._settings.parameters)
        pools = {}
        for logical_id, function in functions(template).items():
            pools[logical_id] = self._pools[function.arn] = FunctionPool(function, aws.endpoint, self._log)
            self._started.callback(pools[logical_id].close)
        for schedule in rotation_schedules(template):
            aws.start_rotation(schedule)
            if failure := self._rotations.get():
                raise Mistake(f"the first rotation of the keyring failed: {failure}")
        outputs = template.outputs()
        demo = create_demo(aws.client("dynamodb"), outputs["RegistryTable"])
        gateway.api = HttpApi(api_routes, pools, template.origin)
        threading.Thread(target=gateway.serve_forever, args=(0.1,), name="gateway", daemon=True).start()
        self._started.callback(gateway.shutdown)
        return Served(outputs["Issuer"], address, aws.endpoint, demo)

    def wait(self) -> None:
        """Return only by an interrupt. Raises Mistake when the embedded AWS has ended, for nothing works without."""
        self._ended.wait()
        raise Mistake("the embedded AWS has ended by itself; what it had in memory is gone, start again")

    def _aws_ended(self) -> None:
        self._ended.set()
        self._rotations.put("the embedded AWS has ended")

    def _rotate(self, request: RotationRequest) -> None:
        failure = rotate(request, self._pools)
        self._log(f"rotation | {failure or 'finished'}")
        self._rotations.put(failure)


def _listening(port: int, variable: str, listen: Callable[[int], T]) -> T:
    try:
        return listen(port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "is taken" if taken else f"cannot be listened at ({os.strerror(error.errno or 0)})"
        raise Mistake(f"port {port} {reason}: set {variable} to another one, or to 0 for any that is free") from error


def _listener(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), backlog=128)
