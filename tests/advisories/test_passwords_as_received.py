"""Row 22: a password is verified exactly as it was received, and nobody makes us hash a large one (Okta 2024)."""

import unicodedata
from urllib.parse import urlencode

import pytest

from signet.authorize.forms import SESSION
from signet.people import passwords
from tests.support.gateway_events import FORM
from tests.support.sign_in import Application, Service


def signs_in(service: Service, app: Application, username: str, password: str) -> bool:
    """Whether this name and password begin a session."""
    visitor = service.visitor()
    visitor.sign_in(visitor.get(app.url()), username, password)
    return SESSION in visitor.cookies


LONG = "correct horse battery staple, " * 4
PAIRS = {
    "after byte 72": (LONG + "one", LONG + "two"),
    "after a NUL": ("before\x00after one", "before\x00after two"),
    "case": ("Correct Horse", "correct horse"),
    "blank before": (" correct horse", "correct horse"),
    "blank after": ("correct horse ", "correct horse"),
    "normalisation": (
        unicodedata.normalize("NFC", "caf\u00e9 au lait"),
        unicodedata.normalize("NFD", "caf\u00e9 au lait"),
    ),
    "width": ("\uff43orrect horse", "correct horse"),
    "plus and blank": ("correct+horse", "correct horse"),
    "percent": ("correct%20horse", "correct horse"),
    "line break": ("correct\nhorse", "correct\r\nhorse"),
    "longest": ("a1" * 64, "a1" * 63 + "a2"),
}


@pytest.mark.parametrize("difference", list(PAIRS))
def test_two_passwords_that_differ_are_two_passwords(service: Service, app: Application, difference: str) -> None:
    """Each is its own user's and not the other's; what a form cannot carry is refused and never cut off."""
    one, other = PAIRS[difference]
    service.user("one", one)
    assert not signs_in(service, app, "one", other)
    assert signs_in(service, app, "one", one) == ("\x00" not in one)


def test_a_password_of_many_scripts_is_a_password(service: Service, app: Application) -> None:
    """128 characters, not bytes."""
    password = "\U0001f511\u5317\u00e9x" * 32
    service.user("one", password)
    assert signs_in(service, app, "one", password)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed to be compared."""
    seen: list[str] = []
    verify = passwords.verify

    def noting(password: str, encoded: str) -> bool:
        seen.append(password)
        return verify(password, encoded)

    monkeypatch.setattr(passwords, "verify", noting)
    return seen


@pytest.mark.parametrize("length", [129, 1_000, 15_000])
def test_a_long_password_is_refused_before_it_is_hashed(
    service: Service, app: Application, hashed: list[str], length: int
) -> None:
    """Also where it begins with the right one."""
    service.user("one", "a" * 64 + "b" * 64)
    assert not signs_in(service, app, "one", ("a" * 64 + "b" * 64).ljust(length, "c"))
    assert hashed == []


def test_ten_megabytes_are_refused_before_they_are_read(service: Service, app: Application, hashed: list[str]) -> None:
    """A body over 64 KiB is looked at by nobody, whatever field it hides in."""
    service.user("one")
    for field in ("username", "password", "x"):
        visitor = service.visitor()
        form = visitor.get(app.url()).form
        fields = {**form.fields, "username": "one", "password": "p", field: "a" * 10_000_000}
        page = visitor.request("POST", form.action, urlencode(fields).encode(), **{"content-type": FORM})
        assert (page.status, page.location) == (400, "")
        assert len(page.text) < 10_000
        assert SESSION not in visitor.cookies
    assert hashed == []
    assert "aaaaaaaa" not in service.deployment.output()
