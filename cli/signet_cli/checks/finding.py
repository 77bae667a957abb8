"""What a check finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, urlsplit

from signet_cli.stack import Stack


class State(StrEnum):
    """How it stands: `skipped` where there is nothing to look at."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a doctor's: what was looked at, what is the matter, and what to do, empty where it is well."""

    check: str
    state: State
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """A deployment as the checks see it. `described` is CloudFormation's account of it; `clock` in epoch seconds."""

    stack: Stack
    described: dict[str, Any]
    local: bool
    clock: Callable[[], float]

    @property
    def issuer(self) -> SplitResult:
        """The issuer's parts."""
        return urlsplit(self.stack.issuer)

    def output(self, name: str) -> str:
        """An output of the stack, empty where it has none of that name."""
        outputs = {output["OutputKey"]: output["OutputValue"] for output in self.described.get("Outputs", ())}
        return str(outputs.get(name, ""))

    def resources(self, kind: str) -> list[str]:
        """Physical ids of the stack's resources of that type."""
        found = self.stack.sdk_client("cloudformation").get_paginator("list_stack_resources")
        pages = found.paginate(StackName=self.described["StackName"])
        return [
            resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == kind and "PhysicalResourceId" in resource
        ]


Check = Callable[[Patient], Iterator[Finding]]
"""Looks at one part. Raises Mistake, OAuthError or botocore's errors where it cannot."""


def ok(check: str, found: str) -> Finding:
    """It is as it should be."""
    return Finding(check, State.OK, found)


def warn(check: str, found: str, advice: str) -> Finding:
    """It works, and should not stay so."""
    return Finding(check, State.WARN, found, advice)


def fail(check: str, found: str, advice: str) -> Finding:
    """It does not work, or does not protect."""
    return Finding(check, State.FAIL, found, advice)


def skipped(check: str, found: str) -> Finding:
    """There is no such thing here."""
    return Finding(check, State.SKIPPED, found)
