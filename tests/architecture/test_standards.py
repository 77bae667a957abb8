"""The pages of the standards say of every item what there is, and name tests that there are."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from signet.model.key import KEY_TYPES
from signet.people import passwords
from signet.people.imported_hashes import SCHEMES
from signet.people.throttle import CLIENTS, PEOPLE
from signet_cli.local.template import Template
from tests.support.transformed import ROOT

FOLDER = ROOT / "docs" / "standards"
OVERVIEW = ROOT / "docs" / "standards.md"
ASVS = FOLDER / "asvs.md"

STATES = {"met", "in part", "not met", "n/a"}


def numbered(sections: dict[str, int], *, letters: bool = False) -> list[str]:
    """So many items of each section, by number or by letter."""
    named = [chr(97 + number) for number in range(26)] if letters else [str(1 + number) for number in range(99)]
    return [f"{section}{' ' if letters else '.'}{name}" for section, most in sections.items() for name in named[:most]]


def of_asvs() -> list[str]:
    """Version 5.0.0: these chapters whole, or of levels 1 and 2 alone."""
    whole = {"9.1": 3, "9.2": 4, "10.4": 16, "10.6": 2, "10.7": 3}
    first_levels = {"3.3": 4, "3.4": 6, "3.5": 5, "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4}
    first_levels |= {"3.2": 2, "3.7": 2, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "11.1": 2}
    first_levels |= {"11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1}
    return numbered({**whole, **first_levels})


ITEMS = {
    "asvs.md": of_asvs(),
    "rfc9700.md": numbered(
        {"2.1": 5, "2.1.1": 8, "2.1.2": 2, "2.2.1": 1, "2.2.2": 1, "2.3": 4, "2.4": 1, "2.5": 2, "2.6": 6}
        | {"4.1.3": 4, "4.2.4": 4, "4.3.2": 1, "4.4.2": 2, "4.4.2.1": 2, "4.4.2.2": 1, "4.5.3.2": 1, "4.7.1": 2}
        | {"4.8.2": 3, "4.9.3": 3, "4.10": 1, "4.11.1": 1, "4.11.2": 3, "4.12": 2, "4.13": 2, "4.14.2": 5}
        | {"4.15.1": 1, "4.16": 4, "4.17.2": 4},
        letters=True,
    ),
    "rfc8725.md": numbered(
        {"3.1": 3, "3.2": 5, "3.3": 2, "3.4": 1, "3.5": 2, "3.6": 1, "3.7": 1, "3.8": 2, "3.9": 2, "3.10": 2}
        | {"3.11": 2, "3.12": 1},
        letters=True,
    ),
}
"""What each page has to speak of."""


@dataclass(frozen=True)
class Item:
    """A row of a page."""

    number: str
    what: str
    state: str
    how: str
    shown_by: str


@cache
def items(page: str) -> tuple[Item, ...]:
    """The rows whose first cell is an item's number."""
    rows = re.findall(r"^\| (\d[\d.]+(?: [a-z])?) \|(.*)\|$", (FOLDER / page).read_text(encoding="utf-8"), re.MULTILINE)
    return tuple(Item(number, *(cell.strip() for cell in cells.split(" |"))) for number, cells in rows)


def named_tests(text: str) -> Iterator[tuple[Path, str]]:
    """Files and folders of tests in backticks, and the name of the one test where there is one."""
    folders = "|".join(path.name for path in (ROOT / "tests").iterdir() if path.is_dir())
    for path, name in re.findall(rf"`((?:{folders})/[\w/]*(?:\.py)?)(?:::(\w+))?`", text):
        yield ROOT / "tests" / path, name


@cache
def defined_in(path: Path) -> frozenset[str]:
    """The tests that a file defines."""
    found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("page", ITEMS)
def test_every_item_has_its_row(page: str) -> None:
    """Once: none is left out because it is not met."""
    assert sorted(item.number for item in items(page)) == sorted(ITEMS[page])


def test_every_page_is_looked_at() -> None:
    """Whoever writes another says what belongs on it."""
    assert {path.name for path in FOLDER.iterdir()} == ITEMS.keys()


@pytest.mark.parametrize("page", ITEMS)
def test_what_is_met_is_shown_and_what_is_not_has_its_reason(page: str) -> None:
    """No claim without a test, and no gap without a word."""
    for item in items(page):
        assert item.what, item
        assert item.state in STATES, item
        assert item.state not in {"met", "in part"} or [*named_tests(item.shown_by)], item
        assert item.state == "met" or item.how, item


@pytest.mark.parametrize("path", [OVERVIEW, *(FOLDER / page for page in ITEMS)], ids=lambda path: path.name)
def test_every_test_that_is_named_exists(path: Path) -> None:
    """A test that was renamed or removed takes its claim with it."""
    text = path.read_text(encoding="utf-8")
    named = [*named_tests(text)]
    assert len(named) > 20
    for file, name in named:
        assert file.exists(), file
        assert not name or name in defined_in(file), f"{file.name}::{name}"
    for document in re.findall(r"`((?:docs|decisions|signet)/[\w./-]+)`", text):
        folder = {"docs": ROOT, "decisions": ROOT / "docs", "signet": ROOT / "layers" / "core"}[
            document.partition("/")[0]
        ]
        assert (folder / document).is_file(), document
    paths = {path for path in re.findall(r"`([\w/]+/[\w/]+\.py)(?:::\w+)?`", text) if not path.startswith("signet/")}
    assert paths <= {file.relative_to(ROOT / "tests").as_posix() for file, _ in named}
    for link in re.findall(r"\]\(([\w/]+\.md)\)", text):
        assert (path.parent / link).is_file(), link
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= headings


