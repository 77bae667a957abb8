"""Client secrets too short for a digest, brought along all the same: `signet clients import --keep-short-secrets`."""

from collections.abc import Iterable
from dataclasses import dataclass

from signet.clientauth.short_secrets import LONGEST, SHORTEST
from signet.model.client import Client, ClientSecret
from signet.people import passwords
from signet.people.passwords import PasswordRefused
from signet_cli.mistake import Mistake


@dataclass(frozen=True, slots=True)
class KeptSecrets:
    """How short secrets are kept: accepted until `until`, in epoch seconds, or for good."""

    until: int | None = None

    def stored(self, client_id: str, client_secret: str, now: int) -> ClientSecret:
        """The secret as it is stored. Raises Mistake for one that is guessed soon, however slowly."""
        if not SHORTEST <= len(client_secret) <= LONGEST:
            raise Mistake(f"client_secret: must have {SHORTEST} characters at least, even to be kept as a short one")
        if not (client_secret.isascii() and client_secret.isprintable()):
            raise Mistake("client_secret: must be printable ASCII characters")
        try:
            passwords.check(client_secret, client_id)
        except PasswordRefused:
            raise Mistake(
                "client_secret: is one of the most common passwords, or the client's own name: it would be guessed,"
                " however slowly"
            ) from None
        return ClientSecret(created_at=now, expires_at=self.until, argon2id=passwords.rehash(client_secret))


def is_of(client: Client, client_secret: str, now: float) -> bool:
    """Whether this is a secret of the client, long or short. Hashes have salts: they are verified, not compared."""
    if any(secret.matches(client_secret, now) for secret in client.client_secrets):
        return True
    short = [secret for secret in living(client, now) if len(client_secret) <= LONGEST]
    return any(passwords.verify(client_secret, secret.argon2id) for secret in short)


def living(client: Client, now: float) -> list[ClientSecret]:
    """The short secrets by which a client can authenticate."""
    return [secret for secret in client.client_secrets if secret.is_short and secret.lives(now)]


def with_short_secrets(clients: Iterable[Client], now: float) -> list[Client]:
    """Those of the clients that can authenticate by a short secret."""
    return [client for client in clients if living(client, now)]
