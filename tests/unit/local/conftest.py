"""A small project to serve: one function whose behaviour the query string asks for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signet_cli.local.application import Function
from signet_cli.local.environment import FunctionPool

HANDLER = """
import os, signal, time

def handler(event, context):
    query = event.get("queryStringParameters") or {}
    print("log line of", context.aws_request_id)
    if "raises" in query:
        raise ValueError("asked to")
    if "exits" in query:
        os._exit(3)
    if "hangs" in query:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    if "meets" in query:  # returns once as many others are at this point
        place = query["meets"]
        open(f"{place}/{os.getpid()}", "w").close()
        while len(os.listdir(place)) < int(query["others"]):
            time.sleep(0.01)
    if "returns" in query:
        return eval(query["returns"])
    return {"pid": os.getpid(), "event": event, "environment": dict(os.environ), "directory": os.getcwd(),
            "context": {"name": context.function_name, "arn": context.invoked_function_arn,
                        "id": context.aws_request_id, "memory": context.memory_limit_in_mb,
                        "left": context.get_remaining_time_in_millis()}}
"""

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Greeting: { Type: String, Default: hello }
Globals:
  Function:
    Timeout: 20
    Environment: { Variables: { TABLE: !Ref RegistryTable } }
Resources:
  RegistryTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{ AttributeName: pk, KeyType: HASH }, { AttributeName: sk, KeyType: RANGE }]
      AttributeDefinitions:
        - { AttributeName: pk, AttributeType: S }
        - { AttributeName: sk, AttributeType: S }
        - { AttributeName: listing, AttributeType: S }
      GlobalSecondaryIndexes:
        - IndexName: clients
          KeySchema: [{ AttributeName: listing, KeyType: HASH }, { AttributeName: pk, KeyType: RANGE }]
          Projection: { ProjectionType: ALL }
      TimeToLiveSpecification: { AttributeName: expires_at, Enabled: true }
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      Description: what it is for
      GenerateSecretString: { SecretStringTemplate: '{"keys":[]}', GenerateStringKey: word, PasswordLength: 20 }
  EchoFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/echo
      Handler: app.handler
      Environment:
        Variables:
          GREETING: !Ref Greeting
          SECRET: !Ref Secret
          ISSUER: !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/connect
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: !Ref AWS::StackName, ProtocolType: HTTP } }
  EchoIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !GetAtt EchoFunction.Arn
      PayloadFormatVersion: "2.0"
  EchoRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Api, RouteKey: ANY /echo, Target: !Sub "integrations/${EchoIntegration}" }
  ThingRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Api, RouteKey: "GET /things/{id}", Target: !Sub "integrations/${EchoIntegration}" }
Outputs:
  Issuer: { Value: !Sub "${Api.ApiEndpoint}/connect" }
  RegistryTable: { Value: !Ref RegistryTable }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a template and the function it names."""
    code = tmp_path / "functions" / "echo"
    code.mkdir(parents=True)
    (code / "app.py").write_text(HANDLER)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return tmp_path


@pytest.fixture
def function(project: Path) -> Function:
    """The function of the project; nothing in it calls AWS."""
    return Function(
        name="signet-Echo",
        arn="arn:aws:lambda:us-east-1:123456789012:function:signet-Echo",
        code=project / "functions" / "echo",
        handler="app.handler",
        timeout=20,
        memory=256,
        environment={"GREETING": "hello"},
    )


@pytest.fixture
def log() -> list[str]:
    """What the parts of the server have said."""
    return []


@pytest.fixture
def pool_of(log: list[str]) -> Iterator[Callable[..., FunctionPool]]:
    """Pools of environments that end with the test."""
    pools = []

    def start(function: Function, limit: int = 4) -> FunctionPool:
        pools.append(FunctionPool(function, "http://127.0.0.1:1", log.append, limit))
        return pools[-1]

    yield start
    for pool in pools:
        pool.close()
