"""`signet serve`: Signet on this machine, with the AWS it needs, until Ctrl-C."""

import os
import shlex
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from signet_cli.local import embedded
from signet_cli.local.log import HeldLog
from signet_cli.local.server import Served, Server
from signet_cli.local.settings import ServeSettings
from signet_cli.mistake import Mistake

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(template: Path = TEMPLATE) -> None:
    """Serve the functions of `template` until interrupted. Raises Mistake when that is not possible.

    PORT, PUBLIC_URL and AWS_PORT in the environment move it.
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
    credentials = shlex.quote(f"{served.client_id}:{served.client_secret}")
    usual = served.aws_endpoint == embedded.endpoint(embedded.DEFAULT_PORT)
    port = "" if usual else f"AWS_PORT={served.aws_endpoint.rpartition(':')[2]} "
    behind = f"  Listening at   {served.address}\n" if settings.public_url else ""
    print(
        f"""Signet is ready.

  Issuer         {served.issuer}
{behind}  Client id      {served.client_id}
  Client secret  {served.client_secret}
  Embedded AWS   {served.aws_endpoint}  (region {embedded.REGION}, any credentials)

Try:

  curl {token_endpoint} -u {credentials} -d grant_type=client_credentials

  curl {served.issuer}/.well-known/openid-configuration

  {port}{_command()} clients list --local

Everything is kept in memory and ends with Ctrl-C. The functions' logs follow.
""",
        flush=True,
    )


def _command() -> str:
    """Return how this environment's `signet` is called from the current directory."""
    command = Path(sys.executable).with_name("signet")
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
