"""samconfig.toml: a stage is a stack of its own, deployed the same way as every other."""

import tomllib
from typing import Any

import pytest

from signet_cli.local.template import Template
from tests.architecture.test_parameters import accepted
from tests.support.transformed import ROOT

CONFIGURATION = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
STAGES = {name: stage for name, stage in CONFIGURATION.items() if isinstance(stage, dict)}


def pairs(text: str) -> dict[str, str]:
    """`A=1 B=2` as SAM reads it."""
    return dict(pair.split("=", 1) for pair in text.split())


def test_stages_are_stacks_of_their_own() -> None:
    """Two sections of one name would deploy over each other."""
    names = [stage["global"]["parameters"]["stack_name"] for stage in STAGES.values()]
    assert len(names) > 1
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_a_deploy_asks_first_and_needs_no_names_for_roles(stage: dict[str, Any]) -> None:
    """The change set is shown; CAPABILITY_IAM suffices, as no role has a name of its own."""
    deploy = stage["deploy"]["parameters"]
    assert deploy["capabilities"] == "CAPABILITY_IAM"
    assert deploy["confirm_changeset"] is True
    assert deploy["resolve_s3"] is True
    assert pairs(deploy["tags"])["Application"] == "Signet"


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_what_a_stage_overrides_exists_and_is_accepted(stage: dict[str, Any], template: Template) -> None:
    """SAM would say so after the build."""
    for name, value in pairs(stage["deploy"]["parameters"].get("parameter_overrides", "")).items():
        assert accepted(template.document["Parameters"][name], value), name
