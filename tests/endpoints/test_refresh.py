"""A refresh token continues its grant: for its client, within what was granted (RFC 6749 section 6)."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import jwt
import pytest

from signet.model.user import User
from tests.support import faults, gateway_events
from tests.support.deployment import ISSUER
from tests.support.gateway_events import Answer, token_event
from tests.support.sign_in import Application, Service, grant_id_of

REFRESHING = ("authorization_code", "refresh_token")
DAY = 86_400
TOKENS = ("access_token", "refresh_token", "id_token")


@pytest.fixture
def app(service: Service) -> Application:
    """A confidential client with refresh tokens."""
    return service.application(grant_types=REFRESHING)


@pytest.fixture
def first(service: Service, app: Application, ada: User) -> dict[str, Any]:
    """What `app` got for its code, for the scopes openid, profile and email."""
    return service.tokens(app, ada, scope="openid profile email")


def reason(service: Service) -> str:
    """Why the last request was refused, as the operator sees it."""
    line = service.deployment.lines("request_refused")[-1]
    assert (line["grant_type"], line["endpoint"]) == ("refresh_token", "token")
    return str(line["reason"])


def refused(service: Service, answer: Answer, why: str) -> None:
    """The client learns invalid_grant, the operator why."""
    assert answer.error() == "invalid_grant"
    assert reason(service) == why


def dead(service: Service, *tokens: dict[str, Any]) -> None:
    """Nothing that came of the grant is worth anything any more."""
    for members in tokens:
        assert service.userinfo(members["access_token"]).error(401) == "invalid_token"


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    said: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return said


def change(service: Service, app: Application, **fields: Any) -> None:
    """What an operator changes of a client, and that every environment has seen it."""
    stored = service.deployment.registry.get(app.client_id)
    assert stored
    assert service.deployment.registry.replace(replace(stored, **fields), stored)
    service.clock.advance(61)


# what comes


def test_a_refresh_token_becomes_new_tokens(service: Service, app: Application, first: dict[str, Any]) -> None:
    """RFC 6749 section 5.1: the members of the first answer, and not one token of it."""
    answer = service.refresh(app, first["refresh_token"])
    members = answer.json()
    assert answer.status == 200
    assert members.keys() == first.keys()
    assert members.keys() == {*TOKENS, "token_type", "expires_in", "scope", "jti"}
    assert (members["token_type"], members["expires_in"], members["scope"]) == ("Bearer", 3600, "openid profile email")
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert not {members[name] for name in (*TOKENS, "jti")} & {first[name] for name in (*TOKENS, "jti")}
    assert service.userinfo(members["access_token"]).status == 200


def test_a_refresh_token_says_what_it_continues(service: Service, app: Application, first: dict[str, Any]) -> None:
    """A signed JWT of a type of its own; `ati` is its access token's jti, as older servers have it."""
    said = claims(first["refresh_token"])
    assert jwt.get_unverified_header(first["refresh_token"])["typ"] == "rt+jwt"
    assert (said["iss"], said["aud"], said["client_id"], said["sub"]) == (ISSUER, ISSUER, "app", "sub-ada")
    assert (said["ati"], said["scope"]) == (first["jti"], "openid profile email")
    assert (said["grant_id"], said["generation"]) == (grant_id_of(first["access_token"]), 0)
    assert said["auth_time"] == claims(first["id_token"])["auth_time"]
    assert said["jti"] not in {first["jti"], claims(first["id_token"])["jti"]}
    assert None not in said.values()


def test_credentials_in_the_body_refresh_as_well(service: Service, ada: User) -> None:
    """Seed 002: the alternate call."""
    app = service.application(grant_types=REFRESHING, token_endpoint_auth_method="client_secret_post")
    token = service.tokens(app, ada)["refresh_token"]
    assert service.refresh(app, token, client_secret="wrong").error() == "invalid_client"
    assert service.refresh(app, token).status == 200


