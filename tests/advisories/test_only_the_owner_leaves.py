"""Rows 6, 10 and 20: nobody else signs a person out or takes from their account, and who has left is out."""

from urllib.parse import urlencode

import pytest

from signet import jwt as jws
from signet.authorize.forms import SESSION, csrf_token
from signet.endpoints.account_pages import proved
from signet.keys.keyring import loaded
from signet.model.user import User
from tests.support.deployment import ISSUER
from tests.support.sign_in import ACCOUNT, END_SESSION, PASSWORD, Application, Service
from tests.support.visitor import Visitor

BYE = "https://app.example.com/bye"


@pytest.fixture
def app(service: Service, ada: User) -> Application:
    """An application that ada has allowed."""
    app = service.application(
        grant_types=("authorization_code", "refresh_token"), post_logout_redirect_uris=(BYE,), client_name="Bookshop"
    )
    service.consent(ada, app)
    return app


@pytest.fixture
def victim(service: Service, app: Application, ada: User) -> Visitor:
    """Somebody with both pages open, and signed in at a second browser."""
    service.signed_in(ada)
    visitor = service.signed_in(ada)
    visitor.get(ACCOUNT)
    visitor.get(END_SESSION)
    return visitor


def untouched(service: Service, app: Application, ada: User, victim: Visitor) -> bool:
    """Whether ada has all that she had."""
    sessions = [item for item in service.deployment.state("session") if item["sub"]["S"] == ada.sub]
    _, consent = service.consents.get(ada.sub, app.client_id)
    return (len(sessions), consent is not None, victim.get(ACCOUNT).heading) == (2, True, "Your account")


FORMS = (
    (END_SESSION, {"form": "end_session", "decision": "sign_out"}),
    (ACCOUNT, {"form": "application", "client_id": "app"}),
    (ACCOUNT, {"form": "other_sessions"}),
)


@pytest.mark.parametrize("csrf", [None, "", "0" * 64, "null"])
def test_no_form_without_its_proof_does_anything(
    service: Service, app: Application, ada: User, victim: Visitor, csrf: str | None
) -> None:
    """RFC 9700 section 4.7: cross-site request forgery."""
    for target, fields in FORMS:
        page = victim.post(target, {**fields, **({} if csrf is None else {"csrf": csrf})})
        assert (page.status, page.location) == (303, target)
    assert untouched(service, app, ada, victim)


def test_no_proof_of_another_form_person_browser_or_target_does_anything(
    service: Service, app: Application, ada: User, victim: Visitor
) -> None:
    """Each is for one thing, in one browser, in one session."""
    service.consent(ada, service.application("second"))
    eve = service.user("eve")
    service.consent(eve, app)
    page = victim.get(ACCOUNT)
    proofs = {form.fields["csrf"] for form in page.forms}
    assert len(proofs) == len(page.forms) == 5
    strangers = [
        service.signed_in(eve).get(ACCOUNT),
        service.signed_in(ada).get(ACCOUNT),
        service.visitor().get(ACCOUNT),
    ]
    strangers.append(victim.get(f"{END_SESSION}?state=other"))
    proofs |= {form.fields["csrf"] for stranger in strangers for form in stranger.forms}
    own = {
        (form.fields["form"], form.fields.get("client_id", ""), form.fields["csrf"])
        for form in page.forms
        if form.fields.get("client_id", "app") == "app"
    }
    service.deployment.forget_output()
    for target, fields in FORMS:
        for shown in proofs:
            if (fields["form"], fields.get("client_id", ""), shown) not in own:
                victim.post(target, {**fields, "csrf": shown})
    assert len(service.deployment.lines("form_refused")) == len(FORMS) * (len(proofs) - 1)
    assert service.deployment.lines("consent_revoked") == service.deployment.lines("logout") == []


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post", ""])
def test_no_other_method_does_anything(
    service: Service, app: Application, ada: User, victim: Visitor, method: str
) -> None:
    """Even with the form's own proof in its body."""
    for form in (*victim.get(ACCOUNT).forms, victim.get(END_SESSION).form):
        body = urlencode({**form.fields, "decision": "sign_out"}).encode()
        page = victim.request(method, form.action, body, **{"content-type": "application/x-www-form-urlencoded"})
        assert page.status == 405
        page = victim.request("GET", f"{form.action}?{body.decode()}&_method=POST", body)
        assert page.status == 200
    assert untouched(service, app, ada, victim)


def test_no_id_of_anothers_is_of_any_use(service: Service, app: Application, ada: User, victim: Visitor) -> None:
    """A session's, a client's: what is posted is looked for among one's own, even with a proof that fits."""
    eve = service.signed_in(service.user("eve"))
    foreign = service.session_of(victim)
    assert foreign
    assert eve.get(ACCOUNT).heading == "Your account"
    for name, field, value in (
        ("session", "sid", foreign.sid),
        ("session", "sid", foreign.digest),
        ("application", "client_id", app.client_id),
        ("application", "client_id", f"{app.client_id}#"),
    ):
        eve.post(ACCOUNT, {"form": name, field: value, "csrf": proof(eve, name, value)})
    assert untouched(service, app, ada, victim)


