"""Which deployment a command works on, and what is told when AWS does not do as asked."""

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)

from signet_cli.aws_failure import aws_failures_told
from signet_cli.mistake import Mistake
from signet_cli.stack import Location, find_stack
from tests.unit.cli.conftest import ISSUER, CommandLine, deploy


@pytest.mark.usefixtures("aws")
def test_a_client_lives_in_the_registry_table_of_the_stack(signet: CommandLine) -> None:
    """From its creation to its deletion, on DynamoDB."""
    deploy("signet")
    claims = ["--claim", "data_center=EU"]
    created = signet("clients", "create", "--json", "--name", "Stock", "--scope", "a b", *claims).json
    client_id = created["client_id"]
    assert [client["client_id"] for client in signet("clients", "list", "--json").json] == [client_id]
    shown = signet("clients", "show", client_id, "--json").json
    assert shown.items() >= {"client_name": "Stock", "scope": "a b"}.items()
    rotated = signet("clients", "rotate-secret", client_id, "--overlap", "1h", "--json").json
    assert rotated["client_secret"] != created["client_secret"]
    assert len(signet("clients", "show", client_id, "--json").json["client_secrets"]) == 2
    assert signet("clients", "rotate-secret", client_id, "--overlap", "1h").exit_code == 1
    assert signet("clients", "delete", client_id, "--yes").exit_code == 0
    assert signet("clients", "list", "--json").json == []


@pytest.mark.usefixtures("aws")
def test_no_secret_is_stored_in_clear(signet: CommandLine) -> None:
    """Found by reading everything that the table holds."""
    table = deploy("signet")
    brought = '{"client_id": "a", "client_secret": "brought-brought-brought-brought-brought"}'
    secrets = [signet("clients", "create", "-", "--json", typed=brought).json["client_secret"]]
    secrets.append(signet("clients", "rotate-secret", "a", "--overlap", "1d", "--json").json["client_secret"])
    items = repr(boto3.client("dynamodb").scan(TableName=table)["Items"])
    assert "client#a" in items
    assert not [secret for secret in secrets if secret in items]


@pytest.mark.usefixtures("aws")
def test_claims_of_every_kind_survive_storage_and_rotation(signet: CommandLine) -> None:
    """A record that could not be read back as it was written could never be replaced."""
    deploy("signet")
    claims = '{"a": 2.0, "b": 0.1, "c": 1e-7, "d": -5, "e": true, "f": {"g": [1, "x"]}, "h": 123456789012345.6}'
    signet("clients", "create", "-", "--client-id", "a", typed=f'{{"claims": {claims}}}')
    assert signet("clients", "rotate-secret", "a").exit_code == 0
    assert signet("clients", "show", "a", "--json").json["claims"] == {
        "a": 2, "b": 0.1, "c": 1e-7, "d": -5, "e": True, "f": {"g": [1, "x"]}, "h": 123456789012345.6,
    }  # fmt: skip


@pytest.mark.usefixtures("aws")
def test_an_update_is_stored_and_read_back_as_it_was_given(signet: CommandLine) -> None:
    """Lists, decisions and what was taken out, on DynamoDB; twice, since each replacement is conditional."""
    deploy("signet")
    callback = ["--redirect-uri", "https://app.example.com/cb"]
    assert signet("clients", "create", "--public", "--client-id", "a", "--name", "A", *callback).exit_code == 0
    add = ["--add-redirect-uri", "http://127.0.0.1/cb"]
    first = signet("clients", "update", "a", *add, "--first-party", "--json").json
    assert (first["redirect_uris"], first["first_party"]) == (
        ["https://app.example.com/cb", "http://127.0.0.1/cb"],
        True,
    )
    second = signet("clients", "update", "a", "-", "--json", typed='{"client_name": null, "first_party": false}').json
    assert second == {name: value for name, value in first.items() if name != "client_name"} | {"first_party": False}
    assert signet("clients", "show", "a", "--json").json == second


@pytest.mark.usefixtures("aws")
def test_the_stack_is_named_by_option_environment_or_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """In that order."""
    tables = {name: deploy(name) for name in ("signet", "test", "production")}
    assert find_stack(Location()).registry_table == tables["signet"]
    monkeypatch.setenv("SIGNET_STACK", "test")
    assert find_stack(Location()).registry_table == tables["test"]
    assert find_stack(Location(stack="production")).registry_table == tables["production"]
    assert find_stack(Location()).issuer == ISSUER


@pytest.mark.usefixtures("aws")
def test_the_region_is_the_one_asked_for() -> None:
    """Two regions, two stacks of one name."""
    here, there = deploy("signet"), deploy("signet", region="us-east-2")
    assert find_stack(Location()).registry_table == here
    assert find_stack(Location(region="us-east-2")).registry_table == there


