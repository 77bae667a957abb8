"""`signet doctor`: what is well, what is not, and what to do."""

import json
import os
import ssl
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from signet.keys import jwks
from signet.model.key import KeySet, PublishedKey
from signet_cli import web
from signet_cli.checks import address, clients, documents, operation, storage
from signet_cli.checks.finding import Check, Patient, State
from signet_cli.mistake import Mistake
from tests.support.fakes import InMemoryClientRegistry
from tests.support.served import ServedSignet
from tests.unit.cli.conftest import ISSUER, CommandLine

NOW = 1_800_000_000.0
KEY = PublishedKey("kid-of-the-key", "RS256", 5, {"kty": "RSA", "n": "AQAB", "e": "AQAB"})

Answers = dict[str, Any]


def aws() -> Answers:
    """What AWS answers of a deployment that is well, by operation."""
    table = {"TableName": "t", "TableStatus": "ACTIVE", "DeletionProtectionEnabled": True, "GlobalSecondaryIndexes": []}
    return {
        "describe_table": {"Table": table},
        "describe_continuous_backups": {
            "ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}
        },
        "describe_time_to_live": {
            "TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
        },
        "describe_secret": {
            "RotationEnabled": True,
            "RotationRules": {"AutomaticallyAfterDays": 30},
            "LastRotatedDate": datetime.fromtimestamp(NOW - 5 * 86_400, UTC),
            "VersionIdsToStages": {"1": ["AWSCURRENT", "AWSPENDING"]},
        },
        "list_stack_resources": [
            {
                "StackResourceSummaries": [
                    {"ResourceType": "AWS::Logs::LogGroup", "PhysicalResourceId": "g"},
                    {"ResourceType": "AWS::CloudWatch::Alarm", "PhysicalResourceId": "a"},
                ]
            }
        ],
        "describe_log_groups": {"logGroups": [{"logGroupName": "g", "retentionInDays": 90}]},
        "describe_alarms": {
            "MetricAlarms": [
                {"AlarmName": "a", "StateValue": "OK", "ActionsEnabled": True, "AlarmActions": ["arn:aws:sns:..."]}
            ]
        },
    }


