"""Signing in on the way to a code: who is asked for a password, when, and what becomes of the session."""

import json

import bcrypt
import pytest
from passlib.hash import pbkdf2_sha256, scrypt

from signet.authorize.forms import SESSION
from signet.model.session import session_digest
from signet.model.user import User
from tests.support.deployment import Deployment
from tests.support.sign_in import PASSWORD, REDIRECT_URI, Application, Service
from tests.support.visitor import Page, Visitor

WRONG = "The username or the password is not right."
DEVICE = "__Host-signet-device"


def granted(page: Page) -> str:
    """The code."""
    return page.redirected(REDIRECT_URI)["code"]


def error(page: Page) -> str:
    """The error that the application is told."""
    return page.redirected(REDIRECT_URI)["error"]


def session_of(visitor: Visitor) -> str:
    """The digest of the session that the browser has the cookie of."""
    return session_digest(visitor.cookies[SESSION])


def alive(service: Service, digest: str) -> bool:
    """Whether there is such a session."""
    return f"session#{digest}" in {item["pk"]["S"] for item in service.deployment.state("session")}


@pytest.fixture
def allowed(service: Service, app: Application, ada: User) -> User:
    """A user who has allowed the application everything."""
    service.consent(ada, app)
    return ada


def test_somebody_signs_in_and_the_application_gets_its_code(service: Service, app: Application, allowed: User) -> None:
    """RFC 6749 section 4.1: from the first page to the token, whose subject is who signed in."""
    visitor = service.visitor()
    page = visitor.open(app.url())
    assert (page.status, page.heading, page.alert) == (200, "Sign in", "")
    code = granted(visitor.sign_in(page, "ada", PASSWORD))
    assert service.claims(service.redeem(app, code).json()["access_token"])["sub"] == allowed.sub


@pytest.mark.parametrize("username", ["ADA", " ada ", "\uff41da"])
def test_a_name_is_found_however_it_is_typed(service: Service, app: Application, allowed: User, username: str) -> None:
    """Case, width and blanks around it do not matter."""
    visitor = service.visitor()
    granted(visitor.sign_in(visitor.open(app.url()), username, PASSWORD))


def test_a_login_is_answered_by_303(service: Service, app: Application, allowed: User) -> None:
    """RFC 9700 section 4.12: after 307 the browser would post the password to wherever it is led."""
    visitor = service.visitor()
    form = visitor.open(app.url()).form
    for password in ("wrong", PASSWORD):
        page = visitor.post(form.action, {**form.fields, "username": "ada", "password": password})
        assert (page.status, page.location) == (303, app.url())


def test_a_wrong_password_is_told_once(service: Service, app: Application, allowed: User) -> None:
    """The name stays in its field, the password does not; a reload has forgotten it."""
    visitor = service.visitor()
    page = visitor.sign_in(visitor.open(app.url()), "ada", "not the password")
    assert (page.status, page.alert) == (400, WRONG)
    assert (page.form.fields["username"], page.form.fields["password"]) == ("ada", "")
    assert "not the password" not in page.text
    again = visitor.get(page.target)
    assert (again.status, again.alert) == (200, "")
    granted(visitor.sign_in(page, "ada", PASSWORD))


@pytest.mark.parametrize(
    ("username", "password"), [("", PASSWORD), ("ada", ""), ("", ""), (" ", PASSWORD), ("ada", "\x00")]
)
def test_an_incomplete_form_signs_nobody_in(
    service: Service, app: Application, allowed: User, username: str, password: str
) -> None:
    """And says what is missing, or that it was wrong."""
    visitor = service.visitor()
    page = visitor.sign_in(visitor.open(app.url()), username, password)
    assert page.status == 400
    assert SESSION not in visitor.cookies


def test_a_field_twice_signs_nobody_in(service: Service, app: Application, allowed: User) -> None:
    """Neither the first nor the last of them."""
    visitor = service.visitor()
    form = visitor.open(app.url()).form
    body = f"form=login&csrf={form.fields['csrf']}&username=ada&password=x&password={PASSWORD}".encode()
    page = visitor.request("POST", form.action, body, **{"content-type": "application/x-www-form-urlencoded"})
    assert (page.status, page.location) == (400, "")
    assert SESSION not in visitor.cookies


