"""Everything the functions do when nothing is broken, and some of what they do when something is: flow by flow.

A flow fails where it ends elsewhere than it says. Each begins with a deployment that those before it have used.
"""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from botocore.awsrequest import AWSResponse

from signet.authorize.forms import SESSION
from signet.endpoints.table import ENDPOINTS
from signet.keys.rotation import RotationRefused
from tests.support import faults, gateway_events
from tests.support.deployment import STEPS
from tests.support.short_secrets import asked_from, register_short
from tests.support.sign_in import ACCOUNT, END_SESSION, PASSWORD, REDIRECT_URI, USERINFO, Service
from tests.support.signers import away, signing
from tests.support.token_requests import INACTIVE, introspect, refresh, revoke
from tests.support.visitor import Page

Flow = Callable[[Service], None]


def first_rotation(service: Service) -> None:
    """The four steps on the placeholder."""
    service.deployment.rotate()


def scheduled_rotation(service: Service) -> None:
    """The four steps, each twice, on a ring of keys and a version that Secrets Manager has staged."""
    deployment, version_id = service.deployment, "00000000-0000-4000-8000-000000000000"
    service.clock.advance(86_400)
    deployment.stage_empty(version_id)
    for step in STEPS:
        deployment.step(step, version_id)
        deployment.step(step, version_id)


def public_documents(service: Service) -> None:
    """Each of them, and a method that none of them has."""
    for name in ("jwks", "metadata"):
        for path in ENDPOINTS[name].paths:
            assert service.deployment.get(path).status == 200
    assert service.deployment.jwks(gateway_events.event("PUT", "/connect/oauth/jwks")).status == 405


def client_credentials(service: Service) -> None:
    """A token; a wrong secret; a client that nobody knows."""
    machine = service.deployment.register("machine")
    assert service.deployment.issue(machine).status == 200
    for client_id in ("machine", "nobody"):
        stranger = replace(machine, client=replace(machine.client, client_id=client_id), client_secret="wrong")
        assert service.deployment.issue(stranger).error(401) == "invalid_client"


def short_secrets(service: Service) -> None:
    """Where clients authenticate: a short secret, a wrong one, a client that nobody knows; guesses until one waits."""
    deployment = service.deployment
    machine = register_short(deployment, "partner")
    deployment.registry.note_short_secrets(None)  # refusals are not to wait here
    access_token = deployment.issue(machine).json()["access_token"]
    for function in ("token", "introspection", "revocation"):
        form = {} if function == "token" else {"token": access_token}
        address = f"198.51.100.{len(function)}"  # one that is not known yet
        for client_secret, status in ((machine.client_secret, 200), ("another-secret", 401)):
            assert asked_from(deployment, address, "partner", client_secret, function, **form).status == status
        assert asked_from(deployment, address, "nobody", "another-secret", function, **form).status == 401
    for number in range(25):
        asked_from(deployment, f"203.0.113.{number}", "partner", f"guess number {number}")
    assert deployment.lines("request_refused")[-1]["reason"] == "throttled"
    service.clock.advance(3_600)


def authorization_code(service: Service) -> None:
    """The whole way: wrong and right password, consent, tokens, userinfo; then the code again, which ends it."""
    service.user("ada")
    app, visitor = service.application("app"), service.visitor()
    page = visitor.sign_in(visitor.open(app.url()), "ada", "not this one")
    page = visitor.sign_in(page, "ada", PASSWORD)
    code = _code(visitor.allow(page))
    tokens = service.redeem(app, code).json()
    assert service.userinfo(tokens["access_token"]).json()["sub"] == "sub-ada"
    assert _code(visitor.open(app.url()))  # consent is by-passed
    assert _code(visitor.open(app.url(id_token_hint=tokens["id_token"], prompt="none")))
    assert service.redeem(app, code).error() == "invalid_grant"
    assert service.userinfo(tokens["access_token"]).status == 401


def authorization_by_post(service: Service) -> None:
    """A request in a form body, answered by a form; consent that is denied; the page's own files."""
    ada, app = service.user("posting"), service.application("posted")
    visitor = service.signed_in(ada)
    page = visitor.post("/connect/oauth/authorize", app.parameters(response_mode="form_post"))
    page = visitor.deny(visitor.open(page.location))
    assert page.posted(REDIRECT_URI)["error"] == "access_denied"
    for path in ENDPOINTS["assets"].paths:
        assert visitor.get(path).status == 200


def authorization_refused(service: Service) -> None:
    """Nobody signed in, where none may be asked; a client that nobody knows."""
    app, visitor = service.application("refused"), service.visitor()
    assert visitor.open(app.url(prompt="none")).redirected(REDIRECT_URI)["error"] == "login_required"
    assert visitor.open(app.url(client_id="nobody")).status == 400


def accounts(service: Service) -> None:
    """Another account than the one that is signed in; the session of before ends."""
    eve, app = service.user("eve"), service.application("shared")
    service.consent(service.user("mallory"), app)
    visitor = service.signed_in(eve)
    page = visitor.submit(visitor.open(app.url(prompt="select_account")), account="other")
    assert _code(visitor.sign_in(page, "mallory", PASSWORD))
    assert service.sessions.find(visitor.cookies["__Host-signet-session"])


