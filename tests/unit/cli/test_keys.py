"""`signet keys`, on the function's own code over a ring in memory, with a clock that a test moves."""

import io
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from signet.endpoints.documents import Documents
from signet.http import HttpRequest
from signet.keys.algorithms import ALGORITHMS
from signet.keys.keyring import Keyring
from signet.keys.making import KeyMaker
from signet.keys.operations import KeyOperations
from signet.keys.rotation import Rotation, RotationPolicy
from signet.model.key import KeySet
from signet.settings import Settings
from signet_cli import key_function, web
from signet_cli.key_function import deployed
from signet_cli.mistake import Mistake
from signet_cli.stack import Location
from tests.support.deployment import STEPS
from tests.support.fakes import InMemoryKeyringVersions, InMemoryKeySetStore, RecordingAudit
from tests.unit.cli.conftest import ISSUER, Answer, CommandLine

DAY = 86_400
LEAD = 7_560
ORIGIN = ISSUER.removesuffix("/connect")


@dataclass
class StackOfKeys:
    """A deployment whose Secrets Manager rotates as soon as it is asked to."""

    now: float = 1_700_000_000
    issuer: str = ISSUER
    keyring_secret: str = "arn"
    served: KeySet | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: {"cache-control": "public, max-age=300"})
    versions: InMemoryKeyringVersions = field(default_factory=InMemoryKeyringVersions)
    key_sets: InMemoryKeySetStore = field(default_factory=InMemoryKeySetStore)

    def __post_init__(self) -> None:
        policy, audit = RotationPolicy(), RecordingAudit()
        self._rotation = Rotation(self.versions, self.key_sets, policy, self.clock, audit)
        self.operations = KeyOperations(
            self.versions, self.key_sets, policy, self.clock, audit, rotation_days=30, generate=KeyMaker()
        )
        self.rotate_secret()

    def clock(self) -> float:
        return self.now

    def sdk_client(self, service: str) -> "StackOfKeys":
        assert service == "secretsmanager"
        return self

    def rotate_secret(self, **_: str) -> None:
        version_id = str(uuid.uuid4())
        for step in STEPS:
            self._rotation.perform(step, version_id)

    def key_function(self, command: Mapping[str, Any]) -> dict[str, Any]:
        return key_function._accepted(json.loads(json.dumps(self.operations.perform(command))))

    def kid(self, state: str) -> str:
        """The one key in that state."""
        [found] = [key.kid for key in Keyring.parse(self.versions.current()).keys if key.state == state]
        return found

    def get(self, url: str) -> web.Answer:
        """What a verifier gets."""
        documents = Documents(Settings(self.issuer, self.issuer), lambda: self.served or self.key_sets.load())
        request = HttpRequest("GET", url.removeprefix(ORIGIN))
        answer = documents.jwks(request) if url.endswith("/jwks") else documents.metadata(request)
        return web.Answer(answer.status, self.headers, answer.body.encode())


@pytest.fixture(scope="module")
def supply() -> list[dict[str, str]]:
    """Keys that are made once."""
    return [ALGORITHMS["RS256"].generate() for _ in range(8)]


