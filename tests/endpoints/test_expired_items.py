"""Time to live deletes late: what has ended lies in the state table for days, and opens, blocks and counts nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from signet.model.user import User
from tests.support.flows import FLOWS
from tests.support.sign_in import ACCOUNT, END_SESSION, PASSWORD, REDIRECT_URI, Application, Service, grant_id_of
from tests.support.token_requests import INACTIVE, introspect, refresh, revoke

HOUR, DAY = 3_600, 86_400
LATE = 3 * DAY
"""Longer than DynamoDB says that it takes."""


@contextmanager
def nothing_is_deleted(service: Service) -> Iterator[None]:
    """While open, time goes by without a deletion: what is harmless is so though it is there."""
    before = {item["pk"]["S"] for item in service.deployment.state()}
    assert before
    yield
    assert before <= {item["pk"]["S"] for item in service.deployment.state()}


def all_have_ended(service: Service, kind: str) -> bool:
    """Whether every item of a kind is past its `expires_at`."""
    items = service.deployment.state(kind)
    return bool(items) and all(int(item["expires_at"]["N"]) <= service.now for item in items)


def client(service: Service) -> Application:
    """One that gets refresh tokens."""
    return service.application(grant_types=("authorization_code", "refresh_token"))


def a_code(service: Service, ada: User) -> None:
    """Redeemed no more once its minute is over, nor once its record is."""
    app = client(service)
    codes = [service.code(app, ada) for _ in range(2)]
    with nothing_is_deleted(service):
        service.clock.advance(61)
        assert service.redeem(app, codes[0]).error() == "invalid_grant"
        service.clock.advance(LATE)
        assert all_have_ended(service, "grant")
        for code in codes:
            assert service.redeem(app, code).error() == "invalid_grant"
            assert service.deployment.lines("request_refused")[-1]["reason"] == "code_expired"


def a_grant(service: Service, ada: User) -> None:
    """Refreshes nothing, is active to nobody, and revoking what came of it is no error."""
    app = client(service)
    tokens = service.tokens(app, ada)
    tokens = refresh(service.deployment, app, tokens["refresh_token"]).json()
    with nothing_is_deleted(service):
        service.clock.advance(90 * DAY + LATE)
        assert all_have_ended(service, "grant")
        still_refused(service, app, tokens)


def a_grant_whose_tokens_have_not_ended(service: Service, ada: User) -> None:
    """By an operator's hand: what its record says counts, whatever the tokens say."""
    app = client(service)
    tokens = service.tokens(app, ada)
    end(service, f"grant#{grant_id_of(tokens['access_token'])}")
    with nothing_is_deleted(service):
        assert all_have_ended(service, "grant")
        still_refused(service, app, tokens)


def still_refused(service: Service, app: Application, tokens: dict[str, str]) -> None:
    """Both tokens, at every endpoint that is asked about them."""
    assert refresh(service.deployment, app, tokens["refresh_token"]).error() == "invalid_grant"
    assert service.userinfo(tokens["access_token"]).error(401) == "invalid_token"
    for kind in ("access_token", "refresh_token"):
        assert introspect(service.deployment, app, tokens[kind]).body == INACTIVE
        assert revoke(service.deployment, app, tokens[kind]).status == 200


def a_session(service: Service, ada: User) -> None:
    """Signs nobody in, at no endpoint that asks it, and is not listed on the account page of the next one."""
    app = client(service)
    service.consent(ada, app)
    visitor = service.signed_in(ada, "the old browser")
    assert visitor.open(app.url()).redirected(REDIRECT_URI)["code"]
    with nothing_is_deleted(service):
        service.clock.advance(7 * DAY + LATE)
        assert all_have_ended(service, "session")
        assert visitor.open(app.url(prompt="none")).redirected(REDIRECT_URI)["error"] == "login_required"
        assert visitor.open(app.url()).step == "login"
        assert visitor.get(ACCOUNT).step == "login"
        assert "the old browser" not in service.signed_in(ada, "the new browser").get(ACCOUNT).text