def sessions(service: Service) -> None:
    """A session that is used again after a while lives longer."""
    user, app = service.user("grace"), service.application("daily")
    service.consent(user, app)
    visitor = service.signed_in(user)
    [before] = [item for item in service.deployment.state("session") if item["sub"]["S"] == user.sub]
    service.clock.advance(3_600)
    assert _code(visitor.open(app.url()))
    [after] = [item for item in service.deployment.state("session") if item["sub"]["S"] == user.sub]
    assert before["expires_at"] != after["expires_at"]


def throttling(service: Service) -> None:
    """Wrong passwords until one has to wait, on a device where the account is not known yet, and where it is."""
    service.user("hedy")
    url = service.application("guessed").url(prompt="login")
    visitor = service.visitor("198.51.100.1")
    for _ in range(2):
        page = visitor.sign_in(visitor.open(url), "nobody", "a guess")
        for _ in range(9):
            page = visitor.sign_in(page, "hedy", "a guess")
        assert "Too many" in page.alert
        service.clock.advance(3_600)
        assert visitor.sign_in(page, "hedy", PASSWORD).step == "consent"


def old_password_hash(service: Service) -> None:
    """A hash of other parameters is made anew by a sign-in."""
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    user = service.user("katherine", password_hash=old)
    visitor = service.visitor()
    page = visitor.sign_in(visitor.open(service.application("renewing").url()), "katherine", PASSWORD)
    assert page.step == "consent"
    renewed = service.users.get(user.sub)
    assert renewed
    assert renewed.password_hash != old


def redemption_taken_back(service: Service) -> None:
    """User and consent cannot be read: the code stays good for the next try."""
    user, app = service.user("radia"), service.application("patient")
    code = service.code(app, user)
    with service.deployment.failing("dynamodb:BatchGetItem", faults.throttled):
        assert service.redeem(app, code).error(503) == "temporarily_unavailable"
    assert service.redeem(app, code).status == 200


def turn_taken_back(service: Service) -> None:
    """The key cannot sign: the refresh token stays good for the next try."""
    user = service.user("sophie")
    app = service.application("steady", grant_types=("authorization_code", "refresh_token"))
    tokens = service.tokens(app, user)
    with signing(away):
        assert service.refresh(app, tokens["refresh_token"]).error(503) == "temporarily_unavailable"
    assert service.refresh(app, tokens["refresh_token"]).status == 200


def userinfo(service: Service) -> None:
    """Claims; a token that is none; a user who has been disabled."""
    user, app = service.user("barbara"), service.application("curious")
    access_token = service.tokens(app, user)["access_token"]
    assert service.userinfo(access_token).status == 200
    assert service.userinfo("none").status == 401
    service.change(user, disabled=True)
    assert service.userinfo(access_token).status == 401
    assert service.deployment.invoke("userinfo", gateway_events.event("PUT", USERINFO))["statusCode"] == 405


def refreshing(service: Service) -> None:
    """Rotated, unrotated, replayed; what comes of it is inspected, revoked one by one and then whole."""
    deployment, user = service.deployment, service.user("dorothy")
    app = service.application("lasting", grant_types=("authorization_code", "refresh_token"))
    tokens = service.tokens(app, user)
    successor = refresh(deployment, app, tokens["refresh_token"]).json()
    assert introspect(deployment, app, successor["access_token"]).json()["active"] is True
    assert revoke(deployment, app, tokens["access_token"]).status == 200
    assert introspect(deployment, app, tokens["access_token"]).body == INACTIVE
    stranger = replace(app, client_secret="wrong")
    assert introspect(deployment, stranger, successor["access_token"]).error(401) == "invalid_client"
    assert revoke(deployment, app, successor["refresh_token"]).status == 200
    assert refresh(deployment, app, successor["refresh_token"]).error() == "invalid_grant"
    app = service.application(
        "unrotated", grant_types=("authorization_code", "refresh_token"), rotate_refresh_tokens=False
    )
    tokens = service.tokens(app, user)
    assert "refresh_token" not in refresh(deployment, app, tokens["refresh_token"]).json()


def refresh_token_replayed(service: Service) -> None:
    """A token that was used is shown again after the grace, which ends its grant."""
    user = service.user("mary")
    app = service.application("replayed", grant_types=("authorization_code", "refresh_token"))
    tokens = service.tokens(app, user)
    assert service.refresh(app, tokens["refresh_token"]).status == 200
    service.clock.advance(60)
    assert service.refresh(app, tokens["refresh_token"]).error() == "invalid_grant"


def rotation_too_early(service: Service) -> None:
    """The next key has been published too briefly: the ring stays as it is."""
    service.deployment.rotate()


def defect(service: Service) -> None:
    """What nobody has thought of is answered, counted and told."""

    def broken() -> AWSResponse:
        raise RuntimeError

    machine = service.deployment.register("defective")
    with service.deployment.failing("dynamodb:GetItem", broken):
        assert service.deployment.issue(machine).status == 500


