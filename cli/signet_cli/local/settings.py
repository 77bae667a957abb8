"""Where the local server listens and what it is called, as its environment variables say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from signet.settings import SettingsInvalid, check_issuer
from signet_cli.local import embedded
from signet_cli.mistake import Mistake

DEFAULT_PORT = 8080

_PARAMETERS = {"SIGNING_BACKEND": "SigningBackend", "SIGNING_ALGORITHMS": "SigningAlgorithms"}
"""Variables that set a parameter of the template."""


@dataclass(frozen=True)
class ServeSettings:
    """Ports on loopback, 0 for any that is free, and the origin of the issuer if it is not this machine.

    `parameters` are the template's that differ from their defaults.
    """

    port: int = DEFAULT_PORT
    aws_port: int = embedded.DEFAULT_PORT
    public_url: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ServeSettings":
        """Read PORT, AWS_PORT, PUBLIC_URL, SIGNING_BACKEND and SIGNING_ALGORITHMS; Mistake for a value that is none."""
        public_url = environ.get("PUBLIC_URL", "").rstrip("/") or None
        if public_url:
            try:
                check_issuer(f"{public_url}/connect")
            except (SettingsInvalid, ValueError):
                raise Mistake(
                    "PUBLIC_URL must be https://<host>, or http://localhost with a port: the origin of the issuer,"
                    " without a path"
                ) from None
        return cls(
            port=_port(environ, "PORT", DEFAULT_PORT),
            aws_port=_port(environ, "AWS_PORT", embedded.DEFAULT_PORT),
            public_url=public_url,
            parameters={name: environ[variable] for variable, name in _PARAMETERS.items() if environ.get(variable)},
        )


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name) or str(default)
    if not (value.isascii() and value.isdecimal() and int(value) <= 65_535):
        raise Mistake(f"{name} must be a port number from 0 to 65535, it is {value!r}")
    return int(value)
