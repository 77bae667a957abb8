"""The template in both of its forms: as it is written and as CloudFormation gets it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

from signet_cli.local.template import Template
from tests.support.deployment import LOGICAL_IDS, deployed
from tests.support.flows import FLOWS, KMS_FLOWS, Flow
from tests.support.permissions import AwsRequest, requests
from tests.support.recorded import RecordedDeployment, Recording
from tests.support.sign_in import Service
from tests.support.transformed import ORIGIN, ROOT, of_type, transformed


@pytest.fixture(scope="session")
def template() -> Template:
    """The template with its parameters' defaults, resolved as for an API at ORIGIN."""
    return Template.read(ROOT / "template.yaml", ORIGIN)


@pytest.fixture(scope="session")
def resources() -> dict[str, Any]:
    """Every resource of the transformed template."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        found: dict[str, Any] = transformed(ROOT / "template.yaml")["Resources"]
    return found


@pytest.fixture(scope="session")
def recording(resources: dict[str, Any]) -> Recording:
    """Every flow, once."""
    return recorded(resources, FLOWS)


@pytest.fixture(scope="session")
def recording_with_kms(resources: dict[str, Any]) -> Recording:
    """What is different where keys are in KMS."""
    return recorded(resources, KMS_FLOWS, SigningBackend="kms", SigningAlgorithms="RS256,ES256")


def recorded(resources: dict[str, Any], flows: Iterable[Flow], **parameters: str) -> Recording:
    """The flows in a deployment, and the functions' statements with the references as that one resolves them."""
    with pytest.MonkeyPatch.context() as patch, deployed(RecordedDeployment, patch, **parameters) as deployment:
        service = Service(deployment)
        lines, metrics = {}, []
        for flow in flows:
            deployment.forget_output()
            flow(service)
            lines[flow.__name__] = deployment.lines()
            metrics += deployment.metrics()
        arns = {
            deployment.template.name(table): deployment.template.attribute(table, "Arn")
            for table in deployment.template.resources("AWS::DynamoDB::Table")
        }

        def key_context(key_arn: str) -> dict[str, str]:
            tags = deployment.kms.list_resource_tags(KeyId=key_arn)["Tags"]
            key = deployment.kms.describe_key(KeyId=key_arn)["KeyMetadata"]
            said = {f"kms:{name}": key[name] for name in ("KeySpec", "KeyUsage")}
            return {**said, **{f"aws:ResourceTag/{tag['TagKey']}": tag["TagValue"] for tag in tags}}

        asked: defaultdict[str, set[AwsRequest]] = defaultdict(set)
        for function, calls in deployment.recorded.items():
            for call in calls:
                asked[LOGICAL_IDS[function]].update(
                    requests(call.operation, call.parameters, arns.__getitem__, key_context)
                )
        resolve = deployment.template._intrinsics().resolve
        return Recording(
            requests=dict(asked),
            variables={LOGICAL_IDS[name]: read for name, read in deployment.variables_read.items()},
            adapters={call.adapter for calls in deployment.recorded.values() for call in calls},
            statements={
                logical_id: [
                    statement
                    for policy in resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]["Policies"]
                    for statement in resolve(policy["PolicyDocument"]["Statement"])
                ]
                for logical_id, function in of_type(resources, "AWS::Lambda::Function").items()
            },
            lines=lines,
            metrics=metrics,
            unexplained=deployment.unexplained,
        )
