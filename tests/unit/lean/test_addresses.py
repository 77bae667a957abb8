"""Where the lean client finds a service: where botocore finds it, or nowhere."""

import botocore.session
import pytest

from signet.aws.lean.addresses import Address, address
from signet.aws.lean.client import SERVICES

VARIABLES = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
)


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a function."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")


def of(service: str, region: str = "eu-west-1") -> Address | None:
    """The address of a service."""
    return address(service, SERVICES[service].service_id, region)


def url(found: Address) -> str:
    """As botocore writes it."""
    return f"{'https' if found.tls else 'http'}://{found.authority}"


@pytest.mark.parametrize("service", SERVICES)
def test_every_region_is_where_botocore_has_it(service: str) -> None:
    """Of the partitions aws, aws-cn and aws-us-gov; the others are left to botocore."""
    session = botocore.session.Session()
    found = 0
    for partition in session.get_available_partitions():
        for region in session.get_available_regions(service, partition, allow_non_regional=False):
            ours = of(service, region)
            if partition not in {"aws", "aws-cn", "aws-us-gov"}:
                assert ours is None, region
                continue
            client = session.create_client(
                service, region, aws_access_key_id="a", aws_secret_access_key="b", aws_session_token="c"
            )
            assert ours
            assert (url(ours), ours.port) == (client.meta.endpoint_url, 443)
            found += 1
    assert found > 30


def test_a_configured_endpoint_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's own before that of all, as every SDK reads them."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:8081")
    assert of("dynamodb") == Address("127.0.0.1", 8081, "127.0.0.1:8081", tls=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://[::1]/")
    assert of("secretsmanager") == Address("::1", 443, "[::1]", tls=True)
    assert of("dynamodb") == Address("127.0.0.1", 8081, "127.0.0.1:8081", tls=False)
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert of("dynamodb") == Address(
        "dynamodb.eu-west-1.amazonaws.com", 443, "dynamodb.eu-west-1.amazonaws.com", tls=True
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("HTTPS_PROXY", "http://proxy.example:3128"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:8081/path"),
        ("AWS_ENDPOINT_URL", "no url"),
        ("AWS_ENDPOINT_URL", "ftp://127.0.0.1"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:99999"),
        ("AWS_ENDPOINT_URL", "http://user@127.0.0.1"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1\r\nx: y"),
    ],
)
def test_what_is_beyond_it_is_left_to_botocore(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Rather than half done, or a header of somebody's making."""
    monkeypatch.setenv(name, value)
    assert of("dynamodb") is None


@pytest.mark.parametrize(
    "region", ["", "eu-west-1.evil.example/", "eusc-de-east-1", "us-iso-east-1", "EU-WEST-1", "local"]
)
def test_an_unknown_region_has_no_address(region: str) -> None:
    """Credentials are sent to AWS alone."""
    assert of("dynamodb", region) is None
