"""The embedded AWS as the server sees it: started, filled from template.yaml, listened to, ended."""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from signet_cli.local import embedded, lifeline
from signet_cli.local.application import RotationSchedule
from signet_cli.local.template import Template
from signet_cli.mistake import Mistake

_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PYTHONWARNINGS": "ignore",
    "MOTO_DISABLE_GLOBAL_CORS": "true",  # it holds signing keys: no page in the developer's browser may read them
    **embedded.ENVIRONMENT,
}


@dataclass(frozen=True)
class RotationRequest:
    """Secrets Manager wants the function to make the version `token` of the secret current."""

    secret_id: str
    token: str
    function_arn: str


class EmbeddedAws:
    """A process of moto's server behind `listener`, which it takes over."""

    def __init__(
        self,
        listener: socket.socket,
        *,
        on_rotation: Callable[[RotationRequest], None],
        on_end: Callable[[], None],
    ) -> None:
        """Start it. `on_rotation` is called for each rotation in turn, `on_end` once, should it end by itself."""
        self.endpoint = embedded.endpoint(listener.getsockname()[1])
        self._on_rotation = on_rotation
        self._on_end = on_end
        self._closing = False
        with listener:
            self._process = lifeline.start(
                "signet_cli.local.moto_process",
                [str(listener.fileno())],
                environment=_ENVIRONMENT,
                directory=Path("/"),
                keep=listener.fileno(),
                errors=None,
            )
        threading.Thread(target=self._listen, name="embedded AWS", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        lifeline.stop(self._process)

    def create_stack(self, template: Template, parameters: Mapping[str, str] = MappingProxyType({})) -> Template:
        """Create the template's secrets, tables and outputs; return the template with the ids they were given.

        `parameters` are those that the template has been given already: the stack says so, as every stack does.

        Moto's CloudFormation knows no secrets, and of a table neither time to live nor recovery: those are made by
        the calls that CloudFormation would make. Raises Mistake when the embedded AWS refuses.
        """
        try:
            for logical_id, properties in template.resources("AWS::SecretsManager::Secret").items():
                template = template.with_id(logical_id, self._create_secret(template.name(logical_id), properties))
            self._create_tables(template, parameters)
        except (BotoCoreError, ClientError) as error:
            raise Mistake(f"the embedded AWS does not take the template: {error}") from error
        return template

    def start_rotation(self, schedule: RotationSchedule) -> None:
        """Put the secret on its schedule, which starts the first rotation. Raises Mistake when that is refused."""
        try:
            self.client("secretsmanager").rotate_secret(
                SecretId=schedule.secret, RotationLambdaARN=schedule.function_arn, RotationRules=schedule.rules
            )
        except (BotoCoreError, ClientError) as error:
            raise Mistake(f"the embedded AWS does not rotate {schedule.secret}: {error}") from error

    def _create_secret(self, name: str, properties: Mapping[str, Any]) -> str:
        client = self.client("secretsmanager")
        secret_string = properties.get("SecretString")
        if generate := dict(properties.get("GenerateSecretString", {})):
            document = json.loads(generate.pop("SecretStringTemplate", "{}"))
            key = generate.pop("GenerateStringKey", None)
            password = client.get_random_password(**generate)["RandomPassword"]
            secret_string = json.dumps({**document, key: password}) if key else password
        created = client.create_secret(
            Name=properties.get("Name", name),
            Description=properties.get("Description", ""),
            SecretString=secret_string,
        )
        return str(created["ARN"])

    def _create_tables(self, template: Template, parameters: Mapping[str, str]) -> None:
        """Create the stack of tables, under the names that the template's references have here, and of its outputs."""
        tables = {
            logical_id: {"TableName": template.name(logical_id), **properties}
            for logical_id, properties in template.resources("AWS::DynamoDB::Table").items()
        }
        body = {
            "Parameters": {name: {"Type": "String", "Default": value} for name, value in parameters.items()},
            "Resources": {
                logical_id: {"Type": "AWS::DynamoDB::Table", "Properties": properties}
                for logical_id, properties in tables.items()
            },
            "Outputs": {name: {"Value": value} for name, value in template.outputs().items()},
        }
        self.client("cloudformation").create_stack(StackName=embedded.STACK_NAME, TemplateBody=json.dumps(body))
        client = self.client("dynamodb")
        for table in tables.values():
            name = table["TableName"]
            if time_to_live := table.get("TimeToLiveSpecification"):
                client.update_time_to_live(TableName=name, TimeToLiveSpecification=time_to_live)
            if recovery := table.get("PointInTimeRecoverySpecification"):
                client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)

    def client(self, service: str) -> Any:
        """Return a client of the service here; nothing of the developer's AWS configuration is looked at."""
        unset = (None, None, None, None)
        session = Session(session_vars={"profile": unset, "config_file": unset, "credentials_file": unset})
        session.set_credentials("local", "local")
        config = Config(proxies={}, connect_timeout=3, read_timeout=30, retries={"total_max_attempts": 1})
        return session.create_client(service, region_name=embedded.REGION, endpoint_url=self.endpoint, config=config)

    def _listen(self) -> None:
        if self._process.stdout:
            with self._process.stdout as stream:
                for line in stream:
                    self._on_rotation(RotationRequest(**json.loads(line)))
        if not self._closing:
            self._on_end()
