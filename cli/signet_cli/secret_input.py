"""How a token or a client secret is given: by a file, on standard input, or typed unseen; never as an argument."""

import os
import sys
from pathlib import Path

import typer

from signet.jwt import LONGEST_TOKEN
from signet_cli.mistake import Mistake

CLIENT_SECRET = "SIGNET_CLIENT_SECRET"  # noqa: S105 - a variable's name
"""The variable of the environment that may hold a client's secret."""


def read_token(source: str | None) -> str:
    """The one token in the file of that name, `-` or nothing for standard input; asked for at a terminal.

    Raises Mistake.
    """
    if source in (None, "-") and sys.stdin.isatty():
        return str(typer.prompt("Token", hide_input=True, err=True)).strip()
    name = "standard input" if source in (None, "-") else str(source)
    if name.startswith("eyJ"):
        raise Mistake("a token is no argument, which the shell would remember: pipe it, name a file, or type it unseen")
    try:
        if source in (None, "-"):
            content = sys.stdin.buffer.read(LONGEST_TOKEN + 2)
        else:
            with Path(name).open("rb") as file:
                content = file.read(LONGEST_TOKEN + 2)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it has no such name"
        raise Mistake(f"{name} cannot be read: {reason}") from None
    token = content.decode("utf-8-sig", errors="replace").strip()
    if not token:
        raise Mistake(f"{name} is empty: give the token there, or type it at a terminal")
    if len(content) > LONGEST_TOKEN or len(token.split()) > 1:
        raise Mistake(f"{name} must hold one token and nothing else")
    return token


def read_client_secret() -> str:
    """The secret in the environment, or typed unseen. Raises Mistake."""
    if secret := os.environ.get(CLIENT_SECRET):
        return secret
    if not sys.stdin.isatty():
        raise Mistake(f"the client's secret is typed at a terminal: a program gives it in {CLIENT_SECRET}")
    return str(typer.prompt("Client secret", hide_input=True, err=True))
