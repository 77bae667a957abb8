"""A user's claims as an operator gives them: those of OpenID Connect Core section 5.1, and free attributes."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from signet_cli import metadata_rules as rules
from signet_cli.validation import checked

BOOLEANS = frozenset({"email_verified", "phone_number_verified"})
"""Standard claims that are true or false."""

_EMAIL = re.compile(r"[^\s@\"<>(),;:\\]{1,64}@[^\s@\"<>(),;:\\]{1,189}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_ZONE = re.compile(r"[A-Za-z]+([/_+-][A-Za-z0-9]+)*")
_TELEPHONE = re.compile(r"\+?[0-9][0-9 ()./-]{1,38}[0-9](;ext=[0-9]{1,10})?|\+?[0-9]{3,20}")


def _matching(pattern: re.Pattern[str], message: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise rules.fault(message)
        return value

    return AfterValidator(check)


def _birthdate(value: str) -> str:
    """YYYY-MM-DD, a year 0000 for one that is not told, or the year alone."""
    try:
        if re.fullmatch(r"[0-9]{4}", value) and int(value):
            return value
        date.fromisoformat(f"2000{value[4:]}" if value.startswith("0000-") else value)
    except ValueError:
        value = ""
    if len(value) != len("YYYY-MM-DD"):
        raise rules.fault("must be a day as YYYY-MM-DD, with the year 0000 where it is not told, or a year as YYYY")
    return value


Text = Annotated[str, AfterValidator(rules.text)]
WebUri = Annotated[str, AfterValidator(rules.web_uri)]
Language = Annotated[str, _matching(_LANGUAGE, "must be a language tag, for example fr or fr-CA")]


class Address(BaseModel):
    """The address claim (section 5.1.1); `formatted` and `street_address` may have several lines."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    formatted: str | None = None
    street_address: str | None = None
    locality: Text | None = None
    region: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None


class Claims(BaseModel):
    """The standard claims in their types; any other is a free attribute."""

    model_config = ConfigDict(extra="allow", strict=True, hide_input_in_errors=True)

    name: Text | None = None
    given_name: Text | None = None
    family_name: Text | None = None
    middle_name: Text | None = None
    nickname: Text | None = None
    preferred_username: Text | None = None
    profile: WebUri | None = None
    picture: WebUri | None = None
    website: WebUri | None = None
    email: Annotated[str, _matching(_EMAIL, "must be an e-mail address, for example alice@example.com")] | None = None
    email_verified: bool | None = None
    gender: Text | None = None
    birthdate: Annotated[str, AfterValidator(_birthdate)] | None = None
    zoneinfo: Annotated[str, _matching(_ZONE, "must be a time zone, for example Europe/Paris")] | None = None
    locale: Language | None = None
    phone_number: (
        Annotated[str, _matching(_TELEPHONE, "must be a telephone number, for example +33 1 23 45 67 89")] | None
    ) = None
    phone_number_verified: bool | None = None
    address: Address | None = None
    updated_at: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_reserved_ones(cls, document: dict[str, Any]) -> dict[str, Any]:
        """None that the service gives a meaning, nothing null or empty, nothing too deep or too large."""
        return rules.claims(_in_one_line(document))


def user_claims(document: Mapping[str, Any]) -> dict[str, Any]:
    """The claims in a JSON object, as they are stored. Raises Mistake with every fault."""
    checked(Claims, document)
    claims = rules.claims(_in_one_line(document))
    return {**claims, "address": dict(document["address"])} if "address" in claims else claims


def _in_one_line(document: Mapping[str, Any]) -> dict[str, Any]:
    """The claims with the line breaks of an address, which alone may have some, taken for spaces."""
    address = document.get("address")
    if not isinstance(address, Mapping):
        return dict(document)
    lines = {
        name: value.replace("\n", " ") if isinstance(value, str) and name in {"formatted", "street_address"} else value
        for name, value in address.items()
    }
    return {**document, "address": lines}


def typed(claims: Mapping[str, str]) -> dict[str, Any]:
    """Claims given as text, `true` and `false` turned into what the standard claims of that type are."""
    words = {"true": True, "false": False}
    return {name: words.get(value, value) if name in BOOLEANS else value for name, value in claims.items()}
