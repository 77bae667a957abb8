"""When AWS fails on the way out: a page says so, nothing half done is told as done, and the next try finishes it."""

from collections.abc import Callable, Iterator
from itertools import count
from urllib.parse import urlencode

import pytest

from signet.authorize.forms import SESSION
from signet.model.user import User
from tests.support.deployment import Fault
from tests.support.faults import SECRET_WORD, denied, internal, over_capacity, refused, slow_to_answer, throttled
from tests.support.sign_in import ACCOUNT, END_SESSION, PASSWORD, Application, Service
from tests.support.token_requests import refresh
from tests.support.visitor import Page, Visitor

FAULTS: list[Fault] = [throttled, over_capacity, internal, slow_to_answer, refused]
BYE = "https://app.example.com/bye"

Act = Callable[[], Page]
"""One request of a browser, which can be sent again."""

Done = Callable[[], bool]
"""Whether it has been done, and all of it."""

Prepare = Callable[[Service, Application, User, Visitor], tuple[Act, Done]]


def unavailable(page: Page) -> bool:
    """Whether it is the page that says so, sends nobody anywhere and takes no cookie away."""
    said = (page.status, page.location, page.step, page.notice) == (503, "", "", "")
    return said and SECRET_WORD not in page.text and page.answer.cookies == () and "retry-after" in page.headers


def tokens_of(service: Service, app: Application, visitor: Visitor) -> dict[str, str]:
    """What the application gets for the browser's session."""
    code = visitor.open(app.url()).redirected(app.redirect_uri)["code"]
    tokens: dict[str, str] = service.redeem(app, code).json()
    return tokens


