"""`signet clients` as operators use it."""

import json
import re
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from signet.errors import Reason, unavailable
from signet.model.client import Client, ClientSecret, digest
from signet.settings import CLIENT_CACHE
from tests.support.fakes import InMemoryClientRegistry
from tests.unit.cli.conftest import ISSUER, CommandLine

HOSTILE = "\x1b]0;owned\x07\x1b[2J[bold red]x[/] \u202egnp.exe\r\n:boom:"


def client(client_id: str = "a", **fields: object) -> Client:
    """A stored client; its record may be older than today's rules."""
    members: dict[str, object] = {
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ("client_credentials",),
        "client_secrets": (ClientSecret("d1" * 32, created_at=0),),
    }
    return Client(client_id=client_id, **{**members, **fields})  # type: ignore[arg-type]


def test_create_answers_as_rfc_7591_section_3_2_1_does(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """The registration as it was stored, the secret, and that it does not expire."""
    answer = signet("clients", "create", "--json", "--name", "Stock", "--scope", "a b")
    registered = answer.json
    [stored] = registry.list()
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert registered == {
        "client_id": stored.client_id,
        "client_secret": registered["client_secret"],
        "client_secret_expires_at": 0,
        "client_id_issued_at": stored.client_id_issued_at,
        "client_name": "Stock",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "a b",
        "scope_format": "string",
        "response_types": [],
    }
    assert [secret.digest for secret in stored.client_secrets] == [digest(registered["client_secret"])]


def test_create_shows_people_the_secret_once_and_how_to_use_it(
    signet: CommandLine, registry: InMemoryClientRegistry
) -> None:
    """The command to try asks for the secret: it stands in no history and no process list."""
    answer = signet("clients", "create", "--client-id", "stock")
    [line] = [line for line in answer.stdout.splitlines() if line.startswith("client_secret ")]
    secret = line.split()[-1]
    [stored] = registry.list()
    assert [s.digest for s in stored.client_secrets] == [digest(secret)]
    assert answer.stdout.count(secret) == 1
    assert "not shown again" in answer.stdout
    assert f"curl {ISSUER}/oauth/token --data grant_type=client_credentials --user stock" in answer.stdout


def test_no_later_command_shows_the_secret_or_its_digest(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Once is once."""
    secret = signet("clients", "create", "--json", "--client-id", "a").json["client_secret"]
    update = ["update", "a", "--name", "b"]
    for arguments in (
        ["list"],
        ["show", "a"],
        update,
        ["rotate-secret", "a", "--overlap", "1h"],
        ["delete", "a", "--yes"],
    ):
        for form in ([], ["--json"]):
            answer = signet("clients", *arguments, *form)
            assert secret not in answer.everything
            assert digest(secret) not in answer.everything


def test_the_secret_is_whole_in_a_narrow_terminal(
    signet: CommandLine, registry: InMemoryClientRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is copied must be what was issued."""
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    secret = "s" * 60
    answer = signet("clients", "create", "-", typed=json.dumps({"client_secret": secret}))
    assert secret in answer.stdout


def test_options_override_the_file(signet: CommandLine, registry: InMemoryClientRegistry, tmp_path: Path) -> None:
    """Claims name by name, everything else as a whole."""
    path = tmp_path / "client.json"
    path.write_text(
        json.dumps(
            {
                "client_id": "from-file",
                "client_name": "File",
                "scope": "a b",
                "audience": ["x", "y"],
                "access_token_lifetime": 60,
                "claims": {"data_center": "EU", "level": 3},
                "policy_uri": "https://example.com/policy",
            }
        )
    )
    options = "--name Option --scope c --audience z --claim data_center=US --claim level2=4=5 --client-id b"
    more = "--access-token-lifetime 15m --scope-format list --auth-method client_secret_post"
    assert signet("clients", "create", str(path), *options.split(), *more.split()).exit_code == 0
    [stored] = registry.list()
    assert (stored.client_id, stored.client_name, stored.scope, stored.audience) == ("b", "Option", ("c",), ("z",))
    assert stored.claims == {"data_center": "US", "level": 3, "level2": "4=5"}
    assert (stored.access_token_lifetime, stored.scope_format) == (900, "list")
    assert stored.token_endpoint_auth_method == "client_secret_post"
    assert stored.policy_uri == "https://example.com/policy"


def test_an_option_mends_a_fault_of_the_file(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """What is overridden is not judged."""
    typed = '{"scope": 7, "grant_types": ["magic"]}'
    answer = signet("clients", "create", "-", "--scope", "a", "--grant-type", "client_credentials", typed=typed)
    assert answer.exit_code == 0


def test_claims_of_a_wrong_type_are_told_though_an_option_adds_one(
    signet: CommandLine, registry: InMemoryClientRegistry
) -> None:
    """Nothing of the file is dropped in silence."""
    answer = signet("clients", "create", "-", "--claim", "a=b", typed='{"claims": ["x"]}')
    assert (answer.exit_code, answer.stderr) == (1, "error: claims: must be a JSON object\n")


def test_all_faults_of_a_file_are_told_a_line_each(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """And nothing is stored."""
    typed = '{"scopes": "a", "logo_uri": "http://example.com/", "audience": "x"}'
    answer = signet("clients", "create", "-", "--json", typed=typed)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.splitlines() == [
        "error: audience: must be a list of strings",
        "error: logo_uri: must be an https URI; http is for localhost, 127.0.0.1 and [::1] alone",
        "error: scopes: is not a member known here, did you mean scope?",
    ]
    assert not list(registry.list())


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (b"", "standard input: line 1, column 1: this is not JSON"),
        (b"[]", "standard input: client metadata must be a JSON object"),
        (b"\xff", "standard input is not UTF-8 text"),
        (b'{"scope": "a", "scope": "b"}', "standard input: scope: stands twice"),
        (b'{"\\u001b[31m": 1}', "\\x1b[31m: is not a member known here"),
    ],
)
def test_a_document_that_cannot_be_read_is_told(
    signet: CommandLine, registry: InMemoryClientRegistry, typed: bytes, told: str
) -> None:
    """By one line; its own characters do not reach the terminal raw."""
    answer = signet("clients", "create", "-", typed=typed)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert told in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_a_taken_id_is_told(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """The client that has it keeps it."""
    registry.create(client("a"))
    answer = signet("clients", "create", "--client-id", "a")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "client_id: a is taken" in answer.stderr


def test_list_and_show_are_machine_readable(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Standard output is JSON and nothing else."""
    assert signet("clients", "list", "--json").json == []
    registry.create(client("b", scope=("x",)))
    registry.create(client("a", client_secrets=(ClientSecret("d2" * 32, 5), ClientSecret("d1" * 32, 1, 9))))
    assert [member["client_id"] for member in signet("clients", "list", "--json").json] == ["a", "b"]
    assert signet("clients", "show", "a", "--json").json == {
        "client_id": "a",
        "client_id_issued_at": 0,
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope_format": "string",
        "response_types": [],
        "client_secrets": [{"created_at": 5, "expires_at": 0}, {"created_at": 1, "expires_at": 9}],
    }


def test_list_and_show_are_readable(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """For people, with times in words."""
    assert "signet clients create" in signet("clients", "list").stderr
    registry.create(client("a", client_name="Stock", claims={"data_center": "EU"}, audience=("x", "y")))
    assert "Stock" in signet("clients", "list").stdout
    shown = signet("clients", "show", "a").stdout
    assert '{"data_center": "EU"}' in shown
    assert "x, y" in shown
    assert f"created {datetime.fromtimestamp(0, UTC):%Y-%m-%d %H:%M:%S} UTC, does not expire" in shown


def test_unknown_clients_are_told(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """With where to find the known ones."""
    for arguments in (["show", "x"], ["delete", "x"], ["delete", "x", "--yes"], ["rotate-secret", "x"]):
        answer = signet("clients", *arguments, "--json")
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert answer.stderr == "error: there is no client x: `signet clients list` names them\n"


@pytest.mark.parametrize("client_id", ["", "é", "\udcff", "a\x00", "a" * 256])
def test_an_id_that_no_client_can_have_is_unknown(
    signet: CommandLine, registry: InMemoryClientRegistry, client_id: str
) -> None:
    """It is not asked of the registry, which could not spell some of them."""
    for command in (["show"], ["delete"], ["rotate-secret"], ["update", "--name", "a"]):
        answer = signet("clients", *command, client_id)
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert answer.stderr.startswith("error: there is no client ")
    assert registry.reads == 0


@pytest.mark.parametrize(
    "arguments", [["list"], ["show", "a"], ["update", "a", "--scope", "x"], ["rotate-secret", "a"], ["delete", "a"]]
)
def test_hostile_text_does_not_reach_the_terminal_raw(
    signet: CommandLine, registry: InMemoryClientRegistry, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """A record may be older than the rules; no name moves a cursor, turns the line or acts as markup."""
    monkeypatch.setenv("COLUMNS", "300")
    registry.create(client("a", client_name=HOSTILE, claims={HOSTILE: HOSTILE}, contacts=(HOSTILE,)))
    answer = signet("clients", *arguments, typed="y\n")
    assert answer.exit_code == 0
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(answer.everything)
    if arguments[0] != "rotate-secret":
        assert "\\x1b]0;owned\\x07\\x1b[2J[bold red]x[/] \\u202egnp.exe\\r\\n:boom:" in answer.everything


def test_hostile_ids_do_not_reach_the_terminal_raw(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """An id that was mistyped is repeated in words."""
    answer = signet("clients", "show", HOSTILE)
    assert answer.exit_code == 1
    assert not {"\x1b", "\x07", "\r"} & set(answer.everything)
    assert len(answer.stderr.splitlines()) == 1


def test_ids_that_look_like_markup_are_shown_as_they_are(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Rich's markup is for the code, not for the data."""
    registry.create(client("[red]a[/red]"))
    assert "[red]a[/red]" in signet("clients", "list").stdout
    assert "[red]a[/red]" in signet("clients", "show", "[red]a[/red]").stdout


def test_a_terminal_that_cannot_spell_a_name_still_gets_the_secret(tmp_path: Path) -> None:
    """A registration must not be lost to an encoding."""
    script = (
        "import signet_cli.stack as stack; from signet_cli.main import app\n"
        "from tests.unit.cli.conftest import StackInMemory; from tests.support.fakes import InMemoryClientRegistry\n"
        "stack.find_stack = lambda location: StackInMemory(InMemoryClientRegistry())\n"
        "app(['clients', 'create', '--name', 'S\\u00f8n \\u2603', '--local'])"
    )
    answer = subprocess.run(
        ["python", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": str(Path(shlex.quote(__import__("sys").executable)).parent), "PYTHONIOENCODING": "ascii"},
    )
    assert answer.returncode == 0, answer.stderr
    assert "S\\xf8n \\u2603" in answer.stdout
    assert "client_secret " in answer.stdout


def test_a_table_that_does_not_fit_its_terminal_loses_nothing(
    signet: CommandLine, registry: InMemoryClientRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a pipe it is not folded at all: each client is a line."""
    name = "n" * 200
    registry.create(client("a", client_name=name))
    assert name in signet("clients", "list").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    assert name in signet("clients", "list").stdout


def test_on_a_narrow_terminal_an_id_is_whole(
    signet: CommandLine, registry: InMemoryClientRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where folding at blanks does not suffice each client is a block, without what it has not."""
    for name in ("0aa79593-356c-4d7b-a8f0-06f7a016646c", "6eb089b2-0e8d-4bbd-8f32-adea3492ff65"):
        registry.create(client(name, client_name="Back office", redirect_uris=()))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "70")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", signet("clients", "list").stdout)
    first, second = shown.strip().split("\n\n")
    assert first.splitlines()[0].split() == ["client_id", "0aa79593-356c-4d7b-a8f0-06f7a016646c"]
    assert second.splitlines()[0].split() == ["client_id", "6eb089b2-0e8d-4bbd-8f32-adea3492ff65"]
    assert "redirect_uris" not in shown
    assert all(len(line) <= 70 for line in shown.splitlines())


def test_a_time_out_of_all_bounds_is_shown_as_it_is(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """A record's nonsense is no reason to show nothing."""
    registry.create(client("a", client_id_issued_at=10**20))
    assert str(10**20) in signet("clients", "show", "a").stdout


def test_a_registry_that_does_not_answer_is_told(
    signet: CommandLine, registry: InMemoryClientRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the operation that failed."""

    def broken(*_: object) -> None:
        raise unavailable(Reason.STORE_UNAVAILABLE, "dynamodb:Query Unknown")

    monkeypatch.setattr(registry, "list", broken)
    answer = signet("clients", "list", "--json")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "error: the registry does not answer (dynamodb:Query Unknown): try again\n"


def test_delete_asks_and_can_be_declined(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Nothing but a yes deletes."""
    registry.create(client("a", client_name="Stock"))
    for typed in ("n\n", "\n", ""):
        answer = signet("clients", "delete", "a", typed=typed)
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert "Delete a (Stock)?" in answer.stderr
    assert registry.get("a")


def test_delete_says_how_long_the_client_lives_on(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Running environments remember clients, and tokens stand on their own."""
    registry.create(client("a"))
    answer = signet("clients", "delete", "a", typed="y\n")
    assert answer.exit_code == 0
    assert f"up to {CLIENT_CACHE} s" in answer.stdout
    assert "until they expire" in answer.stdout
    assert registry.get("a") is None


def test_delete_is_machine_readable(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Without a question."""
    registry.create(client("a"))
    assert signet("clients", "delete", "a", "--yes", "--json").json == {"client_id": "a", "deleted": True}


def test_rotation_shows_the_new_secret_once(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """And when the present one ends."""
    registry.create(client("a"))
    rotated = signet("clients", "rotate-secret", "a", "--overlap", "7d", "--json").json
    stored = registry.get("a")
    assert stored
    assert stored.client_secrets[0].digest == digest(rotated["client_secret"])
    assert rotated["client_secret_expires_at"] == 0
    [new, old] = rotated["client_secrets"]
    assert (new["expires_at"], old["expires_at"] - new["created_at"]) == (0, 7 * 86_400)


def test_rotation_tells_people_what_happens_to_the_present_secret(
    signet: CommandLine, registry: InMemoryClientRegistry
) -> None:
    """With an overlap its end, without one the caches of running environments."""
    registry.create(client("a"))
    assert "previous secret" in signet("clients", "rotate-secret", "a", "--overlap", "90").stdout
    assert f"up to {CLIENT_CACHE} s" in signet("clients", "rotate-secret", "a").stdout


def test_a_record_that_cannot_be_used_is_told_and_can_be_deleted(
    signet: CommandLine, registry: InMemoryClientRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not stand in its own way."""
    registry.create(client("a"))

    def broken(*_: object, **__: object) -> None:
        raise unavailable(Reason.CLIENT_RECORD_INVALID, "scope: names a scope twice")

    monkeypatch.setattr(registry, "get", broken)
    answer = signet("clients", "show", "a")
    assert answer.exit_code == 1
    assert "scope: names a scope twice" in answer.stderr
    assert "--yes" in answer.stderr
    assert signet("clients", "delete", "a", "--yes").exit_code == 0


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_the_command_to_try_is_one_a_shell_can_read(
    signet: CommandLine, registry: InMemoryClientRegistry, method: str
) -> None:
    """Whatever the id holds, it stays one word and runs nothing."""
    client_id = "a b'; touch $(x) `y` \"&c"
    answer = signet("clients", "create", "--client-id", client_id, "--auth-method", method)
    command = next(line for line in answer.stdout.splitlines() if "curl" in line)
    words = shlex.split(command)
    if method == "client_secret_post":
        assert f"client_id={client_id}" in words
    else:
        assert words[-1] == "a%20b%27%3B%20touch%20%24%28x%29%20%60y%60%20%22%26c"


def test_a_secret_that_must_be_encoded_is_pointed_out(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """RFC 6749 section 2.3.1 has both halves of the Basic header form-encoded."""
    typed = json.dumps({"client_secret": "50%+" + "s" * 40})
    assert "form-encode" in signet("clients", "create", "-", typed=typed).stdout
    assert "form-encode" not in signet("clients", "create").stdout
