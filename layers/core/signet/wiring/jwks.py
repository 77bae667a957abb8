"""The function `jwks`: the key set and the metadata documents."""

from signet.aws import environ, sdk
from signet.endpoints.documents import Documents
from signet.ports import Audit
from signet.wiring import adapters
from signet.wiring.http_function import Answers, Handler, HttpFunction


def handler() -> Handler:
    """The function's handler."""
    return HttpFunction(_answers)


def _answers(audit: Audit) -> Answers:  # noqa: ARG001 - every builder's signature
    key_set = adapters.key_set(sdk.sdk_client("dynamodb"), environ.registry_table())
    documents = Documents(environ.settings(), key_set.get)
    adapters.preload(key_set.get)
    return Answers({"jwks": documents.jwks, "metadata": documents.metadata})
