"""botocore's events for the lean client, so that one test watches or disturbs the calls of either."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError
from botocore.model import ServiceId

from signet.aws.failures import AwsUnreachable
from signet.aws.lean.client import LeanClient, Transport
from signet.aws.lean.transport import Answer


class Events:
    """Handlers by the event that they are called for, or the first parts of its name."""

    def __init__(self) -> None:
        self._handlers: list[tuple[str, Callable[..., Any]]] = []

    def register(self, name: str, handler: Callable[..., Any]) -> None:
        """Call the handler for every such event from now on."""
        self._handlers.append((name, handler))

    def unregister(self, name: str, handler: Callable[..., Any]) -> None:
        """And from now on no more."""
        self._handlers.remove((name, handler))

    def emit(self, name: str, **members: Any) -> Any:
        """What the last handler that had something to say said."""
        said = None
        for registered, handler in list(self._handlers):
            if f"{name}.".startswith(f"{registered}."):
                said = handler(event_name=name, **members) or said
        return said


class Eventful:
    """The transport of a lean client with events around each request."""

    def __init__(self, transport: Transport, service_id: str, events: Events) -> None:
        self._transport = transport
        self._service = ServiceId(service_id).hyphenize()
        self._events = events

    def connect(self) -> None:
        self._transport.connect()

    def send(self, operation: str, headers: dict[str, str], body: bytes) -> Answer:
        of = f"{self._service}.{operation}"
        parameters, model = json.loads(body), SimpleNamespace(name=operation)
        parameters = self._events.emit(f"provide-client-params.{of}", params=parameters, model=model) or parameters
        for event in ("before-parameter-build", "before-call"):
            self._events.emit(f"{event}.{of}", params=parameters, model=model)
        body = json.dumps(parameters).encode()
        met = met_instead(lambda: self._events.emit(f"before-send.{of}", request=SimpleNamespace(body=body)))
        answer = met or self._transport.send(operation, headers, body)
        if answer.status != 200:
            return answer
        try:
            parsed = json.loads(answer.body)
        except ValueError:
            return answer
        self._events.emit(f"after-call.{of}", parsed=parsed, model=model)
        return Answer(200, lambda _: None, json.dumps(parsed).encode())


def met_instead(meet: Callable[[], AWSResponse | None]) -> Answer | None:
    """What a request meets in place of AWS, as the lean client's transport gives or raises it."""
    try:
        answer = meet()
    except BotoCoreError as error:
        raise AwsUnreachable(type(error).__name__) from None
    return Answer(answer.status_code, answer.headers.get, answer.content) if answer else None


def with_events(client: LeanClient) -> None:
    """Give a client `meta`, as far as tests use botocore's."""
    service_id = client._service.service_id
    events = Events()
    meta = SimpleNamespace(events=events, service_model=SimpleNamespace(service_id=ServiceId(service_id)))
    vars(client)["meta"] = meta
    client._transport = Eventful(client._transport, service_id, events)