def a_note_of_a_logout(service: Service, ada: User) -> None:
    """Keeps nobody from signing in again, and what ended with the session does not come back by its end."""
    app = client(service)
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    with service.deployment.lagging_index():
        code = visitor.open(app.url()).redirected(REDIRECT_URI)["code"]
        form = visitor.get(END_SESSION).form
        visitor.post(form.action, {**form.fields, "decision": "sign_out"})
    [note] = service.deployment.state("ended")
    end(service, note["pk"]["S"])
    with nothing_is_deleted(service):
        assert all_have_ended(service, "ended")
        assert service.redeem(app, code).error() == "invalid_grant"
        service.clock.advance(LATE)
        page = visitor.sign_in(visitor.open(app.url()), "ada", PASSWORD)
        assert service.redeem(app, page.redirected(REDIRECT_URI)["code"]).status == 200


def a_throttle(service: Service, ada: User) -> None:
    """Keeps nobody waiting, and the next failure counts from one again."""
    url, visitor = client(service).url(prompt="login"), service.visitor("198.51.100.7")
    page = visitor.open(url)
    for _ in range(12):
        page = visitor.sign_in(page, "ada", "a guess")
    assert "Too many" in page.alert
    assert "Too many" in visitor.sign_in(page, "ada", PASSWORD).alert
    with nothing_is_deleted(service):
        service.clock.advance(LATE)
        assert all_have_ended(service, "throttle")
        page = visitor.sign_in(visitor.open(url), "ada", "a guess")
        assert page.alert
        assert "Too many" not in page.alert
    assert visitor.sign_in(page, "ada", PASSWORD).step == "consent"


def a_blacklisted_token(service: Service, ada: User) -> None:
    """Has expired itself when its entry has: it does not come back to life."""
    app = client(service)
    token = service.tokens(app, ada)["access_token"]
    assert revoke(service.deployment, app, token).status == 200
    [entry] = service.deployment.state("revoked")
    assert int(entry["expires_at"]["N"]) >= service.claims(token)["exp"]
    with nothing_is_deleted(service):
        for later in (HOUR + 1, LATE):
            service.clock.advance(later)
            assert all_have_ended(service, "revoked")
            assert introspect(service.deployment, app, token).body == INACTIVE
            assert service.userinfo(token).error(401) == "invalid_token"
            assert revoke(service.deployment, app, token).status == 200


def a_blacklist_entry(service: Service, ada: User) -> None:
    """Past its end it blocks nothing any more, as if it were gone."""
    app = client(service)
    tokens = service.tokens(app, ada)
    assert revoke(service.deployment, app, tokens["access_token"]).status == 200
    end(service, f"revoked#{tokens['jti']}")
    with nothing_is_deleted(service):
        assert service.userinfo(tokens["access_token"]).status == 200


def end(service: Service, pk: str) -> None:
    """An item's end is now."""
    service.deployment.dynamodb.update_item(
        TableName=service.deployment.state_table,
        Key={"pk": {"S": pk}},
        UpdateExpression="SET expires_at = :now",
        ExpressionAttributeValues={":now": {"N": str(service.now)}},
    )


ENDED: dict[str, tuple[Callable[[Service, User], None], ...]] = {
    "grant": (a_code, a_grant, a_grant_whose_tokens_have_not_ended),
    "session": (a_session,),
    "ended": (a_note_of_a_logout,),
    "throttle": (a_throttle,),
    "revoked": (a_blacklisted_token, a_blacklist_entry),
}
"""Every kind of item in the state table, and what is true of one that has ended."""

CASES = [case for cases in ENDED.values() for case in cases]


@pytest.mark.parametrize("case", CASES, ids=[case.__name__ for case in CASES])
def test_what_has_ended_is_harmless_though_it_is_there(
    service: Service, ada: User, case: Callable[[Service, User], None]
) -> None:
    """Read-time expiry, kind by kind, through the handlers."""
    case(service, ada)


def test_every_item_of_the_state_table_ends(service: Service) -> None:
    """Whatever the flows write there: a kind above, with a number of epoch seconds that time to live can read."""
    kinds: set[str] = set()
    for flow in FLOWS:
        started = service.now
        flow(service)
        for item in service.deployment.state():
            kinds.add(item["pk"]["S"].partition("#")[0])
            assert item["expires_at"].keys() == {"N"}, item["pk"]
            # in seconds, not milliseconds; and time to live leaves alone what ended more than five years ago
            assert started - 5 * 365 * DAY < int(item["expires_at"]["N"]) < started + 3 * 365 * DAY, item["pk"]
    assert kinds == set(ENDED)
