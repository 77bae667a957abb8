"""A code becomes tokens: once, for its client, with everything it was issued under (RFC 6749 section 4.1.3)."""

import pytest

from signet.model.user import User
from tests.support.deployment import Deployment
from tests.support.gateway_events import Answer, token_event
from tests.support.sign_in import REDIRECT_URI, VERIFIER, Application, Service, grant_id_of

OTHER_VERIFIER = "x" * 43


@pytest.fixture
def code(service: Service, app: Application, ada: User) -> str:
    """A code of `app`, for the scopes openid and email."""
    return service.code(app, ada, scope="openid email")


def reason(service: Service) -> str:
    """Why the last request was refused, as the operator sees it."""
    line = service.deployment.lines("request_refused")[-1]
    assert (line["grant_type"], line["endpoint"]) == ("authorization_code", "token")
    return str(line["reason"])


def test_a_code_becomes_tokens(service: Service, app: Application, code: str) -> None:
    """RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3; no refresh token, which this grant cannot have yet."""
    answer = service.redeem(app, code)
    members = answer.json()
    assert answer.status == 200
    assert members.keys() == {"access_token", "token_type", "expires_in", "id_token", "scope", "jti"}
    assert (members["token_type"], members["expires_in"], members["scope"]) == ("Bearer", 3600, "openid email")
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


def test_credentials_in_the_body_redeem_as_well(service: Service, ada: User) -> None:
    """Seed 001: the form body holds them all."""
    app = service.application(token_endpoint_auth_method="client_secret_post")
    assert service.redeem(app, service.code(app, ada)).status == 200


def test_a_public_client_redeems_by_its_verifier(service: Service, ada: User) -> None:
    """RFC 6749 section 4.1.3: a client that does not authenticate names itself; PKCE proves the rest."""
    app = service.public()
    code = service.code(app, ada)
    assert service.redeem(app, code, client_id=None).error() == "invalid_client"
    assert service.redeem(app, code, client_secret="x").error() == "invalid_client"
    assert service.redeem(app, code, code_verifier=None).error() == "invalid_grant"
    assert service.redeem(app, code).status == 200


