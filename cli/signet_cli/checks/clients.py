"""What clients authenticate by."""

from collections.abc import Iterator

from signet_cli.checks.finding import Finding, Patient, ok, warn
from signet_cli.kept_secrets import with_short_secrets

_NAMED = 5
"""Clients that are named; `signet clients short-secrets` has them all."""


def short_secrets(patient: Patient) -> Iterator[Finding]:
    """Whether some client can still authenticate by a secret that somebody chose."""
    registry = patient.stack.registry()
    left = [client.client_id for client in with_short_secrets(registry.list(lambda _: None), patient.clock())]
    if left:
        named = ", ".join(left[:_NAMED]) + (" ..." if len(left) > _NAMED else "")
        yield warn(
            "short secrets",
            f"{len(left)} client{'s have' if len(left) > 1 else ' has'} one: {named}",
            "`signet clients rotate-secret CLIENT_ID --overlap 30d` gives each a long one",
        )
    elif registry.has_short_secrets():
        yield warn(
            "short secrets",
            "none is left, and refused clients wait half a second all the same",
            "`signet clients short-secrets --finish`",
        )
    else:
        yield ok("short secrets", "no client has one")
