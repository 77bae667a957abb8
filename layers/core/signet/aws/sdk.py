"""Clients of AWS's services, impatient, since a caller waits behind every call: lean ones, or botocore's."""

import os
import time
from functools import cache
from typing import Any

from signet.aws.failures import AwsUnreachable
from signet.aws.lean import credentials
from signet.aws.lean.addresses import address
from signet.aws.lean.client import SERVICES, LeanClient
from signet.aws.lean.transport import HttpTransport
from signet.settings import SettingsInvalid


def sdk_clients(*services: str) -> list[Any]:
    """A client for each service, called as botocore's are.

    Region, credentials and endpoint come from the environment. SIGNET_AWS_CLIENT=botocore asks for botocore's, which
    also serve where the environment has something that the lean ones leave to them: a profile, a proxy, FIPS, an
    unknown partition. Raises SettingsInvalid where it makes no client.
    """
    return _lean_clients(services) or _botocore_clients(services)


def sdk_client(service: str) -> Any:
    """The client of one service, as sdk_clients."""
    [client] = sdk_clients(service)
    return client


def patient_client(service: str) -> Any:
    """Botocore's client of one service, for calls that make something: waiting is better than making it twice.

    Raises as sdk_clients.
    """
    [client] = _botocore_clients((service,), read_timeout=10)
    return client


def connect(client: Any) -> None:
    """Have a connection ready for the client's first call, where it is one that can; failing is that call's to meet."""
    if isinstance(client, LeanClient):
        try:
            client.connect()
        except AwsUnreachable:
            return


def _lean_clients(services: tuple[str, ...]) -> list[LeanClient] | None:
    """None where botocore is asked for or needed."""
    region = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or ""
    if os.environ.get("SIGNET_AWS_CLIENT") == "botocore" or not region or not credentials.are_configured():
        return None
    clients = []
    source = credentials.CredentialSource(time.time)
    for service in services:
        known = SERVICES.get(service)
        found = address(service, known.service_id, region) if known else None
        if known is None or found is None:
            return None
        clients.append(LeanClient(known, region, found.authority, source, HttpTransport(found)))
    return clients


@cache
def _config(read_timeout: float) -> Any:
    """How botocore's clients wait, in seconds, and try again."""
    from botocore.config import Config

    return Config(
        connect_timeout=1,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=4,
        tcp_keepalive=True,
    )


def _botocore_clients(services: tuple[str, ...], read_timeout: float = 1.5) -> list[Any]:
    """Of one session, which reads the shared model files once."""
    from botocore.exceptions import BotoCoreError

    session = _botocore_session()
    try:
        return [session.create_client(service, config=_config(read_timeout)) for service in services]
    except (BotoCoreError, ValueError) as error:
        raise SettingsInvalid(f"no client of AWS can be made: {type(error).__name__}") from None


def _botocore_session() -> Any:
    import botocore.session

    return botocore.session.get_session()
