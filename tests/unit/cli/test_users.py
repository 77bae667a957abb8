"""`signet users`: what operators do to the people who sign in."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from signet.errors import Reason, unavailable
from signet.model.user import User
from signet.people import passwords
from signet.settings import Settings
from signet_cli.mistake import Mistake
from signet_cli.people import create_user, set_claims
from signet_cli.stack import Location
from tests.support.fakes import InMemoryClientRegistry
from tests.support.people_fakes import InMemoryGrantStore, InMemoryPeople, InMemorySessionStore, InMemoryUserRegistry
from tests.unit.cli.conftest import ISSUER, Answer, CommandLine, deploy

PASSWORD = "correct horse"
HOSTILE = "\x1b]0;owned\x07\x1b[2J[bold red]x[/] \u202egnp.exe\r\n:boom:"


@dataclass(frozen=True)
class StackOfPeople:
    registry_of_users: InMemoryUserRegistry
    clients: InMemoryClientRegistry = field(default_factory=InMemoryClientRegistry)
    granted: InMemoryGrantStore = field(default_factory=InMemoryGrantStore)
    signed_in: InMemorySessionStore = field(default_factory=InMemorySessionStore)

    def users(self) -> InMemoryUserRegistry:
        return self.registry_of_users

    def registry(self) -> InMemoryClientRegistry:
        return self.clients

    def grants(self) -> InMemoryGrantStore:
        return self.granted

    def settings(self) -> Settings:
        return Settings(ISSUER, ISSUER)

    def sessions(self) -> InMemorySessionStore:
        return self.signed_in


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> InMemoryUserRegistry:
    """The registry that commands reach, whichever stack they are asked for."""
    registry = InMemoryUserRegistry(InMemoryPeople(is_client=lambda sub: sub == "app"))

    def find_stack(location: Location) -> StackOfPeople:
        return StackOfPeople(registry)

    monkeypatch.setattr("signet_cli.stack.find_stack", find_stack)
    return registry


def create(signet: CommandLine, *arguments: str, typed: str | bytes = PASSWORD) -> Answer:
    """`signet users create` with a password on standard input."""
    return signet("users", "create", *arguments, "--password-stdin", typed=typed)


def test_create_prints_the_user_and_never_the_password(signet: CommandLine, users: InMemoryUserRegistry) -> None:
    """Nor its hash."""
    answer = create(signet, "alice", "--claim", "email=alice@example.com", "--claim", "personid=007", "--json")
    [stored] = users.list()
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.json == {
        "sub": stored.sub,
        "username": "alice",
        "disabled": False,
        "created_at": stored.created_at,
        "password_changed_at": stored.created_at,
        "claims": {"email": "alice@example.com", "personid": "007", "updated_at": stored.created_at},
    }
    assert passwords.verify(PASSWORD, stored.password_hash)
    for form in ([], ["--json"]):
        for command in (["show", "alice"], ["list"], ["disable", "alice"], ["set-claims", "alice", "--claim", "a=b"]):
            everything = signet("users", *command, *form).everything
            assert PASSWORD not in everything
            assert "argon2" not in everything


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("password", [PASSWORD, " with spaces ", "ünïcode passwörd", "x7 " * 42 + "ab"])
def test_a_password_on_standard_input_is_taken_as_it_is(
    signet: CommandLine, users: InMemoryUserRegistry, password: str, end: str
) -> None:
    """But for the end of its line."""
    assert create(signet, "alice", typed=password + end).exit_code == 0
    [stored] = users.list()
    assert passwords.verify(password, stored.password_hash)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "at least 8"),
        ("short12", "at least 8"),
        ("x1y2z3 " * 1_000, "more than 128"),
        ("🙂" * 129, "more than 128"),
        ("password", "most common"),
        ("Alice.Martin!", "user's or the service's name"),
        ("one line\nanother line", "one line"),
        (b"\xff" * 10, "not UTF-8"),
    ],
)
def test_a_password_nobody_may_choose_is_refused(
    signet: CommandLine, users: InMemoryUserRegistry, typed: str | bytes, told: str
) -> None:
    """In one line that does not repeat it, and nothing is stored."""
    answer = create(signet, "alice.martin", typed=typed)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert told in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert str(typed)[:20] not in answer.stderr.removeprefix("error: password: this password") or not typed
    assert not list(users.list())


def test_a_password_is_no_argument(signet: CommandLine, users: InMemoryUserRegistry) -> None:
    """Arguments stand in histories and process lists."""
    for command in (["create", "alice"], ["set-password", "alice"]):
        assert signet("users", *command, "--password", PASSWORD).exit_code == 2
        assert signet("users", *command, PASSWORD).exit_code == 2
        answer = signet("users", *command, typed=PASSWORD)
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert "--password-stdin" in answer.stderr


def in_terminal(script: str, answers: list[bytes]) -> tuple[int, str]:
    """Exit code and everything shown of a script in a terminal, where somebody types each answer when asked."""
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=secondary, stdout=secondary, stderr=secondary, start_new_session=True
    )
    os.close(secondary)
    shown = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([primary], [], [], 1)[0]:
            continue
        try:
            chunk = os.read(primary, 4096)
        except OSError:  # Linux's way to say that nobody holds the other end any more
            break
        shown += chunk
        if not chunk:
            break
        if answers and shown.rstrip().endswith(b":"):
            time.sleep(0.2)  # the prompt is shown before the echo is off
            os.write(primary, answers.pop(0) + b"\n")
    os.close(primary)
    return process.wait(30), shown.decode()


def test_a_password_that_is_typed_is_not_seen_and_asked_for_twice() -> None:
    """Until both are the same."""
    script = (
        "import signet_cli.stack as stack; from signet_cli.main import app\n"
        "from tests.unit.cli.test_users import StackOfPeople\n"
        "from tests.support.people_fakes import InMemoryUserRegistry\n"
        "users = InMemoryUserRegistry(); stack.find_stack = lambda location: StackOfPeople(users)\n"
        "app(['users', 'create', 'alice', '--local'], standalone_mode=False)\n"
        "from signet.people.passwords import verify; print(verify('correct horse', users.find('alice').password_hash))"
    )
    exit_code, shown = in_terminal(script, [PASSWORD.encode(), b"wrong horse", PASSWORD.encode(), PASSWORD.encode()])
    assert exit_code == 0, shown
    assert "horse" not in shown
    assert shown.count("Password:") == 2
    assert shown.rstrip().endswith("True")


def test_set_password_replaces_it(signet: CommandLine, users: InMemoryUserRegistry) -> None:
    """And says when."""
    users.create(User("1", "alice", passwords.rehash("old password"), password_changed_at=5))
    answer = signet("users", "set-password", "ALICE", "--password-stdin", "--json", typed="new passphrase\n")
    stored = users.get("1")
    assert stored
    assert answer.json["password_changed_at"] == stored.password_changed_at > 5
    assert passwords.verify("new passphrase", stored.password_hash)


@pytest.mark.parametrize(
    ("username", "told"),
    [
        ("", "must not be empty"),
        (" ", "must not be empty"),
        (" alice", "begin or end with a space"),
        ("x" * 256, "longer than 255"),
        ("\ufdfa" * 60, "longer than 255"),
        ("al\u202eice", "control characters"),
        ("al\x07ice", "control characters"),
    ],
)
def test_impossible_user_names_are_told(
    signet: CommandLine, users: InMemoryUserRegistry, username: str, told: str
) -> None:
    """Nothing of them acts on the terminal."""
    answer = create(signet, username)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert told in answer.stderr
    assert not {"\x07", "\u202e"} & set(answer.everything)


@pytest.mark.parametrize("sub", ["", "a b", "x" * 256, "é"])
def test_impossible_subs_are_told(signet: CommandLine, users: InMemoryUserRegistry, sub: str) -> None:
    """OpenID Connect Core section 2: 255 ASCII characters at most."""
    assert "sub: must be" in create(signet, "alice", "--sub", sub).stderr


def test_what_is_taken_is_told(signet: CommandLine, users: InMemoryUserRegistry) -> None:
    """A name by another user, a sub by another user or by a client."""
    assert create(signet, "alice", "--sub", "1").exit_code == 0
    assert "username: ALICE is taken" in create(signet, "ALICE").stderr
    assert "sub: 1 is taken by another user or by a client" in create(signet, "bob", "--sub", "1").stderr
    assert "sub: app is taken by another user or by a client" in create(signet, "bob", "--sub", "app").stderr


STANDARD = {
    "name": "Alice Martin",
    "email": "alice.martin+x@mail.example.com",
    "email_verified": True,
    "birthdate": "0000-02-29",
    "locale": "fr-CA",
    "zoneinfo": "America/Argentina/Buenos_Aires",
    "phone_number": "+33 (0)1 23 45 67 89;ext=12",
    "phone_number_verified": False,
    "picture": "https://example.com/alice.jpg",
    "address": {"formatted": "1 rue X\n59000 Lille", "country": "FR"},
    "personid": "AB12",
    "authorities": ["ROLE_A", "ROLE_B"],
    "location": {"site": 12},
}


def test_claims_come_from_a_file_and_from_options(
    signet: CommandLine, users: InMemoryUserRegistry, tmp_path: Path
) -> None:
    """Options override the file; true and false of the standard claims are what they say."""
    path = tmp_path / "claims.json"
    path.write_text(json.dumps(STANDARD))
    options = ["--claims", str(path), "--claim", "name=Alice", "--claim", "email_verified=false", "--claim", "vip=true"]
    answer = create(signet, "alice", *options, "--json")
    assert answer.exit_code == 0, answer.stderr
    claims = answer.json["claims"]
    claims.pop("updated_at")
    assert claims == {**STANDARD, "name": "Alice", "email_verified": False, "vip": "true"}


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"email": "alice"}, "email: must be an e-mail address"),
        ({"email": "a@b\nc@d"}, "control characters"),
        ({"email": 7}, "email: must be a string"),
        ({"email_verified": "yes"}, "email_verified: must be true or false"),
        ({"birthdate": "29/02/2000"}, "birthdate: must be a day as YYYY-MM-DD"),
        ({"birthdate": "1999-02-29"}, "birthdate: must be a day"),
        ({"birthdate": "0000"}, "birthdate: must be a day"),
        ({"birthdate": "20000101"}, "birthdate: must be a day"),
        ({"birthdate": "0000-13-01"}, "birthdate: must be a day"),
        ({"locale": "french!"}, "locale: must be a language tag"),
        ({"zoneinfo": "../etc/passwd"}, "zoneinfo: must be a time zone"),
        ({"phone_number": "call me"}, "phone_number: must be a telephone number"),
        ({"picture": "javascript:alert(1)"}, "picture: must be"),
        ({"website": "http://example.com"}, "website: must be an https URI"),
        ({"address": "Lille"}, "address: must be a JSON object"),
        ({"address": {"city": "Lille"}}, "address.city: is not a member known here"),
        ({"updated_at": "now"}, "updated_at: must be a whole number"),
        ({"sub": "x"}, "the service itself sets sub"),
        ({"client_id": "x", "scope": "y"}, "the service itself sets client_id, scope"),
        ({"username": "x"}, "the service itself sets username"),
        ({"x": None}, "null or empty"),
        ({"": "x"}, "null or empty"),
        ({"x": {"y": []}}, "null or empty"),
        ({"x": "y" * 3_000}, "larger than"),
        ({"address": {"formatted": "\n"}, "name": ""}, "null or empty"),
        ({"address": {"formatted": "a\x1bb"}}, "control characters"),
        ({"address": {"country": "F\nR"}}, "control characters"),
        ({"x": 2**60}, "RFC 7493"),
    ],
)
def test_impossible_claims_are_told(
    signet: CommandLine, users: InMemoryUserRegistry, tmp_path: Path, claims: dict[str, Any], told: str
) -> None:
    """And nothing is stored."""
    path = tmp_path / "claims.json"
    path.write_text(json.dumps(claims))
    answer = create(signet, "alice", "--claims", str(path))
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert told in answer.stderr
    assert not list(users.list())


@pytest.mark.parametrize("birthdate", ["1984-12-31", "0000-12-31", "1984", "2000-02-29"])
def test_birthdates_may_leave_out_what_is_not_told(
    signet: CommandLine, users: InMemoryUserRegistry, birthdate: str
) -> None:
    """OpenID Connect Core section 5.1."""
    assert create(signet, "alice", "--claim", f"birthdate={birthdate}").exit_code == 0


def test_every_fault_of_a_file_is_told(signet: CommandLine, users: InMemoryUserRegistry, tmp_path: Path) -> None:
    """A line each."""
    path = tmp_path / "claims.json"
    path.write_text('{"email": "x", "locale": 1, "address": {"city": "y"}}')
    told = create(signet, "alice", "--claims", str(path)).stderr.splitlines()
    assert [line.split(":")[1].strip() for line in told] == ["email", "locale", "address.city"]


@pytest.mark.parametrize(
    ("content", "told"),
    [("[]", "claims must be a JSON object"), ("{", "this is not JSON"), ('{"a": 1, "a": 2}', "stands twice")],
)
def test_a_file_that_cannot_be_read_is_told(
    signet: CommandLine, users: InMemoryUserRegistry, tmp_path: Path, content: str, told: str
) -> None:
    """By what is wrong with it."""
    path = tmp_path / "claims.json"
    path.write_text(content)
    answer = create(signet, "alice", "--claims", str(path))
    assert answer.exit_code == 1
    assert told in answer.stderr


def test_standard_input_holds_one_thing(signet: CommandLine, users: InMemoryUserRegistry) -> None:
    """Claims or a password."""
    assert create(signet, "alice", "--claims", "-").exit_code == 2


@pytest.fixture
def alice(users: InMemoryUserRegistry) -> User:
    """A user with some claims."""
    user = User("1", "alice", "hash", {"email": "a@example.com", "name": "Alice", "updated_at": 5})
    users.create(user)
    return user


def claims_of(users: InMemoryUserRegistry, sub: str) -> dict[str, Any]:
    """What is stored, but for its date."""
    user = users.get(sub)
    assert user
    return {name: value for name, value in user.claims.items() if name != "updated_at"}


def test_set_claims_changes_what_is_named(signet: CommandLine, users: InMemoryUserRegistry, alice: User) -> None:
    """By name; the date of the change is kept with them (OpenID Connect Core section 5.1)."""
    answer = signet("users", "set-claims", "alice", "--claim", "name=A", "--claim", "level=3", "--remove", "email")
    assert answer.exit_code == 0, answer.stderr
    assert claims_of(users, "1") == {"name": "A", "level": "3"}
    stored = users.get("1")
    assert stored
    assert stored.claims["updated_at"] > 5


def test_set_claims_can_replace_all(signet: CommandLine, users: InMemoryUserRegistry, alice: User) -> None:
    """By none, too, which leaves no date either."""
    assert signet("users", "set-claims", "alice", "--replace", "--claim", "x=y").exit_code == 0
    assert claims_of(users, "1") == {"x": "y"}
    assert signet("users", "set-claims", "alice", "--replace").exit_code == 0
    assert users.get("1") == replace(alice, claims={})


def test_set_claims_reads_standard_input(signet: CommandLine, users: InMemoryUserRegistry, alice: User) -> None:
    """What `show --json` prints as claims can be given back."""
    shown = signet("users", "show", "alice", "--json").json["claims"]
    assert signet("users", "set-claims", "1", "--replace", "--claims", "-", typed=json.dumps(shown)).exit_code == 0
    assert users.get("1") == alice


def test_set_claims_needs_something_to_do(signet: CommandLine, users: InMemoryUserRegistry, alice: User) -> None:
    """And takes out only what is there."""
    assert signet("users", "set-claims", "alice").exit_code == 2
    answer = signet("users", "set-claims", "alice", "--remove", "phone")
    assert answer.stderr == "error: phone: is not a claim of alice\n"


def test_changes_at_the_same_moment_are_all_made(users: InMemoryUserRegistry, alice: User) -> None:
    """Each over what the other left."""

    class Busy(InMemoryUserRegistry):
        """Somebody else changes the user just before."""

        def update(self, user: User, previous: User) -> bool:
            if not previous.disabled:
                super().update(replace(previous, disabled=True), previous)
            return super().update(user, previous)

    busy = Busy(users._people)
    changed = set_claims(busy, "alice", {"name": "A"}, [], lambda: 9.0, alone=False)
    assert users.get("1") == changed
    assert changed.disabled
    assert changed.claims["name"] == "A"


def test_a_user_who_is_changed_all_the_time_or_gone_is_told(
    users: InMemoryUserRegistry, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is changed by half."""
    monkeypatch.setattr(users, "update", lambda *_: False)
    with pytest.raises(Mistake, match="try again"):
        set_claims(users, "alice", {"name": "A"}, [], lambda: 9.0, alone=False)
    monkeypatch.setattr(users, "update", lambda *_: not users.delete("1"))
    with pytest.raises(Mistake, match="there is no user alice"):
        set_claims(users, "alice", {"name": "A"}, [], lambda: 9.0, alone=False)


