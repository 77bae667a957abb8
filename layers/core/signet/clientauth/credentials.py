"""What a client presents of itself."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client's id and the secret it showed, as received."""

    client_id: str
    client_secret: str = field(repr=False)