class Aws:
    """Every client of that account."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __call__(self, service: str) -> "Aws":
        return self

    def __getattr__(self, operation: str) -> Any:
        return lambda **_: self._answers[operation]

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=lambda **_: self._answers[operation])


def patient(
    answers: Answers | None = None,
    *,
    keys: tuple[PublishedKey, ...] = (KEY,),
    registry: InMemoryClientRegistry | None = None,
    **described: Any,
) -> Patient:
    """A deployment at NOW."""
    stack: Any = SimpleNamespace(
        issuer=ISSUER,
        registry_table="registry",
        state_table="state",
        keyring_secret="arn:secret",
        sdk_client=Aws({**aws(), **(answers or {})}),
        key_sets=lambda: SimpleNamespace(load=lambda: KeySet(keys, 1)),
        registry=lambda: registry or InMemoryClientRegistry(),
    )
    account = {"StackName": "signet", "StackStatus": "UPDATE_COMPLETE", "date": date(NOW), **described}
    return Patient(stack, account, local=False, clock=lambda: NOW)


def date(at: float) -> str:
    """As an HTTP header has it."""
    return format_datetime(datetime.fromtimestamp(at, UTC), usegmt=True)


def found(check: Check, subject: Patient) -> dict[str, State]:
    """The worst state under each name; whoever is not well is told what to do."""
    states: dict[str, State] = {}
    order = [State.SKIPPED, State.OK, State.WARN, State.FAIL]
    for finding in check(subject):
        assert finding.found
        assert bool(finding.advice) is (finding.state in {State.WARN, State.FAIL})
        states[finding.check] = max(states.get(finding.check, State.SKIPPED), finding.state, key=order.index)
    return states


@pytest.fixture(autouse=True)
def site(monkeypatch: pytest.MonkeyPatch) -> dict[str, web.Answer]:
    """What the service answers by path, all well."""
    metadata = json.dumps({"issuer": ISSUER}).encode()
    answers = {
        "/connect/.well-known/openid-configuration": web.Answer(200, {"date": date(NOW)}, metadata),
        "/.well-known/openid-configuration/connect": web.Answer(200, {}, metadata),
        "/.well-known/oauth-authorization-server/connect": web.Answer(200, {}, metadata),
        "/connect/oauth/jwks": web.Answer(200, {}, json.dumps(jwks.document(KeySet((KEY,), 1))).encode()),
    }
    monkeypatch.setattr(web, "get", lambda url: answers[url.removeprefix("https://id.example.com")])
    monkeypatch.setattr(address, "_addresses", lambda _: {"192.0.2.1"})
    monkeypatch.setattr(address, "_certificate_until", lambda *_: NOW + 90 * 86_400)
    return answers


EVERY: tuple[Check, ...] = (
    operation.stack,
    address.dns,
    address.certificate,
    address.clocks,
    documents.metadata,
    documents.key_set,
    storage.tables,
    storage.rotation,
    clients.short_secrets,
    operation.logs,
    operation.alarms,
)


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.__name__)
def test_what_is_well_is_ok(check: Check) -> None:
    """Each in its own line."""
    assert set(found(check, patient()).values()) == {State.OK}


def table(**changed: Any) -> Answers:
    """A table that is not as the template has it."""
    return {"describe_table": {"Table": {**aws()["describe_table"]["Table"], **changed}}}


def secret(**changed: Any) -> Answers:
    """A secret that is not as it should be."""
    return {"describe_secret": {**aws()["describe_secret"], **changed}}


def alarm(**changed: Any) -> Answers:
    """An alarm that is not as it should be."""
    return {"describe_alarms": {"MetricAlarms": [{**aws()["describe_alarms"]["MetricAlarms"][0], **changed}]}}


RECOVERY_OFF: Answers = {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {}}}


@pytest.mark.parametrize(
    ("check", "answers", "name", "state"),
    [
        (storage.tables, table(DeletionProtectionEnabled=False), "registry table", State.FAIL),
        (storage.tables, table(DeletionProtectionEnabled=False), "state table", State.OK),
        (storage.tables, table(TableStatus="UPDATING"), "state table", State.FAIL),
        (storage.tables, table(SSEDescription={"Status": "DISABLED"}), "registry table", State.FAIL),
        (
            storage.tables,
            table(GlobalSecondaryIndexes=[{"IndexName": "clients", "IndexStatus": "CREATING"}]),
            "registry table",
            State.FAIL,
        ),
        (storage.tables, {"describe_continuous_backups": RECOVERY_OFF}, "registry table", State.FAIL),
        (
            storage.tables,
            {"describe_time_to_live": {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}},
            "time to live",
            State.FAIL,
        ),
        (storage.rotation, secret(RotationEnabled=False), "rotation", State.FAIL),
        (
            storage.rotation,
            secret(LastRotatedDate=datetime.fromtimestamp(NOW - 40 * 86_400, UTC)),
            "rotation",
            State.FAIL,
        ),
        (
            storage.rotation,
            secret(VersionIdsToStages={"1": ["AWSCURRENT"], "2": ["AWSPENDING"]}),
            "rotation",
            State.WARN,
        ),
        (operation.logs, {"describe_log_groups": {"logGroups": [{"logGroupName": "g"}]}}, "logs", State.WARN),
        (operation.logs, {"describe_log_groups": {"logGroups": []}}, "logs", State.FAIL),
        (operation.alarms, {"describe_alarms": {"MetricAlarms": []}}, "alarms", State.FAIL),
        (operation.alarms, alarm(StateValue="ALARM"), "alarms", State.WARN),
        (operation.alarms, alarm(AlarmActions=[]), "alarms", State.WARN),
        (operation.alarms, alarm(ActionsEnabled=False), "alarms", State.WARN),
    ],
)
def test_what_aws_has_otherwise_is_told(check: Check, answers: Answers, name: str, state: State) -> None:
    """With what to do."""
    assert found(check, patient(answers))[name] is state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("UPDATE_IN_PROGRESS", State.WARN),
        ("UPDATE_ROLLBACK_COMPLETE", State.WARN),
        ("ROLLBACK_COMPLETE", State.FAIL),
        ("UPDATE_ROLLBACK_FAILED", State.FAIL),
        ("CREATE_COMPLETE", State.OK),
    ],
)
def test_a_change_of_the_stack_that_did_not_end_well_is_told(status: str, state: State) -> None:
    """By what CloudFormation calls it."""
    assert found(operation.stack, patient(StackStatus=status)) == {"stack": state}


def test_a_key_set_that_is_not_what_was_published_is_told(site: dict[str, web.Answer]) -> None:
    """A stale cache in between; no key at all; a key that common verifiers do not take."""
    other = PublishedKey("another-kid", "RS256", 5, KEY.jwk)
    assert found(documents.key_set, patient(keys=(KEY, other))) == {"key set": State.FAIL}
    assert found(documents.key_set, patient(keys=())) == {"key set": State.FAIL}
    ps256 = PublishedKey("kid", "PS256", 5, KEY.jwk)
    site["/connect/oauth/jwks"] = web.Answer(200, {}, json.dumps(jwks.document(KeySet((ps256,), 1))).encode())
    assert found(documents.key_set, patient(keys=(ps256,))) == {"key set": State.WARN}
    many = tuple(PublishedKey(f"kid{number}", "RS256", 5, KEY.jwk) for number in range(101))
    site["/connect/oauth/jwks"] = web.Answer(200, {}, json.dumps(jwks.document(KeySet(many, 1))).encode())
    assert found(documents.key_set, patient(keys=many)) == {"key set": State.FAIL}
    site["/connect/oauth/jwks"] = web.Answer(503, {}, b"")
    assert found(documents.key_set, patient()) == {"key set": State.FAIL}


@pytest.mark.parametrize(
    "answer", [web.Answer(503, {}, b""), web.Answer(200, {}, b'{"issuer": "https://other.example.com/connect"}')]
)
def test_metadata_that_differ_are_told(site: dict[str, web.Answer], answer: web.Answer) -> None:
    """One of the three is not there, or says something else; or all of them do."""
    site["/.well-known/oauth-authorization-server/connect"] = answer
    assert found(documents.metadata, patient()) == {"metadata": State.FAIL}
    for path in site:
        site[path] = answer
    assert found(documents.metadata, patient()) == {"metadata": State.FAIL}


@pytest.mark.parametrize(
    ("behind", "state"), [(0, State.OK), (4, State.OK), (30, State.WARN), (-30, State.WARN), (400, State.FAIL)]
)
def test_clocks_that_differ_are_told(site: dict[str, web.Answer], behind: int, state: State) -> None:
    """Tokens from the future, requests from the past: both are refused."""
    path = "/connect/.well-known/openid-configuration"
    site[path] = web.Answer(200, {"date": date(NOW - behind)}, site[path].body)
    assert found(address.clocks, patient()) == {"clock of the service": state, "clock of AWS": State.OK}
    site[path] = web.Answer(200, {}, site[path].body)
    assert found(address.clocks, patient(date=date(NOW - behind))) == {
        "clock of the service": State.SKIPPED,
        "clock of AWS": state,
    }


def test_a_name_that_leads_nowhere_or_elsewhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere may be a proxy that is meant."""
    outputs = [{"OutputKey": "DomainTarget", "OutputValue": "d-1.execute-api.amazonaws.com"}]
    monkeypatch.setattr(address, "_addresses", lambda _: set())
    assert found(address.dns, patient(Outputs=outputs)) == {"DNS": State.FAIL}
    monkeypatch.setattr(address, "_addresses", lambda host: {host})
    assert found(address.dns, patient(Outputs=outputs)) == {"DNS": State.WARN}


