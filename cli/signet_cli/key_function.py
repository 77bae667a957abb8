"""Commands to the function that holds the keyring: its private halves never come here."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from signet_cli.mistake import Mistake

KeyFunction = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Performs a command and gives the answer. Raises Mistake where the function refuses or fails."""


def deployed(sdk: Any, function: str) -> KeyFunction:
    """The function of an account, by name. `sdk` is a botocore client of Lambda."""

    def perform(command: Mapping[str, Any]) -> dict[str, Any]:
        answer = sdk.invoke(FunctionName=function, Payload=json.dumps(command).encode())
        document = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            failure = document.get("errorMessage") if isinstance(document, dict) else None
            raise Mistake(_failed(function, str(failure or answer["FunctionError"])))
        return _accepted(document)

    return perform


def embedded(
    function: str, keyring_secret: str, issuer: str, parameters: Mapping[str, str], aws_endpoint: str
) -> KeyFunction:
    """The function of `signet serve`, in a process of its own beside those that the server has started."""
    from signet_cli.local.application import functions
    from signet_cli.local.environment import FunctionError, FunctionPool
    from signet_cli.local.template import Template
    from signet_cli.serve import TEMPLATE

    origin = issuer.removesuffix("/connect")
    template = Template.read(TEMPLATE, origin).with_parameters(parameters).with_id("KeyringSecret", keyring_secret)
    [found] = [one for one in functions(template).values() if one.name == function]

    def perform(command: Mapping[str, Any]) -> dict[str, Any]:
        pool = FunctionPool(found, aws_endpoint, lambda _: None)
        try:
            return _accepted(pool.invoke(dict(command)))
        except FunctionError as error:
            raise Mistake(_failed(function, str(error))) from error
        finally:
            pool.close()

    return perform


def _accepted(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise Mistake("the function that rotates the keys knows no commands: deploy the stack again")
    if "refused" in answer:
        raise Mistake(f"nothing was changed: {answer['refused']}")
    return answer


def _failed(function: str, failure: str) -> str:
    return f"the function {function} failed: {failure}: look with `signet keys list`, then give the command again"
