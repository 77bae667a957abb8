"""`signet serve`: Signet on this machine, with the AWS it needs, until Ctrl-C."""

import os
import shlex
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from signet_cli.local import embedded
from signet_cli.local.demo import MACHINE, USERNAME, WEB, end_session_url
from signet_cli.local.log import HeldLog
from signet_cli.local.server import Served, Server
from signet_cli.local.settings import ServeSettings
from signet_cli.mistake import Mistake

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(template: Path = TEMPLATE) -> None:
    """Serve the functions of `template` until interrupted. Raises Mistake when that is not possible.

    PORT, PUBLIC_URL and AWS_PORT in the environment move it; SIGNING_BACKEND and SIGNING_ALGORITHMS are the template's
    parameters of those names.
    """
    settings = ServeSettings.from_environ(os.environ)
    for number in _ENDING:
        signal.signal(number, _interrupt)
    log = HeldLog()
    try:
        with ExitStack() as started:
            server = Server(template, settings, started, log)
            announce(server.start(), settings)
            log.succeeded()
            server.wait()
    except Mistake:
        log.failed()
        raise
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)


def announce(served: Served, settings: ServeSettings) -> None:
    """Print what a newcomer needs: where it is, who to be, what to try."""
    token_endpoint = f"{served.issuer}/oauth/token"
    credentials = shlex.quote(f"{MACHINE['client_id']}:{served.demo.client_secret}")
    usual = served.aws_endpoint == embedded.endpoint(embedded.DEFAULT_PORT)
    port = "" if usual else f"AWS_PORT={served.aws_endpoint.rpartition(':')[2]} "
    behind = f"  Listening at   {served.address}\n" if settings.public_url else ""
    print(
        f"""Signet is ready.

  Issuer         {served.issuer}
{behind}  Client id      {MACHINE["client_id"]}
  Client secret  {served.demo.client_secret}
  User name      {USERNAME}
  Password       {served.demo.password}
  Embedded AWS   {served.aws_endpoint}  (region {embedded.REGION}, any credentials)

Try a machine's token, the metadata, the operators' command line:

  curl {token_endpoint} -u {credentials} -d grant_type=client_credentials

  curl {served.issuer}/.well-known/openid-configuration

  {port}{_command("signet")} clients list --local

Try to sign in, by a small web application at http://127.0.0.1:5000:

  ISSUER={served.issuer} CLIENT_ID={WEB["client_id"]} {_command("python")} -m tests.support.web_application

or without one: open this link, take the code out of the address that the browser ends at, and redeem it in a minute.

  {served.demo.authorization_url(served.issuer)}

  curl {token_endpoint} -d grant_type=authorization_code -d client_id={WEB["client_id"]} \\
    -d redirect_uri={WEB["redirect_uris"][0]} -d code_verifier={served.demo.code_verifier} -d code=THE_CODE

See what has access to the account and where it is signed in, take it back, and sign out:

  {served.issuer}/account

  {end_session_url(served.issuer)}

Everything is kept in memory and ends with Ctrl-C. The functions' logs follow.
""",
        flush=True,
    )


def _command(name: str) -> str:
    """Return how a command of this environment is called from the current directory."""
    command = Path(sys.executable).with_name(name)
    return str(command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command)


def _interrupt(_number: int, _frame: object) -> None:
    """End by KeyboardInterrupt, once: what ends everything is not to be interrupted itself."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        serve(*map(Path, sys.argv[1:]))
    except Mistake as mistake:
        sys.exit("\n".join(f"error: {fault}" for fault in mistake.faults))
