"""The template in both of its forms: as it is written and as CloudFormation gets it."""

from typing import Any

import pytest

from signet_cli.local.template import Template
from tests.support.transformed import ORIGIN, ROOT, transformed


@pytest.fixture(scope="session")
def template() -> Template:
    """The template with its parameters' defaults, resolved as for an API at ORIGIN."""
    return Template.read(ROOT / "template.yaml", ORIGIN)


@pytest.fixture(scope="session")
def resources() -> dict[str, Any]:
    """Every resource of the transformed template."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        found: dict[str, Any] = transformed(ROOT / "template.yaml")["Resources"]
    return found
