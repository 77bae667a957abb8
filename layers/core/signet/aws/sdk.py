"""Clients of AWS's services: botocore without boto3, impatient, since a caller waits behind every call."""

from typing import Any

import botocore.session
from botocore.config import Config

_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=4,
    tcp_keepalive=True,
)


def sdk_client(service: str) -> Any:
    """A botocore client of `service`; region, credentials and endpoint come from the environment."""
    return botocore.session.get_session().create_client(service, config=_CONFIG)
