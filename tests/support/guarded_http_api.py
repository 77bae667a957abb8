"""An HTTP API behind a Lambda authorizer with simple responses, over real HTTP, as AWS documents it.

"Working with AWS Lambda authorizers for HTTP APIs": API Gateway answers 401 without calling the function where an
identity source is missing; it uses the identity sources as the key of its cache, and the cached result for all routes
unless `$context.routeKey` is one of them; `isAuthorized: false` is 403; a function that fails is 500.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from signet_cli.local.application import Route, functions
from signet_cli.local.environment import FunctionError, FunctionPool
from signet_cli.local.event import Request, Response, http_response, new_request_id, proxy_event
from signet_cli.local.gateway import Gateway
from signet_cli.local.template import Template
from tests.support.transformed import references

ORIGIN = "https://shop.example"

UNAUTHORIZED = Response.message(401, "Unauthorized")
FORBIDDEN = Response.message(403, "Forbidden")
FAILED = Response.message(500, "Internal Server Error")


@dataclass(frozen=True)
class Authorizer:
    """An `AWS::ApiGatewayV2::Authorizer`: its function, what it is asked by, and how long it is remembered."""

    function: FunctionPool
    identity_sources: tuple[str, ...]
    ttl: float
    clock: Callable[[], float]
    remembered: dict[tuple[str, ...], tuple[float, Any]] = field(default_factory=dict)

    def identity(self, event: Mapping[str, Any]) -> tuple[str, ...] | None:
        """The values of the identity sources; None where one of them is missing or empty."""
        values = tuple(_identity_source(source, event) for source in self.identity_sources)
        return values if all(values) else None

    def result(self, identity: tuple[str, ...], event: Mapping[str, Any]) -> Any:
        """The function's response, or the one that it gave a while ago. FunctionError is not remembered."""
        now = self.clock()
        if self.ttl and identity in self.remembered and now < self.remembered[identity][0] + self.ttl:
            return self.remembered[identity][1]
        own = {name: value for name, value in event.items() if name not in {"body", "isBase64Encoded"}}
        result = self.function.invoke({**own, "type": "REQUEST", "identitySource": list(identity), "routeArn": "arn"})
        self.remembered[identity] = now, result
        return result


@dataclass(frozen=True)
class GuardedRoute:
    """A route, its authorizer and the function behind both."""

    route: Route
    authorizer: Authorizer
    backend: FunctionPool


class GuardedHttpApi:
    """What signet_cli.local.gateway serves: one API of a template."""

    def __init__(self, routes: list[GuardedRoute]) -> None:
        self._routes = sorted(routes, key=lambda guarded: guarded.route._rank)

    def answer(self, request: Request) -> tuple[Response, str]:
        """The response, and why it is not the backend's."""
        for guarded in self._routes:
            parameters = guarded.route.match(request.method, request.path)
            if parameters is not None:
                return self._answer(guarded, request, parameters)
        return Response.message(404, "Not Found"), "no route"

    def _answer(self, guarded: GuardedRoute, request: Request, parameters: Mapping[str, str]) -> tuple[Response, str]:
        trace_id = "Root=1-0-0"
        event = proxy_event(
            request, guarded.route.key, parameters, origin=ORIGIN, request_id=new_request_id(), trace_id=trace_id
        )
        identity = guarded.authorizer.identity(event)
        if identity is None:
            return UNAUTHORIZED, "an identity source is missing"
        try:
            decision = guarded.authorizer.result(identity, event)
            if decision["isAuthorized"] is not True:
                return FORBIDDEN, "not authorized"
            event["requestContext"]["authorizer"] = {"lambda": decision.get("context")}
            return http_response(guarded.backend.invoke(event)), ""
        except (FunctionError, KeyError, TypeError) as error:
            return FAILED, str(error)


@contextmanager
def serving(
    template: Template, aws_endpoint: str, clock: Callable[[], float], lines: list[str]
) -> Iterator[dict[str, str]]:
    """The addresses of the template's APIs by logical id, while the context is open; `lines` is what they log."""
    resources = template.document["Resources"]
    with ExitStack() as started:
        pools = {}
        for logical_id, function in functions(template).items():
            pools[logical_id] = FunctionPool(function, aws_endpoint, lines.append)
            started.callback(pools[logical_id].close)
        authorizers = {
            logical_id: Authorizer(
                pools[
                    next(
                        name
                        for name in references(resources[logical_id]["Properties"]["AuthorizerUri"])
                        if name in pools
                    )
                ],
                tuple(properties["IdentitySource"]),
                float(properties["AuthorizerResultTtlInSeconds"]),
                clock,
            )
            for logical_id, properties in template.resources("AWS::ApiGatewayV2::Authorizer").items()
        }
        guarded: dict[str, list[GuardedRoute]] = {}
        for resource in resources.values():
            if resource["Type"] == "AWS::ApiGatewayV2::Route":
                properties = resource["Properties"]
                [integration] = references(properties["Target"])
                [backend] = references(resources[integration]["Properties"]["IntegrationUri"])
                route = GuardedRoute(
                    Route(properties["RouteKey"], backend),
                    authorizers[properties["AuthorizerId"]["Ref"]],
                    pools[backend],
                )
                guarded.setdefault(properties["ApiId"]["Ref"], []).append(route)
        addresses = {}
        for api, routes in guarded.items():
            gateway: Any = Gateway(0, lines.append)
            gateway.api = GuardedHttpApi(routes)
            started.callback(gateway.server_close)
            threading.Thread(target=gateway.serve_forever, args=(0.05,), daemon=True).start()
            started.callback(gateway.shutdown)
            addresses[api] = f"http://127.0.0.1:{gateway.port}"
        yield addresses


def _identity_source(source: str, event: Mapping[str, Any]) -> str:
    if source == "$context.routeKey":
        return str(event["routeKey"])
    name = source.removeprefix("$request.header.").lower()
    assert name != source.lower(), source
    return str(event["headers"].get(name, ""))
