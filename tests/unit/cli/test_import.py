"""`signet clients import` and `signet users import`: many records, kept as applications and people know them."""

import csv
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from signet.errors import Reason, unavailable
from signet.model.client import Client
from signet.model.user import User
from signet.people import passwords
from signet_cli.importing import Pace
from signet_cli.rows import Format, RowsFile
from signet_cli.stack import Location, find_stack
from tests.support.fakes import InMemoryClientRegistry
from tests.support.people_fakes import InMemoryPeople, InMemoryUserRegistry
from tests.unit.cli.conftest import CommandLine, deploy
from tests.unit.cli.test_users import in_terminal

SECRETS = [
    "first-secret-of-thirty-two-chars!",
    'second-secret, with a comma and "q"',
    "third-secret-of-thirty-two-chars!",
]
PARTNERS: list[dict[str, Any]] = [
    {
        "client_id": "alpha",
        "client_secret": SECRETS[0],
        "client_name": "Alpha, Ltd.",
        "grant_types": ["client_credentials"],
        "scope": "orders:read orders:write",
        "audience": ["https://api.example.com", "https://stock.example.com"],
        "access_token_lifetime": 600,
        "claims": {"data_center": "eu", "tier": 2},
    },
    {
        "client_id": "beta",
        "client_secret": SECRETS[1],
        "token_endpoint_auth_method": "client_secret_post",
        "redirect_uris": ["https://beta.example/cb"],
        "require_pkce": False,
    },
    {"client_id": "gamma", "token_endpoint_auth_method": "none", "redirect_uris": ["http://127.0.0.1/cb"]},
]

PASSWORD = "correct horse"
BCRYPT = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(8)).decode()
PEOPLE: list[dict[str, Any]] = [
    {
        "username": "Ada@example.com",
        "sub": "legacy|1",
        "password_hash": f"{{bcrypt}}{BCRYPT}",
        "claims": {"email": "ada@example.com", "email_verified": True, "address": {"country": "FR"}, "personid": "007"},
    },
    {"username": "bob", "password_hash": passwords.rehash(PASSWORD), "disabled": True},
    {"username": "carol"},
]


