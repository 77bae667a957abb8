"""Who takes part: an operator, a person at a browser, and the web application that the person signs in to."""

import re
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from flask import request
from playwright.sync_api import Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from signet.aws.clients import DynamoDbClientRegistry
from signet.aws.consents import DynamoDbConsentStore
from signet.aws.sessions import DynamoDbSessionStore
from signet.aws.users import DynamoDbUserRegistry
from signet.model.client import Client, ClientSecret, digest
from signet.model.session import Session, session_digest
from signet.model.user import Consent, User
from signet.people.passwords import hash_password
from signet_cli.stack import Stack
from tests.support.web_application import create_application

SCOPE = "openid profile email phone offline_access"
REDIRECT_URI = "http://127.0.0.1/callback"
"""Of a loopback address the port may differ (RFC 8252 section 7.3), so this stands for every application here."""


@dataclass(frozen=True)
class Person:
    """Someone with an account; the methods are what they do at a page."""

    sub: str
    username: str
    password: str = field(repr=False)

    def sign_in(self, page: Page, password: str | None = None) -> None:
        """Fill the form and send it."""
        page.get_by_label("Username").fill(self.username)
        page.get_by_label("Password").fill(self.password if password is None else password)
        with page.expect_navigation():
            page.get_by_role("button", name="Sign in").click()

    def allow(self, page: Page) -> None:
        """Agree to what the consent page says."""
        page.get_by_role("button", name="Allow").click()

    def deny(self, page: Page) -> None:
        """Refuse it."""
        page.get_by_role("button", name="Deny").click()


class Operator:
    """What an operator does, at the tables themselves: the command line has tests of its own."""

    def __init__(self, stack: Stack) -> None:
        dynamodb = stack.sdk_client("dynamodb")
        self._clients = DynamoDbClientRegistry(dynamodb, stack.registry_table)
        self._users = DynamoDbUserRegistry(dynamodb, stack.registry_table)
        self._consents = DynamoDbConsentStore(dynamodb, stack.registry_table)
        self._sessions = DynamoDbSessionStore(dynamodb, stack.state_table)
        self._password = secrets.token_urlsafe(12)
        self._password_hash = hash_password(self._password, "")  # once: it is made to be slow

    def create_person(self, username: str = "", **claims: Any) -> Person:
        """Create an account that nobody else uses."""
        username = username or f"alice-{secrets.token_hex(4)}"
        now = int(time.time())
        user = User(
            sub=secrets.token_urlsafe(16),
            username=username,
            password_hash=self._password_hash,
            claims={"name": "Alice Martin", "email": "alice@example.org", **claims},
            created_at=now - 86_400,
            password_changed_at=now - 86_400,
        )
        assert self._users.create(user)
        return Person(user.sub, username, self._password)

    def create_client(self, **members: Any) -> tuple[str, str]:
        """Register a client; its id and its secret, which is empty for a public one."""
        method = members.setdefault("token_endpoint_auth_method", "client_secret_basic")
        client_secret = "" if method == "none" else secrets.token_urlsafe(32)
        given = {
            "client_id": f"bookshop-{secrets.token_hex(4)}",
            "client_name": "Bookshop",
            "grant_types": ("authorization_code",),
            "client_secrets": (ClientSecret(digest(client_secret), int(time.time())),) if client_secret else (),
            "scope": tuple(SCOPE.split()),
            "redirect_uris": (REDIRECT_URI,),
            **members,
        }
        client = Client(**given)
        assert self._clients.create(client)
        return client.client_id, client_secret

    def let_come_back_to(self, client_id: str, *post_logout_redirect_uris: str) -> None:
        """Register where a logout may lead, which for the applications here is known only once they run."""
        client = self._clients.get(client_id)
        assert client
        assert self._clients.replace(replace(client, post_logout_redirect_uris=post_logout_redirect_uris), client)

    def open_session(self, person: Person, user_agent: str, ago: int = 0, session_id: str = "") -> None:
        """Have the person be signed in by another browser, for so many seconds; with this cookie or any."""
        begun = int(time.time()) - ago
        user = self._users.get(person.sub)
        assert user
        session = Session(
            digest=session_digest(session_id or secrets.token_urlsafe(32)),
            sid=secrets.token_urlsafe(16),
            sub=person.sub,
            auth_time=begun,
            amr=("pwd",),
            acr="",
            created_at=begun,
            expires_at=begun + 86_400,
            ends_at=begun + 7 * 86_400,
            user_agent=user_agent,
            password_changed_at=user.password_changed_at,
        )
        self._sessions.create(session)

    def disable(self, person: Person) -> None:
        """Let the person in no more."""
        user = self._users.get(person.sub)
        assert user
        assert self._users.update(replace(user, disabled=True), user)

    def remember_consent(self, person: Person, client_id: str, scope: str, ago: int = 0) -> None:
        """Have the person have allowed the client that much, so many seconds ago."""
        then = int(time.time()) - ago
        consent = Consent(person.sub, client_id, tuple(scope.split()), granted_at=then, updated_at=then)
        _, previous = self._consents.get(person.sub, client_id)
        assert self._consents.put(consent, previous)

    def revoke_consent(self, person: Person, client_id: str) -> None:
        """Take back what the person has allowed the client."""
        assert self._consents.delete(person.sub, client_id)


class _Silent(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Leave the tests' output alone."""


class Application:
    """The web application of tests.support.web_application, in a thread of its own.

    `parameters` go into its next authorization requests; `answers` are those that came to its redirect URI.
    """

    def __init__(self, issuer: str, client_id: str, client_secret: str = "", **parameters: str) -> None:
        self.client_id = client_id
        self.parameters = parameters
        self.answers: list[dict[str, str]] = []
        flask = create_application(issuer, client_id, client_secret, self.parameters)
        flask.before_request(self._listen)
        self._tokens: dict[str, dict[str, Any]] = flask.extensions["tokens"]
        self._server = make_server("127.0.0.1", 0, flask, threaded=True, request_handler=_Silent)
        self.origin = f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def token(self) -> dict[str, Any]:
        """The last token response, with the claims of the ID token that Authlib has verified as `userinfo`."""
        return list(self._tokens.values())[-1]

    @property
    def home(self) -> re.Pattern[str]:
        """The address at which a person is who has signed in."""
        return re.compile(re.escape(f"{self.origin}/") + "$")

    def visit(self, page: Page, **parameters: str) -> None:
        """Have the person press its sign-in link; `parameters` replace those of the request before."""
        kept = {name: value for name, value in self.parameters.items() if name == "response_mode"}
        self.parameters.clear()
        self.parameters.update({**kept, **parameters})
        page.goto(f"{self.origin}/login")

    def expect_signed_in(self, page: Page) -> None:
        """The browser is back and the application knows the person."""
        expect(page).to_have_url(self.home)
        expect(page.locator("#id-token")).to_contain_text(self.token["userinfo"]["sub"])

    def _listen(self) -> None:
        if request.path == "/callback":
            self.answers.append(request.values.to_dict())


def query(url: str) -> dict[str, str]:
    """Return the query parameters of a URL."""
    return dict(parse_qsl(urlsplit(url).query))