def test_a_confidential_client_needs_its_secret(service: Service, app: Application, first: dict[str, Any]) -> None:
    """RFC 6749 section 6; and nothing has moved."""
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert service.deployment.token(token_event({**form, "client_id": "app"})).error() == "invalid_client"
    assert service.deployment.token(token_event(form, basic=("app", "wrong"))).error(401) == "invalid_client"
    assert service.deployment.token(token_event(form)).error() == "invalid_client"
    assert claims(service.refresh(app, first["refresh_token"]).json()["refresh_token"])["generation"] == 1


def test_a_public_client_refreshes_and_its_tokens_rotate(service: Service, ada: User) -> None:
    """RFC 9700 section 2.2.2: rotation is what tells a thief from the owner."""
    app = service.public(grant_types=REFRESHING)
    first = service.tokens(app, ada)
    second = service.refresh(app, first["refresh_token"]).json()
    service.clock.advance(11)
    refused(service, service.refresh(app, first["refresh_token"]), "refresh_token_replayed")
    refused(service, service.refresh(app, second["refresh_token"]), "grant_revoked")


@pytest.mark.parametrize("path", ["/connect-re7/oauth/token", "/oauth2-token", "/sc/oauth2/token"])
def test_a_refresh_works_at_every_path_and_in_json(
    service: Service, app: Application, first: dict[str, Any], path: str
) -> None:
    """Clients of other servers find theirs again."""
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert service.deployment.token(token_event(form, basic=app.basic, path=path)).status == 200
    body = json.dumps(form).encode()
    headers = {"content-type": "application/json"}
    assert service.deployment.token(token_event(body, basic=app.basic, path=path, headers=headers)).status == 200


def test_who_is_not_registered_for_refresh_tokens_gets_and_uses_none(
    service: Service, app: Application, ada: User, first: dict[str, Any]
) -> None:
    """An operator's decision, for each client; client_credentials never has one (RFC 6749 section 4.4.3)."""
    plain = service.application("plain")
    assert "refresh_token" not in service.tokens(plain, ada)
    assert service.refresh(plain, first["refresh_token"]).error() == "unauthorized_client"
    both = service.application("both", grant_types=(*REFRESHING, "client_credentials"))
    assert "refresh_token" not in service.deployment.issue(both).json()
    change(service, app, grant_types=("authorization_code",))
    assert service.refresh(app, first["refresh_token"]).error() == "unauthorized_client"


# rotation: the same successor within ten seconds, death afterwards


def test_the_same_token_again_gives_the_same_successor(
    service: Service, app: Application, first: dict[str, Any]
) -> None:
    """Byte for byte, whichever tab or retry asks; `expires_in` alone goes by."""
    second = service.refresh(app, first["refresh_token"]).json()
    for _ in range(4):
        service.clock.advance(2)
        again = service.refresh(app, first["refresh_token"]).json()
        assert [again[name] for name in TOKENS] == [second[name] for name in TOKENS]
        assert again["jti"] == second["jti"]
        assert again["expires_in"] <= second["expires_in"]
    third = service.refresh(app, second["refresh_token"]).json()
    assert claims(third["refresh_token"])["generation"] == 2


def test_the_same_successor_comes_of_every_environment(
    service: Service, app: Application, first: dict[str, Any]
) -> None:
    """Nothing of it is remembered anywhere but in the grant."""
    second = service.refresh(app, first["refresh_token"]).json()
    service.deployment.cold("token")
    again = service.refresh(app, first["refresh_token"]).json()
    assert [again[name] for name in TOKENS] == [second[name] for name in TOKENS]


def test_a_replay_ends_the_grant(service: Service, app: Application, first: dict[str, Any]) -> None:
    """RFC 9700 section 4.14.2: of thief and owner nobody knows which is which, so both end."""
    second = service.refresh(app, first["refresh_token"]).json()
    service.clock.advance(11)
    refused(service, service.refresh(app, first["refresh_token"]), "refresh_token_replayed")
    dead(service, first, second)
    refused(service, service.refresh(app, second["refresh_token"]), "grant_revoked")
    line = service.deployment.lines("request_refused")[-1]
    assert (line["grant_id"], line["sub"]) == (grant_id_of(first["access_token"]), "sub-ada")


