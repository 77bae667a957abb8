"""When AWS fails on the way to the tokens: a page or JSON says so, nothing is half done, and the next try works."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from signet.authorize.forms import SESSION
from signet.model.user import User
from tests.support.deployment import Deployment, Fault
from tests.support.faults import SECRET_WORD, denied, internal, over_capacity, refused, slow_to_answer, throttled
from tests.support.sign_in import PASSWORD, REDIRECT_URI, Application, Service, grant_id_of
from tests.support.visitor import Page, Visitor

FAULTS: list[Fault] = [throttled, over_capacity, internal, slow_to_answer, refused]


def unavailable(page: Page) -> bool:
    """Whether it is the page that says so, and sends nobody anywhere."""
    return (page.status, page.location, page.step) == (503, "", "") and SECRET_WORD not in page.text


def granted(page: Page) -> str:
    """The code."""
    return page.redirected(REDIRECT_URI)["code"]


Act = Callable[[], Page]
"""One request of a browser, which can be sent again."""


def first_visit(service: Service, app: Application, ada: User, visitor: Visitor) -> Act:
    """The sign-in page, in an environment that has just started."""
    service.deployment.cold("authorization")
    return lambda: visitor.get(app.url())


def login(service: Service, app: Application, ada: User, visitor: Visitor) -> Act:
    """Name and password, in place of an earlier session."""
    service.consent(ada, app)
    form = visitor.get(app.url(prompt="login")).form
    return lambda: visitor.post(form.action, {**form.fields, "username": ada.username, "password": PASSWORD})


def consent_page(service: Service, app: Application, ada: User, visitor: Visitor) -> Act:
    """What the application asks for; the scope catalogue has to be read."""
    service.deployment.cold("authorization")
    return lambda: visitor.get(app.url())


def allowing(service: Service, app: Application, ada: User, visitor: Visitor) -> Act:
    """The button of the consent page."""
    form = visitor.get(app.url()).form
    return lambda: visitor.post(form.action, {**form.fields, "decision": "allow"})


def by_passed(service: Service, app: Application, ada: User, visitor: Visitor) -> Act:
    """Signed in and allowed already; the session's idle end has to be moved."""
    service.consent(ada, app)
    service.clock.advance(3_600)
    return lambda: visitor.get(app.url())


Prepare = Callable[[Service, Application, User, Visitor], Act]


def takes(service: Service, prepare: Prepare) -> Iterator[tuple[int, Application, User, Visitor, Act]]:
    """The step of a new user with a new client from a new address, again and again, numbered."""
    for number in count():
        app = service.application(f"app{number}")
        user = service.user(f"user{number}")
        visitor = service.visitor() if prepare is first_visit else service.signed_in(user)
        visitor.address = f"203.0.113.{number}"
        act = prepare(service, app, user, visitor)
        service.deployment.calls.clear()
        yield number, app, user, visitor, act


@pytest.mark.parametrize(
    ("prepare", "at_least"), [(first_visit, 1), (login, 10), (consent_page, 4), (allowing, 4), (by_passed, 5)]
)
def test_whichever_call_fails_the_step_says_so_and_can_be_repeated(
    service: Service, prepare: Prepare, at_least: int
) -> None:
    """503 as a page with Retry-After; no code; then the same request once more, and it is done."""
    for number, app, user, visitor, act in takes(service, prepare):
        session = visitor.cookies.get(SESSION)
        with service.deployment.failing_at(denied, number):
            page = act()
        if len(service.deployment.calls) <= number:
            break  # every call has had its turn
        assert unavailable(page), (number, page.status, page.location)
        assert int(page.headers["retry-after"]) > 0
        assert page.answer.cookies == ()
        assert visitor.cookies.get(SESSION) == session
        assert [item for item in service.deployment.state("grant") if item["client_id"]["S"] == app.client_id] == []
        again = act()
        assert again.status in {200, 303}
        end = visitor.open(again.location) if again.location.startswith("/") else again
        assert end.step in {"login", "consent"} or granted(end), user
    assert number >= at_least


