"""`signet grants`, and the sessions of `signet users`: what hangs on people, and an end to it."""

import time
from dataclasses import replace
from typing import Any

import pytest

from signet.errors import Reason, unavailable
from signet.model.client import Client
from signet.model.grant import Grant
from signet.model.session import Session
from signet.model.user import User
from signet_cli.held import HeldGrant
from signet_cli.stack import Location, Stack, opened
from tests.support.fakes import InMemoryClientRegistry
from tests.support.people_fakes import InMemoryUserRegistry
from tests.unit.cli.conftest import ISSUER, CommandLine, deploy
from tests.unit.cli.test_users import HOSTILE, StackOfPeople

DAY = 86_400
NOW = int(time.time())
ALICE = User("sub-alice", "alice")


def client(client_id: str, *grant_types: str) -> Client:
    """A public client."""
    return Client(client_id, "none", ("authorization_code", *grant_types), redirect_uris=("https://app.example",))


def grant(grant_id: str, client_id: str, **fields: Any) -> Grant:
    """One of Alice's, redeemed an hour ago."""
    members: dict[str, Any] = {
        "sub": ALICE.sub,
        "redirect_uri": "https://app.example",
        "scope": ("openid", "email"),
        "auth_time": NOW - 3_700,
        "code_digest": "digest-of-the-code",
        "code_expires_at": NOW - 3_540,
        "expires_at": NOW + 40 * DAY,
        "created_at": NOW - 3_600,
        "redeemed_at": NOW - 3_600,
        "generation": 0,
        "sid": "s1",
    }
    return Grant(grant_id=grant_id, client_id=client_id, **{**members, **fields})