def hinted_logout(service: Service, app: Application, ada: User, visitor: Visitor) -> tuple[Act, Done]:
    """By the application, with an ID token."""
    tokens, session_id = tokens_of(service, app, visitor), visitor.cookies[SESSION]
    asked = urlencode({"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BYE})
    service.deployment.cold("end_session")

    def done() -> bool:
        refreshed = refresh(service.deployment, app, tokens["refresh_token"]).status
        return service.sessions.find(session_id) is None and refreshed == 400 and SESSION not in visitor.cookies

    return lambda: visitor.get(f"{END_SESSION}?{asked}"), done


def confirmed_logout(service: Service, app: Application, ada: User, visitor: Visitor) -> tuple[Act, Done]:
    """By the person, at the page that asks."""
    tokens, session_id = tokens_of(service, app, visitor), visitor.cookies[SESSION]
    form = visitor.get(END_SESSION).form

    def done() -> bool:
        refreshed = refresh(service.deployment, app, tokens["refresh_token"]).status
        return service.sessions.find(session_id) is None and refreshed == 400 and SESSION not in visitor.cookies

    return lambda: visitor.post(form.action, {**form.fields, "decision": "sign_out"}), done


def removal(service: Service, app: Application, ada: User, visitor: Visitor) -> tuple[Act, Done]:
    """Of an application with two grants, at the account page."""
    held = [tokens_of(service, app, visitor) for _ in range(2)]
    form = visitor.get(ACCOUNT).form_about("application", client_id=app.client_id)

    def done() -> bool:
        ended = [service.userinfo(tokens["access_token"]).status == 401 for tokens in held]
        return all(ended) and service.consents.get(ada.sub, app.client_id)[1] is None

    return lambda: visitor.post(form.action, form.fields), done


def ending_elsewhere(service: Service, app: Application, ada: User, visitor: Visitor) -> tuple[Act, Done]:
    """Of two other sessions at once, one of them with a grant."""
    others = [service.signed_in(ada) for _ in range(2)]
    tokens = tokens_of(service, app, others[0])
    form = visitor.get(ACCOUNT).form_about("other_sessions")

    def done() -> bool:
        ended = [service.session_of(other) is None for other in others]
        return all(ended) and refresh(service.deployment, app, tokens["refresh_token"]).status == 400

    return lambda: visitor.post(form.action, form.fields), done


def takes(service: Service, prepare: Prepare) -> Iterator[tuple[int, Visitor, Act, Done]]:
    """The step of a new person with a new client, again and again, numbered."""
    for number in count():
        app = service.application(
            f"app{number}", grant_types=("authorization_code", "refresh_token"), post_logout_redirect_uris=(BYE,)
        )
        user = service.user(f"user{number}")
        service.consent(user, app)
        visitor = service.signed_in(user)
        act, done = prepare(service, app, user, visitor)
        service.deployment.calls.clear()
        yield number, visitor, act, done


@pytest.mark.parametrize(
    ("prepare", "at_least"), [(hinted_logout, 8), (confirmed_logout, 6), (removal, 7), (ending_elsewhere, 11)]
)
def test_whichever_call_fails_it_is_said_and_the_next_try_finishes_it(
    service: Service, prepare: Prepare, at_least: int
) -> None:
    """503 as a page with Retry-After; never a redirect as if it were done, never a session without its cookie."""
    for number, visitor, act, done in takes(service, prepare):
        with service.deployment.failing_at(denied, number):
            page = act()
        if len(service.deployment.calls) <= number:
            break  # every call has had its turn
        assert unavailable(page), (number, page.status, page.location)
        assert SESSION in visitor.cookies
        page = act()
        assert page.status == 303
        assert done(), number
    assert number >= at_least


def test_a_logout_waits_for_no_key_set_that_could_not_be_read_before_it(service: Service) -> None:
    """It is read in the INIT phase; where that fails, for the first ID token that is shown."""
    _, _, act, done = next(takes(service, hinted_logout))
    with service.deployment.failing("dynamodb", internal):
        service.deployment.cold("end_session")
    assert act().status == 303
    assert done()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("target", [ACCOUNT, END_SESSION])
def test_however_a_table_fails_it_is_said_in_the_same_way(
    service: Service, ada: User, target: str, fault: Fault
) -> None:
    """Throttled, out of order, silent or not there; and it works again afterwards."""
    visitor = service.signed_in(ada)
    visitor.get(target)
    service.deployment.forget_output()
    with service.deployment.failing("dynamodb", fault):
        assert unavailable(visitor.get(target))
    [line] = service.deployment.lines()
    assert (line["level"], line["reason"], line["status"]) == ("ERROR", "store_unavailable", 503)
    assert visitor.get(target).status == 200


def test_whichever_call_fails_the_account_page_says_so(service: Service, app: Application, ada: User) -> None:
    """Never a list with something missing."""
    service.consent(ada, app)
    for number in count():
        visitor = service.signed_in(ada)
        tokens_of(service, app, visitor)
        service.deployment.cold("account")
        service.deployment.calls.clear()
        with service.deployment.failing_at(denied, number):
            page = visitor.get(ACCOUNT)
        if len(service.deployment.calls) <= number:
            break
        assert unavailable(page), number
        assert visitor.get(ACCOUNT).heading == "Your account"
    assert number >= 6


def test_whichever_call_fails_signing_in_there_can_be_repeated(service: Service, ada: User) -> None:
    """No session without its cookie."""
    for number in count():
        user = service.user(f"user{number}")
        visitor = service.visitor(f"203.0.113.{number}")
        form = visitor.get(ACCOUNT).form
        service.deployment.calls.clear()
        with service.deployment.failing_at(denied, number):
            page = visitor.post(form.action, {**form.fields, "username": user.username, "password": PASSWORD})
        if len(service.deployment.calls) <= number:
            break
        assert unavailable(page), number
        assert SESSION not in visitor.cookies
        page = visitor.post(form.action, {**form.fields, "username": user.username, "password": PASSWORD})
        assert (page.location, SESSION in visitor.cookies) == (ACCOUNT, True)
    assert number >= 9


@pytest.mark.parametrize("operation", ["dynamodb:UpdateItem", "dynamodb:DeleteItem"])
def test_a_write_whose_answer_was_lost_has_been_made(
    service: Service, app: Application, ada: User, operation: str
) -> None:
    """The SDK makes it again, and it is the same."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    access_token = tokens_of(service, app, visitor)["access_token"]
    form = visitor.get(ACCOUNT).form_about("application", client_id=app.client_id)
    service.deployment.lose_answer(operation)
    assert visitor.post(form.action, form.fields).location == ACCOUNT
    assert service.userinfo(access_token).status == 401
    form = visitor.get(END_SESSION).form
    service.deployment.lose_answer("dynamodb:DeleteItem")
    visitor.post(form.action, {**form.fields, "decision": "sign_out"})
    assert visitor.get(ACCOUNT).step == "login"


def test_where_no_grant_can_be_ended_nothing_new_is_granted_either(service: Service, ada: User) -> None:
    """The consent goes first: what could not be revoked dies at its first refresh, and the client asks again."""
    app = service.application(grant_types=("authorization_code", "refresh_token"))
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    act, _ = removal(service, app, ada, visitor)
    tokens = tokens_of(service, app, visitor)
    with service.deployment.failing("dynamodb:UpdateItem", denied):
        assert unavailable(act())
    assert visitor.open(app.url()).step == "consent"
    assert refresh(service.deployment, app, tokens["refresh_token"]).error() == "invalid_grant"
