"""Where a deployment's parts are: in a stack of an AWS account, or in the embedded AWS of `signet serve`."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from signet_cli.mistake import Mistake

if TYPE_CHECKING:
    from signet.aws.grants import DynamoDbGrantStore
    from signet.aws.sessions import DynamoDbSessionStore
    from signet.ports import ClientRegistry, ConsentStore, KeySetStore, ScopeStore, TokenStatusStore, UserRegistry
    from signet.settings import Settings
    from signet_cli.key_function import KeyFunction

LOCAL_STACK = "signet"
LOCAL_PORT = 8081

_OUTPUTS = ("RegistryTable", "StateTable", "KeyringSecret", "Issuer")

Local = Annotated[bool, typer.Option("--local", help="Use the embedded AWS of `signet serve` (its port: AWS_PORT).")]
StackName = Annotated[str | None, typer.Option("--stack", metavar="NAME", help="Stack; SIGNET_STACK, else signet.")]
Profile = Annotated[str | None, typer.Option(metavar="NAME", help="Profile of the AWS configuration.")]
Region = Annotated[str | None, typer.Option(metavar="NAME", help="AWS region of the stack.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and show what would be, and change nothing.")]


_LIFETIMES = {
    "access_token_lifetime": "AccessTokenLifetime",
    "refresh_token_lifetime": "RefreshTokenLifetime",
    "refresh_token_idle_lifetime": "RefreshTokenIdleLifetime",
}
"""The template's parameter of each setting."""


@dataclass(frozen=True, slots=True)
class Location:
    """Which stack is meant, as the options say it, and whether it may be written to."""

    local: bool = False
    stack: str | None = None
    profile: str | None = None
    region: str | None = None
    dry_run: bool = False

    def __post_init__(self) -> None:
        if self.local and (self.stack or self.profile or self.region):
            raise typer.BadParameter("--local is a place of its own: leave out --stack, --profile and --region")

    @property
    def stack_name(self) -> str:
        """Name of the CloudFormation stack."""
        return LOCAL_STACK if self.local else self.stack or os.environ.get("SIGNET_STACK") or LOCAL_STACK


def _no_key_function(_: Mapping[str, Any]) -> dict[str, Any]:
    raise Mistake("the stack has no output KeyRotationFunction: deploy it again")


@dataclass(frozen=True, slots=True)
class Stack:
    """The parts of a deployment: names of its tables, ARN of its keyring secret, its issuer, what it was deployed with.

    `key_function` performs a command where the private keys are; `sdk_client` makes the botocore client of a service in
    the account and region of the stack.
    """

    registry_table: str
    state_table: str
    keyring_secret: str
    issuer: str
    sdk_client: Callable[[str], Any] = field(repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict)
    key_function: "KeyFunction" = field(default=_no_key_function, repr=False)

    def settings(self) -> "Settings":
        """The lifetimes that its functions are told, those of the template where the stack names none."""
        from signet.settings import Settings

        given = {name: self.parameters.get(parameter, "") for name, parameter in _LIFETIMES.items()}
        lifetimes = {name: int(value) for name, value in given.items() if value.isdecimal()}
        return Settings(self.issuer, self.parameters.get("DefaultAudience") or self.issuer, **lifetimes)

    def registry(self) -> "ClientRegistry":
        """The registry that its clients are in."""
        from signet.aws.clients import DynamoDbClientRegistry

        return DynamoDbClientRegistry(self.sdk_client("dynamodb"), self.registry_table)

    def users(self) -> "UserRegistry":
        """The registry that its users are in."""
        from signet.aws.users import DynamoDbUserRegistry

        return DynamoDbUserRegistry(self.sdk_client("dynamodb"), self.registry_table)

    def consents(self) -> "ConsentStore":
        """What its users have allowed."""
        from signet.aws.consents import DynamoDbConsentStore

        return DynamoDbConsentStore(self.sdk_client("dynamodb"), self.registry_table)

    def grants(self) -> "DynamoDbGrantStore":
        """Where its grants are."""
        from signet.aws.grants import DynamoDbGrantStore

        return DynamoDbGrantStore(self.sdk_client("dynamodb"), self.state_table)

    def sessions(self) -> "DynamoDbSessionStore":
        """Where the login sessions of its users are."""
        from signet.aws.sessions import DynamoDbSessionStore

        return DynamoDbSessionStore(self.sdk_client("dynamodb"), self.state_table)

    def scopes(self) -> "ScopeStore":
        """Where its scope catalogue is."""
        from signet.aws.scopes import DynamoDbScopeStore

        return DynamoDbScopeStore(self.sdk_client("dynamodb"), self.registry_table)

    def key_sets(self) -> "KeySetStore":
        """Where its public keys are published."""
        from signet.aws.key_sets import DynamoDbKeySetStore

        return DynamoDbKeySetStore(self.sdk_client("dynamodb"), self.registry_table)

    def token_status(self) -> "TokenStatusStore":
        """Where its blacklist is."""
        from signet.aws.token_status import DynamoDbTokenStatusStore

        return DynamoDbTokenStatusStore(self.sdk_client("dynamodb"), self.registry_table, self.state_table)


