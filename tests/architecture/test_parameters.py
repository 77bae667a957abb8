"""A wrong parameter is refused by its name, before anything is created: each constraint as CloudFormation judges it."""

import re
from typing import Any

import pytest

from signet.settings import LONGEST_REFRESH_TOKEN_LIFETIME, LONGEST_SESSION_LIFETIME, LONGEST_TOKEN_LIFETIME, Settings
from signet_cli.local.template import Template
from tests.support.transformed import given, references

ARN = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000000"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"

VALUES: dict[str, tuple[list[Any], list[Any]]] = {
    "DomainName": (
        ["", "id.example.com", "a-b.c1.example.org"],
        [
            *("https://id.example.com", "id.example.com/", "ID.example.com", "localhost", "id..example.com"),
            *("-id.example.com", "id.example.com.", "id.example.com:443", "id_1.example.com", "192.0.2.1"),
            *(f"{'a' * 60}.example.com", "id.example.com\n", " id.example.com", "*.example.com"),
        ],
    ),
    "CertificateArn": (
        ["", ARN, ARN.replace("aws", "aws-cn", 1)],
        ["arn:aws:iam::123456789012:server-certificate/x", ARN[:-1] + "/", f"{ARN} ", "certificate", ARN + "\n"],
    ),
    "HostedZoneId": (["", "Z0123456789ABCDEFGHIJ"], ["example.com", "/hostedzone/Z01", "z01", "Z"]),
    "DefaultAudience": (
        ["", "https://api.example.com/", "urn:orders"],
        ['a"b', "a b", "a\\b", "a\nb", "é", "a" * 129],
    ),
    "AccessTokenLifetime": ([60, 3600, 86_400], [0, 59, 86_401, "x", "1.5", -1, ""]),
    "RefreshTokenLifetime": ([300, 31_536_000], [299, 31_536_001, "90d"]),
    "RefreshTokenIdleLifetime": ([300, 31_536_000], [299, 31_536_001, "never"]),
    "SessionLifetime": ([300, 2_592_000], [299, 2_592_001]),
    "SessionIdleLifetime": ([300, 2_592_000], [299, 2_592_001]),
    "SigningAlgorithms": (
        ["RS256", "RS256,ES256", "RS256,PS256,ES256,EdDSA"],
        ["", "ES256", "RS256,RS256", "RS256,HS256", "RS256, ES256", "rs256", "RS256,", "RS256,ES256,PS256"],
    ),
    "SigningBackend": (["secretsmanager", "kms", "secretsmanager-from-kms"], ["", "KMS", "hsm"]),
    "KeyRotationDays": ([1, 365], [0, 366, "monthly"]),
    "VerifierCache": ([300, 43_200], [299, 43_201]),
    "ThemeServiceName": (["Signet", "Ö"], ["", "x" * 61]),
    "ThemeAccentColor": (["#3450c8", "#FFFFFF"], ["", "red", "#fff", "3450c8", "#3450c8;", "#34 0c8"]),
    "ThemeLogoUri": (
        ["", "https://cdn.example.com/logo.svg"],
        ["http://cdn.example.com/logo.svg", "javascript:alert(1)", 'https://x"', "https://", "https://a b"],
    ),
    "TokenMemory": ([256, 1769, 10_240], [128, 255, 10_241]),
    "SignInMemory": ([256, 1769, 10_240], [128, 255, 10_241]),
    "EndpointMemory": ([256, 1769, 10_240], [128, 255, 10_241]),
    "TokenSnapStart": (["On", "Off"], ["on", "true", "", "PublishedVersions"]),
    "TokenProvisionedConcurrency": ([0, 1, 1000], [-1, 1001, "many"]),
    "ThrottlingRateLimit": ([1, 100_000], [0, 100_001]),
    "ThrottlingBurstLimit": ([1, 50_000], [0, 50_001]),
    "AwsClient": (["lean", "botocore"], ["", "boto3", "Lean"]),
    "AlarmTopicArn": (["", TOPIC], ["alarms", TOPIC + ":x", TOPIC.replace("sns", "sqs")]),
    "AlarmEmail": (["", "ops@example.com"], ["ops", "ops@example", "a b@example.com", "@example.com", "x@y@z.com"]),
    "Alarms": (["On", "Off"], ["on", "yes", ""]),
    "LatencyAlarmMilliseconds": ([100, 29_000], [99, 29_001]),
    "GuessingAlarmCount": ([1, 100_000], [0, 100_001]),
    "Dashboard": (["On", "Off"], ["on", "yes", ""]),
    "LogRetentionDays": ([1, 90, 3653], [0, 2, 91, "for ever"]),
}
"""Of each parameter values that are taken, and values that are refused; a new parameter is a line here."""

