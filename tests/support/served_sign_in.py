"""Signing in at the running instance over HTTP, without a browser."""

import base64
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from signet import pkce
from tests.support.gateway_events import Answer, Event
from tests.support.served import ServedSignet
from tests.support.visitor import Send, Visitor

PASSWORD = "correct horse battery staple"
"""Everybody's, here."""

_VERIFIER = secrets.token_urlsafe(32)


def create_person(served: ServedSignet, *options: str) -> str:
    """A new account by `signet users create` with these options; its user name."""
    username = f"member-{secrets.token_hex(4)}"
    command = ["users", "create", username, "--password-stdin", "--json", "--local", *options]
    created = subprocess.run(
        [Path(sys.executable).with_name("signet"), *command],
        input=PASSWORD,
        env={**os.environ, "AWS_PORT": served.aws_endpoint.rpartition(":")[2]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert created.returncode == 0, created.stderr
    return username


def answer_to(served: ServedSignet, username: str, url: str, redirect_uri: str) -> dict[str, str]:
    """What an application is told in answer to its authorization request, once the person has signed in and agreed."""
    assert url.startswith(f"{served.origin}/"), url
    visitor = Visitor(over_http(served.origin))
    page = visitor.sign_in(visitor.open(url.removeprefix(served.origin)), username, PASSWORD)
    if page.step == "consent":  # whoever is first-party is not asked for it
        page = visitor.allow(page)
    return page.redirected(redirect_uri)


def first_tokens(
    served: ServedSignet,
    username: str,
    client: tuple[str, str],
    redirect_uri: str,
    scope: str,
    *,
    by_header: bool,
    with_pkce: bool = True,
    **parameters: str,
) -> dict[str, Any]:
    """What an application gets for a person's first sign-in: login, consent, code, exchange.

    `parameters` are in the authorization request beside the usual ones. A client without a secret is a public one.
    """
    client_id, client_secret = client
    challenge = {"code_challenge": pkce.challenge_of(_VERIFIER), "code_challenge_method": "S256"}
    request = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": scope,
        **(challenge if with_pkce else {}),
        **parameters,
    }
    url = f"{served.issuer}/oauth/authorize?{urlencode(request)}"
    form = {
        "grant_type": "authorization_code",
        "code": answer_to(served, username, url, redirect_uri)["code"],
        "redirect_uri": redirect_uri,
        **({"code_verifier": _VERIFIER} if with_pkce else {}),
        **({} if by_header else {"client_id": client_id}),
        **({} if by_header or not client_secret else {"client_secret": client_secret}),
    }
    answer = httpx.post(f"{served.issuer}/oauth/token", data=form, auth=client if by_header else None)
    assert answer.status_code == 200, answer.text
    members: dict[str, Any] = answer.json()
    return members


def over_http(origin: str) -> Send:
    """How a tests.support.visitor.Visitor reaches a server."""

    def send(event: Event) -> Answer:
        query = event["rawQueryString"]
        body = event.get("body", "")
        answer = httpx.request(
            event["requestContext"]["http"]["method"],
            f"{origin}{event['rawPath']}{'?' if query else ''}{query}",
            headers={
                **{name: value for name, value in event["headers"].items() if name == "content-type"},
                **({"cookie": "; ".join(event["cookies"])} if event.get("cookies") else {}),
            },
            content=base64.b64decode(body) if event["isBase64Encoded"] else body.encode(),
        )
        headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
        return Answer(answer.status_code, headers, answer.text, tuple(answer.headers.get_list("set-cookie")))

    return send


def unverified(token: str) -> dict[str, Any]:
    """The claims of a JWT."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims
