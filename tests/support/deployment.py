"""A deployment on moto inside this process: what template.yaml creates, and its functions as Lambda loads them."""

import importlib.util
import io
import json
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws
from moto.core.models import botocore_stubber
from moto.secretsmanager.models import secretsmanager_backends

from signet.aws.clients import DynamoDbClientRegistry
from signet.aws.key_sets import DynamoDbKeySetStore
from signet.aws.lean import transport as lean
from signet.aws.lean.addresses import Address
from signet.keys import algorithms
from signet.keys.jwks import published_with
from signet.keys.keyring import Keyring
from signet.keys.rotation import RotationPolicy, rotated
from signet.keys.thumbprint import thumbprint
from signet.model.client import Client, ClientSecret, digest
from signet.model.key import KeySet, KeyState, RingKey
from signet_cli.local import embedded, moto_kms
from signet_cli.local.application import functions
from signet_cli.local.template import Template
from tests.support import gateway_events
from tests.support.faults import answered
from tests.support.gateway_events import Answer, Event, token_event
from tests.support.sdk_events import met_instead

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")

LOGICAL_IDS = {
    "authorization": "AuthorizationFunction",
    "token": "TokenFunction",
    "jwks": "JwksFunction",
    "userinfo": "UserinfoFunction",
    "revocation": "RevocationFunction",
    "introspection": "IntrospectionFunction",
    "end_session": "EndSessionFunction",
    "account": "AccountFunction",
    "key_rotation": "KeyRotationFunction",
}

INVOCATION_ID = "8f5b0c9e-5d0c-4b8e-9c5f-2f6a3f1d7c11"
"""What Lambda calls each invocation."""

ISSUER = f"{gateway_events.ORIGIN}/connect"

Handler = Callable[[Event, object], Any]

Fault = Callable[[], AWSResponse]
"""What meets a call to AWS in place of AWS: an answer, or an exception of the connection."""

RS256 = algorithms.ALGORITHMS["RS256"]
"""The algorithm as in production; a deployment takes its keys from a supply."""

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Machine:
    """A registered client and its secret in clear."""

    client: Client
    client_secret: str

    @property
    def client_id(self) -> str:
        return self.client.client_id

    @property
    def basic(self) -> tuple[str, str]:
        """Both halves of its Authorization header."""
        return self.client_id, self.client_secret


class Clock:
    """Real time, and how far a test has moved it."""

    def __init__(self) -> None:
        self.offset = 0.0
        self._stopped_at: float | None = None

    def __call__(self) -> float:
        return (self._stopped_at or time.time()) + self.offset

    def stop(self) -> None:
        """Stand still from now on, however long the test takes."""
        self._stopped_at = time.time()

    def advance(self, seconds: float) -> None:
        """Move on; backwards where negative."""
        self.offset += seconds


class _Sdk:
    """botocore's session, whose clients are made once: that takes longer than most tests."""

    def __init__(self) -> None:
        self.before_send: Callable[[str, Any], AWSResponse | None] = lambda *_: None
        self._clients: dict[tuple[str, Config | None], Any] = {}

    def create_client(self, service: str, config: Config | None = None) -> Any:
        """The client of that service with that configuration."""
        if (service, config) not in self._clients:
            session = botocore.session.Session()
            emitter = session.get_component("event_emitter")
            emitter.unregister("before-send", botocore_stubber)  # it would perform what meets a fault
            emitter.register("before-send", self._sent)
            self._clients[service, config] = session.create_client(service, config=config)
        return self._clients[service, config]

    def forget_clients(self) -> None:
        """Make new ones: those that have met many failures try again more rarely."""
        self._clients.clear()

    def _sent(self, event_name: str, request: Any, **_: object) -> AWSResponse | None:
        answer: AWSResponse | None = self.before_send(event_name, request) or botocore_stubber(event_name, request)
        return answer


_SDK = _Sdk()


