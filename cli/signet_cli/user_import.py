"""A person whom another system knows, taken in with their subject and the hash of their password."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from signet.model.user import User, login_name
from signet.people import passwords
from signet.people.imported_hashes import HashRefused
from signet.ports import ClientStore, Clock, UserRegistry
from signet_cli.cells import typed_cells
from signet_cli.hash_spellings import canonical
from signet_cli.importing import Conflict, Outcome, Pace
from signet_cli.mistake import Mistake
from signet_cli.people import new_user
from signet_cli.rows import Row
from signet_cli.user_claims import BOOLEANS
from signet_cli.validation import checked

_KINDS: Mapping[str, type] = {"disabled": bool, "claims": dict, "address": dict, **dict.fromkeys(BOOLEANS, bool)}


_SECRET = re.compile(r"pass_?(word|wd|phrase)|pwd|secret(?!ar)|(?<![a-z])salt", re.IGNORECASE)
"""Columns of an export that nobody wants in the registry in clear, let alone in tokens."""


class UserRow(BaseModel):
    """A person as a row has them."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    username: str
    sub: str | None = None
    password_hash: str | None = None
    disabled: bool = False
    claims: dict[str, Any] = {}


@dataclass(slots=True)
class UserImport:
    """importing.Take for people. With `dry_run` everything is checked and nothing written.

    `from_cells`: the rows are of a CSV, all text; columns that are no member of a user are claims.
    """

    users: UserRegistry
    clients: ClientStore
    clock: Clock
    pace: Pace
    from_cells: bool
    dry_run: bool
    _rows: dict[str, int] = field(default_factory=dict)
    _noted: bool = False

    def __call__(self, row: Row) -> Outcome:
        """Store the user of a row, unless they are there already. Raises Mistake, Conflict where they differ."""
        given = checked(UserRow, _from_cells(row.members) if self.from_cells else row.members)
        user = self._user(given)
        name = login_name(user.username)
        if self._rows.setdefault(name, row.number) != row.number:
            raise Mistake(f"username: is that of row {self._rows[name]} too, perhaps in other case")
        present = self.users.find(user.username)
        if present is None:
            if self._create(user):
                return Outcome.CREATED
            present = self.users.find(user.username)
        if present is None:
            raise Conflict("sub: is that of another user, or of a client")
        if differences := list(_differences(present, user, given)):
            raise Conflict(*differences)
        return Outcome.PRESENT

    def _user(self, given: UserRow) -> User:
        try:
            password_hash = canonical(given.password_hash) if given.password_hash else ""
        except HashRefused as refused:
            raise Mistake(f"password_hash: {refused}") from None
        user = new_user(given.username, password_hash, given.claims, int(self.clock()), sub=given.sub)
        return replace(user, disabled=given.disabled)

    def _create(self, user: User) -> bool:
        if self.dry_run:
            return self.users.get(user.sub) is None and self.clients.get(user.sub, fresh=True) is None
        if user.password_hash and passwords.needs_rehash(user.password_hash) and not self._noted:
            # before the first, so that no refusal ever takes another time for it
            self.users.note_imported_hashes(user.created_at)
            self._noted = True
        self.pace.wait()
        return self.users.create(user)


def _from_cells(cells: Mapping[str, str]) -> dict[str, Any]:
    """A row of text as a user: what is no member of one is a claim."""
    if secrets := [column for column in cells.keys() - UserRow.model_fields if _SECRET.search(column)]:
        raise Mistake(
            *(f"{column}: is no claim, by its name it is a secret: take the column out" for column in secrets)
        )
    values = typed_cells(cells, _KINDS)
    claims = {**values.pop("claims", {}), **{name: values.pop(name) for name in values.keys() - UserRow.model_fields}}
    return {**values, **({"claims": claims} if claims else {})}


def _differences(present: User, user: User, given: UserRow) -> Iterator[str]:
    """In what the user who is there is another than that of the row; a password that was hashed anew is the same."""
    if given.sub is not None and present.sub != given.sub:
        yield "sub: is another one in the registry, which was left as it is"
    if _lasting(present.claims, given) != _lasting(user.claims, given):
        yield "claims: are others in the registry, which were left as they are"
    if present.disabled != user.disabled:
        yield "disabled: is another one in the registry, which was left as it is"
    same = present.password_hash == user.password_hash
    made_anew = present.password_hash and not passwords.needs_rehash(present.password_hash)
    if user.password_hash and not (same or made_anew):
        yield "password_hash: is another one in the registry, which was left as it is"


def _lasting(claims: Mapping[str, Any], given: UserRow) -> dict[str, Any]:
    """The claims but for when they were changed, where the row does not say so itself."""
    return {name: value for name, value in claims.items() if name != "updated_at" or name in given.claims}