GRANTS = (
    grant("g-shop", "shop", generation=2, rotated_at=NOW - 60, rotated_by="r"),
    grant("g-desk", "desk", created_at=NOW - 3_500, scope=("openid", "offline_access")),
    grant("g-code", "shop", created_at=NOW - 5, code_expires_at=NOW + 3_600, redeemed_at=None, generation=None),
    grant("g-late", "shop", created_at=NOW - 4, redeemed_at=None, generation=None),
    grant("g-dead", "shop", created_at=NOW - 3, revoked_at=NOW - 2),
    grant("g-idle", "shop", created_at=NOW - 31 * DAY, redeemed_at=NOW - 31 * DAY),
    grant("g-gone", "deleted", created_at=NOW - 2),
    grant("g-bobs", "shop", sub="sub-bob"),
)
SESSIONS = tuple(
    Session(f"digest-{sid}", sid, sub, NOW - age, ("pwd",), "acr", NOW - age, NOW + 600, NOW + 900, f"Browser {sid}")
    for sid, sub, age in (("s1", ALICE.sub, 3_700), ("s2", ALICE.sub, 10), ("s3", "sub-bob", 10))
)
ALIVE = ["g-shop", "g-desk", "g-code", "g-gone"]


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is as late as when these were made, however long the tests before have taken."""
    monkeypatch.setattr(time, "time", lambda: float(NOW))


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> StackOfPeople:
    """Alice and Bob, their grants and sessions."""
    clients = InMemoryClientRegistry(client("shop", "refresh_token"), client("desk"))
    found = StackOfPeople(InMemoryUserRegistry(), clients)
    for user in (ALICE, User("sub-bob", "bob"), User("sub-carol", "carol")):
        found.users().create(user)
    for each in GRANTS:
        found.grants().create(each)
    for session in SESSIONS:
        found.sessions().create(session)

    def find_stack(location: Location) -> StackOfPeople:
        return found

    monkeypatch.setattr("signet_cli.stack.find_stack", find_stack)
    return found


def revoked(stack: StackOfPeople) -> set[str]:
    """What has been revoked by now."""
    found = (stack.grants().get(each.grant_id, NOW) for each in GRANTS if each.grant_id != "g-dead")
    return {each.grant_id for each in found if each and each.revoked_at}


def test_list_shows_what_is_alive_the_oldest_first(signet: CommandLine, stack: StackOfPeople) -> None:
    """By user name or by sub; for machines with times in epoch seconds and no secret, nor its digest."""
    listed = signet("grants", "list", "alice", "--json")
    assert (listed.exit_code, listed.stderr) == (0, "")
    assert [each["grant_id"] for each in listed.json] == ALIVE
    assert listed.json[0] == {
        "grant_id": "g-shop",
        "client_id": "shop",
        "sub": "sub-alice",
        "scope": "openid email",
        "state": "active",
        "sid": "s1",
        "auth_time": NOW - 3_700,
        "created_at": NOW - 3_600,
        "redeemed_at": NOW - 3_600,
        "rotated_at": NOW - 60,
        "refreshable_until": NOW - 60 + 30 * DAY,
    }
    assert "digest" not in listed.stdout
    assert signet("grants", "list", "sub-alice", "--json").json == listed.json


def test_list_tells_states_apart(signet: CommandLine, stack: StackOfPeople) -> None:
    """With --all also what is over and not deleted yet."""
    states = {each["grant_id"]: each["state"] for each in signet("grants", "list", "alice", "--all", "--json").json}
    assert states == {
        "g-shop": "active",
        "g-desk": "active",
        "g-code": "code issued",
        "g-late": "code expired",
        "g-dead": "revoked",
        "g-idle": "ended",
        "g-gone": "client gone",
    }


def test_list_is_readable_and_may_be_of_one_client(signet: CommandLine, stack: StackOfPeople) -> None:
    """For people; where nothing is alive that is said."""
    shown = signet("grants", "list", "alice").stdout
    for word in ("g-shop", "openid email", "active", "client gone", "refreshable until", "never"):
        assert word in shown
    of_desk = signet("grants", "list", "alice", "--client", "desk", "--json").json
    assert [each["grant_id"] for each in of_desk] == ["g-desk"]
    nothing = signet("grants", "list", "carol")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "carol" in nothing.stderr
    assert signet("grants", "list", "carol", "--json").json == []


def test_a_broken_client_hides_no_grant(
    signet: CommandLine, stack: StackOfPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can still be revoked."""

    def broken(*_: object, **__: object) -> None:
        raise unavailable(Reason.CLIENT_RECORD_INVALID, "client#shop scope")

    monkeypatch.setattr(stack.registry(), "get", broken)
    assert "g-shop" in signet("grants", "list", "alice").stdout
    assert signet("grants", "revoke", "g-shop", "--yes").exit_code == 0


def test_revoke_ends_one_grant_after_asking(signet: CommandLine, stack: StackOfPeople) -> None:
    """Nothing but a yes revokes; then it is said what ends when."""
    for typed in ("n\n", "\n", ""):
        answer = signet("grants", "revoke", "g-shop", typed=typed)
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert "Revoke 1 grant of sub-alice at shop?" in answer.stderr
    assert revoked(stack) == set()
    answer = signet("grants", "revoke", "g-shop", typed="y\n")
    assert answer.exit_code == 0
    assert "Revoked 1 grant." in answer.stdout
    assert "when they expire" in answer.stdout
    assert revoked(stack) == {"g-shop"}
    again = signet("grants", "revoke", "g-shop")
    assert (again.exit_code, again.stdout) == (0, "There is nothing to revoke.\n")


@pytest.mark.parametrize(
    ("options", "ended"),
    [((), {"g-shop", "g-desk", "g-code", "g-gone"}), (("--client", "shop"), {"g-shop", "g-code"})],
)
def test_revoke_ends_all_of_a_user_or_of_one_client(
    signet: CommandLine, stack: StackOfPeople, options: tuple[str, ...], ended: set[str]
) -> None:
    """And nobody else's."""
    tried = signet("grants", "revoke", "--user", "alice", *options, "--dry-run")
    assert (tried.exit_code, revoked(stack)) == (0, set())
    assert all(grant_id in tried.stdout for grant_id in ended)
    answer = signet("grants", "revoke", "--user", "alice", *options, "--yes", "--json")
    assert {each["grant_id"]: each["state"] for each in answer.json} == dict.fromkeys(ended, "revoked")
    assert revoked(stack) == ended


