"""What a function is told by its environment variables."""

import os

from signet.model.key import DEFAULT_ALGORITHM, KEY_TYPES
from signet.settings import Settings, SettingsInvalid


def variable(name: str) -> str:
    """A required variable. Raises SettingsInvalid."""
    value = os.environ.get(name, "")
    if not value:
        raise SettingsInvalid(f"the environment variable {name} is missing")
    return value


def is_lambda() -> bool:
    """Whether this process is an execution environment, which serves one function for as long as it lives."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def cores() -> float:
    """The share of a core that Lambda gives with the function's memory: a whole one with 1769 MB, or where none says.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    """
    megabytes = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    return min(int(megabytes) / 1769, 1.0) if megabytes.isascii() and megabytes.isdecimal() and int(megabytes) else 1.0


def registry_table() -> str:
    """Name of the registry table."""
    return variable("SIGNET_REGISTRY_TABLE")


def state_table() -> str:
    """Name of the state table."""
    return variable("SIGNET_STATE_TABLE")


def revocation_tables() -> tuple[str, str] | None:
    """Names or ARNs of registry and state table for the bearer authorizer, None where it is given neither.

    Raises SettingsInvalid for one without the other: half a check would pass for a whole one.
    """
    given = [os.environ.get(name) for name in ("SIGNET_REGISTRY_TABLE", "SIGNET_STATE_TABLE")]
    return (registry_table(), state_table()) if any(given) else None


def audience() -> str:
    """The audience that the bearer authorizer guards, as tokens have it in `aud`."""
    return variable("SIGNET_AUDIENCE")


def route_scopes() -> str:
    """What scope each route of the guarded API wants, as JSON; empty where none does."""
    return os.environ.get("SIGNET_ROUTE_SCOPES", "")


def theme() -> dict[str, str]:
    """What is set of the pages' theme."""
    chosen = {
        "service_name": os.environ.get("SIGNET_THEME_SERVICE_NAME"),
        "accent_color": os.environ.get("SIGNET_THEME_ACCENT_COLOR"),
        "logo_uri": os.environ.get("SIGNET_THEME_LOGO_URI"),
    }
    return {name: value for name, value in chosen.items() if value}


def keyring_secret() -> str:
    """ARN of the keyring secret."""
    return variable("SIGNET_KEYRING_SECRET")


def settings() -> Settings:
    """Settings of the endpoints. Raises SettingsInvalid."""
    issuer = variable("SIGNET_ISSUER")
    lifetimes = {
        "access_token_lifetime": _seconds("SIGNET_ACCESS_TOKEN_LIFETIME"),
        "refresh_token_lifetime": _seconds("SIGNET_REFRESH_TOKEN_LIFETIME"),
        "refresh_token_idle_lifetime": _seconds("SIGNET_REFRESH_TOKEN_IDLE_LIFETIME"),
        "session_lifetime": _seconds("SIGNET_SESSION_LIFETIME"),
        "session_idle_lifetime": _seconds("SIGNET_SESSION_IDLE_LIFETIME"),
    }
    return Settings(
        issuer=issuer,
        default_audience=os.environ.get("SIGNET_DEFAULT_AUDIENCE") or issuer,
        **{name: value for name, value in lifetimes.items() if value is not None},
    )


def verifier_cache() -> int:
    """Seconds for which a verifier may go on using a key set it has fetched. Raises SettingsInvalid."""
    cache = _seconds("SIGNET_VERIFIER_CACHE")
    return 7200 if cache is None else cache


def key_rotation_days() -> int:
    """Days between two rotations of the schedule. Raises SettingsInvalid."""
    days = _number("SIGNET_KEY_ROTATION_DAYS", "days")
    return 30 if days is None else days


def makes_keys_in_kms() -> bool:
    """Whether new signing keys are made in KMS. Raises SettingsInvalid."""
    return _signing_backend() == "kms"


def reaches_kms() -> bool:
    """Whether keys of the ring may be in KMS. Raises SettingsInvalid."""
    return _signing_backend() in {"kms", "secretsmanager-from-kms"}


def _signing_backend() -> str:
    backend = os.environ.get("SIGNET_SIGNING_BACKEND") or "secretsmanager"
    if backend not in {"secretsmanager", "kms", "secretsmanager-from-kms"}:
        raise SettingsInvalid(
            "the environment variable SIGNET_SIGNING_BACKEND must be secretsmanager, kms or secretsmanager-from-kms"
        )
    return backend


def signing_algorithms() -> tuple[str, ...]:
    """The algorithms that the ring is to hold. Raises SettingsInvalid."""
    algs = tuple((os.environ.get("SIGNET_SIGNING_ALGORITHMS") or DEFAULT_ALGORITHM).split(","))
    if DEFAULT_ALGORITHM not in algs or len(set(algs)) != len(algs) or not set(algs) <= KEY_TYPES.keys():
        raise SettingsInvalid(
            f"the environment variable SIGNET_SIGNING_ALGORITHMS must be {DEFAULT_ALGORITHM}, and any of"
            f" {', '.join(KEY_TYPES)} once each, separated by commas"
        )
    return algs


def _seconds(name: str) -> int | None:
    return _number(name, "seconds")


def _number(name: str, unit: str) -> int | None:
    """What the variable says, None where it is not set or empty."""
    value = os.environ.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdecimal()):
        raise SettingsInvalid(f"the environment variable {name} must be a number of {unit}")
    return int(value)
