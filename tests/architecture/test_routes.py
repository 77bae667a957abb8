"""template.yaml routes what the table of endpoints says, and nothing else."""

import json
import re
from typing import Any

from signet.endpoints.table import ENDPOINTS
from signet_cli.local.application import functions, routes
from signet_cli.local.template import Template
from tests.support.transformed import of_type

OPERATORS_FUNCTIONS = {"key_rotation"}
"""Functions that no route leads to."""


def test_the_routes_are_the_paths_of_the_endpoints(template: Template) -> None:
    """A path missing here is 404 when deployed; one too many is a door that no endpoint guards."""
    folders = {logical_id: function.code.name for logical_id, function in functions(template).items()}
    routed = {route.key: folders[route.function] for route in routes(template)}
    # ANY: the endpoint itself answers 405 and preflights, since API Gateway's own 404 would say that there is nothing
    assert routed == {f"ANY {path}": endpoint.function for endpoint in ENDPOINTS.values() for path in endpoint.paths}


def test_every_function_serves_an_endpoint_or_the_operators(template: Template) -> None:
    """No function is deployed for nothing."""
    deployed = {function.code.name for function in functions(template).values()}
    assert deployed == {endpoint.function for endpoint in ENDPOINTS.values()} | OPERATORS_FUNCTIONS


def test_only_this_api_may_invoke_the_endpoints_and_only_this_secret_and_schedule_the_rotation(
    template: Template, resources: dict[str, Any]
) -> None:
    """A permission without its source would let any account's API or secret call the function (confused deputy)."""
    permissions = {
        (invoked_by_default(permission["FunctionName"]), permission["Principal"], source_of(permission["SourceArn"]))
        for permission in of_type(resources, "AWS::Lambda::Permission").values()
    }
    assert permissions == {
        *((route.function, "apigateway.amazonaws.com", "${HttpApi}/*") for route in routes(template)),
        ("KeyRotationFunction", "secretsmanager.amazonaws.com", "KeyringSecret"),
        ("KeyRotationFunction", "events.amazonaws.com", "KeyCheck.Arn"),
    }
    assert resources["KeyRotationPermission"]["Properties"]["SourceAccount"] == {"Ref": "AWS::AccountId"}


def invoked_by_default(function_name: dict[str, Any]) -> str:
    """The function, whose alias is invoked instead where there is one."""
    if "Fn::If" in function_name:
        condition, alias, function_name = function_name["Fn::If"]
        assert (condition, alias) == ("HasTokenVersion", {"Ref": "TokenAlias"})
    return str(function_name["Ref"])


def source_of(arn: dict[str, Any]) -> str:
    """What a permission is given to, as the template refers to it; of an API, which of its routes."""
    if "Fn::GetAtt" in arn:
        return ".".join(arn["Fn::GetAtt"])
    return str(arn.get("Ref") or arn["Fn::Sub"].rpartition(":")[2])


def test_requests_are_throttled_and_the_access_log_copies_nothing_a_caller_wrote(resources: dict[str, Any]) -> None:
    """A query string may hold a credential that was sent by mistake, a user agent may hold markup."""
    stage = resources["HttpApiStage"]["Properties"]
    assert {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= stage["DefaultRouteSettings"].keys()
    entry = json.loads(stage["AccessLogSettings"]["Format"])
    assert {re.fullmatch(r"\$context\.([A-Za-z.]+)", value)[1] for value in entry.values()} <= {  # type: ignore[index]
        "requestId",
        "requestTime",
        "httpMethod",
        "routeKey",
        "protocol",
        "status",
        "identity.sourceIp",
        "responseLength",
        "responseLatency",
        "integrationLatency",
        "integrationStatus",
        "error.responseType",
    }