@dataclass(frozen=True)
class Stack:
    clients: InMemoryClientRegistry
    people: InMemoryUserRegistry

    def registry(self) -> InMemoryClientRegistry:
        return self.clients

    def users(self) -> InMemoryUserRegistry:
        return self.people


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The stack that commands reach; nothing waits."""
    clients = InMemoryClientRegistry()
    people = InMemoryPeople(is_client=lambda sub: clients.get(sub) is not None)
    found = Stack(clients, InMemoryUserRegistry(people))

    def find(location: Location) -> Stack:
        return found

    monkeypatch.setattr("signet_cli.stack.find_stack", find)
    monkeypatch.setattr("signet_cli.importing._PAUSES", (0, 0, 0, 0))
    return found


def cell(value: object) -> str:
    """As a CSV has it."""
    if isinstance(value, list):
        return " ".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def as_csv(rows: list[dict[str, Any]], delimiter: str = ",", end: str = "\r\n") -> str:
    """Rows with every column that one of them has; claims of people are columns."""
    flat = [{**row, **row["claims"]} if "username" in row and "claims" in row else row for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row if "username" not in row or name != "claims"))
    lines = [columns, *([cell(row[name]) if name in row else "" for name in columns] for row in flat)]
    quoted = [[f'"{text.replace(chr(34), chr(34) * 2)}"' for text in line] for line in lines]
    return "".join(delimiter.join(line) + end for line in quoted)


WRITTEN: dict[str, tuple[str, Callable[[list[dict[str, Any]]], str]]] = {
    "csv": ("csv", as_csv),
    "csv of a spreadsheet": ("csv", lambda rows: "\ufeff" + as_csv(rows, ";")),
    "json": ("json", json.dumps),
    "jsonl": ("jsonl", lambda rows: "\n\n".join(map(json.dumps, rows))),
}


def written(folder: Path, rows: list[dict[str, Any]], form: str = "jsonl") -> str:
    """A file of these rows; its name."""
    suffix, write = WRITTEN[form]
    path = folder / f"rows.{suffix}"
    path.write_bytes(write(rows).encode())
    return str(path)


def counts(**others: int) -> dict[str, int]:
    """What is told of the rows."""
    return {"created": 0, "present": 0, "conflict": 0, "refused": 0, **others}


def told(answer: Any) -> dict[str, int]:
    """The same of an answer."""
    return {name: answer.json[name] for name in counts()}


@pytest.mark.parametrize("form", WRITTEN)
def test_clients_keep_their_ids_and_secrets(signet: CommandLine, stack: Stack, tmp_path: Path, form: str) -> None:
    """However they are written; again, nothing is done."""
    name = written(tmp_path, PARTNERS, form)
    answer = signet("clients", "import", name, "--json")
    assert (answer.exit_code, told(answer), answer.json["rows"]) == (0, counts(created=3), 3)
    alpha, beta, gamma = (stack.clients.get(client_id) for client_id in ("alpha", "beta", "gamma"))
    assert isinstance(alpha, Client)
    assert isinstance(beta, Client)
    assert isinstance(gamma, Client)
    assert alpha.client_secrets[0].matches(SECRETS[0], 0)
    assert beta.client_secrets[0].matches(SECRETS[1], 0)
    assert (alpha.scope, alpha.audience) == (("orders:read", "orders:write"), tuple(PARTNERS[0]["audience"]))
    assert (alpha.access_token_lifetime, dict(alpha.claims)) == (600, PARTNERS[0]["claims"])
    assert (beta.require_pkce, gamma.is_public) == (False, True)
    answer = signet("clients", "import", name, "--json")
    assert (answer.exit_code, told(answer)) == (0, counts(present=3))
    assert stack.clients.get("alpha") == alpha


@pytest.mark.parametrize("form", WRITTEN)
def test_people_keep_their_subs_and_passwords(signet: CommandLine, stack: Stack, tmp_path: Path, form: str) -> None:
    """However they are written; again, nothing is done, also after they have signed in."""
    name = written(tmp_path, PEOPLE, form)
    answer = signet("users", "import", name, "--json")
    assert (answer.exit_code, told(answer)) == (0, counts(created=3))
    ada, bob, carol = (stack.people.find(username) for username in ("ada@example.com", "bob", "carol"))
    assert ada
    assert bob
    assert carol
    assert (ada.sub, ada.username, ada.password_hash) == ("legacy|1", "Ada@example.com", BCRYPT)
    assert {name: value for name, value in ada.claims.items() if name != "updated_at"} == PEOPLE[0]["claims"]
    assert (bob.disabled, passwords.verify(PASSWORD, bob.password_hash), carol.password_hash) == (True, True, "")
    stack.people.update(replace(ada, password_hash=passwords.rehash(PASSWORD)), ada)
    answer = signet("users", "import", name, "--json")
    assert (answer.exit_code, told(answer)) == (0, counts(present=3))


@pytest.mark.parametrize(("rows", "noted"), [(PEOPLE[:1], True), (PEOPLE[1:], False)])
def test_imported_hashes_are_noted_before_the_first_is_stored(
    signet: CommandLine, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, rows: Any, noted: bool
) -> None:
    """So that no refusal of a sign-in ever tells them apart; hashes of our own cost what they always do."""
    create = InMemoryUserRegistry.create

    def creating(self: InMemoryUserRegistry, user: User) -> bool:
        assert self.has_imported_hashes() is noted
        return create(self, user)

    monkeypatch.setattr(InMemoryUserRegistry, "create", creating)
    assert signet("users", "import", written(tmp_path, rows)).exit_code == 0
    assert stack.people.has_imported_hashes() is noted


def test_what_differs_is_a_conflict_and_left_as_it_is(signet: CommandLine, stack: Stack, tmp_path: Path) -> None:
    """A re-run never undoes what an operator has changed since; every difference is told."""
    signet("clients", "import", written(tmp_path, PARTNERS))
    signet("users", "import", written(tmp_path, PEOPLE))
    clients, people = list(stack.clients.list()), list(stack.people.list())
    changed = [{**PARTNERS[0], "scope": "orders:read", "client_secret": SECRETS[2]}, *PARTNERS[1:]]
    answer = signet("clients", "import", written(tmp_path, changed), "--json")
    assert (answer.exit_code, told(answer)) == (3, counts(conflict=1, present=2))
    assert [fault["field"] for fault in answer.json["faults"]] == ["scope", "client_secret"]
    others = [
        {**PEOPLE[0], "sub": "legacy|2", "claims": {}, "disabled": True},
        {"username": "bob", "password_hash": BCRYPT, "disabled": True},
        {"username": "carol", "password_hash": BCRYPT},
        {"username": "dave", "sub": "legacy|1"},
        {"username": "erin", "sub": "alpha"},
    ]
    answer = signet("users", "import", written(tmp_path, others), "--json")
    assert (answer.exit_code, told(answer)) == (3, counts(conflict=4, present=1))
    assert [(fault["row"], fault["field"]) for fault in answer.json["faults"]] == [
        (1, "sub"),
        (1, "claims"),
        (1, "disabled"),
        (5, "password_hash"),
        (7, "sub"),
        (9, "sub"),
    ]
    assert (clients, people) == (list(stack.clients.list()), list(stack.people.list()))


def test_a_client_is_never_called_like_a_user(signet: CommandLine, stack: Stack, tmp_path: Path) -> None:
    """Tokens name both by the same claim; a dry run sees it too."""
    stack.people.create(User("alpha", "alpha"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InMemoryClientRegistry, "create", lambda *_: False)
        for form in ([], ["--dry-run"]):
            answer = signet("clients", "import", written(tmp_path, PARTNERS[:1]), "--json", *form)
            assert (answer.exit_code, told(answer)) == (3, counts(conflict=1))


WRONG_CLIENTS = [
    ({"client_id": "a", "client_secret": "hunter2"}, "client_secret"),
    ({"client_id": "a"}, "client_secret"),
    ({"client_secret": SECRETS[0]}, "client_id"),
    ({"client_id": "é", "client_secret": SECRETS[0]}, "client_id"),
    ({**PARTNERS[0], "client_id": "z", "scopes": "x"}, "scopes"),
    ({**PARTNERS[0], "client_id": "y", "audience": ["", "x"]}, "audience[0]"),
    ({**PARTNERS[0]}, "client_id"),
]


def test_each_row_that_is_refused_is_reported_with_its_reasons(
    signet: CommandLine, stack: Stack, tmp_path: Path
) -> None:
    """Row, field and reason, in a file beside the other one; the sound rows go in; no secret is told anywhere."""
    rows = [PARTNERS[0], *(row for row, _ in WRONG_CLIENTS)]
    name = written(tmp_path, rows)
    answer = signet("clients", "import", name, "--report")
    assert answer.exit_code == 3
    with Path(f"{name}.report.csv").open(newline="") as stream:
        reported = list(csv.DictReader(stream))
    assert [(int(line["row"]), line["field"]) for line in reported] == [
        (2 * number + 3, member) for number, (_, member) in enumerate(WRONG_CLIENTS)
    ]
    assert all(line["outcome"] == "refused" and line["reason"] for line in reported)
    everything = answer.everything + Path(f"{name}.report.csv").read_text()
    assert not [secret for secret in (*SECRETS, "hunter2") if secret in everything]
    assert [client.client_id for client in stack.clients.list()] == ["alpha"]


@pytest.mark.parametrize("name", ["=HYPERLINK(A1)", "=1 + 1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_of_the_report_is_a_formula(signet: CommandLine, stack: Stack, tmp_path: Path, name: str) -> None:
    """A partner names the members, an operator opens the report in a spreadsheet (OWASP: CSV injection)."""
    file = written(tmp_path, [{**PARTNERS[0], name: "x"}])
    assert signet("clients", "import", file, "--report").exit_code == 3
    with Path(f"{file}.report.csv").open(newline="") as stream:
        cells = [cell for line in csv.reader(stream) for cell in line]
    assert any(name in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r")]


@pytest.mark.parametrize("column", ["password", "passwd", "Password_Salt", "user_pwd", "totp_secret", "passphrase"])
def test_a_column_that_holds_a_secret_is_no_claim(
    signet: CommandLine, stack: Stack, tmp_path: Path, column: str
) -> None:
    """An export with passwords in it does not put them into the registry in clear."""
    file = tmp_path / "people.csv"
    file.write_text(f"username,{column}\nada,hunter2\n")
    answer = signet("users", "import", str(file), "--report")
    assert (answer.exit_code, "hunter2" in answer.everything) == (3, False)
    assert (column in answer.everything, list(stack.people.list())) == (True, [])


@pytest.mark.parametrize("column", ["secretary", "basalt_quarry", "passport_country"])
def test_a_column_that_sounds_like_a_secret_is_a_claim(
    signet: CommandLine, stack: Stack, tmp_path: Path, column: str
) -> None:
    """Names are matched as words."""
    file = tmp_path / "people.csv"
    file.write_text(f"username,{column}\nada,Grace\n")
    assert signet("users", "import", str(file)).exit_code == 0
    [ada] = stack.people.list()
    assert ada.claims[column] == "Grace"


@pytest.mark.parametrize(
    ("row", "member"),
    [
        ({"username": ""}, "username"),
        ({"sub": "1"}, "username"),
        ({"username": "u", "sub": "a b"}, "sub"),
        ({"username": "u", "password_hash": "5f4dcc3b5aa765d61d8327deb882cf99"}, "password_hash"),
        ({"username": "u", "password_hash": "$2b$31$" + "a" * 53}, "password_hash"),
        ({"username": "u", "password": "hunter2 hunter2"}, "password"),
        ({"username": "u", "claims": {"email": "nobody"}}, "email"),
        ({"username": "u", "claims": {"sub": "x"}}, ""),
        ({"username": "u", "disabled": "perhaps"}, "disabled"),
    ],
)
def test_a_person_is_checked_as_by_create(
    signet: CommandLine, stack: Stack, tmp_path: Path, row: dict[str, Any], member: str
) -> None:
    """Nothing of the value is told."""
    answer = signet("users", "import", written(tmp_path, [row]), "--json")
    assert (answer.exit_code, told(answer)) == (3, counts(refused=1))
    assert answer.json["faults"][0]["field"] == member
    assert not any(str(value) in answer.everything for value in row.values() if len(str(value)) > 8)
    assert not list(stack.people.list())


@pytest.mark.parametrize("kind", ["clients", "users"])
def test_a_dry_run_tells_the_same_and_writes_nothing(
    signet: CommandLine, stack: Stack, tmp_path: Path, kind: str
) -> None:
    """Not even that an import has begun."""
    rows: list[dict[str, Any]] = {"clients": [*PARTNERS, PARTNERS[0]], "users": [*PEOPLE, PEOPLE[0]]}[kind]
    name = written(tmp_path, rows)
    dry = signet(kind, "import", name, "--dry-run", "--json")
    assert not list(stack.clients.list())
    assert not list(stack.people.list())
    assert not stack.people.has_imported_hashes()
    wet = signet(kind, "import", name, "--json")
    assert dry.json == {**wet.json, "dry_run": True}
    assert "Nothing was written" in signet(kind, "import", name, "--dry-run").stdout


def test_an_interruption_leaves_whole_rows_and_is_gone_on_from(
    signet: CommandLine, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C between two writes: what is there is there, and the same command does the rest."""
    name = written(tmp_path, PARTNERS)
    create = InMemoryClientRegistry.create

    def interrupted(self: InMemoryClientRegistry, client: Client) -> bool:
        if client.client_id == "beta":
            raise KeyboardInterrupt
        return create(self, client)

    with monkeypatch.context() as patch:
        patch.setattr(InMemoryClientRegistry, "create", interrupted)
        answer = signet("clients", "import", name, "--json")
    assert (answer.exit_code, answer.json["finished"], answer.json["last_row"]) == (130, False, 1)
    assert [client.client_id for client in stack.clients.list()] == ["alpha"]
    answer = signet("clients", "import", name, "--json")
    assert (answer.exit_code, told(answer)) == (0, counts(created=2, present=1))


