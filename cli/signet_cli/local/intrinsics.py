"""CloudFormation's intrinsic functions, as far as they shape what runs here.

The SAM translator resolves references to parameters only, and moto's resolver wants every resource to be one of
moto's own; neither can tell what a function's environment will be.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from signet_cli.mistake import Mistake

NO_VALUE = object()
"""What `AWS::NoValue` stands for: the member that holds it is left out."""

_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class TemplateError(Mistake):
    """The template cannot be read or asks for something that does not exist; the message says what, in one line."""


def as_text(value: Any) -> str:
    """Render a scalar as CloudFormation does in strings and environment variables."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@dataclass(frozen=True)
class Intrinsics:
    """Resolves values against parameters, conditions and the ids that resources have here.

    `names` maps what `Ref` accepts to its value; `attributes` maps (logical id, attribute) to what `Fn::GetAtt` gives.
    """

    names: Mapping[str, Any]
    attributes: Mapping[tuple[str, str], str]
    conditions: Mapping[str, Any]

    def resolve(self, value: Any) -> Any:
        """Return `value` with every intrinsic function replaced; TemplateError for a name that does not exist."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or str(name).startswith("Fn::"):
                return self._call(name, argument)
        members = {name: self.resolve(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not NO_VALUE}

    def holds(self, condition: Any) -> bool:
        """Tell whether a condition, given by name or as a condition function, is true."""
        if isinstance(condition, str):
            if condition not in self.conditions:
                raise TemplateError(f"condition {condition} does not exist")
            return self.holds(self.conditions[condition])
        if not isinstance(condition, dict) or len(condition) != 1:
            raise TemplateError(f"{condition!r} is not a condition")
        name, argument = next(iter(condition.items()))
        match name:
            case "Condition":
                return self.holds(argument)
            case "Fn::Equals":
                left, right = (as_text(self.resolve(side)) for side in argument)
                return left == right
            case "Fn::Not":
                return not self.holds(argument[0])
            case "Fn::And":
                return all(self.holds(part) for part in argument)
            case "Fn::Or":
                return any(self.holds(part) for part in argument)
        raise TemplateError(f"{name} is not a condition function")

    def _call(self, name: str, argument: Any) -> Any:
        functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
        }
        if name not in functions:
            raise TemplateError(f"{name} is not known to the local server")
        try:
            return functions[name](argument)
        except (TypeError, ValueError, AttributeError, IndexError) as error:
            raise TemplateError(f"{name} does not take {argument!r}") from error

    def _ref(self, name: str) -> Any:
        if name not in self.names:
            raise TemplateError(f"{name} is neither a parameter nor a resource")
        return self.names[name]

    def _get_att(self, argument: str | list[str]) -> str:
        logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        if (logical_id, attribute) not in self.attributes:
            raise TemplateError(f"{logical_id}.{attribute} has no value on the local server")
        return self.attributes[logical_id, attribute]

    def _sub(self, argument: str | list[Any]) -> str:
        text, local = (argument, {}) if isinstance(argument, str) else argument
        values = self.resolve(local)

        def replacement(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in values:
                return as_text(values[name])
            return as_text(self._get_att(name) if "." in name else self._ref(name))

        return _PLACEHOLDER.sub(replacement, text)

    def _if(self, argument: list[Any]) -> Any:
        condition, when_true, when_false = argument
        return self.resolve(when_true if self.holds(condition) else when_false)

    def _select(self, argument: list[Any]) -> Any:
        index, values = argument
        return self.resolve(values)[int(index)]

    def _split(self, argument: list[Any]) -> list[str]:
        separator, text = argument
        return as_text(self.resolve(text)).split(str(separator))

    def _join(self, argument: list[Any]) -> str:
        separator, parts = argument
        return str(separator).join(as_text(part) for part in self.resolve(parts))
