"""Row 20: a session's id is new at each login, the old one dies, and nobody can plant one (Keycloak CVE-2026-7507)."""

import pytest

from signet.authorize.forms import SESSION
from signet.model.session import session_digest
from signet.model.user import User
from tests.support.gateway_events import answer
from tests.support.sign_in import PASSWORD, REDIRECT_URI, Application, Service
from tests.support.visitor import Visitor, http_event


@pytest.fixture
def app(service: Service, ada: User) -> Application:
    """An application that ada has allowed."""
    app = service.application()
    service.consent(ada, app)
    return app


def granted(visitor: Visitor, app: Application) -> bool:
    """Whether the browser is signed in."""
    return "code=" in visitor.get(app.url()).location


def signed_in(service: Service, visitor: Visitor, app: Application, username: str = "ada") -> str:
    """Sign in, where or not somebody is; the id of the new session."""
    visitor.sign_in(visitor.get(app.url(prompt="login")), username, PASSWORD)
    return visitor.cookies[SESSION]


def test_an_id_that_was_planted_is_not_adopted(service: Service, app: Application) -> None:
    """Fixation: the attacker's id never becomes the victim's session, and is worth nothing afterwards."""
    attacker, victim = service.visitor(), service.visitor()
    planted = "a" * 43
    attacker.cookies[SESSION] = victim.cookies[SESSION] = planted
    assert signed_in(service, victim, app) != planted
    assert not granted(attacker, app)
    assert granted(victim, app)


def test_the_attackers_own_session_is_not_adopted(service: Service, app: Application) -> None:
    """Fixation with a session that lives: it ends, and the victim's is another."""
    service.user("eve")
    attacker, victim = service.visitor(), service.visitor()
    planted = signed_in(service, attacker, app, "eve")
    victim.cookies[SESSION] = planted
    assert signed_in(service, victim, app) != planted
    assert attacker.get(app.url()).step == "login"
    assert granted(victim, app)


def test_each_login_has_an_id_of_its_own_and_ends_the_one_before(service: Service, app: Application) -> None:
    """OWASP ASVS 5.0 section 7.2.4: also where the same person signs in again."""
    visitor = service.visitor()
    ids = []
    for _ in range(3):
        ids.append(signed_in(service, visitor, app))
        alive = {item["digest"]["S"] for item in service.deployment.state("session")}
        assert alive == {session_digest(ids[-1])}
    assert len(set(ids)) == 3
    for dead in ids[:-1]:
        thief = service.visitor()
        thief.cookies[SESSION] = dead
        assert not granted(thief, app)


def test_a_login_that_fails_leaves_the_session_as_it_is(service: Service, app: Application) -> None:
    """Nobody is signed out by somebody's guess in their browser."""
    visitor = service.visitor()
    before = signed_in(service, visitor, app)
    visitor.sign_in(visitor.get(app.url(prompt="login")), "ada", "wrong")
    assert visitor.cookies[SESSION] == before
    assert granted(visitor, app)


def test_an_id_is_long_and_random(service: Service, app: Application) -> None:
    """OWASP ASVS 5.0 section 7.2.3: 256 bits, of which the table has the digest alone."""
    ids = {signed_in(service, service.visitor(), app) for _ in range(3)}
    assert {len(session_id) for session_id in ids} == {43}
    assert len({session_id[:8] for session_id in ids}) == 3
    stored = str(service.deployment.state())
    for session_id in ids:
        assert session_id not in stored
        assert session_digest(session_id) in stored


def test_what_the_table_has_is_no_id(service: Service, app: Application) -> None:
    """Who has read the table is not signed in."""
    signed_in(service, service.visitor(), app)
    [session] = service.deployment.state("session")
    for value in (session["digest"]["S"], session["sid"]["S"], session["pk"]["S"]):
        thief = service.visitor()
        thief.cookies[SESSION] = value
        assert not granted(thief, app)


def test_a_session_that_ended_on_the_server_is_over_in_the_browser(service: Service, app: Application) -> None:
    """Whatever the browser still sends."""
    visitor = service.visitor()
    session_id = signed_in(service, visitor, app)
    service.sessions.end(session_id)
    assert visitor.get(app.url()).step == "login"
    page = visitor.get(app.url(prompt="none"))
    assert page.redirected(REDIRECT_URI)["error"] == "login_required"


def test_the_cookie_is_one_that_no_subdomain_can_set(service: Service, app: Application) -> None:
    """RFC 6265bis section 4.1.3: __Host- with Secure, Path=/ and no Domain; HttpOnly and SameSite beside them."""
    visitor = service.visitor()
    form = visitor.get(app.url()).form
    page = visitor.post(form.action, {**form.fields, "username": "ada", "password": PASSWORD})
    [cookie] = [cookie for cookie in page.answer.cookies if cookie.startswith(SESSION)]
    assert cookie == f"__Host-signet-session={visitor.cookies[SESSION]}; Path=/; Secure; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    "name", ["signet-session", "__Secure-signet-session", "__host-signet-session", "__Host-Signet-Session"]
)
def test_a_cookie_of_another_name_is_not_looked_at(service: Service, app: Application, name: str) -> None:
    """Which a sibling domain, or plain http, could have set."""
    visitor = service.visitor()
    session_id = signed_in(service, visitor, app)
    thief = service.visitor()
    thief.cookies[name] = session_id
    assert not granted(thief, app)


def test_a_second_cookie_of_the_name_changes_nothing(service: Service, app: Application) -> None:
    """Cookie tossing: the first counts, which is the one of the longer path, and `__Host-` has but one."""
    visitor = service.visitor()
    session_id = signed_in(service, visitor, app)
    for cookies, status in (
        (f"{SESSION}={session_id}; {SESSION}={'a' * 43}", 303),
        (f"{SESSION}={'a' * 43}; {SESSION}={session_id}", 200),
    ):
        event = http_event("GET", app.url(), {"cookie": cookies}, b"", visitor.address)
        assert answer(service.deployment.invoke("authorization", event)).status == status


@pytest.mark.parametrize("where", ["query", "body"])
def test_an_id_is_read_from_its_cookie_alone(service: Service, app: Application, where: str) -> None:
    """OWASP ASVS 5.0 section 7.2.1: never from a URL or a form."""
    session_id = signed_in(service, service.visitor(), app)
    thief = service.visitor()
    extra = {SESSION: session_id, "session": session_id, "sid": session_id}
    page = (
        thief.get(app.url(**extra))
        if where == "query"
        else thief.open(thief.post(app.url(), {**app.parameters(), **extra}).location)
    )
    assert page.step == "login"


def test_a_session_is_not_moved_to_another_user(service: Service, app: Application, ada: User) -> None:
    """Signing in as somebody else is another session, with another public id."""
    service.user("eve")
    visitor = service.visitor()
    signed_in(service, visitor, app)
    [first] = service.deployment.state("session")
    signed_in(service, visitor, app, "eve")
    [second] = service.deployment.state("session")
    assert (first["sub"]["S"], second["sub"]["S"]) == (ada.sub, "sub-eve")
    assert first["sid"] != second["sid"]