def test_a_generation_before_the_last_is_replay_at_once(
    service: Service, app: Application, first: dict[str, Any]
) -> None:
    """Its successor has been used, so the answer had arrived."""
    second = service.refresh(app, first["refresh_token"]).json()
    third = service.refresh(app, second["refresh_token"]).json()
    refused(service, service.refresh(app, first["refresh_token"]), "refresh_token_replayed")
    dead(service, first, second, third)
    refused(service, service.refresh(app, third["refresh_token"]), "grant_revoked")


def test_a_replay_leaves_other_grants_alone(service: Service, app: Application, ada: User) -> None:
    """One login's tokens are not another's."""
    one, other = service.tokens(app, ada), service.tokens(app, ada)
    service.refresh(app, one["refresh_token"])
    service.clock.advance(11)
    assert service.refresh(app, one["refresh_token"]).error() == "invalid_grant"
    assert service.refresh(app, other["refresh_token"]).status == 200


def test_a_code_shown_again_ends_the_refresh_tokens(service: Service, app: Application, ada: User) -> None:
    """RFC 6749 section 4.1.2: all that came of it."""
    code = service.code(app, ada)
    first = service.redeem(app, code).json()
    second = service.refresh(app, first["refresh_token"]).json()
    assert service.redeem(app, code).error() == "invalid_grant"
    refused(service, service.refresh(app, second["refresh_token"]), "grant_revoked")


def test_a_client_without_rotation_keeps_its_token(service: Service, ada: User) -> None:
    """For confidential clients alone, by an operator's switch: nothing is written, no new refresh token comes."""
    app = service.application(grant_types=REFRESHING, rotate_refresh_tokens=False)
    first = service.tokens(app, ada)
    service.refresh(app, first["refresh_token"])
    service.deployment.calls.clear()
    for _ in range(3):
        service.clock.advance(50)
        members = service.refresh(app, first["refresh_token"]).json()
        assert members.keys() == first.keys() - {"refresh_token"}
        assert "nonce" not in claims(members["id_token"])
    assert "dynamodb:UpdateItem" not in service.deployment.calls
    service.grants.revoke(grant_id_of(first["access_token"]), service.now)
    refused(service, service.refresh(app, first["refresh_token"]), "grant_revoked")


def test_rotation_can_be_switched_while_grants_live(service: Service, app: Application, first: dict[str, Any]) -> None:
    """Each way: what the client holds goes on."""
    change(service, app, rotate_refresh_tokens=False)
    assert "refresh_token" not in service.refresh(app, first["refresh_token"]).json()
    change(service, app, rotate_refresh_tokens=True)
    second = service.refresh(app, first["refresh_token"]).json()
    change(service, app, rotate_refresh_tokens=False)
    refused(service, service.refresh(app, first["refresh_token"]), "grant_revoked")
    assert service.refresh(app, second["refresh_token"]).status == 200


# what is within the grant


def test_scope_may_shrink_and_the_next_refresh_may_use_it_all(
    service: Service, app: Application, first: dict[str, Any]
) -> None:
    """RFC 6749 section 6: the token's scope shrinks, the grant's does not."""
    second = service.refresh(app, first["refresh_token"], scope="email").json()
    assert (second["scope"], claims(second["access_token"])["scope"]) == ("email", "email")
    assert "id_token" not in second
    assert claims(second["refresh_token"])["scope"] == "openid profile email"
    third = service.refresh(app, second["refresh_token"]).json()
    assert third["scope"] == "openid profile email"
    assert service.refresh(app, third["refresh_token"], scope="profile openid").json()["scope"] == "profile openid"


@pytest.mark.parametrize("scope", ["phone", "openid phone", "openid unknown", "Openid"])
def test_scope_never_grows(service: Service, app: Application, first: dict[str, Any], scope: str) -> None:
    """Though the client is registered for it; and nothing has moved."""
    assert service.refresh(app, first["refresh_token"], scope=scope).error() == "invalid_scope"
    assert claims(service.refresh(app, first["refresh_token"]).json()["refresh_token"])["generation"] == 1