def test_a_confidential_client_needs_its_secret_though_it_has_the_verifier(
    service: Service, app: Application, code: str
) -> None:
    """RFC 6749 section 4.1.3: PKCE is no client authentication."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        "client_id": "app",
    }
    assert service.deployment.token(token_event(form)).error() == "invalid_client"
    wrong = service.deployment.token(token_event(form, basic=("app", "wrong")))
    assert wrong.error(401) == "invalid_client"
    assert service.redeem(app, code).status == 200


REFUSED = [
    ({"redirect_uri": REDIRECT_URI + "/"}, "redirect_uri_differs"),
    ({"redirect_uri": "https://evil.example/cb"}, "redirect_uri_differs"),
    ({"redirect_uri": REDIRECT_URI.upper()}, "redirect_uri_differs"),
    ({"code_verifier": OTHER_VERIFIER}, "code_verifier_wrong"),
    ({"code_verifier": VERIFIER[:42]}, "code_verifier_wrong"),
    ({"code_verifier": VERIFIER + "!"}, "code_verifier_wrong"),
    ({"code_verifier": "x" * 129}, "code_verifier_wrong"),
    ({"code_verifier": None}, "code_verifier_wrong"),
    ({"code_verifier": ""}, "code_verifier_wrong"),
]


@pytest.mark.parametrize(("changed", "why"), REFUSED)
def test_what_does_not_fit_its_request_is_refused_and_burns_nothing(
    service: Service, app: Application, code: str, changed: dict[str, str | None], why: str
) -> None:
    """RFC 6749 section 4.1.3, RFC 7636 section 4.6: a stranger cannot use a code up by guessing."""
    assert service.redeem(app, code, **changed).error() == "invalid_grant"
    assert reason(service) == why
    assert service.redeem(app, code).status == 200


@pytest.mark.parametrize("missing", ["code", "redirect_uri"])
def test_a_missing_parameter_is_an_invalid_request(service: Service, app: Application, code: str, missing: str) -> None:
    """RFC 6749 section 5.2; nothing is burnt."""
    assert service.redeem(app, code, **{missing: None}).error() == "invalid_request"
    assert service.redeem(app, code).status == 200


@pytest.mark.parametrize("kind", ["public", "confidential"])
def test_another_client_redeems_nothing(service: Service, app: Application, code: str, kind: str) -> None:
    """RFC 6749 section 4.1.3: issued to the authenticated client; the grant stays as it was."""
    other = service.public("other") if kind == "public" else service.application("other")
    assert service.redeem(other, code).error() == "invalid_grant"
    assert reason(service) == "code_of_another_client"
    tokens = service.redeem(app, code).json()
    assert service.redeem(other, code).error() == "invalid_grant"
    assert service.userinfo(tokens["access_token"]).status == 200


def test_a_code_ends_after_sixty_seconds(service: Service, app: Application, ada: User) -> None:
    """RFC 6749 section 4.1.2; whether or not time to live has deleted the item."""
    first, second = (service.code(app, ada) for _ in range(2))
    issued = max(int(item["created_at"]["N"]) for item in service.deployment.state("grant"))
    service.clock.advance(issued + 58 - service.clock())
    assert service.redeem(app, first).status == 200
    service.clock.advance(2.5)
    assert service.redeem(app, second).error() == "invalid_grant"
    assert reason(service) == "code_expired"
    service.clock.advance(86_400)
    assert service.redeem(app, second).error() == "invalid_grant"
    assert len(service.deployment.state("grant")) == 2


def test_a_code_used_twice_revokes_the_grant(service: Service, app: Application, code: str) -> None:
    """RFC 6749 section 4.1.2: deny, and revoke all tokens issued on it."""
    access_token = service.redeem(app, code).json()["access_token"]
    assert service.userinfo(access_token).status == 200
    assert service.redeem(app, code).error() == "invalid_grant"
    line = service.deployment.lines("request_refused")[-1]
    assert (line["reason"], line["grant_id"]) == ("code_replayed", grant_id_of(access_token))
    assert service.userinfo(access_token).error(401) == "invalid_token"


@pytest.mark.parametrize("later", [30, 3_000])
@pytest.mark.parametrize("changed", [{}, {"code_verifier": OTHER_VERIFIER}, {"redirect_uri": "https://x.example"}])
def test_a_replay_is_one_however_late_and_however_wrong(
    service: Service, app: Application, code: str, later: int, changed: dict[str, str]
) -> None:
    """RFC 9700 section 4.5: after the code's own end too, while its tokens live."""
    access_token = service.redeem(app, code).json()["access_token"]
    service.clock.advance(later)
    assert service.redeem(app, code, **changed).error() == "invalid_grant"
    assert service.userinfo(access_token).error(401) == "invalid_token"


def test_a_replay_leaves_other_grants_alone(service: Service, app: Application, ada: User) -> None:
    """One login's tokens are not another's."""
    one, other = service.code(app, ada), service.code(app, ada)
    kept = service.redeem(app, other).json()["access_token"]
    service.redeem(app, one)
    service.redeem(app, one)
    assert service.userinfo(kept).status == 200


def test_a_revoked_grant_redeems_nothing(service: Service, app: Application, code: str) -> None:
    """A revocation that came first."""
    service.grants.revoke(code.partition(".")[0], service.now)
    assert service.redeem(app, code).error() == "invalid_grant"
    assert reason(service) == "grant_revoked"


def test_a_damaged_code_redeems_nothing(service: Service, app: Application, code: str) -> None:
    """Every character counts; the code itself is as good as before."""
    grant_id, _, secret = code.partition(".")
    for damaged in (
        code[:-1],
        code + "A",
        code.swapcase(),
        code + "=",
        " " + code,
        grant_id + secret,
        f"{grant_id}..{secret}",
        grant_id,
        f"{grant_id}.{'A' * 43}",
        f"{'A' * 22}.{secret}",
        ".",
        "\u00e9" * 22 + "." + "\u00e9" * 43,
        "x" * 60_000,
    ):
        assert service.redeem(app, damaged).error() == "invalid_grant"
    assert service.redeem(app, code).status == 200