def test_a_disabled_user_is_refused_like_a_wrong_password(service: Service, app: Application, allowed: User) -> None:
    """What they may not know by the right password they do not learn by it."""
    service.change(allowed, disabled=True)
    visitor = service.visitor()
    page = visitor.sign_in(visitor.open(app.url()), "ada", PASSWORD)
    assert (page.status, page.alert, SESSION in visitor.cookies) == (400, WRONG, False)


def test_a_user_without_a_password_cannot_sign_in(service: Service, app: Application) -> None:
    """Until an operator has set one."""
    service.user(password_hash="")
    visitor = service.visitor()
    for password in ("x", PASSWORD):
        assert visitor.sign_in(visitor.open(app.url()), "ada", password).alert == WRONG


@pytest.mark.parametrize(
    "imported",
    [
        bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(8)).decode(),
        pbkdf2_sha256.using(rounds=10_000).hash(PASSWORD),
        scrypt.using(rounds=14).hash(PASSWORD),
    ],
    ids=["bcrypt", "pbkdf2", "scrypt"],
)
def test_a_hash_of_another_system_signs_in_and_is_made_anew(service: Service, app: Application, imported: str) -> None:
    """The same password as always; its record is argon2id from then on, and it signs in again."""
    ada = service.user(password_hash=imported)
    service.consent(ada, app)
    for _ in range(2):
        visitor = service.visitor()
        assert visitor.sign_in(visitor.open(app.url()), "ada", PASSWORD.upper()).alert == WRONG
        granted(visitor.sign_in(visitor.open(app.url()), "ada", PASSWORD))
        stored = service.users.get(ada.sub)
        assert stored
        assert stored.password_hash.startswith("$argon2id$")


# the session


def test_a_session_is_enough_the_next_time(service: Service, app: Application, allowed: User) -> None:
    """No password for a second application, or for a second visit."""
    visitor = service.visitor()
    granted(visitor.sign_in(visitor.open(app.url()), "ada", PASSWORD))
    granted(visitor.open(app.url()))
    other = service.application("other", redirect_uris=("https://other.example.com/cb",))
    assert visitor.open(other.url()).step == "consent"


def test_the_cookies_are_for_this_host_and_for_no_script(service: Service, app: Application, allowed: User) -> None:
    """RFC 6265bis section 4.1.3; OWASP ASVS 5.0 section 3.3: __Host-, Secure, HttpOnly, SameSite; no Domain."""
    visitor = service.visitor()
    page = visitor.get(app.url())
    refusal = visitor.post(page.form.action, {**page.form.fields, "username": "ada", "password": "wrong"})
    login = visitor.post(page.form.action, {**page.form.fields, "username": "ada", "password": PASSWORD})
    last = visitor.get(app.url())
    cookies = [*page.answer.cookies, *refusal.answer.cookies, *login.answer.cookies, *last.answer.cookies]
    assert len(cookies) == 4
    for cookie in cookies:
        pair, *attributes = cookie.split("; ")
        assert pair.startswith("__Host-signet-")
        assert attributes[:4] == ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]
    session, device = login.answer.cookies
    assert "Max-Age" not in session  # it ends with the browser, at the latest
    assert (device.partition("=")[0], device.rpartition("; ")[2]) == (DEVICE, "Max-Age=34560000")


def test_a_session_ends_when_it_is_not_used(service: Service, app: Application, allowed: User) -> None:
    """Twelve hours, each visit moving them ahead, though nothing has deleted the item."""
    visitor = service.signed_in(allowed)
    for _ in range(2):
        service.clock.advance(11 * 3_600)
        granted(visitor.open(app.url()))
    service.clock.advance(13 * 3_600)
    assert visitor.open(app.url()).step == "login"
    assert len(service.deployment.state("session")) == 1


def test_a_session_ends_after_a_week_however_it_is_used(service: Service, app: Application, allowed: User) -> None:
    """OWASP ASVS 5.0 section 7.3.2: an absolute end."""
    visitor = service.signed_in(allowed)
    for _ in range(16):
        service.clock.advance(10 * 3_600)
        granted(visitor.open(app.url()))
    service.clock.advance(9 * 3_600)
    assert visitor.open(app.url()).step == "login"