def test_revoke_wants_to_know_what(signet: CommandLine, stack: StackOfPeople) -> None:
    """Wrong usage is 2, a name that nobody has 1; nothing is revoked."""
    assert signet("grants", "revoke", "--yes").exit_code == 2
    assert signet("grants", "revoke", "g-shop", "--user", "alice", "--yes").exit_code == 2
    assert signet("grants", "revoke", "g-shop", "--client", "shop", "--yes").exit_code == 2
    unknown = signet("grants", "revoke", "nothing", "--yes")
    assert (unknown.exit_code, unknown.stderr.count("\n")) == (1, 1)
    for command in (["list", "dave"], ["revoke", "--user", "dave", "--yes"]):
        answer = signet("grants", *command)
        assert answer.stderr == "error: there is no user dave: `signet users list` names them\n"
    assert revoked(stack) == set()


def test_an_id_that_begins_with_a_dash_can_be_revoked(signet: CommandLine, stack: StackOfPeople) -> None:
    """Ids are random: one is given as it was copied, whatever letters it has of options."""
    for grant_id, arguments in {
        "-dash-and-y-in-it-22-c": ["-dash-and-y-in-it-22-c", "--yes"],
        "--two-dashes--22-chars": ["--yes", "--two-dashes--22-chars"],
        "-dash": ["--yes", "--", "-dash"],
    }.items():
        stack.grants().create(grant(grant_id, "shop"))
        assert signet("grants", "revoke", *arguments).exit_code == 0
        found = stack.grants().get(grant_id, NOW)
        assert found
        assert found.revoked_at


def test_an_id_with_a_dash_does_not_say_yes(signet: CommandLine, stack: StackOfPeople) -> None:
    """Its letters are no options; a word that is no id is still refused as an option."""
    stack.grants().create(grant("-yyyyyyyyyyyyyyyyyyyyy", "shop"))
    assert signet("grants", "revoke", "-yyyyyyyyyyyyyyyyyyyyy").exit_code == 1
    assert signet("grants", "revoke", "--dryrun").exit_code == 2
    assert revoked(stack) == set()


def test_the_grants_of_a_user_who_is_gone_can_be_found_by_sub(signet: CommandLine, stack: StackOfPeople) -> None:
    """Somebody deleted them by other means."""
    stack.users().delete(ALICE.sub)
    assert len(signet("grants", "list", "sub-alice", "--json").json) == len(ALIVE)
    assert signet("grants", "revoke", "--user", "sub-alice", "--yes").exit_code == 0
    assert len(revoked(stack)) == len(ALIVE)


# users


def test_a_new_password_ends_what_was_granted_with_the_old_one_where_asked_to(
    signet: CommandLine, stack: StackOfPeople
) -> None:
    """Whoever knew the old one may have given themselves a grant that outlives it (OWASP ASVS 5.0 section 7.4.3)."""
    command = ("users", "set-password", "alice", "--password-stdin")
    answer = signet(*command, typed="another passphrase\n")
    assert (answer.exit_code, revoked(stack)) == (0, set())
    assert "--revoke-grants" in answer.stdout
    for option in (("--dry-run",), ()):
        answer = signet(*command, "--revoke-grants", "--json", *option, typed="a third passphrase\n")
        assert (answer.exit_code, answer.json["grants"] > 0) == (0, True)
        alive = {"g-shop", "g-desk", "g-code", "g-gone"}
        assert alive & revoked(stack) == (set() if option else alive)
    assert list(stack.sessions().of_subject("sub-alice", NOW)) == []


