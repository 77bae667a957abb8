"""The files of events/: whole, usable and used."""

import base64
import json

import pytest

from signet.endpoints.table import ENDPOINTS
from tests.support.deployment import STEPS, Deployment
from tests.support.example_events import OUTCOMES, ROTATION, played, populate
from tests.support.gateway_events import EVENTS, stored
from tests.support.guarded_api import BACK_OFFICE, DENIED, GuardedApi, authorizer_event

NAMES = sorted(path.stem for path in EVENTS.glob("*.json"))

AUTHORIZER = "bearer_authorizer-get-orders"

HTTP = [name for name in NAMES if name not in {*ROTATION, AUTHORIZER}]


def test_every_event_does_what_its_name_says(placeholder: Deployment) -> None:
    """What `sam local invoke` is given is what the tests know to work; tests/built plays them on what is built."""
    for name in ROTATION:
        assert placeholder.invoke("key_rotation", stored(name)) is None
    populate(placeholder.dynamodb, placeholder.table, placeholder.state_table, int(placeholder.clock()))
    assert dict(played(placeholder.invoke)) == OUTCOMES
    assert {*ROTATION, *OUTCOMES, AUTHORIZER} == set(NAMES)


def test_the_authorizers_event_is_one(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Denied as it is, and let in with a token in its blank."""
    event = stored(AUTHORIZER)
    made = authorizer_event(event["routeKey"], event["headers"])
    assert event.keys() == made.keys()
    assert event["identitySource"] == made["identitySource"]
    machine = deployment.register(audience=(BACK_OFFICE,), scope=("orders:read",))
    token = deployment.issue(machine).json()["access_token"]
    GuardedApi(deployment, monkeypatch)
    assert deployment.invoke("bearer_authorizer", event) == DENIED
    filled = json.loads(json.dumps(event).replace("put-an-access-token-here", token))
    assert deployment.invoke("bearer_authorizer", filled)["isAuthorized"] is True


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
    events = [stored(name) for name in ROTATION]
    assert tuple(event["Step"] for event in events) == STEPS
    assert len({(event["SecretId"], event["ClientRequestToken"]) for event in events}) == 1


def test_events_hold_no_credentials_but_the_examples() -> None:
    """The files are published with the source."""
    for name in NAMES:
        text = json.dumps(stored(name))
        assert "AKIA" not in text
        assert "eyJ" not in text
