"""Authlib on Flask as its documentation sets it up for tokens of machines as JWTs (RFC 9068): one client, in memory."""

import json
import os
from pathlib import Path
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask, Response
from joserfc.jwk import KeySet

_KEYS = KeySet.import_key_set({"keys": [json.loads(Path(os.environ["JWK"]).read_text(encoding="utf-8"))]})
"""Imported once: as a dict, which Authlib takes too, it would be checked anew for each token, at 35 ms."""


class Client(ClientMixin):  # type: ignore[misc]
    """The client of the benchmark."""

    client_id = os.environ["CLIENT_ID"]

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == os.environ["CLIENT_SECRET"]

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method, endpoint) == ("client_secret_basic", "token")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"

    def get_client_id(self) -> str:
        return self.client_id

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(name for name in (scope or "").split() if name in {"read", "write"})


class Generator(JWTBearerTokenGenerator):  # type: ignore[misc]
    """Access tokens of RFC 9068."""

    def get_jwks(self) -> Any:
        return _KEYS

    def get_audiences(self, client: object, user: object, scope: str) -> str:
        return "https://api.example.com"


_CLIENT = Client()

app = Flask(__name__)
server = AuthorizationServer(
    app,
    query_client=lambda client_id: _CLIENT if client_id == _CLIENT.client_id else None,
    save_token=lambda token, request: None,
)
server.register_grant(ClientCredentialsGrant)
server.register_token_generator("default", Generator(issuer="https://id.example.com", alg="RS256"))


@app.post("/token")
def token() -> Response:
    """The token endpoint."""
    answer: Response = server.create_token_response()
    return answer
