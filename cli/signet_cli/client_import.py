"""A client that another system has registered, taken in with the id and the secret that its applications have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin, get_type_hints

from signet.clientauth.short_secrets import SHORTEST
from signet.model.client import SECRET_METHODS, Client, ClientSecret, digest
from signet.ports import ClientRegistry, Clock, UserStore
from signet_cli import representation
from signet_cli.cells import typed_cells
from signet_cli.importing import Conflict, Outcome, Pace
from signet_cli.kept_secrets import KeptSecrets, is_of
from signet_cli.metadata_rules import SHORTEST_SECRET
from signet_cli.mistake import Mistake
from signet_cli.new_secrets import Hand
from signet_cli.registrar import new_secret
from signet_cli.registration import ClientMetadata, client_metadata
from signet_cli.rows import Row


@dataclass(slots=True)
class ClientImport:
    """importing.Take for clients. With `dry_run` everything is checked and nothing written.

    `from_cells`: the rows are of a CSV, all text. `new_secrets` takes those that are made for clients that bring none,
    or one that is too short to be kept; without it such a row is refused. `kept` says how short ones are kept, None
    where they are not.
    """

    registry: ClientRegistry
    users: UserStore
    clock: Clock
    pace: Pace
    from_cells: bool
    dry_run: bool
    new_secrets: Hand | None = None
    kept: KeptSecrets | None = None
    _rows: dict[str, int] = field(default_factory=dict)
    _noted: bool = False

    def __call__(self, row: Row) -> Outcome:
        """Store the client of a row, unless it is there already. Raises Mistake, Conflict where it differs."""
        members = typed_cells(row.members, _KINDS) if self.from_cells else row.members
        made, short = self._decided(members)
        # the rules for long ones are not those of a short one, which has its own
        metadata = _metadata({**members, "client_secret": new_secret()} if made or short else members)
        client_id = metadata.client_id or ""
        if self._rows.setdefault(client_id, row.number) != row.number:
            raise Mistake(f"client_id: is that of row {self._rows[client_id]} too")
        now = int(self.clock())
        client_secret = short or (metadata.client_secret.get_secret_value() if metadata.client_secret else "")
        client = metadata.client(client_id, self._stored(client_id, client_secret, now, short=bool(short)), now)
        present = self.registry.get(client_id, fresh=True)
        if present is None:
            if made and self.new_secrets and not self.dry_run:
                self.new_secrets(client_id, client_secret)
            if self._create(client):
                return Outcome.CREATED
            present = self.registry.get(client_id, fresh=True)
        if present is None:
            raise Conflict("client_id: is a user's sub, tokens could not tell them apart")
        if differences := list(_differences(present, client, "" if made else client_secret, now)):
            raise Conflict(*differences)
        return Outcome.PRESENT

    def _decided(self, members: Mapping[str, Any]) -> tuple[bool, str]:
        """Whether a secret is made for the client of a row, and the short one that it keeps, if any."""
        client_secret = members.get("client_secret") or ""
        if not _wants_secret(members):
            return False, ""
        if self.kept and client_secret and not (self.new_secrets and len(client_secret) < SHORTEST):
            return False, client_secret
        return self.new_secrets is not None, ""

    def _stored(self, client_id: str, client_secret: str, now: int, *, short: bool) -> ClientSecret | None:
        if self.kept and short:
            return self.kept.stored(client_id, client_secret, now)
        return ClientSecret(digest(client_secret), now) if client_secret else None

    def _create(self, client: Client) -> bool:
        if self.dry_run:
            return self.users.get(client.client_id) is None
        if not self._noted and any(secret.is_short for secret in client.client_secrets):
            # before the first, so that no refusal ever takes another time for it
            self.registry.note_short_secrets(int(self.clock()))
            self._noted = True
        self.pace.wait()
        return self.registry.create(client)


def _wants_secret(members: Mapping[str, Any]) -> bool:
    """Whether the client of a row is to have a secret, and brings none that can be kept."""
    client_secret = members.get("client_secret") or ""
    confidential = members.get("token_endpoint_auth_method", "client_secret_basic") in SECRET_METHODS
    return confidential and isinstance(client_secret, str) and len(client_secret) < SHORTEST_SECRET


def _metadata(document: Mapping[str, Any]) -> ClientMetadata:
    """The metadata of a row, with the id and the secret that are to be kept. Raises Mistake."""
    metadata = client_metadata(document)
    if metadata.client_id is None:
        raise Mistake("client_id: must be given: an import keeps what applications know")
    if metadata.client_secret is None and not metadata.is_public:
        raise Mistake(
            "client_secret: must be given: an import keeps what applications know. --new-secrets has one made,"
            " token_endpoint_auth_method none is a client without"
        )
    return metadata


def _differences(present: Client, client: Client, client_secret: str, now: int) -> Iterator[str]:
    """In what the client that is there is another than that of the row; when each came does not matter."""
    was, wanted = representation.members(present), representation.members(client)
    for name in was | wanted:
        if name != "client_id_issued_at" and was.get(name) != wanted.get(name):
            yield f"{name}: is another one in the registry, which was left as it is"
    if client_secret and not is_of(present, client_secret, now):
        yield "client_secret: is another one in the registry, which was left as it is"


def _kind(annotation: object) -> type:
    """The type of a member that may be left out: that of its lists, objects, numbers and flags; else text."""
    kinds = [get_origin(each) or each for each in (get_args(annotation) or (annotation,))]
    kinds = [get_origin(annotation)] if get_origin(annotation) in (list, dict) else kinds
    return next((kind for kind in (list, dict, bool, int) if kind in kinds), str)


_KINDS = {name: _kind(annotation) for name, annotation in get_type_hints(ClientMetadata).items()}
"""Of which type each column is."""
