"""signet.settings and signet.aws.environ: what a deployment can be told."""

import pytest
from botocore.client import BaseClient

from signet.aws import environ, sdk
from signet.aws.lean.client import LeanClient
from signet.settings import (
    LONGEST_REFRESH_TOKEN_LIFETIME,
    LONGEST_SESSION_LIFETIME,
    LONGEST_TOKEN_LIFETIME,
    Settings,
    SettingsInvalid,
    check_issuer,
)


@pytest.mark.parametrize(
    "issuer",
    [
        "https://id.example.com/connect",
        "https://id.example.com:8443/connect",
        "https://[2001:db8::1]/connect",
        "http://localhost:8080/connect",
        "http://127.0.0.1/connect",
        "http://[::1]:8080/connect",
    ],
)
def test_an_https_url_is_an_issuer(issuer: str) -> None:
    """RFC 8414 section 2; plain http for this machine alone."""
    check_issuer(issuer)


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "id.example.com/connect",
        "//id.example.com/connect",
        "http://id.example.com/connect",
        "http://localhost.example.com/connect",
        "ftp://id.example.com/connect",
        "https:///connect",
        "https://:443/connect",
        "https://id.example.com",
        "https://id.example.com/",
        "https://id.example.com/connect/",
        "https://id.example.com/Connect",
        "https://id.example.com/connect/x",
        "https://id.example.com/connect?",
        "https://id.example.com/connect?a=b",
        "https://id.example.com/connect#",
        "https://id.example.com/connect#a",
        "https://user@id.example.com/connect",
        "https://user:password@id.example.com/connect",
        "https://id.example.com:port/connect",
        "https://id.example.com:99999/connect",
        "https://[::1/connect",
        " https://id.example.com/connect",
        "https://id.example.com/connect\n",
        "https://id.exa mple.com/connect",
        "https://id.example.com\\@evil.example/connect",
    ],
)
def test_anything_else_is_no_issuer(issuer: str) -> None:
    """The message names the setting."""
    with pytest.raises(SettingsInvalid, match="issuer"):
        check_issuer(issuer)


LONGEST = {
    "access_token_lifetime": LONGEST_TOKEN_LIFETIME,
    "refresh_token_lifetime": LONGEST_REFRESH_TOKEN_LIFETIME,
    "refresh_token_idle_lifetime": LONGEST_REFRESH_TOKEN_LIFETIME,
    "session_lifetime": LONGEST_SESSION_LIFETIME,
    "session_idle_lifetime": LONGEST_SESSION_LIFETIME,
}


@pytest.mark.parametrize("name", LONGEST)
def test_an_impossible_lifetime_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A token must not outlive the key that signed it; the message names the setting."""
    monkeypatch.setenv("SIGNET_ISSUER", "https://id.example.com/connect")
    for lifetime in (0, LONGEST[name] + 1):
        monkeypatch.setenv(f"SIGNET_{name.upper()}", str(lifetime))
        with pytest.raises(SettingsInvalid, match=name):
            environ.settings()
    monkeypatch.setenv(f"SIGNET_{name.upper()}", str(LONGEST[name]))
    assert getattr(environ.settings(), name) == LONGEST[name]


def test_the_origin_is_the_issuers() -> None:
    """With its port, without its path."""
    assert Settings("https://id.example.com:8443/connect", "a").origin == "https://id.example.com:8443"


def test_defaults_stand_in_for_what_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour, two hours, and the issuer as audience; empty is not set."""
    for name in ("SIGNET_DEFAULT_AUDIENCE", "SIGNET_ACCESS_TOKEN_LIFETIME", "SIGNET_VERIFIER_CACHE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("SIGNET_ISSUER", "https://id.example.com/connect")
    assert environ.settings() == Settings("https://id.example.com/connect", "https://id.example.com/connect", 3600)
    assert environ.verifier_cache() == 7200


@pytest.mark.parametrize(
    "value", ["x", "-1", "1.5", "1e3", " 7200", "7200 ", "\u0967", "\u00b2", "+5", "0x10", "1_000"]
)
def test_a_number_of_seconds_is_written_in_digits(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Of ASCII; the message names the variable."""
    monkeypatch.setenv("SIGNET_VERIFIER_CACHE", value)
    with pytest.raises(SettingsInvalid, match="SIGNET_VERIFIER_CACHE"):
        environ.verifier_cache()


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also an empty one."""
    for value in (None, ""):
        if value is None:
            monkeypatch.delenv("SIGNET_REGISTRY_TABLE", raising=False)
        else:
            monkeypatch.setenv("SIGNET_REGISTRY_TABLE", value)
        with pytest.raises(SettingsInvalid, match="SIGNET_REGISTRY_TABLE"):
            environ.registry_table()


def test_a_client_of_aws_that_cannot_be_made_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No region, or an endpoint that is no URL: the function says so, with 503, instead of not starting."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(SettingsInvalid, match="NoRegionError"):
        sdk.sdk_client("dynamodb")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "no url")
    with pytest.raises(SettingsInvalid):
        sdk.sdk_client("dynamodb")


def test_the_client_of_aws_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lean one; botocore's where it is asked for, or where the environment has what the lean one does not know."""
    for name in ("AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "SIGNET_AWS_CLIENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    assert [type(client) for client in sdk.sdk_clients("dynamodb", "secretsmanager", "kms")] == [LeanClient] * 3
    for name, value in (
        ("SIGNET_AWS_CLIENT", "botocore"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_DEFAULT_REGION", "eusc-de-east-1"),
        ("AWS_ACCESS_KEY_ID", ""),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert isinstance(sdk.sdk_client("dynamodb"), BaseClient), name
    assert isinstance(sdk.sdk_client("sts"), BaseClient)