def test_disable_and_enable(signet: CommandLine, users: InMemoryUserRegistry, alice: User) -> None:
    """Twice is no error."""
    for _ in range(2):
        assert signet("users", "disable", "alice", "--json").json["disabled"] is True
        assert users.get("1") == replace(alice, disabled=True)
    for _ in range(2):
        assert signet("users", "enable", "alice", "--json").json["disabled"] is False
        assert users.get("1") == alice


def test_list_and_show_are_machine_readable(signet: CommandLine, users: InMemoryUserRegistry) -> None:
    """Standard output is JSON and nothing else; in the order of names."""
    assert signet("users", "list", "--json").json == []
    users.create(User("1", "bob"))
    users.create(User("2", "Alice"))
    assert [user["username"] for user in signet("users", "list", "--json").json] == ["Alice", "bob"]
    assert signet("users", "show", "alice", "--json").json == signet("users", "show", "2", "--json").json


def test_list_and_show_are_readable(signet: CommandLine, users: InMemoryUserRegistry, alice: User) -> None:
    """For people."""
    assert "a@example.com" in signet("users", "list").stdout
    shown = signet("users", "show", "alice").stdout
    assert "a@example.com" in shown
    assert "1970-01-01 00:00:05 UTC" in shown
    users.delete("1")
    assert "signet users create" in signet("users", "list").stderr