@pytest.mark.parametrize("fault", FAULTS)
def test_however_a_table_fails_it_is_said_in_the_same_way(
    service: Service, app: Application, ada: User, fault: Fault
) -> None:
    """Throttled, out of order, silent or not there; with the client known already."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    visitor.get(app.url())
    service.deployment.forget_output()
    with service.deployment.failing("dynamodb", fault):
        assert unavailable(visitor.get(app.url()))
    [line] = service.deployment.lines()
    assert (line["level"], line["reason"], line["status"]) == ("ERROR", "store_unavailable", 503)
    granted(visitor.get(app.url()))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_without_a_page_the_application_is_told(service: Service, app: Application, ada: User, number: int) -> None:
    """prompt=none, in a frame that nobody looks at: temporarily_unavailable (RFC 6749 section 4.1.2.1)."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    visitor.get(app.url())
    with service.deployment.failing_at(denied, number):
        page = visitor.get(app.url(prompt="none"))
    assert page.redirected(REDIRECT_URI)["error"] == "temporarily_unavailable"


def test_a_client_that_cannot_be_read_is_not_unknown(service: Service, app: Application) -> None:
    """Nor is a redirect that nobody could check."""
    with service.deployment.failing("dynamodb", internal):
        assert unavailable(service.visitor().get(app.url(prompt="none")))


def test_a_key_set_that_cannot_be_read_makes_no_hint_wrong(service: Service, app: Application, ada: User) -> None:
    """The hint is looked at once the keys are there."""
    hint = service.tokens(app, ada)["id_token"]
    visitor = service.signed_in(ada)
    service.deployment.cold("authorization")
    with service.deployment.failing_at(denied, 1):
        assert unavailable(visitor.get(app.url(id_token_hint=hint)))
    granted(visitor.get(app.url(id_token_hint=hint)))


@pytest.mark.parametrize("times", [1, 2])
def test_a_grant_whose_answer_was_lost_is_one_grant(service: Service, app: Application, ada: User, times: int) -> None:
    """The SDK writes it again, finds its own, and the code is good."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    visitor.get(app.url())
    service.deployment.lose_answer("dynamodb:PutItem", times)
    code = granted(visitor.get(app.url()))
    assert len(service.deployment.state("grant")) == 2
    assert service.redeem(app, code).status == 200


# the exchange


def redeemed(service: Service, app: Application, code: str) -> bool:
    """Whether the code counts as used."""
    [grant] = [item for item in service.deployment.state("grant") if code.startswith(item["grant_id"]["S"])]
    return "redeemed_at" in grant


def test_whichever_call_of_an_exchange_fails_the_code_is_still_good(
    service: Service, app: Application, ada: User, deployment: Deployment
) -> None:
    """Keyring, client, catalogue, grant, user and consent: 503, no token, and the next try gets them, once."""
    for number in count():
        code = service.code(app, ada)
        deployment.calls.clear()
        with deployment.failing_at(denied, number):
            deployment.cold("token")
            answer = service.redeem(app, code)
        if len(deployment.calls) <= number:
            break
        if answer.status != 200:  # the keyring's first read fails before anybody waits for it
            assert answer.error(503) == "temporarily_unavailable"
            assert int(answer.headers["retry-after"]) > 0
            assert not redeemed(service, app, code)
            answer = service.redeem(app, code)
        assert answer.status == 200
        assert service.userinfo(answer.json()["access_token"]).status == 200
        assert service.redeem(app, code).error() == "invalid_grant"
    assert number == 5


@pytest.mark.parametrize("fault", FAULTS)
def test_a_keyring_that_cannot_be_read_consumes_no_code(
    service: Service, app: Application, ada: User, deployment: Deployment, fault: Fault
) -> None:
    """Nothing is written while no key can sign."""
    code = service.code(app, ada)
    with deployment.failing("secretsmanager", fault):
        deployment.cold("token")
        deployment.calls.clear()
        assert service.redeem(app, code).error(503) == "temporarily_unavailable"
        assert "dynamodb:UpdateItem" not in deployment.calls
    assert service.redeem(app, code).status == 200


@pytest.mark.parametrize("document", ['{"keys":[]}', "{", "[]", '{"keys":[{"kid":"x"}]}'])
def test_a_keyring_without_a_key_consumes_no_code(
    service: Service, app: Application, ada: User, deployment: Deployment, document: str
) -> None:
    """A secret that was emptied or damaged by hand."""
    code, before = service.code(app, ada), deployment.keyring()
    deployment.put_keyring(document)
    deployment.cold("token")
    assert service.redeem(app, code).status == 503
    assert not redeemed(service, app, code)
    deployment.put_keyring(before)
    assert service.redeem(app, code).status == 200


@pytest.mark.parametrize("times", [1, 2])
def test_a_redemption_whose_answer_was_lost_gives_its_tokens_once(
    service: Service, app: Application, ada: User, deployment: Deployment, times: int
) -> None:
    """The repeated write is recognised as the same request's, and is no replay."""
    code = service.code(app, ada)
    service.redeem(app, service.code(app, ada))
    deployment.lose_answer("dynamodb:UpdateItem", times)
    answer = service.redeem(app, code)
    assert answer.status == 200
    assert deployment.lines("request_refused") == []
    assert service.userinfo(answer.json()["access_token"]).status == 200
    assert service.redeem(app, code).error() == "invalid_grant"


