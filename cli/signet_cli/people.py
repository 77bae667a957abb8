"""What operators do to people: each change is decided by one conditional write."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from signet.model.user import User, login_name
from signet.people import passwords
from signet.people.sign_in import LONGEST_USERNAME
from signet.ports import Clock, UserRegistry
from signet_cli.metadata_rules import holds_control_characters
from signet_cli.mistake import Mistake
from signet_cli.user_claims import user_claims

_SUB = re.compile(r"[!-~]{1,255}")
_ATTEMPTS = 5


def create_user(
    users: UserRegistry,
    username: str,
    password: str,
    claims: Mapping[str, Any],
    clock: Clock,
    *,
    sub: str | None = None,
) -> User:
    """Store a new user, with a random `sub` unless one is given.

    Raises Mistake where a value is impossible or taken; OAuthError where the registry fails.
    """
    user = new_user(username, "", claims, int(clock()), sub=sub)
    user = replace(user, password_hash=_hashed(password, username))
    if not users.create(user):
        raise Mistake(_taken(users, user))
    return user


def new_user(username: str, password_hash: str, claims: Mapping[str, Any], now: int, *, sub: str | None = None) -> User:
    """A user as they are first stored, at `now` in epoch seconds. Raises Mistake where a value is impossible."""
    _check_username(username)
    if sub is not None and not _SUB.fullmatch(sub):
        raise Mistake("sub: must be 1 to 255 printable ASCII characters without spaces")
    return User(
        sub=sub or str(uuid.uuid4()),
        username=username,
        password_hash=password_hash,
        claims=_dated(user_claims(claims), now),
        created_at=now,
        password_changed_at=now,
    )


def found(users: UserRegistry, name: str) -> User:
    """The user of that user name, or else of that `sub`. Raises Mistake where there is none."""
    user = users.find(name) or users.get(name)
    if user is None:
        raise unknown(name)
    return user


def unknown(name: str) -> Mistake:
    """There is no such user."""
    return Mistake(f"there is no user {name}: `signet users list` names them")


def set_disabled(users: UserRegistry, name: str, *, disabled: bool) -> User:
    """Keep a user from signing in, or let them again."""
    return _changed(users, found(users, name), lambda user: replace(user, disabled=disabled))


def set_password(users: UserRegistry, name: str, password: str, clock: Clock) -> User:
    """Give a user another password."""
    user = found(users, name)
    hashed, now = _hashed(password, user.username), int(clock())
    return _changed(users, user, lambda user: replace(user, password_hash=hashed, password_changed_at=now))


def set_claims(
    users: UserRegistry, name: str, given: Mapping[str, Any], removed: list[str], clock: Clock, *, alone: bool
) -> User:
    """Set the claims that are given and take out those `removed`; `alone` takes out all others as well.

    Raises Mistake for a claim to remove that is not there.
    """

    def change(user: User) -> User:
        missing = [claim for claim in removed if claim not in user.claims]
        if missing:
            raise Mistake(*(f"{claim}: is not a claim of {user.username}" for claim in missing))
        kept = {} if alone else {name: value for name, value in user.claims.items() if name != "updated_at"}
        claims = {name: value for name, value in {**kept, **given}.items() if name not in removed or name in given}
        return replace(user, claims=_dated(user_claims(claims), int(clock())))

    return _changed(users, found(users, name), change)


def _changed(users: UserRegistry, user: User, change: Callable[[User], User]) -> User:
    """Make a change, over whatever others change at the same time. Raises Mistake."""
    present: User | None = user
    for _ in range(_ATTEMPTS):
        if present is None:
            raise unknown(user.username)
        changed = change(present)
        if changed == present or users.update(changed, present):
            return changed
        present = users.get(user.sub)
    raise Mistake(f"the user {user.username} is being changed by others all the time, nothing was changed: try again")


def _hashed(password: str, username: str) -> str:
    try:
        return passwords.hash_password(password, username)
    except passwords.PasswordRefused as refused:
        raise Mistake(f"password: {refused}") from None


def _dated(claims: dict[str, Any], now: int) -> dict[str, Any]:
    """The claims with when they were last changed (OpenID Connect Core section 5.1); none have no date."""
    return {**claims, "updated_at": claims.get("updated_at", now)} if claims else {}


def _check_username(username: str) -> None:
    if not login_name(username) or username != username.strip():
        raise Mistake("username: must not be empty, nor begin or end with a space")
    if len(username) > LONGEST_USERNAME or len(login_name(username)) > LONGEST_USERNAME:
        raise Mistake(f"username: must not be longer than {LONGEST_USERNAME} characters")
    if holds_control_characters(username):
        raise Mistake("username: must not hold control characters or line breaks")


def _taken(users: UserRegistry, user: User) -> str:
    if users.find(user.username):
        return f"username: {user.username} is taken, perhaps in other case"
    return f"sub: {user.sub} is taken by another user or by a client"