def test_a_user_name_comes_before_a_sub(signet: CommandLine, users: InMemoryUserRegistry, alice: User) -> None:
    """Who is called like another's sub is still found by their name, and a change reaches no other."""
    users.create(User("2", "1"))
    assert signet("users", "show", "1", "--json").json["sub"] == "2"
    assert signet("users", "disable", "alice", "--json").json["sub"] == "1"
    assert signet("users", "set-password", "alice", "--password-stdin", "--json", typed=PASSWORD).json["sub"] == "1"
    assert users.get("2") == User("2", "1")


def test_unknown_users_are_told(signet: CommandLine, users: InMemoryUserRegistry) -> None:
    """With where to find the known ones."""
    commands = [["show"], ["delete"], ["disable"], ["enable"], ["set-password", "--password-stdin"]]
    for command in [*commands, ["set-claims", "--claim", "a=b"]]:
        answer = signet("users", command[0], "x", *command[1:], "--json", typed=PASSWORD)
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert answer.stderr == "error: there is no user x: `signet users list` names them\n"


def test_delete_asks_and_can_be_declined(signet: CommandLine, users: InMemoryUserRegistry, alice: User) -> None:
    """Nothing but a yes deletes."""
    for typed in ("n\n", "\n", ""):
        answer = signet("users", "delete", "alice", typed=typed)
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert "Delete alice (1)?" in answer.stderr
    assert users.get("1")
    assert signet("users", "delete", "alice", typed="y\n").exit_code == 0
    assert users.get("1") is None