def test_disable_says_what_hangs_on_the_user(signet: CommandLine, stack: StackOfPeople) -> None:
    """How many grants and sessions, and what ends when."""
    answer = signet("users", "disable", "alice")
    assert "4 grants and 2 sessions" in answer.stdout
    assert "at its next refresh" in answer.stdout
    assert (signet("users", "disable", "bob", "--json").json["grants"], revoked(stack)) == (1, set())


def test_delete_ends_what_hangs_on_the_user(signet: CommandLine, stack: StackOfPeople) -> None:
    """A later user of the same sub inherits nothing; --dry-run counts alone."""
    tried = signet("users", "delete", "alice", "--dry-run")
    assert tried.exit_code == 0
    assert "4 grants and 2 sessions would end" in tried.stdout
    assert (stack.users().get(ALICE.sub), revoked(stack)) == (ALICE, set())
    assert signet("users", "delete", "alice", "--dry-run", "--json").json["deleted"] is False
    asked = signet("users", "delete", "alice")
    assert "4 grants and 2 sessions end with it" in asked.stderr
    assert signet("users", "delete", "alice", "--yes", "--json").json == {
        "sub": "sub-alice",
        "username": "alice",
        "deleted": True,
        "grants": 4,
        "sessions": 2,
    }
    assert revoked(stack) >= set(ALIVE)
    assert list(stack.sessions().of_subject(ALICE.sub, NOW)) == []
    assert len(list(stack.sessions().of_subject("sub-bob", NOW))) == 1


def test_sessions_lists_where_a_user_is_signed_in(signet: CommandLine, stack: StackOfPeople) -> None:
    """The oldest first, by what the tokens carry, never by what opens them."""
    listed = signet("users", "sessions", "alice", "--json")
    assert [(each["sid"], each["expires_at"]) for each in listed.json] == [("s1", NOW + 600), ("s2", NOW + 600)]
    shown = signet("users", "sessions", "alice").stdout
    assert "Browser s2" in shown
    assert "digest" not in listed.stdout + shown
    assert "signed in nowhere" in signet("users", "sessions", "carol").stderr


def test_sign_out_ends_one_session_or_all(signet: CommandLine, stack: StackOfPeople) -> None:
    """With the grants that were given in it, but for those that are meant to last without it."""
    assert "1 session of alice would end" in signet("users", "sign-out", "alice", "s1", "--dry-run").stdout
    assert signet("users", "sign-out", "alice", typed="n\n").exit_code == 1
    assert len(list(stack.sessions().of_subject(ALICE.sub, NOW))) == 2
    assert signet("users", "sign-out", "alice", "s1", "--yes").exit_code == 0
    assert [session.sid for session in stack.sessions().of_subject(ALICE.sub, NOW)] == ["s2"]
    assert "g-shop" in revoked(stack)
    assert "g-desk" not in revoked(stack)
    unknown = signet("users", "sign-out", "alice", "s3", "--yes")
    assert (unknown.exit_code, unknown.stderr.count("\n")) == (1, 1)
    assert [each["sid"] for each in signet("users", "sign-out", "alice", "--yes", "--json").json] == ["s2"]
    assert list(stack.sessions().of_subject(ALICE.sub, NOW)) == []
    assert len(list(stack.sessions().of_subject("sub-bob", NOW))) == 1


# clients


