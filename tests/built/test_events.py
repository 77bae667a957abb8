"""Every file of events/ through the function that is built, under Lambda's own runtime client."""

import time
from contextlib import ExitStack
from typing import Any

import pytest

from signet_cli.local.application import functions
from tests.support.built import BUILT, ROOT, LambdaProcess
from tests.support.deployment import LOGICAL_IDS
from tests.support.example_events import OUTCOMES, ROTATION, played, populate
from tests.support.gateway_events import Event, stored
from tests.support.guarded_api import AUTHORIZERS, BACK_OFFICE, DENIED, example
from tests.support.stack import stack

pytestmark = pytest.mark.built


def test_every_event_does_what_its_name_says() -> None:
    """What `sam local invoke` runs after `make build`: the rotation first, which makes the keys."""
    with ExitStack() as open_, stack(BUILT / "template.yaml") as deployed:
        running: dict[str, LambdaProcess] = {}

        def invoke(function: str, event: Event) -> Any:
            if function not in running:
                logical_id = LOGICAL_IDS[function]
                process = LambdaProcess(BUILT / logical_id, deployed.variables(logical_id))
                running[function] = open_.enter_context(process)
            return running[function].invoke(event)

        for name in ROTATION:
            assert invoke("key_rotation", stored(name)) is None
        template = deployed.template
        tables = (template.name("RegistryTable"), template.name("StateTable"))
        populate(deployed.aws.client("dynamodb"), *tables, int(time.time()))
        assert dict(played(invoke)) == OUTCOMES


def test_the_authorizers_event_is_denied_as_it_is() -> None:
    """By the same layers; its template is the example's, so its code is not in what is built here."""
    variables = dict(functions(example())[AUTHORIZERS[BACK_OFFICE]].environment)
    with LambdaProcess(ROOT / "functions" / "bearer_authorizer", variables) as authorizer:
        assert authorizer.invoke(stored("bearer_authorizer-get-orders")) == DENIED