def test_a_deployment_sets_both_ends_of_a_session(service: Service, app: Application, allowed: User) -> None:
    """Ten minutes without use, or half an hour in all."""
    service.deployment.cold("authorization", SIGNET_SESSION_IDLE_LIFETIME="600", SIGNET_SESSION_LIFETIME="1800")
    for pauses in ([700], [500, 500, 500, 500]):
        visitor = service.visitor()
        granted(visitor.sign_in(visitor.open(app.url()), "ada", PASSWORD))
        for pause in pauses[:-1]:
            service.clock.advance(pause)
            granted(visitor.open(app.url()))
        service.clock.advance(pauses[-1])
        assert visitor.open(app.url()).step == "login"


@pytest.mark.parametrize("value", ["", "x", "a" * 43, "\u00e9" * 43, "a" * 8_000, '"', "..", "null"])
def test_a_cookie_that_is_no_session_means_nothing(service: Service, app: Application, value: str) -> None:
    """The page is the one of somebody new."""
    visitor = service.visitor()
    visitor.cookies[SESSION] = value
    page = visitor.get(app.url())
    assert (page.status, page.step) == (200, "login")


def test_a_disabled_users_session_is_over(service: Service, app: Application, allowed: User) -> None:
    """From the next request on."""
    visitor = service.signed_in(allowed)
    granted(visitor.open(app.url()))
    service.change(allowed, disabled=True)
    assert visitor.open(app.url()).step == "login"
    assert error(visitor.open(app.url(prompt="none"))) == "login_required"


def test_a_deleted_users_session_is_over(service: Service, app: Application, allowed: User) -> None:
    """The session is still there, and its user is not."""
    visitor = service.signed_in(allowed)
    assert service.users.delete(allowed.sub)
    assert visitor.open(app.url()).step == "login"


def test_a_new_password_ends_every_session(service: Service, app: Application, allowed: User) -> None:
    """OWASP ASVS 5.0 section 7.4.3: whoever had come by the old one is out."""
    visitors = [service.signed_in(allowed) for _ in range(2)]
    service.clock.advance(5)
    changed = service.change(allowed, password_changed_at=service.now)
    for visitor in visitors:
        assert visitor.open(app.url()).step == "login"
        assert error(visitor.open(app.url(prompt="none"))) == "login_required"
    service.clock.advance(5)
    granted(service.signed_in(changed).open(app.url()))


# prompt (OpenID Connect Core section 3.1.2.1)


def test_prompt_none_grants_what_needs_nothing(service: Service, app: Application, allowed: User) -> None:
    """Session and consent are there."""
    granted(service.signed_in(allowed).get(app.url(prompt="none")))


def test_prompt_none_says_what_is_missing(service: Service, app: Application, ada: User) -> None:
    """OpenID Connect Core section 3.1.2.6; never a page."""
    assert error(service.visitor().get(app.url(prompt="none"))) == "login_required"
    assert error(service.signed_in(ada).get(app.url(prompt="none"))) == "consent_required"


def test_prompt_login_asks_for_the_password_again_once(service: Service, app: Application, allowed: User) -> None:
    """The user is known, and the demand is met by the login that follows: no loop."""
    service.clock.stop()
    visitor = service.signed_in(allowed)
    before = session_of(visitor)
    service.clock.advance(5)
    page = visitor.open(app.url(prompt="login"))
    assert page.form.fields["username"] == "ada"
    assert "You are signed in as" in page.text
    code = granted(visitor.sign_in(page, "ada", PASSWORD))
    claims = service.claims(service.redeem(app, code).json()["id_token"], "app")
    assert claims["auth_time"] == service.now
    assert session_of(visitor) != before


def test_prompt_login_is_met_by_another_user_too(service: Service, app: Application, allowed: User) -> None:
    """Whoever knows a password may be who the application wants."""
    bob = service.user("bob")
    service.consent(bob, app)
    visitor = service.signed_in(allowed)
    code = granted(visitor.sign_in(visitor.open(app.url(prompt="login")), "bob", PASSWORD))
    assert service.claims(service.redeem(app, code).json()["access_token"])["sub"] == bob.sub


def test_prompt_login_holds_when_the_page_is_left_by_its_address(
    service: Service, app: Application, allowed: User
) -> None:
    """The back button and a reload ask again."""
    visitor = service.signed_in(allowed)
    for _ in range(3):
        assert visitor.open(app.url(prompt="login")).step == "login"


