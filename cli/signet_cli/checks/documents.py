"""What the service publishes: metadata and key set, as verifiers fetch them."""

from collections.abc import Iterator
from typing import Any

from signet.endpoints.table import ENDPOINTS
from signet.keys import jwks
from signet.settings import KEY_SET_CACHE
from signet_cli import web
from signet_cli.checks.finding import Finding, Patient, fail, ok, warn

_LARGEST_KEY_SET = 65_536
"""Bytes; the strictest verifier that is known reads no more."""

_MOST_KEYS = 100
"""RSA keys that AWS IAM reads of an identity provider, and that many on an elliptic curve."""


def metadata(patient: Patient) -> Iterator[Finding]:
    """Whether all three documents are there, the same, and name the issuer that the stack says."""
    origin = patient.stack.issuer.removesuffix(patient.issuer.path)
    answers = {path: web.get(origin + path) for path in ENDPOINTS["metadata"].paths}
    for path, answer in answers.items():
        if answer.status != 200:
            yield fail(
                "metadata",
                f"{path} answers {answer.status}",
                "look at the log of the jwks function; before the first rotation has run it is 503",
            )
            return
    documents = [answer.json() for answer in answers.values()]
    if any(document != documents[0] for document in documents):
        yield fail("metadata", "its documents differ", "purge what caches them: they are one document")
    elif documents[0].get("issuer") != patient.stack.issuer:
        yield fail(
            "metadata",
            f"it names the issuer {documents[0].get('issuer')}, the stack {patient.stack.issuer}",
            "finish the deployment: verifiers refuse an issuer that calls itself otherwise",
        )
    else:
        yield ok("metadata", f"{len(documents)} documents, one content, issuer {patient.stack.issuer}")


def key_set(patient: Patient) -> Iterator[Finding]:
    """Whether what is served is what has been published, and every verifier can take it in."""
    answer = web.get(patient.stack.issuer + ENDPOINTS["jwks"].paths[0].removeprefix(patient.issuer.path))
    published = patient.stack.key_sets().load()
    if not published.keys:
        yield fail(
            "key set",
            "no key has been published",
            "start the rotation by `aws secretsmanager rotate-secret`, then look at the log of its function",
        )
        return
    served = answer.json() if answer.status == 200 else {}
    expected = jwks.document(published)
    if served != expected:
        yield fail(
            "key set",
            f"what is served ({_kids(served)}) is not what was published ({_kids(expected)})",
            f"look again after {KEY_SET_CACHE} s; then at the log of the jwks function and at caches in between",
        )
    elif len(answer.body) > _LARGEST_KEY_SET or len(published.keys) > _MOST_KEYS:
        yield fail(
            "key set",
            f"{len(published.keys)} keys in {len(answer.body)} bytes are more than verifiers read",
            "rotate less often, so that fewer are published at a time",
        )
    elif not any(key.alg == "RS256" for key in published.keys):
        yield warn("key set", "no key is for RS256", "API Gateway and ALB accept no other: rotate in one")
    else:
        yield ok("key set", f"served as published: {_kids(expected)}")


def _kids(document: dict[str, Any]) -> str:
    """Keys by the beginning of their ids."""
    return ", ".join(f"{str(key.get('kid'))[:8]}.. {key.get('alg')}" for key in document.get("keys", ())) or "none"
