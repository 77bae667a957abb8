"""What a function is told by its environment variables."""

import os

from signet.keys.rotation import RotationPolicy
from signet.settings import Settings, SettingsInvalid


def variable(name: str) -> str:
    """A required variable. Raises SettingsInvalid."""
    value = os.environ.get(name, "")
    if not value:
        raise SettingsInvalid(f"the environment variable {name} is missing")
    return value


def registry_table() -> str:
    """Name of the registry table."""
    return variable("SIGNET_REGISTRY_TABLE")


def keyring_secret() -> str:
    """ARN of the keyring secret."""
    return variable("SIGNET_KEYRING_SECRET")


def settings() -> Settings:
    """Settings of the endpoints. Raises SettingsInvalid."""
    issuer = variable("SIGNET_ISSUER")
    return Settings(
        issuer=issuer,
        default_audience=os.environ.get("SIGNET_DEFAULT_AUDIENCE") or issuer,
        access_token_lifetime=_seconds("SIGNET_ACCESS_TOKEN_LIFETIME", 3600),
    )


def rotation_policy() -> RotationPolicy:
    """The rotation's waiting times. Raises SettingsInvalid."""
    return RotationPolicy(verifier_cache=_seconds("SIGNET_VERIFIER_CACHE", 7200))


def _seconds(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not (value.isascii() and value.isdecimal()):
        raise SettingsInvalid(f"the environment variable {name} must be a number of seconds")
    return int(value)