def test_prompt_consent_asks_although_it_was_allowed(service: Service, app: Application, allowed: User) -> None:
    """And what is answered counts for this time."""
    visitor = service.signed_in(allowed)
    granted(visitor.allow(visitor.open(app.url(prompt="consent"))))
    assert error(visitor.deny(visitor.open(app.url(prompt="consent")))) == "access_denied"


def test_prompt_login_consent_asks_for_both_in_that_order(service: Service, app: Application, allowed: User) -> None:
    """A space-delimited list."""
    visitor = service.signed_in(allowed)
    page = visitor.open(app.url(prompt="consent login"))
    page = visitor.sign_in(page, "ada", PASSWORD)
    granted(visitor.allow(page))


def test_prompt_select_account_offers_the_one_there_is(service: Service, app: Application, allowed: User) -> None:
    """Go on with it."""
    visitor = service.signed_in(allowed)
    page = visitor.open(app.url(prompt="select_account"))
    assert (page.step, page.heading) == ("account", "Choose an account")
    assert page.form.buttons == (("account", "current"), ("account", "other"))
    granted(visitor.submit(page, account="current"))


def test_prompt_select_account_leads_to_another(service: Service, app: Application, allowed: User) -> None:
    """By its password; the first one's session ends."""
    bob = service.user("bob")
    service.consent(bob, app)
    visitor = service.signed_in(allowed)
    first = session_of(visitor)
    page = visitor.submit(visitor.open(app.url(prompt="select_account")), account="other")
    assert page.step == "login"
    code = granted(visitor.sign_in(page, "bob", PASSWORD))
    assert service.claims(service.redeem(app, code).json()["access_token"])["sub"] == bob.sub
    assert not alive(service, first)


def test_prompt_select_account_without_a_session_is_a_login(service: Service, app: Application, allowed: User) -> None:
    """There is nothing to select from, before or after."""
    visitor = service.visitor()
    granted(visitor.sign_in(visitor.open(app.url(prompt="select_account")), "ada", PASSWORD))


def test_prompt_with_everything_asks_for_everything(service: Service, app: Application, allowed: User) -> None:
    """Account, password, consent."""
    visitor = service.signed_in(allowed)
    page = visitor.open(app.url(prompt="login consent select_account"))
    page = visitor.submit(page, account="current")
    page = visitor.sign_in(page, "ada", PASSWORD)
    granted(visitor.allow(page))


# max_age (OpenID Connect Core section 3.1.2.1)


def test_max_age_asks_for_the_password_once_the_login_is_older(
    service: Service, app: Application, allowed: User
) -> None:
    """Seconds since the user was last actively authenticated, which the ID token then says."""
    visitor = service.signed_in(allowed)
    service.clock.advance(50)
    granted(visitor.open(app.url(max_age="60")))
    service.clock.advance(20)
    assert error(visitor.open(app.url(max_age="60", prompt="none"))) == "login_required"
    code = granted(visitor.sign_in(visitor.open(app.url(max_age="60")), "ada", PASSWORD))
    claims = service.claims(service.redeem(app, code).json()["id_token"], "app")
    assert service.now - claims["auth_time"] <= 1


def test_max_age_0_asks_always_and_once(service: Service, app: Application, allowed: User) -> None:
    """Equivalent to prompt=login: also within the second of a login, and no loop after it."""
    visitor = service.signed_in(allowed)
    assert error(visitor.open(app.url(max_age="0", prompt="none"))) == "login_required"
    page = visitor.open(app.url(max_age="0"))
    granted(visitor.sign_in(page, "ada", PASSWORD))
    service.clock.advance(5)
    page = visitor.open(app.url(max_age="0"))
    granted(visitor.sign_in(page, "ada", PASSWORD))


# id_token_hint and the subject of the claims parameter (OpenID Connect Core sections 3.1.2.1 and 5.5.1)


def test_a_hint_of_who_is_signed_in_is_no_obstacle(service: Service, app: Application, allowed: User) -> None:
    """Expired as it is: a day old, where it lived an hour."""
    id_token = service.tokens(app, allowed)["id_token"]
    service.clock.advance(86_400)
    granted(service.signed_in(allowed).open(app.url(id_token_hint=id_token, prompt="none")))