def test_a_disabled_user_gets_no_token(service: Service, app: Application, ada: User, code: str) -> None:
    """Between the code and its exchange an operator has acted."""
    service.change(ada, disabled=True)
    assert service.redeem(app, code).error() == "invalid_grant"
    assert reason(service) == "user_disabled"


def test_a_deleted_user_gets_no_token(service: Service, app: Application, ada: User, code: str) -> None:
    """Nor does the client learn which of the two it was."""
    assert service.users.delete(ada.sub)
    assert service.redeem(app, code).error() == "invalid_grant"


def test_every_refusal_reads_alike(service: Service, app: Application, ada: User, code: str) -> None:
    """The client learns invalid_grant and one sentence; the operator learns which rule it was."""
    other = service.application("other")
    answers = [
        service.redeem(app, "x"),
        service.redeem(app, "A" * 22 + "." + "A" * 43),
        service.redeem(other, code),
        service.redeem(app, code, redirect_uri="https://x.example"),
        service.redeem(app, code, code_verifier=OTHER_VERIFIER),
    ]
    service.clock.advance(61)
    answers.append(service.redeem(app, code))
    assert len({(answer.status, answer.body) for answer in answers}) == 1


def test_a_client_without_the_grant_type_is_unauthorized(service: Service, app: Application, code: str) -> None:
    """RFC 6749 section 5.2; and it has burnt nothing."""
    machine = service.application("machine", grant_types=("client_credentials",))
    assert service.redeem(machine, code).error() == "unauthorized_client"
    assert service.redeem(app, code).status == 200


# PKCE (RFC 7636, RFC 9700 section 2.1.1)


@pytest.fixture
def legacy(service: Service) -> Application:
    """A confidential client that need not send a challenge."""
    return service.application("legacy", require_pkce=False)


WITHOUT: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}


def test_a_legacy_client_goes_without_pkce(service: Service, legacy: Application, ada: User) -> None:
    """By an operator's switch, for confidential clients alone."""
    code = service.code(legacy, ada, **WITHOUT)
    assert service.redeem(legacy, code, code_verifier=None).status == 200


def test_a_verifier_without_a_challenge_is_refused(service: Service, legacy: Application, ada: User) -> None:
    """RFC 9700 section 4.8.2: a challenge that was stripped on the way is noticed; the code is not burnt."""
    code = service.code(legacy, ada, **WITHOUT)
    assert service.redeem(legacy, code).error() == "invalid_grant"
    assert reason(service) == "code_verifier_wrong"
    assert service.redeem(legacy, code, code_verifier=None).status == 200


def test_a_challenge_that_was_sent_is_enforced_though_it_need_not_be(
    service: Service, legacy: Application, ada: User
) -> None:
    """RFC 9700 section 2.1.1."""
    code = service.code(legacy, ada)
    assert service.redeem(legacy, code, code_verifier=None).error() == "invalid_grant"
    assert service.redeem(legacy, code).status == 200


def test_a_challenge_is_no_verifier(service: Service, app: Application, code: str) -> None:
    """Who saw the request has the challenge."""
    challenge = app.parameters()["code_challenge"]
    assert service.redeem(app, code, code_verifier=challenge).error() == "invalid_grant"


# where parameters may stand


def test_a_code_in_the_url_is_refused(service: Service, app: Application, code: str) -> None:
    """It would end in logs; nothing is burnt."""
    for query in (f"code={code}", f"code_verifier={VERIFIER}", "redirect_uri=x"):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        answer = service.deployment.token(token_event(form, basic=app.basic, query=query))
        assert answer.error() == "invalid_request"
    assert service.redeem(app, code).status == 200


def test_a_code_twice_is_refused(service: Service, app: Application, code: str) -> None:
    """RFC 6749 section 3.2: no parameter twice; nothing is burnt."""
    body = f"grant_type=authorization_code&code={code}&code={code}&redirect_uri={REDIRECT_URI}".encode()
    assert service.deployment.token(token_event(body, basic=app.basic)).error() == "invalid_request"
    assert service.redeem(app, code).status == 200