def test_delete_is_machine_readable(signet: CommandLine, users: InMemoryUserRegistry, alice: User) -> None:
    """Without a question."""
    answer = signet("users", "delete", "1", "--yes", "--json")
    assert answer.json == {"sub": "1", "username": "alice", "deleted": True, "grants": 0, "sessions": 0}


@pytest.mark.parametrize("command", [["list"], ["show", "1"], ["disable", "1"], ["delete", "1"]])
def test_hostile_text_does_not_reach_the_terminal_raw(
    signet: CommandLine, users: InMemoryUserRegistry, command: list[str]
) -> None:
    """A record may be older than the rules."""
    users.create(User("1", HOSTILE, claims={"name": HOSTILE, HOSTILE: [HOSTILE]}))
    answer = signet("users", *command, typed="y\n")
    assert answer.exit_code == 0
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(answer.everything)


def test_a_record_that_cannot_be_used_is_told(
    signet: CommandLine, users: InMemoryUserRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its key."""

    def broken(*_: object) -> None:
        raise unavailable(Reason.RECORD_INVALID, "the item user#1 is malformed")

    monkeypatch.setattr(users, "find", broken)
    answer = signet("users", "show", "alice")
    assert answer.exit_code == 1
    assert "the item user#1 is malformed" in answer.stderr


def test_create_user_makes_a_demo_user(users: InMemoryUserRegistry) -> None:
    """For the local server."""
    user = create_user(users, "demo", PASSWORD, {"email": "demo@example.com"}, lambda: 7.0)
    assert users.find("demo") == user
    assert (user.created_at, user.claims["updated_at"]) == (7, 7)


def test_users_are_in_the_deployed_stack(signet: CommandLine, aws: None) -> None:
    """By the stack's outputs, as everything else."""
    deploy("signet")
    assert create(signet, "alice", "--sub", "1", "--claim", "email=a@example.com").exit_code == 0
    assert signet("users", "disable", "alice", "--json").json["disabled"] is True
    assert [user["sub"] for user in signet("users", "list", "--json").json] == ["1"]
    assert signet("clients", "create", "--client-id", "1").exit_code == 1
    assert signet("users", "delete", "alice", "--yes").exit_code == 0
    assert signet("users", "list", "--json").json == []
