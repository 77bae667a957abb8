"""What `signet serve` starts with, so that there is something to try: a machine client, a web application, a person."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from signet import pkce
from signet.aws.clients import DynamoDbClientRegistry
from signet.aws.users import DynamoDbUserRegistry
from signet.errors import OAuthError
from signet_cli.mistake import Mistake
from signet_cli.people import create_user
from signet_cli.registrar import create_client
from signet_cli.registration import client_metadata

MACHINE = {"client_id": "demo", "client_name": "Demo", "scope": "read write"}

WEB = {
    "client_id": "bookshop",
    "client_name": "Bookshop",
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code", "refresh_token"],
    "redirect_uris": ["http://127.0.0.1:5000/callback"],
    "post_logout_redirect_uris": ["http://127.0.0.1:5000/"],
    "scope": "openid profile email",
}

USERNAME = "ada"

_CLAIMS = {"name": "Ada Lovelace", "email": "ada@example.com", "email_verified": True}


@dataclass(frozen=True)
class Demo:
    """The machine client with its secret, and the person with their password and the PKCE verifier of a link to try."""

    client_secret: str = field(repr=False)
    password: str = field(repr=False)
    code_verifier: str = field(repr=False)

    def authorization_url(self, issuer: str) -> str:
        """A link that starts a sign-in to the web application."""
        parameters = {
            "client_id": WEB["client_id"],
            "redirect_uri": WEB["redirect_uris"][0],
            "response_type": "code",
            "scope": WEB["scope"],
            "state": secrets.token_urlsafe(8),
            "code_challenge": pkce.challenge_of(self.code_verifier),
            "code_challenge_method": pkce.METHOD,
        }
        return f"{issuer}/oauth/authorize?{urlencode(parameters)}"


def end_session_url(issuer: str) -> str:
    """A link that signs out of the web application's sessions, and leads back to it."""
    parameters = {"client_id": WEB["client_id"], "post_logout_redirect_uri": WEB["post_logout_redirect_uris"][0]}
    return f"{issuer}/oauth/end_session?{urlencode(parameters)}"


def create_demo(dynamodb: Any, registry_table: str) -> Demo:
    """Store the clients and the user. Raises Mistake."""
    clients, users = DynamoDbClientRegistry(dynamodb, registry_table), DynamoDbUserRegistry(dynamodb, registry_table)
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    try:
        _, client_secret = create_client(clients, client_metadata(MACHINE), time.time)
        create_client(clients, client_metadata(WEB), time.time)
        create_user(users, USERNAME, password, _CLAIMS, time.time)
    except OAuthError as error:
        raise Mistake(f"the demo clients and user cannot be stored: {error.detail or error.reason}") from error
    return Demo(client_secret, password, secrets.token_urlsafe(32))