def test_a_resource_is_one_of_the_grants(service: Service, ada: User) -> None:
    """RFC 8707 section 2.2: within what the grant is bound to, all of it where none is named."""
    apis = ("https://a.example", "https://b.example")
    app = service.application(grant_types=REFRESHING, audience=apis)
    open_ = service.tokens(app, ada)
    narrowed = service.refresh(app, open_["refresh_token"], resource=apis[1]).json()
    assert claims(narrowed["access_token"])["aud"] == apis[1]
    again = service.refresh(app, narrowed["refresh_token"]).json()
    assert claims(again["access_token"])["aud"] == list(apis)
    assert service.refresh(app, again["refresh_token"], resource="https://c.example").error() == "invalid_target"
    bound = service.tokens(app, ada, resource=apis[0])
    assert service.refresh(app, bound["refresh_token"], resource=apis[1]).error() == "invalid_target"
    assert claims(service.refresh(app, bound["refresh_token"]).json()["access_token"])["aud"] == apis[0]


def test_the_id_token_is_of_the_same_login(service: Service, app: Application, first: dict[str, Any]) -> None:
    """OpenID Connect Core section 12.2: iss, sub, aud, auth_time stay; no nonce; signed now."""
    service.clock.advance(100)
    before = claims(first["id_token"])
    again = service.refresh(app, first["refresh_token"]).json()
    after = service.claims(again["id_token"], "app")
    same = ("iss", "sub", "aud", "azp", "auth_time", "sid", "acr", "amr")
    assert [after.get(name) for name in same] == [before.get(name) for name in same]
    assert ("nonce" in before, "nonce" in after) == (True, False)
    assert after["iat"] > before["iat"]
    assert after["at_hash"] != before["at_hash"]
    access = service.claims(again["access_token"])
    assert (access["auth_time"], access["sid"]) == (before["auth_time"], before["sid"])


def test_claims_are_those_of_now(service: Service, app: Application, ada: User) -> None:
    """A name that was changed shows at the next refresh."""
    wanted = json.dumps({"id_token": {"email": None}})
    first = service.tokens(app, ada, scope="openid email", claims=wanted)
    assert "email" not in claims(first["id_token"])
    service.change(ada, claims={"email": "ada@new.example"})
    again = service.refresh(app, first["refresh_token"]).json()
    assert claims(again["id_token"])["email"] == "ada@new.example"


# what ends it


@pytest.mark.parametrize("gone", [False, True])
def test_a_disabled_or_deleted_user_ends_the_grant(
    service: Service,
    app: Application,
    ada: User,
    first: dict[str, Any],
    gone: bool,  # noqa: FBT001
) -> None:
    """For good: enabled again, the user has to sign in."""
    if gone:
        assert service.users.delete(ada.sub)
    else:
        service.change(ada, disabled=True)
    refused(service, service.refresh(app, first["refresh_token"]), "user_disabled")
    if not gone:
        service.change(ada, disabled=False)
        refused(service, service.refresh(app, first["refresh_token"]), "grant_revoked")
    dead(service, first)


@pytest.mark.parametrize("left", [(), ("openid", "email")])
def test_a_consent_that_was_taken_back_ends_the_grant(
    service: Service, app: Application, ada: User, first: dict[str, Any], left: tuple[str, ...]
) -> None:
    """Wholly or in part: what the user no longer allows is not continued."""
    if left:
        service.consent(ada, app, *left)
    else:
        assert service.consents.delete(ada.sub, "app")
    refused(service, service.refresh(app, first["refresh_token"]), "consent_revoked")
    dead(service, first)
    service.consent(ada, app)
    refused(service, service.refresh(app, first["refresh_token"]), "grant_revoked")


def test_a_consent_that_was_taken_back_and_given_anew_covers_no_older_grant(
    service: Service, app: Application, ada: User, first: dict[str, Any]
) -> None:
    """What was revoked stays revoked, also where the application never asked in between."""
    service.clock.advance(60)
    assert service.consents.delete(ada.sub, "app")
    service.consent(ada, app)
    refused(service, service.refresh(app, first["refresh_token"]), "consent_revoked")


