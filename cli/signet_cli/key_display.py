"""How keys are shown: what each waits for, what a change breaks, and for whom how long."""

from collections.abc import Iterable, Iterator
from typing import Any

from signet.settings import KEY_SET_CACHE, KEY_SET_MAX_AGE, KEYRING_CACHE
from signet_cli.display import moment
from signet_cli.mistake import Mistake

COLUMNS = ("kid", "alg", "state", "since", "waits for")

_SINCE = {"next": "published_at", "active": "activated_at", "retiring": "activated_at", "verify_only": "activated_at"}

_ENDS = {
    "next": "It has signed nothing: no token ends, and another key takes its place.",
    "active": "Every token that it has signed ends: clients ask for new ones, people sign in again.",
    "retiring": "Every token that it has signed ends: clients ask for new ones, people sign in again.",
    "verify_only": "Every refresh token that it has signed ends: those people sign in again.",
}


def rows(described: dict[str, Any]) -> list[tuple[str, ...]]:
    """A line for each key, and for each that has been withdrawn."""
    found = [
        (key["kid"], _alg(key), key["state"], _moment(key.get(_SINCE[key["state"]])), _waits_for(key))
        for key in described["keys"]
    ]
    gone = described["key_set"]["withdrawn"]
    return found + [(key["kid"], "", "withdrawn", _moment(key["withdrawn_at"]), "") for key in gone]


def warnings(described: dict[str, Any]) -> Iterator[str]:
    """What is not as it should be."""
    if described["fault"]:
        yield f"{described['fault']}: rotate again (`signet keys rotate`), or restore what was lost"
    if described["overdue"]:
        yield f"a rotation is due every {described['rotation_days']} days and has not taken place: `signet keys rotate`"


def _alg(key: dict[str, Any]) -> str:
    """The algorithm, and of a key whose private half is elsewhere where that is."""
    return f"{key['alg']} (KMS)" if key.get("kms_key_arn") else str(key["alg"])


def _waits_for(key: dict[str, Any]) -> str:
    due = _moment(key.get("due_at"))
    if key["state"] == "next":
        return f"the first rotation after {due}, to sign" if key["published"] else "a rotation, to be published"
    if key["state"] == "active":
        return f"the rotation due {due}, to retire"
    if key["state"] == "retiring":
        return f"the first rotation after {due}, when its last token has expired"
    return f"the first rotation after {due}, when its last refresh token has expired"


def coming(described: dict[str, Any]) -> list[str]:
    """The keys that sign next."""
    return [key["kid"] for key in _coming(described)]


def differs(described: dict[str, Any]) -> bool:
    """Whether another set is published than the ring's."""
    ring = {key["kid"] for key in described["keys"] if key["state"] != "verify_only"}
    return ring != {key["kid"] for key in described["key_set"]["keys"]}


def too_early(described: dict[str, Any]) -> str:
    """Why no key can take over yet, empty where one can."""
    keys = _coming(described)
    if not keys:
        return ""  # a rotation makes one
    due = [key.get("due_at") for key in keys]
    if any(at is None or at <= described["now"] for at in due):
        return ""
    first = min(at for at in due if at is not None)
    return (
        f"the next key has been published since {_moment(keys[0].get('published_at'))}, and verifiers may keep a key"
        f" set without it until {_moment(first)}: rotate then, or take --force"
    )


def forced_warning(described: dict[str, Any]) -> str:
    """Who fails, and until when."""
    until = max(key.get("due_at") or described["now"] + described["lead"] for key in _coming(described))
    return (
        f"Until {moment(until)} a verifier may have kept a key set without the next key: one that does not fetch it"
        " again for an unknown kid rejects every token that is signed from now on."
    )


def signing_lines(changed: dict[str, Any]) -> Iterator[str]:
    """What signs now, and who may not know it."""
    active = {key["kid"]: key["alg"] for key in changed["keys"] if key["state"] == "active"}
    yield "Signs now: " + ", ".join(f"{kid} ({alg})" for kid, alg in active.items())
    for key in changed["activated"]:
        known_at = key.get("known_at")
        if known_at and known_at >= changed["now"]:
            yield (
                f"Verifiers that keep the key set and do not fetch it again for an unknown kid reject what {key['kid']}"
                f" signs until {moment(known_at)} at the latest."
            )


def consequences(described: dict[str, Any], kid: str) -> Iterator[str]:
    """What withdrawing a key breaks. Raises Mistake for one that is not there."""
    withdrawn = [key["kid"] for key in described["key_set"]["withdrawn"]]
    key_set = described["key_set"]
    published = [key["kid"] for key in (*key_set["keys"], *key_set["verify_only"])]
    key = next((key for key in described["keys"] if key["kid"] == kid), None)
    if key is None and kid not in (*withdrawn, *published):
        raise Mistake(f"there is no key {kid}: `signet keys list` names them")
    yield _ENDS[key["state"]] if key else "The key is in the ring no more."
    if key and key["state"] == "active":
        successors = [one for one in _coming(described) if one["alg"] == key["alg"] and one["published"]]
        if successors:
            due = successors[0]["due_at"]
            since = "" if due <= described["now"] else f" from {moment(due)} on"
            yield f"{successors[0]['kid']} signs in its place; every verifier can know it{since}."
        else:
            yield f"A new key signs in its place; a verifier may not know it for {described['lead']} seconds."


def still_accepted(changed: dict[str, Any], kid: str) -> dict[str, str]:
    """For how long caches go on with the key after it has been withdrawn."""
    [now] = [key["withdrawn_at"] for key in changed["key_set"]["withdrawn"] if key["kid"] == kid]
    return {
        "Introspection, userinfo and revocation accept what it signed until": moment(now + KEY_SET_CACHE),
        "The token endpoint may sign with it, and accept its refresh tokens, until": moment(now + KEYRING_CACHE),
        "The key set may be served with it until": moment(now + KEY_SET_CACHE + KEY_SET_MAX_AGE),
        "A verifier that keeps the key set may accept what it signed until": moment(now + changed["lead"]),
    }


def _coming(described: dict[str, Any]) -> list[dict[str, Any]]:
    keys: Iterable[dict[str, Any]] = described["keys"]
    return [key for key in keys if key["state"] == "next"]


def _moment(seconds: int | None) -> str:
    return moment(seconds) if seconds else ""
