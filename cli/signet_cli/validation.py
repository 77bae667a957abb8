"""Checking what people give, every fault told at once and none of the values."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from signet_cli.mistake import Mistake

M = TypeVar("M", bound=BaseModel)

_MESSAGES = {
    "string_type": "must be a string",
    "list_type": "must be a list of strings",
    "dict_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "too_long": "must not have more than {max_length} values",
    "extra_forbidden": "is not a member known here",
}


def checked(model: type[M], document: Mapping[str, Any]) -> M:
    """The document as that model. Raises Mistake with a line for each fault."""
    try:
        return model.model_validate(dict(document))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
    # raised outside the handler: the validation error holds what was typed
    raise Mistake(*(f"{_member(fault['loc'])}{_message(dict(fault))}" for fault in faults))


def _member(location: tuple[int | str, ...]) -> str:
    """Where a fault is, for example `address.country: `; nothing where it is the whole."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location if part != "[key]")
    return f"{path.lstrip('.')}: " if path else ""


def _message(fault: dict[str, Any]) -> str:
    template = _MESSAGES.get(fault["type"])
    return template.format(**fault.get("ctx", {})) if template else str(fault["msg"])
