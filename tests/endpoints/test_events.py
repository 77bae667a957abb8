"""The files of events/: whole, usable and used."""

import base64
import json
from pathlib import Path

import pytest

from signet.endpoints.table import ENDPOINTS
from tests.support.deployment import STEPS
from tests.support.gateway_events import EVENTS, stored

NAMES = sorted(path.stem for path in EVENTS.glob("*.json"))

HTTP = [name for name in NAMES if not name.startswith("key-rotation-")]


@pytest.mark.parametrize("name", NAMES)
def test_an_event_is_used_by_a_test(name: str) -> None:
    """What `sam local invoke` is given is what the tests know to work."""
    tests = Path(__file__).parents[1]
    assert any(f'stored("{name}"' in path.read_text(encoding="utf-8") for path in tests.rglob("test_*.py"))


@pytest.mark.parametrize("name", HTTP)
def test_an_http_event_is_whole_and_agrees_with_itself(name: str) -> None:
    """Payload format 2.0 as AWS documents it: every place that names the route or the request says the same."""
    event = stored(name)
    context = event["requestContext"]
    http = context["http"]
    assert event["version"] == "2.0"
    assert event["routeKey"] == context["routeKey"] == f"ANY {event['rawPath']}"
    assert http["path"] == event["rawPath"]
    assert http["userAgent"] == event["headers"]["user-agent"]
    assert http["sourceIp"] == event["headers"]["x-forwarded-for"]
    assert context["domainName"] == event["headers"]["host"]
    assert context["stage"] == "$default"
    assert context["requestId"]
    assert all(header == header.lower() for header in event["headers"])
    assert ("queryStringParameters" in event) == bool(event["rawQueryString"])
    if "body" in event:
        body = base64.b64decode(event["body"], validate=True) if event["isBase64Encoded"] else event["body"].encode()
        assert int(event["headers"]["content-length"]) == len(body)


@pytest.mark.parametrize("name", HTTP)
def test_an_http_event_is_named_for_its_endpoint(name: str) -> None:
    """`<endpoint>-<case>.json`, at a path of that endpoint."""
    [endpoint] = [endpoint for endpoint in ENDPOINTS.values() if name.startswith(f"{endpoint.name}-")]
    assert stored(name)["rawPath"] in endpoint.paths


def test_the_rotation_events_are_the_four_steps_of_one_version() -> None:
    """As Secrets Manager sends them."""
    names = [f"key-rotation-{step}-secret" for step in ("create", "set", "test", "finish")]
    events = [stored(name) for name in names]
    assert tuple(event["Step"] for event in events) == STEPS
    assert len({(event["SecretId"], event["ClientRequestToken"]) for event in events}) == 1


def test_events_hold_no_credentials_but_the_examples() -> None:
    """The files are published with the source."""
    for name in NAMES:
        text = json.dumps(stored(name))
        assert "AKIA" not in text
        assert "eyJ" not in text