class MotoTransport:
    """What carries the lean client's requests to where botocore's go: to moto, past whatever meets them."""

    def __init__(self, address: Address) -> None:
        self._url = f"https://{address.authority}/"
        service = address.host.partition(".")[0]
        self._service_id = {"secretsmanager": "secrets-manager"}.get(service, service)

    def connect(self) -> None:
        """Nothing is there to connect to."""

    def send(self, operation: str, headers: Mapping[str, str], body: bytes) -> lean.Answer:
        """Moto's answer; what botocore would raise is raised as the lean client's transport would."""
        request = AWSPreparedRequest("POST", self._url, HTTPHeaders.from_dict(headers), body, stream_output=False)
        answer = met_instead(lambda: _SDK._sent(f"before-send.{self._service_id}.{operation}", request))
        assert answer is not None
        return answer


AnyDeployment = TypeVar("AnyDeployment", bound="Deployment")


class Deployment:
    """Tables and secret, one warm execution environment for each function, and everything that went out of them.

    `aws_client` is the client of AWS that the functions use; the deployment's own is botocore's.
    """

    aws_client = "lean"

    def __init__(self, template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._console = io.StringIO()
        self._root_handler = logging.StreamHandler(self._console)  # Lambda's runtime has one too
        self._environments: dict[str, Handler] = {}
        self._machines: dict[str, Machine] = {}
        self._log_level: str | None = None
        self.calls: list[str] = []
        self.faults: dict[str, Fault] = {}
        self.had_faults = False
        self._fault_at: dict[int, Fault] = {}
        self._fault_nth: dict[str, dict[int, Fault]] = {}
        self._losing: list[str] = []
        self._indexed: set[str] | None = None
        self.clock = Clock()
        self._patch()
        self.dynamodb = _SDK.create_client("dynamodb")
        self.secretsmanager = _SDK.create_client("secretsmanager")
        self.kms = _SDK.create_client("kms")
        self.template = self._create(template)
        self.table = self.template.name("RegistryTable")
        self.state_table = self.template.name("StateTable")
        self.secret_id = self.template.name("KeyringSecret")
        self.registry = DynamoDbClientRegistry(self.dynamodb, self.table)

    def cold(self, function: str, **variables: str | None) -> Handler:
        """A new execution environment of the function; `variables` differ from the template's, None removes one."""
        environment = self.variables(function)
        for name in [name for name in os.environ if name.startswith("SIGNET_")]:
            self._monkeypatch.delenv(name)
        self.set_variables(**{**environment, **variables})
        specification = importlib.util.spec_from_file_location("app", _ROOT / "functions" / function / "app.py")
        assert specification
        assert specification.loader
        module = importlib.util.module_from_spec(specification)
        with self._running(function):
            specification.loader.exec_module(module)
        self._environments[function] = module.handler
        return self._environments[function]

    def thaw(self, function: str, environment: Handler) -> None:
        """Go on in an execution environment that was started before."""
        self._environments[function] = environment

    def variables(self, function: str) -> dict[str, str]:
        """The function's environment variables, as the template has them; one that others deploy has none here."""
        deployed_here = function in LOGICAL_IDS
        variables = functions(self.template)[LOGICAL_IDS[function]].environment if deployed_here else {}
        variables = {**variables, "SIGNET_AWS_CLIENT": self.aws_client}
        return {**variables, **({"POWERTOOLS_LOG_LEVEL": self._log_level} if self._log_level else {})}

    def set_parameters(self, **parameters: str) -> None:
        """Deploy with other parameters: whatever starts from now on is told of them."""
        self.template = self.template.with_parameters(parameters)
        self._environments.clear()

    def set_log_level(self, level: str) -> None:
        """What the audit is told in environments that are not started yet, as somebody may who looks for a fault."""
        self._log_level = level

    def set_variables(self, **variables: str | None) -> None:
        """Environment variables of this process."""
        for name, value in variables.items():
            if value is None:
                self._monkeypatch.delenv(name, raising=False)
            else:
                self._monkeypatch.setenv(name, value)

    def invoke(self, function: str, event: Event) -> Any:
        """What the function returns for an event, in its warm environment if there is one."""
        handler = self._environments.get(function) or self.cold(function)
        with self._running(function):
            return handler(event, SimpleNamespace(aws_request_id=INVOCATION_ID))

    def token(self, event: Event) -> Answer:
        """The token function's answer."""
        return gateway_events.answer(self.invoke("token", event))

    def jwks(self, event: Event) -> Answer:
        """The answer of the function of the public documents."""
        return gateway_events.answer(self.invoke("jwks", event))

    def get(self, path: str, **headers: str) -> Answer:
        """GET of a public document."""
        return self.jwks(gateway_events.event("GET", path, headers=headers))

    def key_set(self) -> list[dict[str, str]]:
        """The key set, as an environment without memory serves it."""
        self.cold("jwks")
        answer = self.get("/connect/oauth/jwks")
        assert answer.status == 200
        keys: list[dict[str, str]] = answer.json()["keys"]
        return keys

    def machine(self, client_id: str) -> Machine:
        """A client that has been registered here."""
        return self._machines[client_id]

    def issue(self, machine: Machine, **parameters: str) -> Answer:
        """The answer to a client_credentials request of a client that authenticates as it is registered to."""
        form = {"grant_type": "client_credentials", **parameters}
        if machine.client.token_endpoint_auth_method == "client_secret_basic":
            return self.token(token_event(form, basic=machine.basic))
        return self.token(token_event({**form, "client_id": machine.client_id, "client_secret": machine.client_secret}))

    def register(self, client_id: str = "machine", client_secret: str = "", **metadata: Any) -> Machine:
        """A new client; by default with HTTP Basic, client_credentials and the scopes `read` and `write`."""
        client_secret = client_secret or f"secret of {client_id}: {uuid.uuid4()}"
        client = Client(
            **{
                "client_id": client_id,
                "token_endpoint_auth_method": "client_secret_basic",
                "grant_types": ("client_credentials",),
                "client_secrets": (ClientSecret(digest(client_secret), created_at=int(self.clock())),),
                "scope": ("read", "write"),
                **metadata,
            }
        )
        assert self.registry.create(client)
        self._machines[client_id] = Machine(client, client_secret)
        return self._machines[client_id]

    def step(self, step: str, version_id: str) -> None:
        """One step of a rotation."""
        self.invoke("key_rotation", {"Step": step, "SecretId": self.secret_id, "ClientRequestToken": version_id})

    def rotate(self) -> str:
        """A whole rotation; the id of the version that is current now."""
        version_id = str(uuid.uuid4())
        for step in STEPS:
            self.step(step, version_id)
        return version_id

    def give_keys(self, *algs: str) -> None:
        """Leave ring and key set as a first rotation does, which takes longer than most tests; by default of RS256."""
        now = int(self.clock())

        def generate(alg: str) -> RingKey:
            jwk = algorithms.ALGORITHMS[alg].generate()
            return RingKey(thumbprint(jwk), alg, KeyState.NEXT, created_at=now, jwk=jwk)

        policy = RotationPolicy(algs=algs) if algs else RotationPolicy()
        ring = rotated(Keyring(), KeySet(), policy, now, generate)
        key_sets = DynamoDbKeySetStore(self.dynamodb, self.table)
        assert key_sets.publish(published_with(key_sets.load(), ring, now))
        self.put_keyring(ring.to_document())

    def stage_empty(self, version_id: str) -> None:
        """What Secrets Manager does before it calls the function: a version without a value gets AWSPENDING."""
        secret = self._secret()
        secret.remove_version_stages_from_old_versions(["AWSPENDING"])
        secret.versions[version_id] = {
            "createdate": int(time.time()),
            "version_id": version_id,
            "version_stages": ["AWSPENDING"],
        }

    def version(self, version_id: str) -> str:
        """The document of a version of the keyring secret."""
        answer = self.secretsmanager.get_secret_value(SecretId=self.secret_id, VersionId=version_id)
        return str(answer["SecretString"])

    def put_keyring(self, document: str) -> None:
        """Put a document in the place of the current one, past every rule."""
        versions = self._secret().versions.items()
        [current] = [version_id for version_id, one in versions if "AWSCURRENT" in one["version_stages"]]
        self.put_version(current, document)

    def put_version(self, version_id: str, document: str) -> None:
        """Put a document in the place of a version's, past every rule."""
        self._secret().versions[version_id]["secret_string"] = document

    def unpublish(self, kid: str) -> None:
        """Take a key out of the published set, past every rule."""
        store = DynamoDbKeySetStore(self.dynamodb, self.table)
        key_set = store.load()
        keys = tuple(key for key in key_set.keys if key.kid != kid)
        assert store.publish(KeySet(keys, key_set.version + 1))

    def keyring(self) -> str:
        """The current document of the keyring secret."""
        answer = self.secretsmanager.get_secret_value(SecretId=self.secret_id, VersionStage="AWSCURRENT")
        return str(answer["SecretString"])

    def items(self) -> list[dict[str, Any]]:
        """Every item of the registry table, as stored."""
        items: list[dict[str, Any]] = self.dynamodb.scan(TableName=self.table)["Items"]
        return items

    def state(self, kind: str = "") -> list[dict[str, Any]]:
        """Every item of the state table, as stored; of one kind (`grant`, `session` ...) or all."""
        items: list[dict[str, Any]] = self.dynamodb.scan(TableName=self.state_table)["Items"]
        return [item for item in items if item["pk"]["S"].startswith(kind)]

    def failing_once(self, operation: str, fault: Fault) -> None:
        """The next call of that operation or service meets the fault."""

        def once() -> AWSResponse:
            del self.faults[operation]
            return fault()

        self.faults[operation] = once

    def failing_nth(self, operation: str, fault: Fault, number: int) -> None:
        """Of the next calls of that operation the one of that number meets the fault, counted from 0."""
        self._fault_nth.setdefault(operation, {})[number] = fault

    @contextmanager
    def failing(self, operation: str, fault: Fault) -> Iterator[None]:
        """While open, calls of that operation, or of a service's every operation, meet the fault."""
        self.faults[operation] = fault
        yield
        del self.faults[operation]

    @contextmanager
    def failing_at(self, fault: Fault, *numbers: int) -> Iterator[None]:
        """While open, the calls of those numbers meet the fault, counted from 0 for the next, retries included."""
        self._fault_at = {len(self.calls) + number: fault for number in numbers}
        yield
        self._fault_at = {}

    def lose_answer(self, operation: str, times: int = 1) -> None:
        """The next calls of that operation are performed, and their answers never arrive."""
        self._losing += [operation] * times

    @contextmanager
    def lagging_index(self) -> Iterator[None]:
        """While open, what begins in the state table is not in its index yet, which is eventually consistent."""
        self._indexed = {item["pk"]["S"] for item in self.state()}
        yield
        self._indexed = None

    def output(self) -> str:
        """Everything that the functions have written so far: to standard output, to standard error and by logging."""
        return self._console.getvalue()

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """The audit lines so far, of one event or all, without what is in them for CloudWatch's metrics alone."""
        lines = [
            {name: value for name, value in line.items() if name not in {"_aws", *metric_names(line)}}
            for line in self._json_lines()
        ]
        return [line for line in lines if event in (None, line["event"])]

    def metrics(self) -> list[dict[str, Any]]:
        """What CloudWatch makes metrics of in the lines so far: their metadata, dimensions and values."""
        return [embedded_metric(line) for line in self._json_lines() if "_aws" in line]

    def forget_output(self) -> None:
        """Start with no lines again."""
        self._console.seek(0)
        self._console.truncate()

    @contextmanager
    def _running(self, function: str) -> Iterator[None]:
        """While open, what runs is the function, and what it writes is kept."""
        root = logging.getLogger()
        root.addHandler(self._root_handler)
        try:
            with redirect_stdout(self._console), redirect_stderr(self._console):
                yield
        finally:
            root.removeHandler(self._root_handler)

    def _secret(self) -> Any:
        return secretsmanager_backends[embedded.ACCOUNT_ID][embedded.REGION].secrets[self.secret_id]

    def _json_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output().splitlines()]

    def _patch(self) -> None:
        for name, value in embedded.ENVIRONMENT.items():
            self._monkeypatch.setenv(name, value)
        for name in (
            "AWS_PROFILE",
            "AWS_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_DYNAMODB",
            "AWS_ENDPOINT_URL_KMS",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        ):
            self._monkeypatch.delenv(name, raising=False)
        self._monkeypatch.setattr("signet.wiring.adapters.clock", self.clock)
        self._monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
        self._monkeypatch.setattr("signet.aws.sdk._botocore_session", lambda: _SDK)
        self._monkeypatch.setattr("signet.aws.sdk.HttpTransport", MotoTransport)
        self._monkeypatch.setattr("signet.aws.lean.retries.time", SimpleNamespace(sleep=lambda _: None))
        self._monkeypatch.setattr(_SDK, "before_send", self._before_send)
        numbers = count()
        for alg in ("RS256", "PS256"):
            row: Any = replace(algorithms.ALGORITHMS[alg], generate=lambda: dict(_key(next(numbers))))
            self._monkeypatch.setitem(algorithms.ALGORITHMS, alg, row)

    def _before_send(self, event_name: str, request: Any, **_sent: object) -> AWSResponse | None:
        _, service_id, name = event_name.split(".")
        service = service_id.replace("-", "")
        operation = f"{service}:{name}"
        self.calls.append(operation)
        fault = self._fault_at.get(len(self.calls) - 1) or self.faults.get(operation) or self.faults.get(service)
        if waiting := self._fault_nth.pop(operation, None):
            fault = fault or waiting.pop(0, None)
            self._fault_nth[operation] = {number - 1: later for number, later in waiting.items()}
        losing = operation in self._losing
        self.had_faults |= losing or fault is not None
        if losing:
            self._losing.remove(operation)
            botocore_stubber(event_name, request)
            raise ReadTimeoutError(endpoint_url="https://aws.example")
        if fault is None:
            return self._lagging(event_name, request) if operation == "dynamodb:Query" else None
        # every handler of this event is called, and moto's must not perform what AWS never saw
        request.url = "https://aws.invalid/"
        return fault()

    def _lagging(self, event_name: str, request: Any) -> AWSResponse | None:
        """What a query of the state table's index is answered while that lags."""
        if self._indexed is None or json.loads(request.body).get("IndexName") != "subjects":
            return None
        performed = botocore_stubber(event_name, request)
        assert performed
        found = json.loads(performed.content)
        listed = [entry for entry in found["Items"] if entry["pk"]["S"] in self._indexed]
        return answered(json.dumps({**found, "Items": listed, "Count": len(listed)}))

    def _create(self, template: Template) -> Template:
        [secret] = template.resources("AWS::SecretsManager::Secret").values()
        generate = secret["GenerateSecretString"]
        document = {**json.loads(generate["SecretStringTemplate"]), generate["GenerateStringKey"]: "Zm9v"}
        created = self.secretsmanager.create_secret(Name="keyring", SecretString=json.dumps(document))
        for logical_id, table in template.resources("AWS::DynamoDB::Table").items():
            settings = {"KeySchema", "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes"}
            described = {name: value for name, value in table.items() if name in settings}
            self.dynamodb.create_table(TableName=template.name(logical_id), **described)
        return template.with_id("KeyringSecret", created["ARN"])