@pytest.mark.parametrize(("failures", "exit_code"), [(3, 0), (99, 1)])
def test_a_registry_that_is_throttled_is_tried_again(
    signet: CommandLine,
    stack: Stack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    failures: int,
    exit_code: int,
) -> None:
    """For a while; then it ends with what is done, and how to go on."""
    name = written(tmp_path, PARTNERS)
    create = InMemoryClientRegistry.create
    failed: list[Client] = []

    def failing(self: InMemoryClientRegistry, client: Client) -> bool:
        if client.client_id == "beta" and len(failed) < failures:
            failed.append(client)
            raise unavailable(Reason.STORE_UNAVAILABLE, "dynamodb:TransactWriteItems ThrottlingException")
        return create(self, client)

    monkeypatch.setattr(InMemoryClientRegistry, "create", failing)
    answer = signet("clients", "import", name)
    assert answer.exit_code == exit_code
    if exit_code:
        assert "goes on from there" in answer.stdout
        assert "error: the registry does not answer" in answer.stderr


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "no column client_id"),
        ("a.csv", SECRETS[0].encode() + b",alpha\n", "no column client_id"),
        ("a.csv", b"client_id,client_id\na,b\n", "stands twice"),
        ("a.csv", b"client_id,\na,b\n", "column 2 has no name"),
        ("a.csv", b'client_id,client_secret\n"a,b\n', "not CSV"),
        ("a.csv", b"client_id\nf\xfcr\n", "not UTF-8"),
        ("a.csv", "client_id\na\n".encode("utf-16"), "not UTF-8"),
        ("a.csv", "client_id\na\n".encode("utf-16-le"), "NUL"),
        ("a.json", b"{}", "JSON array"),
        ("a.json", b"[{]", "not JSON"),
        ("a.json", b'[{"client_id": "a", "client_id": "b"}]', "stands twice"),
        ("a.json", b"[" * 100_000, "too deep"),
        ("a.txt", b"client_id\n", "--format"),
        ("missing.csv", None, "cannot be read"),
        ("a\x00.csv", None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_before_anything_is_done(
    signet: CommandLine, stack: Stack, tmp_path: Path, *, name: str, content: bytes | None, message: str
) -> None:
    """In one line, and nothing of the file in it."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    answer = signet("clients", "import", str(tmp_path / name))
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert message in answer.stderr
    assert SECRETS[0] not in answer.stderr


def test_a_row_that_is_none_is_refused_alone(signet: CommandLine, stack: Stack, tmp_path: Path) -> None:
    """The others go in."""
    path = tmp_path / "rows.csv"
    path.write_text(f"client_id,client_secret\nalpha,{SECRETS[0]}\nbeta\n\n,,\nclaims,{SECRETS[2]}\n")
    answer = signet("clients", "import", str(path), "--json")
    assert (answer.exit_code, told(answer)) == (3, counts(created=2, refused=1))
    path = tmp_path / "rows.jsonl"
    path.write_text(f'[]\n{{"a": 1, "a": 2}}\nnonsense\n{json.dumps(PARTNERS[2])}\n')
    answer = signet("clients", "import", str(path), "--json")
    assert (answer.exit_code, told(answer)) == (3, counts(created=1, refused=3))
    assert [fault["row"] for fault in answer.json["faults"]] == [1, 2, 3]


def test_writes_keep_their_pace() -> None:
    """So many a second, however fast the rows come; a slow registry is not made up for."""
    now, pauses = [0.0], []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    pace = Pace(4, lambda: now[0], pause)
    for _ in range(5):
        pace.wait()
    assert (now[0], len(pauses)) == (1.0, 4)
    now[0] += 10
    pace.wait()
    pace.wait()
    assert now[0] == 11.25


def test_a_long_file_is_not_held_in_memory(tmp_path: Path) -> None:
    """Row by row, as often as it is read."""
    path = tmp_path / "rows.csv"
    path.write_text("username,name\n" + f"somebody,{'x' * 100}\n" * 50_000)
    tracemalloc.start()
    assert RowsFile(path, Format.CSV, "username").count() == 50_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < path.stat().st_size / 4


def test_people_and_clients_go_into_the_tables(signet: CommandLine, aws: None, tmp_path: Path) -> None:
    """Each by its transaction, on DynamoDB as moto has it."""
    deploy("signet")
    assert signet("clients", "import", written(tmp_path, PARTNERS)).exit_code == 0
    for created in (3, 0):
        answer = signet("users", "import", written(tmp_path, PEOPLE), "--json")
        assert told(answer) == counts(created=created, present=3 - created)
    found = find_stack(Location())
    assert {client.client_id for client in found.registry().list()} == {"alpha", "beta", "gamma"}
    assert {user.username for user in found.users().list()} == {"Ada@example.com", "bob", "carol"}
    assert found.users().has_imported_hashes()
    answer = signet("clients", "import", written(tmp_path, [{**PARTNERS[0], "client_id": "legacy|1"}]), "--json")
    assert answer.json["faults"][0]["field"] == "client_id"


def test_hashes_that_are_left_are_counted_and_their_end_is_noted(
    signet: CommandLine, stack: Stack, tmp_path: Path
) -> None:
    """By scheme; refusals are quick again once the last is gone and an operator says so."""
    signet("users", "import", written(tmp_path, PEOPLE))
    stack.people.create(User("9", "damaged", "$2b$31$" + "a" * 53))
    answer = signet("users", "hashes", "--json")
    assert answer.json == {
        "hashes": {"argon2id": 1, "bcrypt, imported": 1, "none": 1, "unreadable": 1},
        "imported": 2,
        "finished": False,
    }
    assert "Of 4 users 2 have not signed in" in signet("users", "hashes").stdout
    answer = signet("users", "hashes", "--finish")
    assert (answer.exit_code, stack.people.has_imported_hashes()) == (1, True)
    stack.people.delete("9")
    ada = stack.people.get("legacy|1")
    assert ada
    stack.people.update(replace(ada, password_hash=passwords.rehash(PASSWORD)), ada)
    assert signet("users", "hashes", "--finish", "--dry-run", "--json").json["finished"] is False
    assert stack.people.has_imported_hashes()
    assert signet("users", "hashes", "--finish", "--json").json["finished"] is True
    assert not stack.people.has_imported_hashes()


def test_new_secrets_are_made_for_those_who_bring_none_worth_keeping(
    signet: CommandLine, stack: Stack, tmp_path: Path
) -> None:
    """In a file that nobody else may read, and nowhere else; an interruption is gone on from."""
    weak = [{"client_id": "short", "client_secret": "hunter2"}, {"client_id": "none"}]
    name, kept = written(tmp_path, [*PARTNERS, *weak]), tmp_path / "new.csv"
    assert signet("clients", "import", name, "--new-secrets", str(kept), "--dry-run").exit_code == 0
    assert not kept.exists()
    answer = signet("clients", "import", name, "--new-secrets", str(kept), "--json")
    assert (answer.exit_code, told(answer)) == (0, counts(created=5))
    with kept.open(newline="") as stream:
        made = {line["client_id"]: line["client_secret"] for line in csv.DictReader(stream)}
    assert made.keys() == {"short", "none"}
    for client_id, client_secret in made.items():
        client = stack.clients.get(client_id)
        assert client
        assert client.client_secrets[0].matches(client_secret, 0)
        assert client_secret not in answer.everything
    assert kept.stat().st_mode & 0o777 == 0o600
    before = kept.read_text()
    answer = signet("clients", "import", name, "--new-secrets", str(kept), "--json")
    assert (answer.exit_code, told(answer), kept.read_text()) == (0, counts(present=5), before)


def test_new_secrets_go_into_no_file_that_others_read(signet: CommandLine, stack: Stack, tmp_path: Path) -> None:
    """Nor into what is no file, or leads to another; nothing is registered then."""
    shared = tmp_path / "shared.csv"
    shared.touch(0o644)
    shared.chmod(0o644)
    own = tmp_path / "own.csv"
    own.touch(0o600)
    planted = tmp_path / "planted.csv"
    planted.symlink_to(own)
    name = written(tmp_path, [{"client_id": "none"}])
    for place in (str(shared), str(planted), str(tmp_path), str(tmp_path / "none" / "new.csv"), "a\x00b"):
        answer = signet("clients", "import", name, "--new-secrets", place)
        assert (answer.exit_code, answer.stdout, len(answer.stderr.splitlines())) == (1, "", 1)
    assert (list(stack.clients.list()), own.read_text()) == ([], "")


def test_new_secrets_go_into_no_file_of_somebody_elses(
    signet: CommandLine, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which its owner reads, whatever its mode says to others."""
    kept = tmp_path / "new.csv"
    kept.touch(0o600)
    monkeypatch.setattr("os.geteuid", lambda: kept.stat().st_uid + 1)
    name = written(tmp_path, [{"client_id": "none"}])
    assert signet("clients", "import", name, "--new-secrets", str(kept)).exit_code == 1
    assert (list(stack.clients.list()), kept.read_text()) == ([], "")


def test_a_secret_is_in_its_file_before_its_client_is_there(
    signet: CommandLine, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens next, nobody has a client whose secret is lost."""
    kept = tmp_path / "new.csv"
    create = InMemoryClientRegistry.create

    def creating(self: InMemoryClientRegistry, client: Client) -> bool:
        assert client.client_id in kept.read_text()
        return create(self, client)

    monkeypatch.setattr(InMemoryClientRegistry, "create", creating)
    name = written(tmp_path, [{"client_id": "none"}])
    assert signet("clients", "import", name, "--new-secrets", str(kept)).exit_code == 0


def test_progress_is_seen_at_a_terminal(tmp_path: Path) -> None:
    """A bar that counts rows, on standard error; the outcome stands below it."""
    name = written(tmp_path, PARTNERS)
    script = (
        "import signet_cli.stack as stack; from signet_cli.main import app\n"
        "from tests.unit.cli.test_import import Stack\n"
        "from tests.support.fakes import InMemoryClientRegistry\n"
        "from tests.support.people_fakes import InMemoryUserRegistry\n"
        "found = Stack(InMemoryClientRegistry(), InMemoryUserRegistry()); stack.find_stack = lambda location: found\n"
        f"app(['clients', 'import', {name!r}, '--local'], standalone_mode=False)\n"
    )
    exit_code, shown = in_terminal(script, [])
    assert exit_code == 0, shown
    assert "3/3" in shown
    assert "Rows: 3 created" in shown
