"""Row 20: a new password puts out whoever has the old one, however fast they sign in (OWASP ASVS 5.0 section 7.4.3)."""

from collections.abc import Callable

import pytest

from signet.model.user import User
from signet.people import passwords
from tests.support.sign_in import ACCOUNT, PASSWORD, Application, Service
from tests.support.visitor import Visitor

NEW_PASSWORD = "another horse, another battery"


@pytest.fixture
def app(service: Service, ada: User) -> Application:
    """An application that ada has allowed."""
    app = service.application()
    service.consent(ada, app)
    return app


def change_password(service: Service, ada: User) -> None:
    """What an operator does once the old password is known to somebody else."""
    service.change(ada, password_hash=passwords.rehash(NEW_PASSWORD), password_changed_at=service.now)


def signed_in(visitor: Visitor, app: Application) -> bool:
    """Whether either page takes the browser for somebody's."""
    return "code=" in visitor.get(app.url()).location or visitor.get(ACCOUNT).heading == "Your account"


def test_a_sign_in_of_the_second_of_the_change_is_over(service: Service, app: Application, ada: User) -> None:
    """Which somebody who signs in all the time always has."""
    service.clock.advance(60)
    service.clock.stop()
    thief = service.visitor()
    thief.sign_in(thief.get(app.url()), "ada", PASSWORD)
    assert signed_in(thief, app)
    change_password(service, ada)
    assert not signed_in(thief, app)


@pytest.mark.parametrize("target", ["authorization", "account"])
def test_a_sign_in_that_was_under_way_comes_to_nothing(
    service: Service, app: Application, ada: User, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    """The old password is found right, then it is changed, and the session begins after that."""
    service.clock.advance(60)
    thief = service.visitor()
    page = thief.get(app.url() if target == "authorization" else ACCOUNT)
    monkeypatch.setattr(passwords, "verify", before_the_answer(lambda: change_password(service, ada)))
    thief.sign_in(page, "ada", PASSWORD)
    for _ in range(3):
        assert not signed_in(thief, app)
        service.clock.advance(1)
    monkeypatch.undo()
    owner = service.visitor()
    owner.sign_in(owner.get(app.url()), "ada", NEW_PASSWORD)
    assert signed_in(owner, app)


def before_the_answer(event: Callable[[], None]) -> Callable[[str, str], bool]:
    """A check of passwords during which something else happens."""
    verify = passwords.verify

    def interrupted(password: str, encoded: str) -> bool:
        verified = verify(password, encoded)
        event()
        return verified

    return interrupted
