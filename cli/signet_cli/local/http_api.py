"""The HTTP API of the template: from request to route, from route to function, from its result to a response."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from signet_cli.local.application import Route
from signet_cli.local.environment import FunctionError, TooManyRequestsError, new_trace_id
from signet_cli.local.event import Request, Response, http_response, new_request_id, proxy_event

INTEGRATION_TIMEOUT = 30.0
"""Seconds that a request may wait for a function, a quota of HTTP APIs."""


class Invocable(Protocol):
    """A function that answers events; FunctionError when it fails, TooManyRequestsError when none of it is free."""

    def invoke(self, event: dict[str, Any], *, patience: float, trace_id: str) -> Any:
        """Return what the handler returns."""


class HttpApi:
    """Routes and the functions behind them; `origin` is the address that callers know the API by."""

    def __init__(self, routes: Sequence[Route], functions: Mapping[str, Invocable], origin: str) -> None:
        self._routes = routes
        self._functions = functions
        self._origin = origin

    def answer(self, request: Request) -> tuple[Response, str]:
        """Return the response to a request and why it is not the function's, if it is not."""
        for route in self._routes:
            path_parameters = route.match(request.method, request.path)
            if path_parameters is not None:
                break
        else:
            return Response.message(404, "Not Found"), "no route"
        trace_id, request_id = new_trace_id(), new_request_id()
        event = proxy_event(
            request,
            route.key,
            path_parameters,
            origin=self._origin,
            request_id=request_id,
            trace_id=trace_id,
        )
        response, reason = self._invoke(route.function, event, trace_id)
        return Response(response.status, (*response.headers, ("apigw-requestid", request_id)), response.body), reason

    def _invoke(self, function: str, event: dict[str, Any], trace_id: str) -> tuple[Response, str]:
        try:
            result = self._functions[function].invoke(event, patience=INTEGRATION_TIMEOUT, trace_id=trace_id)
            return http_response(result), ""
        except TooManyRequestsError:
            return Response.message(503, "Service Unavailable"), "no free execution environment"
        except FunctionError as error:
            return Response.message(500, "Internal Server Error"), str(error)
        except (TypeError, ValueError) as error:
            return Response.message(500, "Internal Server Error"), f"not a response: {error}"