@pytest.mark.parametrize("page", ITEMS)
def test_the_overview_names_what_is_not_met(page: str) -> None:
    """Nobody has to search for the gaps."""
    rows = re.findall(r"^\| \[.+?\]\(standards/([\w.]+)\) \| (.*?) \| (.*?) \|$", OVERVIEW.read_text(), re.MULTILINE)
    told = {file: (not_met, in_part) for file, not_met, in_part in rows}
    for column, state in enumerate(("not met", "in part")):
        expected = [item.number for item in items(page) if item.state == state]
        assert told[page][column] == (", ".join(expected) or "none"), state


# what ASVS wants written down, held against the code


def test_the_page_says_what_slows_guessing() -> None:
    """The numbers of each counter."""
    text = ASVS.read_text(encoding="utf-8")
    counters = {
        "account": PEOPLE.by_account,
        "address (of IPv6 the /64)": PEOPLE.by_address,
        "client with a short secret": CLIENTS.by_account,
        "the same, where it has authenticated before": CLIENTS.by_device,
    }
    for name, delays in counters.items():
        longest = f"{delays.longest} s | one every {delays.longest} s"
        assert f"| {name} | {delays.free} | twice as long each time | {longest} |" in text
        assert delays.after(delays.free + 1) == 2 * delays.after(delays.free)
    assert (PEOPLE.by_device, CLIENTS.by_address) == (PEOPLE.by_account, PEOPLE.by_address)


def test_the_page_says_which_words_are_no_passwords() -> None:
    """Those that are refused, and that the others are not known."""
    text = ASVS.read_text(encoding="utf-8")
    assert f"the part of it before `@`, and `{passwords._SERVICE}`, each" in text
    for refused in ("ada.lovelace", "ada.lovelace@example.com", f"{passwords._SERVICE}2024!"):
        with pytest.raises(passwords.PasswordRefused):
            passwords.check(refused, "ada.lovelace@example.com")
    passwords.check("organisation2024!", "ada.lovelace@example.com")


def test_the_page_says_how_long_a_session_lasts(template: Template) -> None:
    """By the template's defaults."""
    parameters = template.document["Parameters"]
    idle, whole = (int(parameters[name]["Default"]) for name in ("SessionIdleLifetime", "SessionLifetime"))
    assert f"{idle // 3_600} hours without use and {whole // 86_400} days in all" in ASVS.read_text(encoding="utf-8")
    assert whole <= 30 * 86_400  # NIST SP 800-63B at AAL1


def test_the_inventory_has_every_algorithm() -> None:
    """Of signatures, and of passwords."""
    inventory = ASVS.read_text(encoding="utf-8").partition("### Inventory")[2]
    for name in (*KEY_TYPES, *(scheme.name for scheme in SCHEMES)):
        assert f"`{name}`" in inventory


# what is true of every module


def modules() -> Iterator[tuple[Path, ast.AST]]:
    """What is deployed, and the command line."""
    for folder in ("layers/core", "functions", "cli/signet_cli"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield path, node


def imported(node: ast.AST) -> str:
    """The first name of the module that is imported, if one is."""
    if isinstance(node, ast.Import):
        return node.names[0].name.partition(".")[0]
    return (node.module or "").partition(".")[0] if isinstance(node, ast.ImportFrom) else ""


def test_chance_is_the_operating_systems() -> None:
    """`secrets`, sixteen octets at least; how long a retry waits may be guessed (OWASP ASVS 5.0 section 11.5.1).

    What a server on somebody's own machine makes up, for one afternoon, is theirs to type.
    """
    lengths = []
    for path, node in modules():
        assert imported(node) != "random" or path.name == "retries.py", path
        if "local" in path.parts or not isinstance(node, ast.Call):
            continue
        if ast.unparse(node.func).startswith("secrets.token_"):
            [length] = node.args
            assert isinstance(length, ast.Constant)
            assert isinstance(length.value, int)
            lengths.append(length.value)
    assert len(lengths) > 5
    assert min(lengths) >= 16


def test_cryptography_is_that_of_known_libraries() -> None:
    """By these names alone (OWASP ASVS 5.0 section 11.2.1); none of the old ciphers and hashes is spelled anywhere."""
    libraries = {"argon2", "cryptography", "hashlib", "hmac", "libpass", "passlib", "secrets", "ssl"}
    others = {"Crypto", "Cryptodome", "ecdsa", "jose", "joserfc", "jwt", "authlib", "nacl", "rsa", "bcrypt", "crypt"}
    found = {imported(node) for _, node in modules()}
    assert {"argon2", "cryptography", "hashlib", "hmac"} <= found & libraries
    assert not found & others
    names = {node.attr for _, node in modules() if isinstance(node, ast.Attribute)}
    assert not names & {"md5", "sha1", "MD5", "SHA1", "ECB", "CBC", "Cipher", "Fernet", "TripleDES", "ARC4"}