def test_a_first_party_client_needs_no_consent(service: Service, ada: User) -> None:
    """Its users were never asked."""
    app = service.application(grant_types=REFRESHING, first_party=True)
    first = service.tokens(app, ada)
    assert service.consents.delete(ada.sub, "app")
    assert service.refresh(app, first["refresh_token"]).status == 200


def test_a_deleted_client_refreshes_nothing(service: Service, app: Application, first: dict[str, Any]) -> None:
    """Within a minute."""
    assert service.deployment.registry.delete("app")
    service.clock.advance(61)
    assert service.refresh(app, first["refresh_token"]).error(401) == "invalid_client"


@pytest.mark.parametrize("first_party", [False, True])
def test_a_client_registered_anew_under_the_id_of_another_continues_none_of_its_grants(
    service: Service,
    app: Application,
    ada: User,
    first: dict[str, Any],
    first_party: bool,  # noqa: FBT001
) -> None:
    """RFC 6749 section 10.4: bound to the client it was issued to; the id alone is not the client."""
    assert service.deployment.registry.delete("app")
    service.clock.advance(61)
    heir = service.application(grant_types=REFRESHING, first_party=first_party, client_id_issued_at=service.now)
    refused(service, service.refresh(heir, first["refresh_token"]), "token_of_another_client")
    assert service.refresh(heir, service.tokens(heir, ada)["refresh_token"]).status == 200


LIFETIMES: list[tuple[dict[str, Any], int, int]] = [
    ({}, 30 * DAY, 90 * DAY),
    ({"refresh_token_idle_lifetime": 600}, 600, 90 * DAY),
    ({"refresh_token_idle_lifetime": 600, "refresh_token_lifetime": 1_500}, 600, 1_500),
    ({"refresh_token_lifetime": 300}, 300, 300),
]


@pytest.mark.parametrize(("metadata", "idle", "whole"), LIFETIMES)
def test_a_refresh_token_that_is_not_used_ends(
    service: Service, ada: User, metadata: dict[str, Any], idle: int, whole: int
) -> None:
    """RFC 9700 section 4.14.2; each use makes the next one live as long again."""
    app = service.application(grant_types=REFRESHING, **metadata)
    first = service.tokens(app, ada)
    said = claims(first["refresh_token"])
    assert abs(said["exp"] - said["iat"] - min(idle, whole)) <= 5
    service.clock.advance(min(idle, whole) - 30)
    second = service.refresh(app, first["refresh_token"])
    assert second.status == 200
    service.clock.advance(idle + 1)
    refused(service, service.refresh(app, second.json()["refresh_token"]), "token_expired")


def test_a_grant_ends_however_often_it_is_refreshed(service: Service, ada: User) -> None:
    """Counted from its code; then the user signs in again."""
    app = service.application(grant_types=REFRESHING, refresh_token_idle_lifetime=600, refresh_token_lifetime=1_500)
    members = service.tokens(app, ada)
    end = claims(members["refresh_token"])["iat"] + 1_500
    for _ in range(3):
        service.clock.advance(480)
        members = service.refresh(app, members["refresh_token"]).json()
        assert claims(members["refresh_token"])["exp"] <= end
    service.clock.advance(61)
    refused(service, service.refresh(app, members["refresh_token"]), "token_expired")


def test_without_rotation_the_whole_lifetime_counts(service: Service, ada: User) -> None:
    """Nobody writes down when such a token was last used."""
    app = service.application(
        grant_types=REFRESHING, rotate_refresh_tokens=False, refresh_token_idle_lifetime=60, refresh_token_lifetime=900
    )
    token = service.tokens(app, ada)["refresh_token"]
    service.clock.advance(800)
    assert service.refresh(app, token).status == 200
    service.clock.advance(101)
    refused(service, service.refresh(app, token), "token_expired")


