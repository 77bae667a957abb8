"""Whose calls they are: the environment's own credentials, or those that Lambda hands out under SnapStart."""

import json
import os
import re
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from signet.aws.failures import AwsUnreachable
from signet.aws.lean.signature import Credentials

_ADVISORY, _MANDATORY = 15 * 60, 10 * 60
"""Seconds before their end at which new credentials are asked for, and at which the old ones no longer do."""

_CONTAINER_HOST = "169.254.170.2"

_LOCAL_HOSTS = {_CONTAINER_HOST, "169.254.170.23", "fd00:ec2::23", "localhost", "127.0.0.1", "::1"}
"""Where credentials may be asked for without TLS."""

_TIMEOUT, _TRIES, _LONGEST = 2.0, 3, 65_536

_PRINTABLE = re.compile(r"[\x21-\x7E]*")
"""What credentials are of; anything else would be a header of its own, or an error that quotes them."""


def are_configured() -> bool:
    """Whether the environment names credentials of a kind that is known here."""
    names = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if os.environ.get("AWS_PROFILE") or os.environ.get("AWS_CREDENTIAL_EXPIRATION"):
        return False
    return _of_environment() is not None or any(os.environ.get(name) for name in names)


class CredentialSource:
    """The credentials to sign with, renewed in time. `clock` in epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._fetched: Credentials | None = None

    def __call__(self) -> Credentials:
        """The credentials of now. Raises AwsUnreachable where there are none."""
        return _of_environment() or self._of_container()

    def _of_container(self) -> Credentials:
        known = self._fetched
        left = known.expires_at - self._clock() if known and known.expires_at else 0.0
        if known and left > _ADVISORY:
            return known
        try:
            self._fetched = _fetched()
        except AwsUnreachable:
            if known and left > _MANDATORY:
                return known
            raise
        return self._fetched


def _of_environment() -> Credentials | None:
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        return None
    return _checked(Credentials(key, secret, os.environ.get("AWS_SESSION_TOKEN") or ""))


def _checked(credentials: Credentials) -> Credentials:
    members = (credentials.access_key_id, credentials.secret_access_key, credentials.token)
    if not all(map(_PRINTABLE.fullmatch, members)):
        raise AwsUnreachable("NoCredentialsError")
    return credentials


def _fetched() -> Credentials:
    """What the container's endpoint hands out.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    """
    relative = os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    uri = (
        f"http://{_CONTAINER_HOST}{relative}" if relative else os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    )
    for _ in range(_TRIES):
        try:
            return _parsed(_asked(uri))
        except (OSError, HTTPException, ValueError, KeyError, TypeError):
            continue
    raise AwsUnreachable("CredentialRetrievalError")


def _asked(uri: str) -> bytes:
    """The body of a 200. Raises ValueError, OSError, HTTPException."""
    parts = urlsplit(uri)
    if not parts.hostname or (parts.scheme != "https" and parts.hostname not in _LOCAL_HOSTS):
        raise ValueError("credentials come from this machine or by TLS")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.request("GET", path, headers={"Accept": "application/json", **_authorization()})
        response = connection.getresponse()
        body = response.read(_LONGEST)
    finally:
        connection.close()
    if response.status != 200:
        raise ValueError("no credentials")
    return body


def _authorization() -> dict[str, str]:
    """The token that proves who asks; one in a file is renewed there, so it is read each time."""
    token = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    if file := os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        from pathlib import Path  # noqa: PLC0415 - three milliseconds, which few need

        token = Path(file).read_text(encoding="utf-8")
    if "\r" in token or "\n" in token:
        raise ValueError("the token is no header's value")
    return {"Authorization": token} if token else {}


def _parsed(body: bytes) -> Credentials:
    members = json.loads(body)
    expires_at = datetime.fromisoformat(members["Expiration"]).timestamp()
    return _checked(Credentials(members["AccessKeyId"], members["SecretAccessKey"], members["Token"], expires_at))