def test_a_certificate_that_ends_or_is_not_accepted_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """While there is time, or when it is too late."""
    monkeypatch.setattr(address, "_certificate_until", lambda *_: NOW + 5 * 86_400)
    assert found(address.certificate, patient()) == {"certificate": State.WARN}
    for error in (ssl.SSLCertVerificationError("self-signed"), ConnectionRefusedError("refused")):

        def failing(host: str, port: int, error: OSError = error) -> float:
            if isinstance(error, ssl.SSLCertVerificationError):
                error.verify_message = "self-signed certificate"
            raise error

        monkeypatch.setattr(address, "_certificate_until", failing)
        assert found(address.certificate, patient()) == {"certificate": State.FAIL}


def test_a_check_that_cannot_look_is_a_finding_and_the_others_go_on(
    signet: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One machine may not reach everything; the exit code says that not all is well."""

    def unreachable(url: str) -> web.Answer:
        raise Mistake(f"{url} cannot be reached: refused")

    monkeypatch.setattr(web, "get", unreachable)
    monkeypatch.setattr("signet_cli.doctor._patient", lambda _: patient())
    answer = signet("doctor", "--json")
    states = {line["check"]: line["state"] for line in answer.json}
    assert answer.exit_code == 1
    assert (states["metadata"], states["registry table"]) == ("fail", "ok")
    assert "what to do" in signet("doctor").stdout


def test_a_local_server_is_looked_at_as_far_as_there_is_something(served: ServedSignet) -> None:
    """Nothing of it fails; what is not there is said to be skipped."""
    command = [str(Path(sys.executable).with_name("signet")), "doctor", "--local", "--json"]
    environment = {**os.environ, "AWS_PORT": served.aws_endpoint.rpartition(":")[2]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    states = {line["check"]: line["state"] for line in json.loads(done.stdout)}
    assert "fail" not in states.values(), done.stdout
    assert {name for name, state in states.items() if state == "skipped"} == {"DNS", "certificate", "logs", "alarms"}
    assert done.returncode == 0