def test_a_grant_past_its_end_refreshes_nothing_though_it_is_still_there(
    service: Service, app: Application, first: dict[str, Any]
) -> None:
    """Time to live deletes late, or a token outlived its record by an operator's hand."""
    grant_id = grant_id_of(first["access_token"])
    service.deployment.dynamodb.update_item(
        TableName=service.deployment.state_table,
        Key={"pk": {"S": f"grant#{grant_id}"}},
        UpdateExpression="SET expires_at = :end",
        ExpressionAttributeValues={":end": {"N": str(service.now)}},
    )
    refused(service, service.refresh(app, first["refresh_token"]), "grant_unknown")


# what is no refresh token of this client


@pytest.mark.parametrize("kind", ["public", "confidential"])
def test_another_clients_token_is_refused_and_burns_nothing(
    service: Service, app: Application, first: dict[str, Any], kind: str
) -> None:
    """RFC 6749 section 6: bound to the client it was issued to; a stranger cannot end another's grant either."""
    make = service.public if kind == "public" else service.application
    other = make("other", grant_types=REFRESHING)
    for later in (0, 11):
        service.clock.advance(later)
        refused(service, service.refresh(other, first["refresh_token"]), "token_of_another_client")
    second = service.refresh(app, first["refresh_token"]).json()
    service.clock.advance(11)
    refused(service, service.refresh(other, first["refresh_token"]), "token_of_another_client")
    assert service.refresh(app, second["refresh_token"]).status == 200


def test_another_kind_of_token_is_no_refresh_token(
    service: Service, app: Application, ada: User, first: dict[str, Any]
) -> None:
    """Nor is a refresh token anything else (RFC 8725 section 3.11)."""
    code = service.code(app, ada)
    for token in (first["access_token"], first["id_token"], code, "x", "a.b.c"):
        refused(service, service.refresh(app, token), "token_invalid")
    assert service.userinfo(first["refresh_token"]).error(401) == "invalid_token"
    assert service.redeem(app, first["refresh_token"]).error() == "invalid_grant"
    assert service.refresh(app, first["refresh_token"]).status == 200


def test_a_damaged_token_is_refused_and_the_whole_one_still_works(
    service: Service, app: Application, first: dict[str, Any]
) -> None:
    """Every part counts; nothing is revoked by what anybody could have written."""
    token = first["refresh_token"]
    header, payload, signature = token.split(".")
    for damaged in (
        token[:-1],
        token + "A",
        token.swapcase(),
        token + "=",
        " " + token,
        token + "\n",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{header}..{signature}",
        f"{header}.{payload[:-4]}.{signature}",
        f"{header}.{payload}.{signature[::-1]}",
        f"{payload}.{header}.{signature}",
        f"{header}.{payload}.{signature}.{signature}",
        token + "." * 10_000,
        "x" * 60_000,
    ):
        refused(service, service.refresh(app, damaged), "token_invalid")
    assert service.refresh(app, token).status == 200


def test_a_refresh_token_without_or_twice_is_an_invalid_request(
    service: Service, app: Application, first: dict[str, Any]
) -> None:
    """RFC 6749 sections 3.2 and 5.2; in the URL it would end in logs."""
    token = first["refresh_token"]
    assert service.refresh(app, "").error() == "invalid_request"
    twice = f"grant_type=refresh_token&refresh_token={token}&refresh_token={token}".encode()
    assert service.deployment.token(token_event(twice, basic=app.basic)).error() == "invalid_request"
    form = {"grant_type": "refresh_token"}
    in_url = token_event(form, basic=app.basic, query=f"refresh_token={token}")
    assert service.deployment.token(in_url).error() == "invalid_request"
    assert service.refresh(app, token).status == 200


def test_every_refusal_reads_alike(service: Service, app: Application, ada: User, first: dict[str, Any]) -> None:
    """The client learns invalid_grant and one sentence."""
    other = service.application("other", grant_types=REFRESHING)
    answers = [service.refresh(app, "x"), service.refresh(other, first["refresh_token"])]
    service.refresh(app, first["refresh_token"])
    service.clock.advance(11)
    answers += [service.refresh(app, first["refresh_token"]) for _ in range(2)]
    service.clock.advance(31 * DAY)
    answers.append(service.refresh(app, first["refresh_token"]))
    assert len({(answer.status, answer.body) for answer in answers}) == 1


