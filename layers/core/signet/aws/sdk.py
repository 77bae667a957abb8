"""Clients of AWS's services: botocore without boto3, impatient, since a caller waits behind every call."""

from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from signet.settings import SettingsInvalid

_CONFIG = Config(
    connect_timeout=1,
    read_timeout=1.5,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=4,
    tcp_keepalive=True,
)


def sdk_clients(*services: str) -> list[Any]:
    """A botocore client for each service, of one session, which reads the shared model files once.

    Region, credentials and endpoint come from the environment. Raises SettingsInvalid where they make no client.
    """
    session = botocore.session.get_session()
    try:
        return [session.create_client(service, config=_CONFIG) for service in services]
    except (BotoCoreError, ValueError) as error:
        raise SettingsInvalid(f"no client of AWS can be made: {type(error).__name__}") from None


def sdk_client(service: str) -> Any:
    """The botocore client of one service, as sdk_clients."""
    [client] = sdk_clients(service)
    return client