@pytest.fixture
def stack(supply: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> StackOfKeys:
    """The deployment that every command finds."""
    keys = iter(supply)
    row: Any = replace(ALGORITHMS["RS256"], generate=lambda: next(keys))
    monkeypatch.setitem(ALGORITHMS, "RS256", row)
    stack = StackOfKeys()

    def find_stack(_: Location) -> StackOfKeys:
        return stack

    monkeypatch.setattr("signet_cli.stack.find_stack", find_stack)
    monkeypatch.setattr(web, "get", stack.get)
    return stack


def results(answer: Answer) -> dict[str, str]:
    """The worst result of each check."""
    order = ["ok", "warning", "fault"]
    found: dict[str, str] = {}
    for check in answer.json:
        found[check["check"]] = max(found.get(check["check"], "ok"), check["result"], key=order.index)
    return found


def test_each_key_is_listed_with_what_it_waits_for(signet: CommandLine, stack: StackOfKeys) -> None:
    """State, since when, and which moment takes it on."""
    answer = signet("keys", "list")
    active, coming = answer.stdout.splitlines()[1:]
    assert active.split()[:3] == [stack.kid("active"), "RS256", "active"]
    assert "the rotation due 2023-12-14 22:13:20 UTC, to retire" in active
    assert coming.split()[:3] == [stack.kid("next"), "RS256", "next"]
    assert "the first rotation after 2023-11-15 00:19:21 UTC, to sign" in coming
    assert answer.stderr == ""
    for _ in range(2):
        stack.now += 2 * DAY
        signet("keys", "rotate")
    states = [line.split()[2] for line in signet("keys", "list").stdout.splitlines()[1:]]
    assert states == ["active", "next", "retiring", "verify_only"]
    assert [key["state"] for key in signet("keys", "list", "--json").json["keys"]] == states


def test_keys_in_kms_are_told_apart(signet: CommandLine, stack: StackOfKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the last of them has gone the functions keep their rights to them."""
    described = stack.key_function({"command": "describe"})
    described["keys"][0]["kms_key_arn"] = "arn:aws:kms:eu-west-1:123456789012:key/1"
    monkeypatch.setattr(stack, "key_function", lambda _: described)
    first, second = signet("keys", "list").stdout.splitlines()[1:]
    assert " RS256 (KMS) " in first
    assert "KMS" not in second


def test_what_is_not_well_is_warned_of(signet: CommandLine, stack: StackOfKeys) -> None:
    """A schedule that has stopped; a key that signs and cannot be fetched."""
    stack.now += 33 * DAY
    assert "has not taken place" in signet("keys", "list").stderr
    stack.key_sets.publish(KeySet((), stack.key_sets.load().version + 1))
    assert "is not published" in signet("keys", "list").stderr


def test_a_rotation_after_the_lead_is_secrets_managers(signet: CommandLine, stack: StackOfKeys) -> None:
    """As the schedule's: nobody can fail, and nothing is warned of."""
    coming = stack.kid("next")
    stack.now += LEAD + 1
    assert signet("keys", "rotate", "--dry-run").stdout == f"{coming} would sign.\n"
    answer = signet("keys", "rotate")
    assert (answer.exit_code, answer.stdout) == (0, f"Signs now: {coming} (RS256)\n")
    assert stack.kid("active") == coming


def test_a_rotation_that_is_asked_for_too_early_changes_nothing(signet: CommandLine, stack: StackOfKeys) -> None:
    """And says from when on it is not."""
    before = stack.versions.current()
    stack.now += LEAD
    answer = signet("keys", "rotate")
    assert answer.exit_code == 1
    assert "rotate then, or take --force" in answer.stderr
    assert "until 2023-11-15 00:19:21 UTC" in answer.stderr
    assert stack.versions.current() == before


@pytest.mark.parametrize(("arguments", "typed", "done"), [([], "n\n", False), ([], "y\n", True), (["--yes"], "", True)])
def test_a_forced_rotation_says_who_fails_and_asks(
    signet: CommandLine,
    stack: StackOfKeys,
    arguments: list[str],
    typed: str,
    done: bool,  # noqa: FBT001
) -> None:
    """Before anything is done."""
    coming = stack.kid("next")
    answer = signet("keys", "rotate", "--force", *arguments, typed=typed)
    assert "Until 2023-11-15 00:19:21 UTC a verifier" in answer.stderr
    assert (answer.exit_code, stack.kid("active") == coming) == (0 if done else 1, done)
    assert ("reject what" in answer.stdout) is done


def test_a_rotation_that_does_not_finish_is_told(
    signet: CommandLine, stack: StackOfKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets Manager has taken the order; the log says what became of it."""
    stack.now += 2 * LEAD
    monkeypatch.setattr(stack, "rotate_secret", lambda **_: None)
    monkeypatch.setattr("signet_cli.keys.PATIENCE", 0)
    answer = signet("keys", "rotate")
    assert answer.exit_code == 1
    assert "has not finished" in answer.stderr


def test_withdrawing_tells_what_breaks_and_how_long_caches_go_on(signet: CommandLine, stack: StackOfKeys) -> None:
    """The one before it is asked, the other when it is done."""
    stolen, coming = stack.kid("active"), stack.kid("next")
    before = stack.versions.current()
    for arguments, code in ((["--dry-run"], 0), ([], 1)):
        answer = signet("keys", "withdraw", stolen, *arguments)
        assert answer.exit_code == code
        assert "people sign in again" in answer.stderr
        assert (
            f"{coming} signs in its place; every verifier can know it from 2023-11-15 00:19:21 UTC on" in answer.stderr
        )
        assert stack.versions.current() == before
    stack.now += 60
    answer = signet("keys", "withdraw", stolen, "--yes")
    assert f"Withdrawn: {stolen}" in answer.stdout
    assert f"Signs now: {coming} (RS256)" in answer.stdout
    ends = [line.rpartition(": ")[2] for line in answer.stdout.splitlines() if "until" in line and ": 2023" in line]
    assert ends == [f"2023-11-14 {time} UTC" for time in ("22:15:20", "22:19:20", "22:20:20")] + [
        "2023-11-15 00:20:20 UTC"
    ]
    stack.now += 600
    again = signet("keys", "withdraw", stolen, "--yes")
    assert f"Withdrawn before, nothing was changed: {stolen}" in again.stdout
    assert all(end in again.stdout for end in ends)
    assert f"{stolen}" in signet("keys", "list").stdout.splitlines()[-1]
    assert signet("keys", "withdraw", stolen, "--yes", "--json").json["changed"] is False


def test_a_key_that_has_signed_nothing_breaks_nothing(signet: CommandLine, stack: StackOfKeys) -> None:
    """The next one is replaced."""
    coming = stack.kid("next")
    answer = signet("keys", "withdraw", coming, "--yes")
    assert "no token ends" in answer.stderr
    assert stack.kid("next") != coming


def test_a_kid_with_a_slip_is_told(signet: CommandLine, stack: StackOfKeys) -> None:
    """Nothing is asked, nothing is done."""
    answer = signet("keys", "withdraw", "nobody's")
    assert (answer.exit_code, "there is no key" in answer.stderr) == (1, True)


def test_keys_that_are_well_are_verified(signet: CommandLine, stack: StackOfKeys) -> None:
    """Each metadata document, the key set, the ring, a signature of each key, the lead, the schedule."""
    answer = signet("keys", "verify", "--json")
    assert answer.exit_code == 0
    assert set(results(answer).values()) == {"ok"}
    assert [check["detail"] for check in answer.json if check["check"] == "signature RS256"] == [
        stack.kid("active"),
        stack.kid("next"),
    ]
    assert "signature RS256" in signet("keys", "verify").stdout


def without_a_key(stack: StackOfKeys) -> None:
    """A cache serves a set that lacks the active key."""
    key_set = stack.key_sets.load()
    stack.served = replace(key_set, keys=key_set.keys[1:])


def with_a_foreign_key(stack: StackOfKeys) -> None:
    """A table that was restored from before a withdrawal."""
    old = stack.key_sets.load()
    stack.operations.perform({"command": "withdraw", "kid": stack.kid("active")})
    now = stack.key_sets.load()
    stack.key_sets.publish(replace(now, keys=(*now.keys, old.keys[0]), version=now.version + 1))


@pytest.mark.parametrize(
    ("breaking", "faults"),
    [
        (without_a_key, {"key set", "signature"}),
        (with_a_foreign_key, {"ring"}),
    ],
)
def test_what_a_verifier_would_fail_at_is_found(
    signet: CommandLine, stack: StackOfKeys, breaking: Callable[[StackOfKeys], None], faults: set[str]
) -> None:
    """By the check that says what it is."""
    breaking(stack)
    answer = signet("keys", "verify", "--json")
    assert answer.exit_code == 1
    assert {name for name, result in results(answer).items() if result == "fault"} == faults


def test_a_key_that_is_not_served_is_named_alone(signet: CommandLine, stack: StackOfKeys) -> None:
    """And what to do about it: after a change there is nothing the matter but caches."""
    without_a_key(stack)
    [told] = [
        each["detail"] for each in json.loads(signet("keys", "verify", "--json").stdout) if each["check"] == "key set"
    ]
    assert told.startswith(f"not served: {stack.kid('active')}; ")
    assert "try again then" in told
    assert stack.kid("next") not in told


@pytest.mark.parametrize("breaking", [with_a_foreign_key, lambda stack: stack.key_sets.publish(KeySet((), 2))])
def test_a_set_that_differs_is_published_anew_at_any_time(
    signet: CommandLine, stack: StackOfKeys, breaking: Callable[[StackOfKeys], None]
) -> None:
    """After a table was restored: what signs stays what it is."""
    breaking(stack)
    active = stack.kid("active")
    assert signet("keys", "verify").exit_code == 1
    assert signet("keys", "rotate").stdout == f"Signs now: {active} (RS256)\n"
    assert signet("keys", "verify").exit_code == 0


def test_another_issuer_is_found(signet: CommandLine, stack: StackOfKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    """The metadata speaks for somebody else."""
    other = StackOfKeys(issuer="https://other.example.com/connect", key_sets=stack.key_sets)
    monkeypatch.setattr(web, "get", other.get)
    assert results(signet("keys", "verify", "--json"))["metadata"] == "fault"


@pytest.mark.parametrize(
    ("arguments", "headers"),
    [(["--cache", "43200"], {}), ([], {"cache-control": "s-maxage=3600, public, max-age=300"})],
)
def test_a_lead_too_short_for_a_cache_is_warned_of(
    signet: CommandLine, stack: StackOfKeys, arguments: list[str], headers: dict[str, str]
) -> None:
    """A verifier's, or one on the way that somebody has configured: with what to deploy."""
    stack.headers = headers
    answer = signet("keys", "verify", *arguments, "--json")
    assert (answer.exit_code, results(answer)["lead"]) == (0, "warning")
    [told] = [check["detail"] for check in answer.json if check["check"] == "lead"]
    assert ("VerifierCache=43200" if arguments else "VerifierCache=10500") in told


@pytest.mark.parametrize("answer", [web.Answer(503, {}, b""), web.Answer(200, {}, b"[]"), web.Answer(200, {}, b"x")])
def test_documents_that_are_none_are_faults(
    signet: CommandLine, stack: StackOfKeys, monkeypatch: pytest.MonkeyPatch, answer: web.Answer
) -> None:
    """No answer that could come back ends otherwise than in a line of the table."""
    monkeypatch.setattr(web, "get", lambda _: answer)
    found = signet("keys", "verify", "--json")
    assert found.exit_code == 1
    assert results(found) == {"metadata": "fault", "key set": "fault"}


class Lambda:
    """botocore's client of Lambda."""

    def __init__(self, document: object, *, failed: bool = False) -> None:
        self._document = document
        self._failed = failed
        self.asked: dict[str, Any] = {}

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        error = {"FunctionError": "Unhandled"} if self._failed else {}
        return {"Payload": io.BytesIO(json.dumps(self._document).encode()), **error}


def test_a_command_is_an_invocation_of_the_deployed_function() -> None:
    """By the name that the stack's output has, and its answer is the command's."""
    sdk = Lambda({"keys": []})
    assert deployed(sdk, "rotation")({"command": "describe"}) == {"keys": []}
    assert sdk.asked == {"FunctionName": "rotation", "Payload": b'{"command": "describe"}'}


@pytest.mark.parametrize(
    ("sdk", "told"),
    [
        (Lambda({"refused": "there is no such key"}), "nothing was changed: there is no such key"),
        (Lambda({"errorMessage": "keyring_unavailable"}, failed=True), "keyring_unavailable"),
        (Lambda("?", failed=True), "Unhandled"),
        (Lambda(None), "knows no commands"),
    ],
)
def test_what_the_function_did_not_do_is_told(sdk: Lambda, told: str) -> None:
    """A refusal, a failure, and a function from before there were commands."""
    with pytest.raises(Mistake, match=told):
        deployed(sdk, "rotation")({"command": "describe"})