@pytest.mark.parametrize(
    ("command", "broken", "told"),
    [
        ("clients", {"client_id": {"S": "shop"}}, "signet clients delete --yes"),
        ("users", {"sub": {"S": "1"}}, "restore the item from a backup"),
    ],
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_record_that_cannot_be_used_ends_no_list(
    signet: CommandLine,
    aws: None,
    *,
    command: str,
    broken: dict[str, Any],
    told: str,
    form: list[str],
) -> None:
    """It is told by its key, the others are listed, and the exit code says that something is wrong."""
    table = deploy("signet")
    with opened(Location()) as found:
        for name in ("a", "z"):
            found.users().create(User(f"sub-{name}", name))
            found.registry().create(client(name))
        key = {"pk": {"S": f"{command[:-1]}#m"}, "sk": {"S": command[:-1]}, "listing": {"S": command[:-1]}}
        found.sdk_client("dynamodb").put_item(TableName=table, Item={**key, **broken})
    answer = signet(command, "list", *form)
    assert answer.exit_code == 1
    assert (answer.stderr.count("\n"), f"{command[:-1]}#m" in answer.stderr, told in answer.stderr) == (1, True, True)
    if form:
        assert [each.get("client_id", each.get("username")) for each in answer.json] == ["a", "z"]
    else:
        assert len(answer.stdout.splitlines()) == 3


def test_deleting_a_client_can_count_its_grants_first(signet: CommandLine, stack: StackOfPeople) -> None:
    """And deletes nothing then."""
    tried = signet("clients", "delete", "shop", "--dry-run")
    assert tried.exit_code == 0
    assert "3 grants would end" in tried.stdout
    answer = signet("clients", "delete", "shop", "--dry-run", "--json").json
    assert answer == {"client_id": "shop", "deleted": False, "grants": 3}
    assert stack.registry().get("shop")
    assert signet("clients", "delete", "nobody", "--dry-run").exit_code == 1


# everywhere


def test_hostile_text_does_not_reach_the_terminal_raw(signet: CommandLine, stack: StackOfPeople) -> None:
    """A browser calls itself what it likes; a record may be older than the rules."""
    stack.sessions().create(replace(SESSIONS[0], digest="d", sid=HOSTILE, user_agent=HOSTILE))
    stack.grants().create(grant(HOSTILE, HOSTILE, scope=(HOSTILE,)))
    commands = [["users", "sessions", "alice"], ["users", "sign-out", "alice"], ["grants", "list", "alice"]]
    for command in [*commands, ["grants", "revoke", "--user", "alice"]]:
        answer = signet(*command, typed="y\n")
        assert answer.exit_code == 0
        assert not {"\x1b", "\x07", "\r", "\u202e"} & set(answer.everything)


def test_lifetimes_are_those_of_the_deployment() -> None:
    """Its parameters, or the template's defaults; a client's own come first."""
    stack = Stack("r", "s", "k", ISSUER, lambda _: None, {"RefreshTokenIdleLifetime": "600", "DefaultAudience": ""})
    assert (stack.settings().refresh_token_idle_lifetime, stack.settings().refresh_token_lifetime) == (600, 90 * DAY)
    shop = client("shop", "refresh_token")
    assert HeldGrant(GRANTS[0], shop, stack.settings(), NOW).refreshable_until == NOW - 60 + 600
    own = replace(shop, refresh_token_idle_lifetime=60)
    assert HeldGrant(GRANTS[0], own, stack.settings(), NOW).refreshable_until == NOW


def test_grants_are_in_the_deployed_stack(signet: CommandLine, aws: None) -> None:
    """By the stack's outputs, as everything else."""
    deploy("signet")
    with opened(Location()) as found:
        found.users().create(ALICE)
        found.registry().create(client("shop", "refresh_token"))
        found.grants().create(GRANTS[0])
        found.sessions().create(SESSIONS[0])
    assert [each["grant_id"] for each in signet("grants", "list", "alice", "--json").json] == ["g-shop"]
    assert signet("clients", "delete", "shop", "--dry-run", "--json").json["grants"] == 1
    assert signet("grants", "revoke", "--user", "alice", "--yes").exit_code == 0
    assert signet("grants", "list", "alice", "--json").json == []
    assert [each["sid"] for each in signet("users", "sessions", "alice", "--json").json] == ["s1"]
    assert signet("users", "sign-out", "alice", "--yes").exit_code == 0
    assert signet("users", "sessions", "alice", "--json").json == []