def test_a_redemption_nobody_heard_of_is_taken_back(
    service: Service, app: Application, ada: User, deployment: Deployment
) -> None:
    """Every answer lost: 503, and the next try gets its tokens."""
    code = service.code(app, ada)
    deployment.lose_answer("dynamodb:UpdateItem", 3)
    assert service.redeem(app, code).error(503) == "temporarily_unavailable"
    assert not redeemed(service, app, code)
    assert service.redeem(app, code).status == 200
    assert service.redeem(app, code).error() == "invalid_grant"


def test_a_redemption_nobody_heard_of_that_cannot_be_taken_back_gives_no_token_ever(
    service: Service, app: Application, ada: User, deployment: Deployment
) -> None:
    """Every answer lost, and the store is away from then on: what it says counts, so the next try is a replay."""
    code = service.code(app, ada)
    service.redeem(app, service.code(app, ada))
    deployment.lose_answer("dynamodb:UpdateItem", 3)
    with deployment.failing_at(denied, 3):
        assert service.redeem(app, code).error(503) == "temporarily_unavailable"
    assert redeemed(service, app, code)
    assert service.redeem(app, code).error() == "invalid_grant"


def test_a_redemption_that_cannot_be_taken_back_gives_no_token_ever(
    service: Service, app: Application, ada: User, deployment: Deployment
) -> None:
    """User and consent cannot be read, and then nothing can: 503 for the first of the two reasons."""
    code = service.code(app, ada)
    service.redeem(app, service.code(app, ada))
    with deployment.failing_at(denied, 1, 2):
        assert service.redeem(app, code).error(503) == "temporarily_unavailable"
    assert "BatchGetItem" in deployment.lines("request_failed")[-1]["detail"]
    assert service.redeem(app, code).error() == "invalid_grant"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_replay_that_cannot_be_revoked_is_not_done_with(
    service: Service, app: Application, ada: User, deployment: Deployment, fault: Fault
) -> None:
    """503 rather than invalid_grant, so that it is tried again until the tokens are dead."""
    code = service.code(app, ada)
    token = service.redeem(app, code).json()["access_token"]
    with deployment.failing_at(fault, 1, 2, 3):
        assert service.redeem(app, code).error(503) == "temporarily_unavailable"
    assert service.userinfo(token).status == 200
    assert service.redeem(app, code).error() == "invalid_grant"
    assert service.userinfo(token).error(401) == "invalid_token"


def test_a_grant_that_is_damaged_is_no_grant_and_no_failure_of_the_client(
    service: Service, app: Application, ada: User, deployment: Deployment
) -> None:
    """An operator's to mend: 503, and the line names the item and nothing of it."""
    token = service.tokens(app, ada)["access_token"]
    key = {"pk": {"S": f"grant#{grant_id_of(token)}"}}
    deployment.dynamodb.put_item(
        TableName=deployment.state_table, Item={**key, "claims": {"S": "{"}, "expires_at": {"N": "1"}}
    )
    assert service.userinfo(token).error(503) == "temporarily_unavailable"
    line = deployment.lines("request_failed")[-1]
    assert (line["reason"], grant_id_of(token) in line["detail"]) == ("record_invalid", True)
