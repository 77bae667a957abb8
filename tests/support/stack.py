"""The template's tables and secret in an embedded AWS of their own, and events for the functions that use them."""

import queue
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signet.aws.clients import DynamoDbClientRegistry
from signet.model.client import Client, ClientSecret, digest
from signet_cli.local import embedded
from signet_cli.local.application import functions, rotation_schedules
from signet_cli.local.aws import EmbeddedAws, RotationRequest
from signet_cli.local.event import Request, proxy_event
from signet_cli.local.rotation import STEPS
from signet_cli.local.template import Template

ORIGIN = "https://id.example.com"


@dataclass(frozen=True)
class Stack:
    """What a template has created in an AWS. Its functions are not started."""

    template: Template
    aws: EmbeddedAws
    rotations: "queue.SimpleQueue[RotationRequest]"

    def variables(self, function: str) -> dict[str, str]:
        """The environment of a function, by logical id, with the address of this AWS."""
        own = functions(self.template)[function].environment
        return {**embedded.ENVIRONMENT, "AWS_ENDPOINT_URL": self.aws.endpoint, **own}

    def rotation_events(self) -> list[dict[str, str]]:
        """Start a rotation, and give the events of its four steps."""
        [schedule] = rotation_schedules(self.template)
        self.aws.start_rotation(schedule)
        rotation = self.rotations.get(timeout=10)
        return [{"Step": step, "SecretId": rotation.secret_id, "ClientRequestToken": rotation.token} for step in STEPS]

    def register(self, client_id: str, client_secret: str, **metadata: Any) -> None:
        """Put a client into the registry that authenticates by HTTP Basic; by default for client_credentials."""
        registered = Client(
            client_id=client_id,
            token_endpoint_auth_method="client_secret_basic",
            client_secrets=(ClientSecret(digest(client_secret), created_at=0),),
            **{"grant_types": ("client_credentials",), **metadata},
        )
        registry = DynamoDbClientRegistry(self.aws.client("dynamodb"), self.template.name("RegistryTable"))
        assert registry.create(registered)


@contextmanager
def stack(template: Path) -> Iterator[Stack]:
    """The stack of the template at that path while the context is open."""
    rotations: queue.SimpleQueue[RotationRequest] = queue.SimpleQueue()
    listener = socket.create_server(("127.0.0.1", 0))
    with EmbeddedAws(listener, on_rotation=rotations.put, on_end=lambda: None) as aws:
        yield Stack(aws.create_stack(Template.read(template, ORIGIN)), aws, rotations)


def event(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> dict[str, Any]:
    """The payload 2.0 event of a request to the route of that path."""
    request = Request(method, path, "HTTP/1.1", tuple((headers or {}).items()), body, "192.0.2.1")
    return proxy_event(
        request, f"ANY {path.partition('?')[0]}", {}, origin=ORIGIN, request_id="request", trace_id="Root=1-0-0"
    )
