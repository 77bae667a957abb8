"""Functions and routes as the template declares them."""

from pathlib import Path

import pytest

from signet_cli.local.application import Route, functions, routes
from signet_cli.local.intrinsics import TemplateError
from signet_cli.local.template import Template


def read(project: Path, *changes: tuple[str, str]) -> Template:
    """Return the project's template after some changes of its text."""
    path = project / "template.yaml"
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return Template.read(path, "http://localhost:8080")


def test_function_has_what_lambda_would_give_it(project: Path) -> None:
    """Environment variables are text, whatever type the template gives them."""
    [function] = functions(read(project, ("GREETING: !Ref Greeting", "GREETING: true"))).values()
    assert function.code == project / "functions" / "echo"
    assert function.timeout == 20
    assert function.environment["GREETING"] == "true"


def test_function_without_code_is_refused(project: Path) -> None:
    """A CodeUri that is no folder is said at the start, not by the first request."""
    with pytest.raises(TemplateError, match=r"EchoFunction: CodeUri .*nowhere is no folder"):
        functions(read(project, ("CodeUri: functions/echo", "CodeUri: nowhere")))


def test_routes_lead_to_the_function_of_their_integration(project: Path) -> None:
    """A route names an integration, the integration a function's ARN."""
    assert {route.key: route.function for route in routes(read(project))} == {
        "ANY /echo": "EchoFunction",
        "GET /things/{id}": "EchoFunction",
    }


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('PayloadFormatVersion: "2.0"', 'PayloadFormatVersion: "1.0"'), "PayloadFormatVersion is not 2.0"),
        (("!GetAtt EchoFunction.Arn", "arn:elsewhere"), "EchoIntegration: IntegrationUri is no function"),
        (("integrations/${EchoIntegration}", "integrations/x"), "Route: Target is no integration"),
    ],
)
def test_route_to_nowhere_is_refused(project: Path, change: tuple[str, str], complaint: str) -> None:
    """The fault is told with the resource's name."""
    with pytest.raises(TemplateError, match=complaint):
        routes(read(project, change))


@pytest.mark.parametrize(
    ("key", "method", "path", "parameters"),
    [
        ("ANY /a/b", "POST", "/a/b", {}),
        ("ANY /a/b", "GET", "/a/b/", None),
        ("ANY /a/b", "GET", "/A/b", None),
        ("ANY /a.b", "GET", "/axb", None),
        ("GET /a", "POST", "/a", None),
        ("GET /a/{id}", "GET", "/a/1 2", {"id": "1 2"}),
        ("GET /a/{id}", "GET", "/a/1/2", None),
        ("GET /a/{rest+}", "GET", "/a/1/2", {"rest": "1/2"}),
        ("$default", "DELETE", "/anything", {}),
    ],
)
def test_route_key_matches_method_and_whole_path(
    key: str, method: str, path: str, parameters: dict[str, str] | None
) -> None:
    """API Gateway's page on routes for HTTP APIs."""
    assert Route(key, "F").match(method, path) == parameters


def test_most_specific_route_comes_first(project: Path) -> None:
    """A full match wins over a variable, a variable over a greedy one, and `$default` over nothing."""
    keys = ["$default", "ANY /items/{rest+}", "GET /items/{id}", "ANY /items/one", "GET /items/one"]
    resources = "".join(
        f"  R{number}:\n    Type: AWS::ApiGatewayV2::Route\n"
        f"    Properties: {{ RouteKey: '{key}', Target: !Sub 'integrations/${{EchoIntegration}}' }}\n"
        for number, key in enumerate(keys)
    )
    found = [route.key for route in routes(read(project, ("Outputs:", f"{resources}Outputs:")))]
    assert [key for key in found if key in keys] == [
        "GET /items/one",
        "ANY /items/one",
        "GET /items/{id}",
        "ANY /items/{rest+}",
        "$default",
    ]
