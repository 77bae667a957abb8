"""A scope of the catalogue as an operator gives it, checked before anything is stored."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from signet.model.client import RESERVED_CLAIMS
from signet.model.scope import Scope
from signet.parameters import SCOPE_TOKEN
from signet_cli import metadata_rules as rules
from signet_cli.user_claims import Language
from signet_cli.validation import checked

LONGEST_NAME = 255

_MOST_CLAIMS = 50


def _name(value: str) -> str:
    """RFC 6749 section 3.3."""
    if len(value) > LONGEST_NAME or not SCOPE_TOKEN.fullmatch(value):
        raise rules.fault(f'must be 1 to {LONGEST_NAME} printable ASCII characters without spaces, " and \\')
    return value


def _claim(value: str) -> str:
    if value in RESERVED_CLAIMS:
        raise rules.fault(f"{value} is set by the service itself")
    return rules.text(value)


Text = Annotated[str, AfterValidator(rules.text)]
ClaimNames = Annotated[
    list[Annotated[str, AfterValidator(_claim)]], Field(max_length=_MOST_CLAIMS), AfterValidator(rules.each_once)
]


class ScopeDescription(BaseModel):
    """What a scope is to be."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    name: Annotated[str, AfterValidator(_name)]
    description: dict[Language, Text] = {}
    claims: ClaimNames = []
    token_claims: ClaimNames = []
    resource: Text | None = None


def scope(members: Mapping[str, Any]) -> Scope:
    """The scope of these members. Raises Mistake with every fault."""
    described = checked(ScopeDescription, members)
    return Scope(
        described.name,
        described.description,
        tuple(described.claims),
        tuple(described.token_claims),
        described.resource,
    )
