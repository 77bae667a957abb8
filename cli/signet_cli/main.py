"""The command `signet`."""

import io
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from signet_cli import (
    clients,
    grants,
    hashes,
    imports,
    keys,
    resources,
    scopes,
    sessions,
    short_secrets,
    stacks,
    tokens,
    users,
)
from signet_cli.dashed import TakesId
from signet_cli.doctor import doctor
from signet_cli.mistake import Mistake


class ReportingGroup(TyperGroup):
    """Commands whose mistakes end as lines on stderr and exit code 1, never as a stack trace; wrong usage is 2."""

    def invoke(self, ctx: Any) -> Any:  # noqa: D102 - TyperGroup's
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # a name the terminal cannot spell must not lose a secret
        try:
            return super().invoke(ctx)
        except Mistake as mistake:
            from signet_cli.display import printable

            for fault in mistake.faults:
                typer.echo(f"error: {printable(fault)}", err=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=ReportingGroup,
    help="Operate Signet, an OAuth 2.0 and OpenID Connect authorization server.",
    epilog="Exit codes: 0 done; 1 not possible as asked, or `doctor` finds a fault; 2 wrong usage; 3 some rows were not"
    " taken in, or a token does not count; 130 interrupted by Ctrl-C.",
    rich_markup_mode=None,  # its panels cut the names of options on a narrow terminal
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # their panels can show local variables, and those hold secrets
)
clients.app.command(name="import")(imports.import_clients)
clients.app.command(name="short-secrets")(short_secrets.short_secrets)
users.app.command(name="import")(imports.import_users)
users.app.command(name="hashes")(hashes.hashes)
users.app.command(name="sessions")(sessions.sessions)
users.app.command(name="sign-out", cls=TakesId)(sessions.sign_out)
app.add_typer(clients.app, name="clients")
app.add_typer(users.app, name="users")
app.add_typer(grants.app, name="grants")
app.add_typer(scopes.app, name="scopes")
app.add_typer(resources.app, name="resources")
app.add_typer(keys.app, name="keys")
app.add_typer(tokens.app, name="tokens")
app.add_typer(stacks.app, name="stack")
app.command()(doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"signet {version('signet')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options of every command."""


@app.command()
def serve() -> None:
    """Serve Signet and an embedded AWS on this machine. PORT, PUBLIC_URL and AWS_PORT in the environment move them.

    Example: PORT=9000 signet serve
    """
    from signet_cli.serve import serve as serve_here

    serve_here()