# keys


LEAD, RETIREMENT = 7_200 + 360 + 1, DAY + 7_200 + 1
"""Seconds until a next key may sign, and until one that signed is withdrawn."""


def test_a_token_outlives_the_key_that_signed_it(service: Service, app: Application, first: dict[str, Any]) -> None:
    """A withdrawn key signs nothing and is published no more, but what it signed for us we still know."""
    kid = jwt.get_unverified_header(first["refresh_token"])["kid"]
    for seconds in (LEAD, RETIREMENT, LEAD):
        service.clock.advance(seconds)
        service.deployment.rotate()
    assert kid not in {key["kid"] for key in service.deployment.key_set()}
    [withdrawn] = [key for key in json.loads(service.deployment.keyring())["keys"] if key["kid"] == kid]
    assert (withdrawn["state"], withdrawn["jwk"].keys()) == ("verify_only", {"kty", "n", "e"})
    service.clock.advance(301)
    second = service.refresh(app, first["refresh_token"])
    assert second.status == 200
    assert jwt.get_unverified_header(second.json()["refresh_token"])["kid"] != kid


def test_environments_with_older_and_newer_rings_know_each_others_tokens(
    service: Service, app: Application, ada: User
) -> None:
    """For five minutes after a rotation both are at work; neither sends a user away to sign in again."""
    older = service.deployment.cold("token")
    service.clock.advance(LEAD)
    assert service.redeem(app, service.code(app, ada)).status == 200  # the ring as it is before the rotation
    service.deployment.rotate()
    service.deployment.cold("token")
    newer = service.tokens(app, ada)
    event = token_event({"grant_type": "refresh_token", "refresh_token": newer["refresh_token"]}, basic=app.basic)
    answer = gateway_events.answer(older(event, None))
    assert answer.status == 200
    kids = [jwt.get_unverified_header(members["refresh_token"])["kid"] for members in (newer, answer.json())]
    assert len(set(kids)) == 2


# cost and record


def test_a_refresh_costs_two_calls_when_warm(service: Service, app: Application, first: dict[str, Any]) -> None:
    """One read of user and consent, one write; the same successor again costs the same."""
    second = service.refresh(app, first["refresh_token"]).json()
    service.deployment.calls.clear()
    for _ in range(2):
        assert service.refresh(app, second["refresh_token"]).status == 200
        assert service.deployment.calls == ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
        service.deployment.calls.clear()
    service.refresh(app, "x")
    service.refresh(app, second["refresh_token"], scope="phone")
    assert service.deployment.calls == []


def test_a_refresh_is_one_line_and_one_metric(service: Service, app: Application, first: dict[str, Any]) -> None:
    """Who got what; the token itself is in neither."""
    service.deployment.forget_output()
    members = service.refresh(app, first["refresh_token"], scope="openid").json()
    [line] = service.deployment.lines()
    told = {"event": "token_issued", "client_id": "app", "grant_type": "refresh_token", "sub": "sub-ada"}
    told |= {"grant_id": grant_id_of(first["access_token"]), "scope": "openid", "jti": members["jti"]}
    assert line.items() >= told.items()
    [metric] = service.deployment.metrics()
    assert (metric["TokensIssued"], metric["grant_type"]) == ([1.0], "refresh_token")
    for token in (first["refresh_token"], *(members[name] for name in TOKENS)):
        assert token.rpartition(".")[2] not in service.deployment.output()


# faults: what each leaves behind, and that the client's next try gets a right answer


