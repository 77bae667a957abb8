"""Requests over HTTP to a deployment, as any client makes them: its certificate checked, no redirect followed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from signet_cli.mistake import Mistake

LARGEST_BODY = 1_048_576
"""Bytes of an answer that are read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """Its JSON object. Raises Mistake where it is none."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise Mistake(f"the service answered {self.status} with something that is no JSON object")
        return document


def get(url: str) -> Answer:
    """The answer to a GET. Raises Mistake where there is none."""
    return _request("GET", url)


def post_form(url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
    """The answer to a form that is posted, secrets in it. Raises Mistake, also for an address that is not protected."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise Mistake(f"{url}: a secret goes to https addresses alone")
    return _request("POST", url, fields=dict(form), encode_multipart=False, headers=dict(headers or {}))


def _request(method: str, url: str, **options: Any) -> Answer:
    import urllib3

    if not url.startswith(("https://", "http://")):
        raise Mistake(f"{url}: is no http or https address")
    headers = {"User-Agent": "signet", "Accept": "application/json", **options.pop("headers", {})}
    timeout = urllib3.Timeout(connect=5, read=20)
    try:
        with urllib3.PoolManager(retries=False, timeout=timeout) as pool:
            answer = pool.request(method, url, headers=headers, redirect=False, preload_content=False, **options)
            body = answer.read(LARGEST_BODY + 1)
            answer.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise Mistake(f"{url} cannot be reached: {_why(error)}") from None
    if len(body) > LARGEST_BODY:
        raise Mistake(f"{url} answers with more than {LARGEST_BODY // 1024} KiB")
    return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)


def _why(error: Exception) -> str:
    """What is behind urllib3's words, which begin with the object's name."""
    return str(error).rpartition(": ")[2] or type(error).__name__