RULES: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set()),
    ({"DomainName": "id.example.com", "CertificateArn": ARN}, set()),
    ({"DomainName": "id.example.com", "CertificateArn": ARN, "HostedZoneId": "Z1"}, set()),
    ({"DomainName": "id.example.com"}, {"DomainAndCertificate"}),
    ({"CertificateArn": ARN}, {"DomainAndCertificate"}),
    ({"HostedZoneId": "Z1"}, {"ZoneOfDomain"}),
    ({"AlarmTopicArn": TOPIC}, set()),
    ({"AlarmEmail": "ops@example.com"}, set()),
    ({"AlarmTopicArn": TOPIC, "AlarmEmail": "ops@example.com"}, {"OneAddressForAlarms"}),
    ({"TokenSnapStart": "On"}, set()),
    ({"TokenProvisionedConcurrency": 2}, set()),
    ({"TokenSnapStart": "On", "TokenProvisionedConcurrency": 2}, {"OneWayToStartWarm"}),
]


def accepted(parameter: dict[str, Any], value: Any) -> bool:
    """Whether CloudFormation takes the value, which reaches it as text."""
    text = str(value)
    if "AllowedValues" in parameter and text not in map(str, parameter["AllowedValues"]):
        return False
    if parameter["Type"] == "Number":
        if not re.fullmatch(r"-?\d+(\.\d+)?", text):
            return False
        number = float(text)
        whole = number.is_integer() and "." not in text  # a number with a point is none of seconds or megabytes
        return whole and parameter.get("MinValue", number) <= number <= parameter.get("MaxValue", number)
    if not parameter.get("MinLength", 0) <= len(text) <= parameter.get("MaxLength", 4096):
        return False
    return re.fullmatch(parameter.get("AllowedPattern", r"(?s).*"), text) is not None


@pytest.fixture
def parameters(template: Template) -> dict[str, dict[str, Any]]:
    """The declarations, by name."""
    declared: dict[str, dict[str, Any]] = template.document["Parameters"]
    return declared


def test_every_parameter_is_judged_here(parameters: dict[str, Any]) -> None:
    """A parameter without a constraint is a fault at 3 a.m."""
    assert VALUES.keys() == parameters.keys()


@pytest.mark.parametrize("name", VALUES)
def test_good_values_are_taken_and_bad_ones_refused(parameters: dict[str, Any], name: str) -> None:
    """The default is good; what would break the service has a constraint against it."""
    good, bad = VALUES[name]
    assert accepted(parameters[name], parameters[name]["Default"])
    assert [value for value in good if not accepted(parameters[name], value)] == []
    assert [value for value in bad if accepted(parameters[name], value)] == []


def test_every_parameter_explains_itself(parameters: dict[str, Any]) -> None:
    """In the console each has its sentence, and a pattern says in words what it wants."""
    for name, parameter in parameters.items():
        assert parameter["Description"].endswith((".", "is.")), name
        assert "ConstraintDescription" in parameter or "AllowedPattern" not in parameter, name


def test_every_parameter_stands_in_one_group(template: Template, parameters: dict[str, Any]) -> None:
    """The console shows those that stand in none at the end, under "Other parameters"."""
    groups = template.document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(parameters)


def test_every_parameter_has_an_effect(template: Template, parameters: dict[str, Any]) -> None:
    """One that nothing refers to would be a promise."""
    document = template.document
    used = set(references([document["Resources"], document["Globals"], document["Conditions"], document["Outputs"]]))
    assert used >= parameters.keys()


@pytest.mark.parametrize(("values", "broken"), RULES)
def test_parameters_that_do_not_fit_together_are_refused(
    template: Template, values: dict[str, Any], broken: set[str]
) -> None:
    """Before anything is created; each rule says in a sentence what it wants."""
    deployed = given(template, **values)
    found = set()
    for name, rule in deployed.document["Rules"].items():
        [assertion] = rule["Assertions"]
        assert assertion["AssertDescription"]
        if not deployed._intrinsics().holds(assertion["Assert"]):
            found.add(name)
    assert found == broken


def test_the_longest_lifetimes_are_those_that_the_code_allows(parameters: dict[str, Any]) -> None:
    """What a parameter takes, the functions take: a longer one would be 503 for every request."""
    longest = {
        "AccessTokenLifetime": LONGEST_TOKEN_LIFETIME,
        "RefreshTokenLifetime": LONGEST_REFRESH_TOKEN_LIFETIME,
        "RefreshTokenIdleLifetime": LONGEST_REFRESH_TOKEN_LIFETIME,
        "SessionLifetime": LONGEST_SESSION_LIFETIME,
        "SessionIdleLifetime": LONGEST_SESSION_LIFETIME,
    }
    assert {name: parameters[name]["MaxValue"] for name in longest} == longest


def test_the_defaults_are_those_of_the_code(parameters: dict[str, Any]) -> None:
    """One answer to what happens where nothing is said."""
    settings = Settings("https://id.example.com/connect", "a")
    lifetimes = {
        "AccessTokenLifetime": settings.access_token_lifetime,
        "RefreshTokenLifetime": settings.refresh_token_lifetime,
        "RefreshTokenIdleLifetime": settings.refresh_token_idle_lifetime,
        "SessionLifetime": settings.session_lifetime,
        "SessionIdleLifetime": settings.session_idle_lifetime,
    }
    assert {name: parameters[name]["Default"] for name in lifetimes} == lifetimes
