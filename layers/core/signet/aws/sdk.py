"""Clients of AWS's services: botocore without boto3, impatient, since a caller waits behind every call."""

from functools import cache
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


@cache
def _session() -> botocore.session.Session:
    """One session for all clients: it reads the shared model files once."""
    return botocore.session.get_session()


def sdk_client(service: str) -> Any:
    """A botocore client of `service`; region, credentials and endpoint come from the environment.

    Raises SettingsInvalid where they make no client.
    """
    try:
        return _session().create_client(service, config=_CONFIG)
    except (BotoCoreError, ValueError) as error:
        raise SettingsInvalid(f"no client of {service} can be made: {type(error).__name__}") from None