@pytest.mark.usefixtures("aws")
def test_a_missing_stack_is_told(signet: CommandLine) -> None:
    """With the options that choose it."""
    answer = signet("clients", "list", "--stack", "nowhere")
    assert answer.exit_code == 1
    assert "no stack nowhere" in answer.stderr
    assert "check --stack, --region and --profile" in answer.stderr


@pytest.mark.usefixtures("aws")
def test_a_stack_of_something_else_is_told(signet: CommandLine) -> None:
    """By the output that it lacks."""
    deploy("signet", without="RegistryTable")
    answer = signet("clients", "list")
    assert answer.exit_code == 1
    assert "the stack signet (CREATE_COMPLETE) has no output RegistryTable" in answer.stderr


@pytest.mark.usefixtures("aws")
def test_a_missing_table_is_told(signet: CommandLine) -> None:
    """What stands behind the registry's own error reaches the operator."""
    boto3.client("dynamodb").delete_table(TableName=deploy("signet"))
    answer = signet("clients", "list")
    assert answer.exit_code == 1
    assert "the registry table is gone (ResourceNotFoundException from Query)" in answer.stderr


def test_local_is_this_machine_whatever_the_aws_configuration_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a profile, nor credentials, nor an endpoint, nor a proxy leads elsewhere."""
    for name, value in {
        "AWS_PORT": "1",
        "AWS_PROFILE": "production",
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_ENDPOINT_URL": "https://elsewhere.example",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "HTTP_PROXY": "http://proxy.example:3128",
        "SIGNET_STACK": "production",
    }.items():
        monkeypatch.setenv(name, value)
    location = Location(local=True)
    assert location.stack_name == "signet"
    with (
        pytest.raises(Mistake, match=r"the embedded AWS is not there.*http://127\.0\.0\.1:1/.*signet serve"),
        aws_failures_told(location),
    ):
        find_stack(location)


@pytest.mark.parametrize("port", ["x", "0", "65536", "99999999", "8081 ", "٣"])
def test_a_port_that_is_none_is_told(signet: CommandLine, monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    """By the variable that holds it."""
    monkeypatch.setenv("AWS_PORT", port)
    answer = signet("clients", "list", "--local")
    assert answer.exit_code == 1
    assert "AWS_PORT must be a port number" in answer.stderr


@pytest.mark.parametrize(
    ("environment", "arguments", "told"),
    [
        ({}, ["--profile", "nope"], "The config profile (nope) could not be found: `aws configure list-profiles`"),
        ({"AWS_PROFILE": "nope"}, [], "The config profile (nope) could not be found"),
        ({}, [], "You must specify a region. Name the region of the stack by --region"),
        ({}, ["--region", "x y"], "Name the region of the stack by --region"),
        ({}, ["--region", "eu-west-1"], "there are no AWS credentials to use"),
        ({"AWS_ACCESS_KEY_ID": "a"}, ["--region", "eu-west-1"], "there are no AWS credentials to use"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, ["--region", "eu-west-1"], "AWS_ENDPOINT_URL"),
    ],
)
def test_a_configuration_that_cannot_work_is_told(
    signet: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: list[str],
    told: str,
) -> None:
    """One line, with what to do next."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    answer = signet("clients", "list", *arguments)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert told in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def refusal(code: str, operation: str = "GetItem", message: str = "because") -> ClientError:
    """AWS's answer of that code."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (refusal("ExpiredToken"), "AWS does not accept the credentials (ExpiredToken): sign in again"),
        (refusal("UnrecognizedClientException"), "AWS does not accept the credentials"),
        (refusal("AccessDeniedException"), "AWS does not allow GetItem: because: take a --profile that may"),
        (refusal("AccessDenied", "DescribeStacks", ""), "AWS does not allow DescribeStacks: AccessDenied"),
        (refusal("InternalServerError"), "AWS answered InternalServerError to GetItem: because"),
        (NoCredentialsError(), "there are no AWS credentials to use"),
        (UnauthorizedSSOTokenError(), "the AWS sign-in has ended"),
        (ConnectTimeoutError(endpoint_url="https://x"), "AWS cannot be reached"),
        (ReadTimeoutError(endpoint_url="https://x"), "a change may have been made, look before trying again"),
        (BotoCoreError(), "AWS cannot be used"),
    ],
)
def test_each_failure_of_aws_names_what_to_do_next(failure: Exception, told: str) -> None:
    """An operator acts on the line, not on a class name."""
    with pytest.raises(Mistake) as caught, aws_failures_told(Location()):
        raise failure
    assert told in str(caught.value)