def proof(visitor: Visitor, form: str, target: str) -> str:
    """What a browser can work out by itself, since it has the key of its own forms."""
    key = visitor.cookies["__Host-signet-form"]
    return csrf_token(key, form, visitor.cookies[SESSION], proved(ACCOUNT, target))


def test_only_an_id_token_of_ours_signs_out_unasked(
    service: Service, app: Application, ada: User, victim: Visitor
) -> None:
    """Not an access or refresh token, a logout token, a code, a session's id, or what somebody else has signed."""
    code = victim.open(app.url()).redirected(app.redirect_uri)["code"]
    tokens = service.redeem(app, code).json()
    session = service.session_of(victim)
    assert session
    signer = loaded(service.deployment.keyring()).signer("RS256")
    claims = {"iss": ISSUER, "sub": ada.sub, "aud": app.client_id, "sid": session.sid, "iat": service.now}
    forged = {
        "logout token": jws.sign({**claims, "events": {}}, typ="logout+jwt", signer=signer),
        "without a type": jws.sign(claims, typ="", signer=signer),
        "of another issuer": jws.sign({**claims, "iss": "https://evil.example"}, typ="JWT", signer=signer),
        "of another client": jws.sign({**claims, "aud": "other"}, typ="JWT", signer=signer),
        "of another session": jws.sign({**claims, "sid": "other"}, typ="JWT", signer=signer),
        "of no session": jws.sign({**claims, "sid": ""}, typ="JWT", signer=signer),
        "of another person": jws.sign({**claims, "sub": "sub-eve"}, typ="JWT", signer=signer),
        "unsigned": tokens["id_token"].rpartition(".")[0] + ".",
        "damaged": tokens["id_token"][:-8] + "AAAAAAAA",
        "access token": tokens["access_token"],
        "refresh token": tokens["refresh_token"],
        "code": code,
        "session id": victim.cookies[SESSION],
        "sid": session.sid,
        "too long": "a." * 5_000,
        "none": "eyJhbGciOiJub25lIn0.e30.",
    }
    for name, hint in forged.items():
        asked = urlencode({"id_token_hint": hint, "post_logout_redirect_uri": BYE})
        page = victim.get(f"{END_SESSION}?{asked}")
        assert (page.status, page.heading, page.location) == (200, "Sign out?", ""), name
    assert untouched(service, app, ada, victim)
    asked = urlencode({"id_token_hint": jws.sign(claims, typ="JWT", signer=signer), "post_logout_redirect_uri": BYE})
    assert victim.get(f"{END_SESSION}?{asked}").location == BYE


def test_who_has_left_is_out_and_nothing_can_be_fixed(
    service: Service, app: Application, ada: User, victim: Visitor
) -> None:
    """The cookie is worth nothing afterwards, also where it is planted, and the next login has an id of its own."""
    stale = victim.get(ACCOUNT).forms
    left = victim.cookies[SESSION]
    victim.submit(victim.get(END_SESSION), decision="sign_out")
    assert SESSION not in victim.cookies
    for thief in (service.visitor(), victim):
        thief.cookies[SESSION] = left
        assert thief.get(ACCOUNT).step == "login"
        assert thief.get(app.url()).step == "login"
        assert thief.get(END_SESSION).heading == "You are signed out"
    victim.cookies[SESSION] = left
    page = victim.sign_in(victim.get(ACCOUNT), "ada", PASSWORD)
    assert page.heading == "Your account"
    assert victim.cookies[SESSION] != left
    for form in stale:
        victim.post(form.action, {**form.fields, "decision": "sign_out"})
    assert victim.get(ACCOUNT).heading == "Your account"
    assert "Bookshop" in victim.get(ACCOUNT).text
    thief = service.visitor()
    thief.cookies[SESSION] = left
    assert thief.get(ACCOUNT).step == "login"


def test_no_page_of_the_way_out_can_be_framed_or_kept(
    service: Service, app: Application, ada: User, victim: Visitor
) -> None:
    """RFC 9700 section 4.16, OWASP ASVS 5.0 section 3.4: errors included."""
    for page in (
        victim.get(ACCOUNT),
        victim.get(END_SESSION),
        service.visitor().get(ACCOUNT),
        service.visitor().get(END_SESSION),
        victim.request("PUT", ACCOUNT),
        victim.request("PUT", END_SESSION),
        victim.get(f"{END_SESSION}?state=%00"),
        victim.get(f"{ACCOUNT}?ui_locales=fr&ui_locales=en"),
        service.visitor().post(ACCOUNT, {"form": "login"}),
    ):
        assert page.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" in page.headers


def test_no_other_site_reads_or_asks_them_for_anything(victim: Visitor) -> None:
    """No CORS: what is granted by a cookie is for our own pages."""
    for target in (ACCOUNT, END_SESSION):
        page = victim.request("GET", target, origin="https://evil.example")
        assert not {name for name in page.headers if name.startswith("access-control")}
        assert victim.request("OPTIONS", target, origin="https://evil.example").status == 405