@pytest.mark.parametrize("path", ["/connect-re7/oauth/token", "/oauth2-token", "/sc/oauth2/token"])
def test_a_code_is_redeemed_at_every_path_of_the_endpoint(
    service: Service, app: Application, code: str, path: str
) -> None:
    """Clients of other servers find theirs again."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    assert service.deployment.token(token_event(form, basic=app.basic, path=path)).status == 200


# resource (RFC 8707 section 2.2)

APIS = ("https://api.example.com", "https://files.example.com")


def test_a_resource_narrows_what_the_code_was_issued_for(service: Service, ada: User) -> None:
    """To one of the client's, or to the one that the authorization request named."""
    app = service.application(audience=APIS)
    token = service.redeem(app, service.code(app, ada), resource=APIS[1]).json()["access_token"]
    assert service.claims(token, APIS[1])["aud"] == APIS[1]
    code = service.code(app, ada, resource=APIS[0])
    assert service.redeem(app, code, resource=APIS[0]).status == 200


def test_a_resource_never_widens_and_burns_nothing(service: Service, ada: User) -> None:
    """Neither beyond the registration nor beyond the authorization request."""
    app = service.application(audience=APIS)
    code = service.code(app, ada, resource=APIS[0])
    for resource in ("https://other.example.com", APIS[1]):
        assert service.redeem(app, code, resource=resource).error() == "invalid_target"
    token = service.redeem(app, code).json()["access_token"]
    assert service.claims(token, APIS[0])["aud"] == APIS[0]
    assert service.userinfo(token).status == 200


# cost and record


def exchange(service: Service, app: Application, ada: User) -> list[str]:
    """The calls to AWS of one exchange."""
    code = service.code(app, ada)
    service.deployment.calls.clear()
    assert service.redeem(app, code).status == 200
    return service.deployment.calls


def test_an_exchange_costs_two_calls_when_warm(service: Service, app: Application, ada: User) -> None:
    """One write that checks and consumes, one read of the user and the consent."""
    service.redeem(app, service.code(app, ada))
    assert exchange(service, app, ada) == ["dynamodb:UpdateItem", "dynamodb:BatchGetItem"]


def test_a_refused_exchange_costs_one_call_and_a_replay_two(
    service: Service, app: Application, ada: User, deployment: Deployment
) -> None:
    """The refused write says why; the replay's second revokes."""
    code = service.code(app, ada)
    service.redeem(app, code)
    fresh = service.code(app, ada)
    deployment.calls.clear()
    service.redeem(app, fresh, code_verifier=OTHER_VERIFIER)
    assert deployment.calls == ["dynamodb:UpdateItem"]
    deployment.calls.clear()
    service.redeem(app, code)
    assert deployment.calls == ["dynamodb:UpdateItem"] * 2
    deployment.calls.clear()
    service.redeem(app, "not.a-code")
    assert deployment.calls == []


def test_an_exchange_is_one_line_and_one_metric(service: Service, app: Application, ada: User, code: str) -> None:
    """Who got what by which grant; a replay's line names the grant too."""
    service.deployment.forget_output()
    answer: Answer = service.redeem(app, code)
    [line] = service.deployment.lines()
    grant_id = grant_id_of(answer.json()["access_token"])
    assert (
        line.items()
        >= {
            "event": "token_issued",
            "client_id": "app",
            "grant_type": "authorization_code",
            "sub": ada.sub,
            "grant_id": grant_id,
            "scope": "openid email",
            "jti": answer.json()["jti"],
        }.items()
    )
    [metric] = service.deployment.metrics()
    assert (metric["TokensIssued"], metric["grant_type"]) == ([1.0], "authorization_code")
    service.deployment.forget_output()
    service.redeem(app, code)
    [line] = service.deployment.lines()
    assert line.items() >= {"reason": "code_replayed", "grant_id": grant_id, "sub": ada.sub}.items()
    [metric] = service.deployment.metrics()
    assert (metric["RequestsRefused"], metric["reason"]) == ([1.0], "code_replayed")