@contextmanager
def opened(location: Location) -> Iterator[Stack]:
    """The stack to work on; whatever AWS does not do in the block is raised as a Mistake."""
    from signet_cli.aws_failure import aws_failures_told
    from signet_cli.untouched import UntouchedStack

    with aws_failures_told(location):
        stack = find_stack(location)
        yield cast("Stack", UntouchedStack(stack)) if location.dry_run else stack
    if location.dry_run:
        typer.echo("This was a dry run: nothing was changed.", err=True)


def sdk_clients(location: Location) -> Callable[[str], Any]:
    """Makes the botocore client of a service where the location is."""
    return _embedded(_embedded_endpoint()) if location.local else _account(location)


def described(location: Location, sdk_client: Callable[[str], Any]) -> dict[str, Any]:
    """What CloudFormation says of the stack. Raises botocore's errors."""
    stack: dict[str, Any] = sdk_client("cloudformation").describe_stacks(StackName=location.stack_name)["Stacks"][0]
    return stack


def find_stack(location: Location) -> Stack:
    """The stack by its outputs. Raises Mistake for a stack that is not Signet's, botocore's errors for the rest."""
    sdk_client = sdk_clients(location)
    return stack_of(described(location, sdk_client), location, sdk_client)


def stack_of(described: dict[str, Any], location: Location, sdk_client: Callable[[str], Any]) -> Stack:
    """The stack that CloudFormation has described. Raises Mistake for one that is not Signet's."""
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())}
    missing = [name for name in _OUTPUTS if name not in outputs]
    if missing:
        raise Mistake(
            f"the stack {location.stack_name} ({described['StackStatus']}) has no output {', '.join(missing)}:"
            " name the stack that Signet was deployed as by --stack, or finish its deployment"
        )
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", ())}
    return Stack(
        registry_table=outputs["RegistryTable"],
        state_table=outputs["StateTable"],
        keyring_secret=outputs["KeyringSecret"],
        issuer=outputs["Issuer"],
        sdk_client=sdk_client,
        parameters=parameters,
        key_function=_key_function(location, outputs, parameters, sdk_client),
    )


def _key_function(
    location: Location, outputs: Mapping[str, str], parameters: Mapping[str, str], sdk_client: Callable[[str], Any]
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """What performs commands on the keys; made when the first is given."""
    function = outputs.get("KeyRotationFunction")
    if function is None:
        return _no_key_function

    def perform(command: Mapping[str, Any]) -> dict[str, Any]:
        from signet_cli.key_function import deployed, embedded

        if location.local:
            keyring_secret, issuer = outputs["KeyringSecret"], outputs["Issuer"]
            return embedded(function, keyring_secret, issuer, parameters, _embedded_endpoint())(command)
        return deployed(sdk_client("lambda"), function)(command)

    return perform


def _embedded_endpoint() -> str:
    """Where the embedded AWS is."""
    port = os.environ.get("AWS_PORT") or str(LOCAL_PORT)
    if not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65_536):
        raise Mistake("AWS_PORT must be a port number: it says where `signet serve` has its embedded AWS")
    return f"http://127.0.0.1:{port}"


def _embedded(endpoint: str) -> Callable[[str], Any]:
    """Clients of the embedded AWS: any credentials do, and the AWS configuration of this machine is left alone."""
    from botocore.config import Config
    from botocore.session import Session

    unset = (None, None, None, None)
    session = Session(session_vars={"profile": unset, "config_file": unset, "credentials_file": unset})
    session.set_credentials("local", "local")
    config = Config(proxies={}, connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 2})

    def sdk_client(service: str) -> Any:
        return session.create_client(service, region_name="us-east-1", endpoint_url=endpoint, config=config)

    return sdk_client


def _account(location: Location) -> Callable[[str], Any]:
    """Clients of an AWS account, found as every AWS tool finds it."""
    from botocore.config import Config
    from botocore.exceptions import InvalidRegionError
    from botocore.session import Session

    session = Session(profile=location.profile)
    config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})
    # a command is given once, and its answer waited for as long as the function may take
    once = config.merge(Config(read_timeout=70, retries={"total_max_attempts": 1}))

    def sdk_client(service: str) -> Any:
        try:
            return session.create_client(
                service, region_name=location.region, config=once if service == "lambda" else config
            )
        except InvalidRegionError:
            raise
        except ValueError as error:  # botocore's own for an endpoint that is no URL
            raise Mistake(f"{error}: correct AWS_ENDPOINT_URL or take it out of the environment") from error

    return sdk_client
