"""The embedded AWS: moto's server, one request at a time, on a socket that the parent process listens with.

Moto is not made for threads, so requests are serialised; connections are not, so an idle one blocks nobody. Its
standard output tells the parent, in lines of JSON, which rotations Secrets Manager has started.
"""

import io
import json
import logging
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.secretsmanager.exceptions import InvalidRequestException, SecretNotFoundException
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend
from werkzeug.serving import make_server

from signet_cli.local import moto_kms
from signet_cli.local.lifeline import end_with_parent

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class OneAtATime:
    """Serialises an application; what a slow client still sends is taken in before its turn comes."""

    def __init__(self, application: WsgiApplication) -> None:
        self._application = application
        self._turn = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        length = environ.get("CONTENT_LENGTH")
        if length or environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(*([int(length)] if length else [])))
        with self._turn:
            return list(self._application(environ, start_response))


class QuietRequestHandler(MotoRequestHandler):
    """Moto's handler without a line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


def rotate_secret(  # noqa: PLR0917 - moto's signature
    self: SecretsManagerBackend,
    secret_id: str,
    client_request_token: str | None = None,
    rotation_lambda_arn: str | None = None,
    rotation_rules: dict[str, Any] | None = None,
    rotate_immediately: bool = True,
) -> str:
    """Start a rotation as Secrets Manager does: stage an empty AWSPENDING version, return, then call the function.

    Moto's own either calls a function in a container while it holds the only thread, or makes the empty version
    current. The parent process calls the function's steps.
    """
    secret = self.secrets.get(secret_id)
    if not isinstance(secret, FakeSecret):
        raise SecretNotFoundException
    secret.rotation_lambda_arn = rotation_lambda_arn or secret.rotation_lambda_arn
    if not secret.rotation_lambda_arn:
        raise InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
    secret.rotation_enabled = secret.rotation_requested = True
    secret.auto_rotate_after_days = (rotation_rules or {}).get("AutomaticallyAfterDays", secret.auto_rotate_after_days)
    for version_id, version in secret.versions.items():
        if "AWSPENDING" in version["version_stages"] and "AWSCURRENT" not in version["version_stages"]:
            _tell_parent(secret, version_id)
            raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
    token = client_request_token or str(uuid.uuid4())
    if rotate_immediately:
        secret.remove_version_stages_from_old_versions(["AWSPENDING"])
        secret.versions[token] = {
            "createdate": int(time.time()),
            "version_id": token,
            "version_stages": ["AWSPENDING"],
        }
        _tell_parent(secret, token)
    return str(secret.to_short_dict(version_id=token))


def _tell_parent(secret: FakeSecret, token: str) -> None:
    rotation = {"secret_id": secret.arn, "token": token, "function_arn": secret.rotation_lambda_arn}
    print(json.dumps(rotation), file=sys.__stdout__, flush=True)


def main() -> None:
    """Serve the listening socket whose file descriptor is the only argument."""
    end_with_parent()
    sys.stdout = sys.stderr  # the parent reads the real one; moto prints a word now and then
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    SecretsManagerBackend.rotate_secret = rotate_secret  # type: ignore[method-assign]
    moto_kms.install()
    application = OneAtATime(DomainDispatcherApplication(create_backend_app))
    make_server(
        "127.0.0.1", 0, application, threaded=True, request_handler=QuietRequestHandler, fd=int(sys.argv[1])
    ).serve_forever()


if __name__ == "__main__":
    main()