def test_a_hint_of_another_user_asks_for_that_user(service: Service, app: Application, allowed: User) -> None:
    """Never an answer about somebody else."""
    bob = service.user("bob")
    service.consent(bob, app)
    hint = service.tokens(app, allowed)["id_token"]
    visitor = service.signed_in(bob)
    assert error(visitor.open(app.url(id_token_hint=hint, prompt="none"))) == "login_required"
    page = visitor.open(app.url(id_token_hint=hint))
    assert page.step == "login"
    code = granted(visitor.sign_in(page, "ada", PASSWORD))
    assert service.claims(service.redeem(app, code).json()["access_token"])["sub"] == allowed.sub


def test_a_login_as_another_than_the_hint_is_login_required(service: Service, app: Application, allowed: User) -> None:
    """OpenID Connect Core section 3.1.2.1: otherwise it MUST return an error, such as login_required."""
    service.consent(service.user("bob"), app)
    hint = service.tokens(app, allowed)["id_token"]
    visitor = service.visitor()
    page = visitor.sign_in(visitor.open(app.url(id_token_hint=hint)), "bob", PASSWORD)
    assert error(page) == "login_required"


def test_a_foreign_hint_is_refused(service: Service, app: Application, allowed: User) -> None:
    """An ID token of another client, another kind of token, a damaged one."""
    other = service.application("other")
    tokens = service.tokens(app, allowed)
    for hint in (
        service.tokens(other, allowed)["id_token"],
        tokens["access_token"],
        tokens["id_token"][:-2],
        tokens["id_token"] + "A",
        granted(service.signed_in(allowed).open(app.url())),
    ):
        assert error(service.signed_in(allowed).open(app.url(id_token_hint=hint))) == "invalid_request"


def test_the_claims_parameter_can_name_the_subject(service: Service, app: Application, allowed: User) -> None:
    """OpenID Connect Core section 5.5.1: `sub` with a value, in either place."""
    for place in ("id_token", "userinfo"):
        wanted = {subject: json.dumps({place: {"sub": {"value": subject}}}) for subject in ("sub-ada", "sub-bob")}
        granted(service.signed_in(allowed).open(app.url(claims=wanted["sub-ada"], prompt="none")))
        page = service.signed_in(allowed).open(app.url(claims=wanted["sub-bob"], prompt="none"))
        assert error(page) == "login_required"


def test_a_hint_and_a_claim_of_different_subjects_are_refused(
    service: Service, app: Application, allowed: User
) -> None:
    """Nobody can be both."""
    hint = service.tokens(app, allowed)["id_token"]
    claims = json.dumps({"id_token": {"sub": {"value": "sub-bob"}}})
    assert error(service.visitor().open(app.url(id_token_hint=hint, claims=claims))) == "invalid_request"


# guessing, and the browser that its owner has signed in with


def try_password(service: Service, app: Application, visitor: Visitor, password: str) -> int:
    """The status of the page after that password, or 303 for an application that gets its code."""
    visitor.cookies.pop(SESSION, None)
    return visitor.sign_in(visitor.open(app.url()), "ada", password).status


def guess_from_everywhere(service: Service, app: Application) -> None:
    """Until a right password has to wait as well."""
    statuses = [try_password(service, app, service.visitor(f"198.51.100.{number}"), "a guess") for number in range(6)]
    assert statuses == [400] * 5 + [429]


def test_guesses_from_everywhere_do_not_slow_the_owners_browser(
    service: Service, app: Application, allowed: User
) -> None:
    """On a phone its address is another each time; a browser that has never been here has to wait."""
    phone = service.visitor()
    assert try_password(service, app, phone, PASSWORD) == 303
    guess_from_everywhere(service, app)
    phone.address = "2001:db8::7"
    assert try_password(service, app, phone, PASSWORD) == 303
    assert try_password(service, app, service.visitor(phone.address), PASSWORD) == 429


def test_a_browser_keeps_its_device_cookie(service: Service, app: Application, allowed: User) -> None:
    """A refusal gives none; the first sign-in does; later ones, of whomever, leave it as it is."""
    visitor = service.visitor()
    page = visitor.sign_in(visitor.open(app.url()), "ada", "wrong")
    assert DEVICE not in visitor.cookies
    visitor.sign_in(page, "ada", PASSWORD)
    device = visitor.cookies[DEVICE]
    assert len(device) == 43
    for username in ("ada", service.user("bob").username):
        visitor.sign_in(visitor.open(app.url(prompt="login")), username, PASSWORD)
        assert visitor.cookies[DEVICE] == device
    stranger = service.visitor()
    stranger.sign_in(stranger.open(app.url()), "ada", PASSWORD)
    assert stranger.cookies[DEVICE] != device


