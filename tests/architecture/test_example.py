"""The example stack: what a team deploys in front of its own APIs, in an account that may know nothing of ours."""

import json
from typing import Any

import pytest

from signet_cli.local.template import Template
from tests.support.cfn_lint import findings
from tests.support.deployment import deployed
from tests.support.guarded_api import AUTHORIZERS, BACK_OFFICE, EXAMPLE, GuardedApi, example
from tests.support.permissions import granted, requests, rights, without
from tests.support.recorded import RecordedDeployment
from tests.support.sign_in import Service
from tests.support.transformed import creation_order, of_type, references, transformed

TABLES = {"RegistryTable": "signet-registry", "StateTable": "signet-state"}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    """Every resource of the transformed template."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        found: dict[str, Any] = transformed(EXAMPLE)["Resources"]
    return found


def statements(template: Template) -> list[Any]:
    """The statements of the authorizers' role."""
    [policy] = template.resources("AWS::IAM::Role")["AuthorizerRole"]["Policies"]
    return [statement for statement in policy["PolicyDocument"]["Statement"] if statement]


def test_the_template_is_sound(resources: dict[str, Any]) -> None:
    """cfn-lint has nothing to say, and CloudFormation finds an order."""
    assert findings(EXAMPLE) == ""
    assert len(creation_order(resources)) == len(resources)


def test_every_route_is_guarded_by_the_authorizer_of_its_api(resources: dict[str, Any]) -> None:
    """A route without one would be open."""
    authorizers = of_type(resources, "AWS::ApiGatewayV2::Authorizer")
    for route in of_type(resources, "AWS::ApiGatewayV2::Route").values():
        assert route["AuthorizationType"] == "CUSTOM"
        assert authorizers[route["AuthorizerId"]["Ref"]]["ApiId"] == route["ApiId"]


def test_what_is_remembered_is_remembered_for_token_and_route(resources: dict[str, Any]) -> None:
    """API Gateway keeps a decision by its identity sources: without the route, one scope would open every route."""
    for name, authorizer in of_type(resources, "AWS::ApiGatewayV2::Authorizer").items():
        assert authorizer["IdentitySource"] == ["$request.header.Authorization", "$context.routeKey"]
        assert authorizer["AuthorizerPayloadFormatVersion"] == "2.0"
        assert authorizer["EnableSimpleResponses"] is True
        assert list(references(authorizer["AuthorizerUri"]))[-1] == f"{name}Function"


def test_revocations_are_not_overtaken_by_what_is_remembered() -> None:
    """Who wants revoked tokens refused at once gets no cache; who does not may have one."""
    for template, seconds in ((example(), 60), (example(**TABLES), 0)):
        for authorizer in template.resources("AWS::ApiGatewayV2::Authorizer").values():
            assert authorizer["AuthorizerResultTtlInSeconds"] == seconds


def test_each_authorizer_is_for_an_audience_of_its_own() -> None:
    """Seed 003: back office and storefront."""
    variables = {
        name: function["Environment"]["Variables"]
        for name, function in example().resources("AWS::Serverless::Function").items()
        if name in AUTHORIZERS.values()
    }
    assert {name: own["SIGNET_AUDIENCE"] for name, own in variables.items()} == {
        name: audience for audience, name in AUTHORIZERS.items()
    }
    assert not [own for own in variables.values() if any("TABLE" in name for name in own)]


def test_only_its_own_api_invokes_a_function(resources: dict[str, Any]) -> None:
    """A permission without its source would let any API of any account call it."""
    for permission in of_type(resources, "AWS::Lambda::Permission").values():
        source = permission["SourceArn"]["Fn::Sub"]
        api = permission["FunctionName"]["Ref"].removesuffix("AuthorizerFunction")
        if permission["FunctionName"]["Ref"] != "BackendFunction":
            assert source.endswith(f"${{{api}Api}}/authorizers/${{{api}Authorizer}}")


def test_without_the_tables_the_authorizers_may_do_nothing_but_log() -> None:
    """The keys come over HTTPS, as anybody's do."""
    assert [statement["Action"] for statement in statements(example())] == [
        ["logs:CreateLogStream", "logs:PutLogEvents"]
    ]


def test_with_the_tables_they_may_do_what_they_do_and_no_more() -> None:
    """Every call of a client's and of a user's token is granted, and every right is needed for one."""
    with pytest.MonkeyPatch.context() as patch, deployed(RecordedDeployment, patch) as deployment:
        deployment.give_keys()
        service = Service(deployment)
        names = {"SIGNET_REGISTRY_TABLE": deployment.table, "SIGNET_STATE_TABLE": deployment.state_table}
        api = GuardedApi(deployment, patch, **names)
        machine = deployment.register(audience=(BACK_OFFICE,), scope=("orders:read",))
        assert api.passes(deployment.issue(machine).json()["access_token"])
        app = service.application(audience=(BACK_OFFICE,), scope=("openid", "orders:read"))
        assert api.passes(service.tokens(app, service.user(), scope="openid orders:read")["access_token"])
        arns = {
            deployment.template.name(table): deployment.template.attribute(table, "Arn")
            for table in deployment.template.resources("AWS::DynamoDB::Table")
        }
        asked = {
            request
            for call in deployment.recorded["bearer_authorizer"]
            for request in requests(call.operation, call.parameters, arns.__getitem__)
        }
        own = statements(example(RegistryTable=deployment.table, StateTable=deployment.state_table))
    assert len(asked) == 3
    assert all(granted(own, request) for request in asked)
    for right in [right for statement in own for right in rights(statement) if right.action.startswith("dynamodb:")]:
        assert not all(granted(without(own, right), request) for request in asked), right


def test_no_secret_stands_in_it(resources: dict[str, Any]) -> None:
    """An authorizer needs none: that is what published keys are for."""
    text = json.dumps(resources)
    assert "Secret" not in text
    assert "{{resolve:" not in text
