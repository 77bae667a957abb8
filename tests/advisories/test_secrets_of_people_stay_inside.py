"""Row 19: after every way through the interactive half, each secret is where it belongs and nowhere else."""

import base64
import json
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from botocore.awsrequest import AWSResponse

from signet import pkce
from signet.authorize.forms import SESSION
from signet.http import HttpRequest, HttpResponse
from signet.model.authorization import RedirectTarget
from signet.model.grant import Code
from signet.model.user import User
from tests.support.faults import internal
from tests.support.gateway_events import Answer, token_event
from tests.support.sign_in import ACCOUNT, END_SESSION, PASSWORD, REDIRECT_URI, VERIFIER, Application, Service
from tests.support.visitor import Page, Visitor

MISTYPED = "my other password entirely"
AS_A_NAME = "a password in the field of the name"
FORM_KEY = "__Host-signet-form"
DEVICE = "__Host-signet-device"


class Witness:
    """Everything that came out, by where it came out, and the secrets by where they belong."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.out: dict[str, list[str]] = {"page": [], "location": [], "header": [], "cookie": [], "token answer": []}
        self.secrets: dict[str, set[str]] = {}

    def visitor(self) -> Visitor:
        """A browser that is watched."""
        visitor = self.service.visitor()
        send = visitor.send

        def watched(event: dict[str, object]) -> Answer:
            return self.saw(send(event))

        visitor.send = watched
        return visitor

    def saw(self, answer: Answer, where: str = "page") -> Answer:
        """An answer came."""
        headers = dict(answer.headers)
        self.out["location"].append(headers.pop("location", ""))
        self.out["header"].append(str(headers))
        self.out["cookie"] += answer.cookies
        self.out[where].append(answer.body)
        return answer

    def secret(self, value: str, *belongs: str) -> str:
        """This is one, which may come out there."""
        assert len(value) >= 8
        self.secrets.setdefault(value, set()).update(belongs)
        return value

    def submit(self, visitor: Visitor, page: Page, **fields: str) -> Page:
        """Send a form, whose proof belongs in pages."""
        self.secret(page.form.fields["csrf"], "page")
        self.secret(visitor.cookies[FORM_KEY], "cookie")
        page = visitor.submit(page, **fields)
        for name in {SESSION, DEVICE} & visitor.cookies.keys():
            self.secret(visitor.cookies[name], "cookie")
        return page

    def outputs(self) -> Iterator[tuple[str, str]]:
        """Where, and what."""
        yield from ((where, "\n".join(texts)) for where, texts in self.out.items())
        deployment = self.service.deployment
        yield "log or metric", deployment.output()
        yield "registry", json.dumps(deployment.items())
        yield "state", json.dumps(deployment.state())

    def check(self) -> None:
        """Search for each secret, its halves and its other spellings."""
        for secret, belongs in self.secrets.items():
            half = len(secret) // 2
            spellings = {secret, base64.b64encode(secret.encode()).decode(), secret.encode().hex(), repr(secret)[1:-1]}
            if half >= 8:
                spellings |= {secret[:half], secret[half:]}
            for where, text in self.outputs():
                found = [spelling for spelling in spellings if spelling in text]
                assert not found or where in belongs, f"a secret is in a {where}"


@pytest.fixture
def witness(service: Service) -> Witness:
    """A watched service at the most talkative level that the template offers."""
    service.deployment.set_log_level("DEBUG")
    return Witness(service)


def sign_in(witness: Witness, visitor: Visitor, app: Application, **request: str) -> Page:
    """Two wrong passwords and the right one; the page after it."""
    page = visitor.open(app.url(**request))
    for password in (MISTYPED, "long " * 40, PASSWORD):
        page = witness.submit(visitor, page, username="ada", password=witness.secret(password))
    return page


def exchange(witness: Witness, app: Application, code: str) -> str:
    """The code for tokens, of which the access token is returned."""
    answer = witness.service.redeem(app, code)
    members = answer.json()
    for name in ("access_token", "id_token"):
        witness.secret(members[name], "token answer")
        witness.secret(members[name].rpartition(".")[2], "token answer")
    witness.saw(answer, "token answer")
    return str(members["access_token"])


def known(witness: Witness, app: Application) -> None:
    """What both sides have had from the start."""
    witness.secret(VERIFIER)
    witness.secret(app.client_secret)


def test_a_whole_way_leaves_no_secret_where_it_does_not_belong(
    witness: Witness, service: Service, app: Application, ada: User
) -> None:
    """Sign in, consent, code, tokens, userinfo, by-passed consent, form_post, hint; then a replay."""
    known(witness, app)
    visitor = witness.visitor()
    page = witness.submit(visitor, sign_in(witness, visitor, app), decision="allow")
    code = page.redirected(REDIRECT_URI)["code"]
    witness.secret(code.partition(".")[2], "location")
    token = exchange(witness, app, code)
    witness.saw(service.userinfo(token))
    page = visitor.get(app.url(response_mode="form_post"))
    posted = page.posted(REDIRECT_URI)["code"]
    witness.secret(posted.partition(".")[2], "page")
    exchange(witness, app, posted)
    witness.saw(service.redeem(app, code))
    witness.saw(service.userinfo(token))
    page = visitor.get(app.url(prompt="login"))
    witness.submit(visitor, page, username="ada", password=PASSWORD)
    witness.check()


def test_leaving_leaves_no_secret_where_it_does_not_belong(
    witness: Witness, service: Service, app: Application, ada: User
) -> None:
    """The account page, signed in to; an application and a session less; logout by an ID token, and the question."""
    known(witness, app)
    service.consent(ada, app)
    service.signed_in(ada)
    visitor = witness.visitor()
    page = visitor.get(ACCOUNT)
    for password in (MISTYPED, PASSWORD):
        page = witness.submit(visitor, page, username="ada", password=witness.secret(password))
    answer = service.redeem(app, visitor.get(app.url()).redirected(REDIRECT_URI)["code"])
    tokens = answer.json()
    witness.secret(tokens["access_token"], "token answer")
    witness.secret(tokens["id_token"], "page", "location")  # on its way through, as its client sent it
    hinted = urlencode({"id_token_hint": tokens["id_token"], "logout_hint": "somebody else"})
    for form in (*visitor.get(ACCOUNT).forms, visitor.get(f"{END_SESSION}?{hinted}").form):
        witness.secret(form.fields["csrf"], "page")
        visitor.post(form.action, {**form.fields, "csrf": PASSWORD})
    for name, fields in (("application", {"client_id": app.client_id}), ("other_sessions", {})):
        form = visitor.get(ACCOUNT).form_about(name, **fields)
        assert visitor.press(form).notice
    visitor.post(END_SESSION, {"id_token_hint": tokens["id_token"]})
    assert (
        visitor.get(f"{END_SESSION}?{urlencode({'id_token_hint': tokens['id_token']})}").heading == "You are signed out"
    )
    witness.check()


def test_refusals_leave_no_secret_anywhere(witness: Witness, service: Service, app: Application, ada: User) -> None:
    """Everything that can be sent in a wrong place or a wrong moment."""
    known(witness, app)
    service.consent(ada, app)
    visitor = witness.visitor()
    session_id, _ = service.sessions.begin(ada)
    visitor.cookies[SESSION] = witness.secret(session_id, "cookie")
    code = visitor.get(app.url()).redirected(REDIRECT_URI)["code"]
    secret = witness.secret(code.partition(".")[2], "location")
    for answer in (
        service.redeem(app, code, code_verifier=witness.secret("w" * 50)),
        service.redeem(app, code, redirect_uri="https://other.example.com"),
        service.redeem(service.application("other"), code),
        service.redeem(app, secret),
        service.redeem(app, code + "x"),
        service.redeem(app, code, grant_type=secret),
        service.redeem(app, VERIFIER, code_verifier=code),
        service.deployment.token(token_event({"code": code}, basic=app.basic, query=f"code={code}")),
        service.deployment.token(token_event({"code": code, "client_id": code}, basic=(secret, PASSWORD))),
        service.deployment.token(token_event(f"code={code}&code={code}".encode(), basic=app.basic)),
        service.userinfo(code),
        service.userinfo(session_id),
        service.userinfo(query=f"access_token={session_id}"),
    ):
        assert answer.status >= 400
        witness.saw(answer)
    for changed in ({"id_token_hint": secret}, {"prompt": secret}, {"scope": secret}, {"client_id": session_id}):
        visitor.get(app.url(**changed))
    form = visitor.get(app.url(prompt="login")).form
    witness.secret(form.fields["csrf"], "page")
    visitor.post(form.action, {**form.fields, "csrf": PASSWORD, "username": "ada", "password": PASSWORD})
    visitor.post(form.action, {**form.fields, "form": PASSWORD})
    witness.secret(PASSWORD)
    witness.check()


def test_a_password_in_the_field_of_the_name_is_shown_to_nobody_else(
    witness: Witness, service: Service, app: Application, ada: User
) -> None:
    """It comes back in its field and, encoded, in the notice on the way there; no line and no item has it."""
    visitor = witness.visitor()
    page = witness.submit(visitor, visitor.get(app.url()), username=AS_A_NAME, password="x")
    assert page.form.fields["username"] == AS_A_NAME
    witness.secret(AS_A_NAME, "page", "cookie")
    for _ in range(6):  # until it is throttled
        page = witness.submit(visitor, page, username=AS_A_NAME, password="x")
    assert page.status == 429
    witness.check()


def test_failures_leave_no_secret_anywhere(witness: Witness, service: Service, app: Application, ada: User) -> None:
    """AWS out of order, and a defect of ours whose text quotes what was received, at each step."""

    def defect() -> AWSResponse:
        raise RuntimeError(f"{PASSWORD} {VERIFIER} {visitor.cookies}")

    known(witness, app)
    service.consent(ada, app)
    visitor = witness.visitor()
    form = visitor.get(app.url()).form
    witness.secret(form.fields["csrf"], "page")
    witness.secret(visitor.cookies[FORM_KEY], "cookie")
    fields = {**form.fields, "username": "ada", "password": witness.secret(PASSWORD)}
    session_id, _ = service.sessions.begin(ada)
    code = service.code(app, ada)
    witness.secret(code.partition(".")[2])
    token = service.tokens(app, ada)["access_token"]
    witness.secret(token)
    for fault in (internal, defect):
        with service.deployment.failing("dynamodb", fault):
            assert visitor.post(form.action, fields).status >= 500
            visitor.cookies[SESSION] = witness.secret(session_id)
            assert visitor.get(app.url()).status >= 500
            visitor.cookies.pop(SESSION)
            assert witness.saw(service.redeem(app, code)).status >= 500
            assert witness.saw(service.userinfo(token)).status >= 500
    witness.check()


def test_only_digests_are_stored(service: Service, app: Application, ada: User) -> None:
    """Of sessions, codes and counted names SHA-256, of verifiers the challenge, of passwords argon2id."""
    visitor = service.visitor()
    page = visitor.sign_in(visitor.get(app.url()), "ada", PASSWORD)
    code = visitor.allow(page).redirected(REDIRECT_URI)["code"]
    state = json.dumps(service.deployment.state())
    assert sha256(visitor.cookies[SESSION].encode()).hexdigest() in state
    assert sha256(code.partition(".")[2].encode()).hexdigest() in state
    assert pkce.challenge_of(VERIFIER) in state
    assert all("ada" not in json.dumps(item) for item in service.deployment.state("throttle"))
    [user] = [item for item in service.deployment.items() if item["sk"]["S"] == "user"]
    assert user["password_hash"]["S"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_no_value_prints_its_secret(service: Service, app: Application, ada: User) -> None:
    """`repr` of what the code hands around, as a debugger, a log line or an exception would show it."""
    session_id, session = service.sessions.begin(ada)
    code = Code.new("g" * 22)
    values = (
        code,
        session,
        ada,
        HttpRequest("POST", "/", f"q={PASSWORD}", {"authorization": PASSWORD}, {"c": PASSWORD}),
    )
    response = HttpResponse(200, {}, PASSWORD, (PASSWORD,))
    redirect = RedirectTarget(REDIRECT_URI, "https://id.example.com", PASSWORD).with_code(code.wire())
    text = repr((*values, response, redirect))
    for secret in (code.secret, session_id, session.digest, ada.password_hash, PASSWORD):
        assert secret not in text