def metric_names(line: Mapping[str, Any]) -> list[str]:
    """The members of a line that are values of metrics, in the embedded metric format."""
    directives = line.get("_aws", {}).get("CloudWatchMetrics", [])
    return [metric["Name"] for directive in directives for metric in directive["Metrics"]]


def embedded_metric(line: Mapping[str, Any]) -> dict[str, Any]:
    """What of a line makes its metrics."""
    dimensions = [
        name for directive in line["_aws"]["CloudWatchMetrics"] for names in directive["Dimensions"] for name in names
    ]
    return {name: line[name] for name in ("_aws", *dimensions, *metric_names(line))}


@contextmanager
def deployed(kind: type[AnyDeployment], monkeypatch: pytest.MonkeyPatch, **parameters: str) -> Iterator[AnyDeployment]:
    """A stack as CloudFormation leaves it, in an AWS of its own, while the context is open."""
    with mock_aws():
        moto_kms.install()
        stack = kind(_template().with_parameters(parameters), monkeypatch)
        yield stack
    if stack.had_faults:
        _SDK.forget_clients()


@pytest.fixture
def placeholder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A stack as CloudFormation leaves it: the secret has its placeholder only, no key has been made yet."""
    with deployed(Deployment, monkeypatch) as stack:
        yield stack


@pytest.fixture
def deployment(placeholder: Deployment) -> Deployment:
    """A stack whose first rotation has run: what one leaves behind is put in place."""
    placeholder.give_keys()
    placeholder.forget_output()
    placeholder.calls.clear()
    return placeholder


@cache
def _template() -> Template:
    return Template.read(_ROOT / "template.yaml", gateway_events.ORIGIN)


@cache
def _key(number: int) -> Mapping[str, str]:
    """The n-th private JWK of this test run: an RSA key takes longer to make than most tests to run."""
    return RS256.generate()
