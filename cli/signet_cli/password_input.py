"""How a password is given: typed unseen, twice, or by a program on standard input; never as an argument."""

import sys

import typer

from signet.people.passwords import LONGEST
from signet_cli.mistake import Mistake


def read_password(*, from_stdin: bool) -> str:
    """The password, exactly as it was given but for the end of its line. Raises Mistake."""
    if from_stdin:
        return _line()
    if not sys.stdin.isatty():
        raise Mistake("a password is typed at a terminal: a program gives it on standard input by --password-stdin")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _line() -> str:
    """The one line on standard input; more than any password has is not read."""
    content = sys.stdin.buffer.read(4 * LONGEST + 3)
    try:
        password = content.decode()
    except UnicodeDecodeError as error:
        if len(content) <= 4 * LONGEST:
            raise Mistake("the password on standard input is not UTF-8 text") from error
        password = content.decode(errors="replace")
    password = password.removesuffix("\n").removesuffix("\r")
    if "\n" in password:
        raise Mistake("the password on standard input must be one line")
    return password