def logout(service: Service) -> None:
    """With an ID token of the session, which ends its grants; by the page; by somebody who is not signed in."""
    user, app = service.user("annie"), service.application("leaving", post_logout_redirect_uris=(REDIRECT_URI,))
    service.consent(user, app)
    visitor = service.signed_in(user)
    tokens = service.redeem(app, _code(visitor.open(app.url()))).json()
    hinted = urlencode({"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": REDIRECT_URI})
    assert visitor.get(f"{END_SESSION}?{hinted}").location == REDIRECT_URI
    assert service.userinfo(tokens["access_token"]).status == 401
    assert visitor.get(END_SESSION).heading == "You are signed out"
    visitor = service.signed_in(user)
    visitor.get(f"{END_SESSION}?client_id=leaving&post_logout_redirect_uri=https://elsewhere.example")
    page = visitor.submit(visitor.get(f"{END_SESSION}?client_id=leaving"), csrf="x")
    page = visitor.submit(page, decision="sign_out")
    assert page.heading == "You are signed out"


def account(service: Service) -> None:
    """Signing in at it, on a new and on a known device, wrongly too; an application and a session less."""
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    user, app = service.user("margaret", password_hash=old), service.application("removed")
    there, here = service.signed_in(user), service.visitor("198.51.100.2")
    tokens = service.redeem(app, _code(there.allow(there.open(app.url())))).json()
    for _ in range(2):
        here.cookies.pop(SESSION, None)
        page = here.sign_in(here.get(ACCOUNT), "margaret", "not this one")
        page = here.sign_in(page, "margaret", PASSWORD)
    here.cookies.pop(SESSION)
    page = here.sign_in(here.get(ACCOUNT), "margaret", PASSWORD)
    service.clock.advance(3_600)
    page = here.press(page.form_about("application", client_id="removed"))
    assert service.userinfo(tokens["access_token"]).status == 401
    page = here.sign_in(here.press(page.form_about("other_sessions")), "margaret", PASSWORD)
    page = here.press(page.form_about("other_sessions"))
    assert there.get(ACCOUNT).step == "login"
    assert "everywhere but here" in page.notice


def access_removed(service: Service) -> None:
    """At the account page, while the index does not list the youngest grant yet: its code is refused all the same."""
    user, app = service.user("emmy"), service.application("unlisted")
    with service.deployment.lagging_index():
        code = service.code(app, user)
        visitor = service.signed_in(user)
        visitor.press(visitor.get(ACCOUNT).form_about("application", client_id="unlisted"))
    assert service.redeem(app, code).error() == "invalid_grant"


def key_commands(service: Service) -> None:
    """Each command; then a rotation that had begun before a key was withdrawn, and is taken off the stage."""
    deployment = service.deployment
    keys = deployment.invoke("key_rotation", {"command": "describe"})["keys"]
    active = [key["kid"] for key in keys if key["state"] == "active"]
    before = deployment.keyring()
    for name, parameters in (
        ("check", {}),
        ("probe", {}),
        ("rotate", {"active": active}),
        ("withdraw", {"kid": active[0]}),
    ):
        assert "refused" not in deployment.invoke("key_rotation", {"command": name, **parameters})
    assert "refused" in deployment.invoke("key_rotation", {"command": "withdraw", "kid": "nobody's"})
    version_id = "00000000-0000-4000-8000-000000000001"
    deployment.secretsmanager.put_secret_value(
        SecretId=deployment.secret_id, ClientRequestToken=version_id, SecretString=before, VersionStages=["AWSPENDING"]
    )
    with pytest.raises(RotationRefused):
        deployment.step("setSecret", version_id)


def keys_that_end(service: Service) -> None:
    """A rotation that is given up, and those that come later: what is in KMS and nobody needs is discarded."""
    service.clock.advance(86_400)
    for step in STEPS[:2]:
        service.deployment.step(step, "00000000-0000-4000-8000-000000000001")
    for _ in range(2):
        service.clock.advance(40 * 86_400)
        service.deployment.failing_nth("kms:ScheduleKeyDeletion", faults.denied, 0)
        service.deployment.rotate()
        service.deployment.rotate()


FLOWS: tuple[Flow, ...] = (
    first_rotation,
    rotation_too_early,
    public_documents,
    client_credentials,
    short_secrets,
    authorization_code,
    authorization_by_post,
    authorization_refused,
    accounts,
    sessions,
    throttling,
    old_password_hash,
    redemption_taken_back,
    turn_taken_back,
    userinfo,
    refreshing,
    refresh_token_replayed,
    defect,
    logout,
    account,
    access_removed,
    scheduled_rotation,
    key_commands,
)
"""In an order in which each finds what it needs."""

KMS_FLOWS: tuple[Flow, ...] = (
    first_rotation,
    client_credentials,
    authorization_code,
    refreshing,
    scheduled_rotation,
    keys_that_end,
)
"""Those in which keys are made, sign, or end."""


def _code(page: Page) -> str:
    return page.redirected(REDIRECT_URI)["code"]