@pytest.mark.parametrize(
    ("operation", "later"),
    [
        ("dynamodb:BatchGetItem", 0),
        ("dynamodb:UpdateItem", 0),
        ("dynamodb:GetItem", 61),  # the client and the scopes, which are remembered for a minute
        ("secretsmanager:GetSecretValue", 301),
    ],
)
def test_a_call_that_fails_is_503_and_the_next_try_works(
    service: Service, app: Application, first: dict[str, Any], operation: str, later: int
) -> None:
    """Nothing has moved, or it moves only once."""
    service.refresh(app, "x")
    service.clock.advance(later)
    for fault in (faults.throttled, faults.denied, faults.slow_to_answer, faults.page):
        with service.deployment.failing(operation, fault):
            assert service.refresh(app, first["refresh_token"]).error(503) == "temporarily_unavailable"
    service.clock.advance(2)
    second = service.refresh(app, first["refresh_token"])
    assert second.status == 200
    assert claims(second.json()["refresh_token"])["generation"] == 1


@pytest.mark.parametrize("times", [1, 2])
def test_a_write_whose_answer_was_lost_is_one_turn(
    service: Service, app: Application, first: dict[str, Any], times: int
) -> None:
    """The SDK repeats it and finds it done."""
    service.deployment.lose_answer("dynamodb:UpdateItem", times)
    second = service.refresh(app, first["refresh_token"]).json()
    assert claims(second["refresh_token"])["generation"] == 1
    again = service.refresh(app, first["refresh_token"]).json()
    assert [again[name] for name in TOKENS] == [second[name] for name in TOKENS]


def test_a_turn_nobody_heard_of_is_made_good_by_the_clients_next_try(
    service: Service, app: Application, first: dict[str, Any]
) -> None:
    """Every answer to the write was lost, and to the one that takes it back: the same token gets its successor."""
    service.deployment.lose_answer("dynamodb:UpdateItem", 3)
    with service.deployment.failing_at(faults.denied, 4):
        assert service.refresh(app, first["refresh_token"]).error(503) == "temporarily_unavailable"
    assert service.deployment.state("grant")[0]["generation"] == {"N": "1"}
    second = service.refresh(app, first["refresh_token"]).json()
    assert claims(second["refresh_token"])["generation"] == 1
    assert service.refresh(app, second["refresh_token"]).status == 200


def test_a_replay_that_could_not_be_punished_is_not_forgiven(
    service: Service, app: Application, first: dict[str, Any]
) -> None:
    """A revocation that failed is 503, not a refusal that claims it happened; the next replay revokes."""
    second = service.refresh(app, first["refresh_token"]).json()
    service.clock.advance(11)
    with service.deployment.failing_at(faults.denied, 2):
        assert service.refresh(app, first["refresh_token"]).error(503) == "temporarily_unavailable"
    refused(service, service.refresh(app, first["refresh_token"]), "refresh_token_replayed")
    dead(service, first, second)


def test_garbage_from_the_tables_grants_nothing(service: Service, app: Application, first: dict[str, Any]) -> None:
    """An answer with anything in it but what was asked for."""
    for operation in ("dynamodb:BatchGetItem", "dynamodb:UpdateItem"):
        for garbage in ("{}", '{"Responses": []}', '{"Attributes": {"pk": {"S": "x"}}}', "<html>", ""):
            with service.deployment.failing(operation, partial(faults.answered, garbage)):
                assert service.refresh(app, first["refresh_token"]).status in {400, 503}, (operation, garbage)
    assert service.refresh(app, first["refresh_token"]).status == 200


def test_a_deployment_sets_the_lifetimes_of_clients_that_are_registered_without(service: Service, ada: User) -> None:
    """RFC 9700 section 4.14.2; what a client is registered with goes before."""
    lifetimes = {"SIGNET_REFRESH_TOKEN_IDLE_LIFETIME": "700", "SIGNET_REFRESH_TOKEN_LIFETIME": "1700"}
    service.deployment.cold("token", **lifetimes)
    for client_id, registered, idle in (("plain", {}, 700), ("own", {"refresh_token_idle_lifetime": 600}, 600)):
        app = service.application(client_id, grant_types=REFRESHING, **registered)
        said = claims(service.tokens(app, ada)["refresh_token"])
        assert abs(said["exp"] - said["iat"] - idle) <= 5