@pytest.mark.parametrize("value", ["", "x", "a" * 42, "a" * 44, "\u00e9" * 43, "a" * 42 + "=", "a" * 8_000, '"'])
def test_a_device_cookie_that_is_none_of_ours_is_replaced(
    service: Service, app: Application, allowed: User, value: str
) -> None:
    """By a random one, when somebody signs in."""
    visitor = service.visitor()
    visitor.cookies[DEVICE] = value
    assert try_password(service, app, visitor, PASSWORD) == 303
    assert len(visitor.cookies[DEVICE]) == 43
    assert visitor.cookies[DEVICE].isascii()


def test_a_device_cookie_of_another_account_or_a_made_up_one_gains_nothing(
    service: Service, app: Application, allowed: User
) -> None:
    """Not one more guess than without."""
    service.user("mallory")
    attacker = service.visitor("203.0.113.9")
    attacker.sign_in(attacker.open(app.url()), "mallory", PASSWORD)
    made_up = service.visitor("203.0.113.10")
    made_up.cookies[DEVICE] = "m" * 43
    for visitor in (attacker, made_up):
        assert try_password(service, app, visitor, "a guess") == 400
    assert [try_password(service, app, attacker, "a guess") for _ in range(4)] == [400, 400, 400, 429]
    assert [try_password(service, app, made_up, PASSWORD) for _ in range(2)] == [429, 429]


def test_a_stolen_device_cookie_gives_its_own_few_guesses(service: Service, app: Application, allowed: User) -> None:
    """Wherever it is used from; the owner's browser without it is not slowed by them."""
    owner, thief = service.visitor(), service.visitor("203.0.113.9")
    assert try_password(service, app, owner, PASSWORD) == 303
    thief.cookies[DEVICE] = owner.cookies[DEVICE]
    statuses = []
    for number in range(6):
        thief.address = f"203.0.113.{number}"
        statuses.append(try_password(service, app, thief, "a guess"))
    assert statuses == [400] * 5 + [429]
    assert try_password(service, app, service.visitor(), PASSWORD) == 303


def test_the_device_is_stored_as_a_digest(service: Service, app: Application, allowed: User) -> None:
    """Together with the account, so that the item names neither, nor which accounts one browser has."""
    visitor = service.visitor()
    assert try_password(service, app, visitor, PASSWORD) == 303
    assert visitor.cookies[DEVICE] not in str(service.deployment.state("throttle")) + service.deployment.output()


# what is written down


def test_a_login_is_one_line_and_one_metric(service: Service, app: Application, allowed: User) -> None:
    """Who, for which client, from where, in which session; and the refusal before it with its reason."""
    visitor = service.visitor()
    page = visitor.sign_in(visitor.open(app.url()), "ada", "wrong password")
    visitor.sign_in(page, "ada", PASSWORD)
    [refused] = service.deployment.lines("login_refused")
    [login] = service.deployment.lines("login")
    common = {"client_id": "app", "sub": allowed.sub, "source_ip": visitor.address}
    assert refused.items() >= {**common, "reason": "password_wrong"}.items()
    assert login.items() >= {**common, "sid": service.deployment.state("session")[0]["sid"]["S"]}.items()
    names = [name for metric in service.deployment.metrics() for name in ("Logins", "LoginsRefused") if name in metric]
    assert names == ["LoginsRefused", "Logins"]


def test_a_name_that_nobody_has_is_not_written_down(service: Service, app: Application) -> None:
    """People type passwords into the wrong field."""
    visitor = service.visitor()
    visitor.sign_in(visitor.open(app.url()), "my-password-in-the-wrong-field", "x")
    [line] = service.deployment.lines("login_refused")
    assert line["reason"] == "user_unknown"
    assert "wrong-field" not in service.deployment.output()


def test_a_session_looked_at_is_seldom_written(
    service: Service, app: Application, allowed: User, deployment: Deployment
) -> None:
    """Its idle end moves once in five minutes at most."""
    visitor = service.signed_in(allowed)
    visitor.open(app.url())
    service.clock.advance(200)
    deployment.calls.clear()
    visitor.open(app.url())
    assert "dynamodb:UpdateItem" not in deployment.calls
    service.clock.advance(200)
    visitor.open(app.url())
    assert deployment.calls.count("dynamodb:UpdateItem") == 1
