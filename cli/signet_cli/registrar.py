"""What operators do to clients: each change is decided by one conditional write."""

import secrets
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from signet.model.client import Client, ClientSecret, digest
from signet.ports import ClientRegistry, Clock
from signet_cli.mistake import Mistake

if TYPE_CHECKING:
    from signet_cli.registration import ClientMetadata

_ATTEMPTS = 5


def new_secret() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def unknown(client_id: str) -> Mistake:
    """There is no such client."""
    return Mistake(f"there is no client {client_id}: `signet clients list` names them")


def create_client(registry: ClientRegistry, metadata: "ClientMetadata", clock: Clock) -> tuple[Client, str]:
    """Store a new client; returned with its secret, which only the caller has from then on, empty for a public client.

    Raises Mistake where the client_id is taken or the metadata is impossible; OAuthError where the registry fails.
    """
    now = int(clock())
    client_id = metadata.client_id or str(uuid.uuid4())
    if metadata.is_public:
        client_secret, client = "", metadata.client(client_id, None, now)
    else:
        client_secret = metadata.client_secret.get_secret_value() if metadata.client_secret else new_secret()
        client = metadata.client(client_id, ClientSecret(digest(client_secret), now), now)
    if not registry.create(client):
        raise Mistake(
            f"client_id: {client.client_id} is taken: choose another one, change that client by"
            " `signet clients update`, or replace its secret by `signet clients rotate-secret`"
        )
    return client, client_secret


def update_client(
    registry: ClientRegistry, client_id: str, change: Callable[[Client], Client]
) -> tuple[Client, Client]:
    """Store what `change` makes of the client; as it was, and as it is. A change to nothing else writes nothing.

    Where somebody else changes the client at the same moment, `change` is asked again with what they made of it.
    Raises Mistake, also what `change` raises, and OAuthError where the registry fails.
    """
    for _ in range(_ATTEMPTS):
        client = registry.get(client_id, fresh=True)
        if client is None:
            raise unknown(client_id)
        changed = change(client)
        if changed == client or registry.replace(changed, client):
            return client, changed
    raise _never_still(client_id)


def rotate_secret(registry: ClientRegistry, client_id: str, overlap: int, clock: Clock) -> tuple[Client, str]:
    """Give the client a new secret; the present one is accepted for `overlap` more seconds, with 0 no longer.

    At most two secrets live at a time, so that each overlap that was announced is kept: while an older secret still
    lives, only an overlap of 0 is possible, which ends both. Of rotations at the same moment one wins, the others
    change nothing. Expired secrets are dropped. Raises Mistake, and OAuthError where the registry fails.
    """
    client_secret = new_secret()
    seen: tuple[ClientSecret, ...] | None = None
    for _ in range(_ATTEMPTS):
        client = registry.get(client_id, fresh=True)
        if client is None:
            raise unknown(client_id)
        if client.is_public:
            raise Mistake(f"{client_id} is a public client (token_endpoint_auth_method none): it has no secret")
        if seen not in (None, client.client_secrets):
            raise Mistake(
                f"the secret of {client_id} was rotated by somebody else at the same moment, this rotation changed"
                f" nothing: look at `signet clients show` before rotating again"
            )
        seen = client.client_secrets
        rotated = replace(client, client_secrets=_rotated(client, client_secret, overlap, int(clock())))
        if registry.replace(rotated, client):
            return rotated, client_secret
    raise _never_still(client_id)


def _never_still(client_id: str) -> Mistake:
    return Mistake(f"the client {client_id} is being changed by others all the time, nothing was changed: try again")


def _rotated(client: Client, client_secret: str, overlap: int, now: int) -> tuple[ClientSecret, ...]:
    """The new secret first, then the present one with its end."""
    rotated = ClientSecret(digest(client_secret), created_at=now)
    live = [secret for secret in client.client_secrets if secret.expires_at is None or now < secret.expires_at]
    if not overlap or not live:
        return (rotated,)
    if len(live) > 1:
        raise Mistake(
            f"{client.client_id} already has two secrets that are accepted: wait until the older one ends"
            " (`signet clients show` tells when), or end both at once by --overlap 0"
        )
    [present] = live
    expires_at = min(now + overlap, present.expires_at or now + overlap)
    return rotated, replace(present, expires_at=expires_at)
