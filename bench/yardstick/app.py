"""What the cold starts are held against: the same token, built on what such functions are usually built on.

One client is read from DynamoDB and one access token is signed, as by the token function, by boto3, Powertools'
resolver, logger and metrics, pydantic and PyJWT. Its key lies beside it, where ours asks Secrets Manager.
"""

import base64
import hashlib
import hmac
import json
import os
import time
import uuid
from pathlib import Path
from typing import Any, Literal

import boto3
import jwt
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from pydantic import BaseModel

KEY = Path(__file__).with_name("key.pem").read_text(encoding="utf-8")
KID = hashlib.sha256(KEY.encode()).hexdigest()

dynamodb = boto3.client("dynamodb")
logger = Logger()
metrics = Metrics()
app = APIGatewayHttpResolver()


class TokenRequest(BaseModel):
    """The form of a token request."""

    grant_type: Literal["client_credentials"]
    scope: str | None = None


class Client(BaseModel):
    """What is registered of a client."""

    client_id: str
    scope: list[str]
    digests: list[str]


class TokenResponse(BaseModel):
    """The answer of RFC 6749 section 5.1."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750's name of the type
    expires_in: int = 3600
    scope: str


def registered(client_id: str) -> Client:
    """The client as the registry table has it."""
    item = dynamodb.get_item(
        TableName=os.environ["SIGNET_REGISTRY_TABLE"],
        Key={"pk": {"S": f"client#{client_id}"}, "sk": {"S": "client"}},
        ConsistentRead=True,
    )["Item"]
    return Client(
        client_id=item["client_id"]["S"],
        scope=[scope["S"] for scope in item["scope"]["L"]],
        digests=[secret["M"]["digest"]["S"] for secret in item["client_secrets"]["L"]],
    )


@app.post("/connect/oauth/token")
def token() -> Response[str]:
    """Authenticate the client and sign its token."""
    event = app.current_event
    body = event.decoded_body or ""
    request = TokenRequest(**dict(pair.split("=", 1) for pair in body.split("&")))  # type: ignore[arg-type]
    encoded = event.headers["authorization"].partition(" ")[2]
    client_id, _, client_secret = base64.b64decode(encoded).decode().partition(":")
    client = registered(client_id)
    digest = hashlib.sha256(client_secret.encode()).hexdigest()
    if not any(hmac.compare_digest(digest, known) for known in client.digests):
        return Response(401, "application/json", json.dumps({"error": "invalid_client"}))
    now = int(time.time())
    scope = request.scope or " ".join(client.scope)
    claims = {
        "iss": os.environ["SIGNET_ISSUER"],
        "sub": client_id,
        "aud": os.environ["SIGNET_ISSUER"],
        "client_id": client_id,
        "exp": now + 3600,
        "iat": now,
        "jti": str(uuid.uuid4()),
        "scope": scope,
    }
    access_token = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": KID, "typ": "at+jwt"})
    logger.info("token_issued", extra={"client_id": client_id, "jti": claims["jti"], "scope": scope})
    metrics.add_metric(name="TokensIssued", unit=MetricUnit.Count, value=1)
    response = TokenResponse(access_token=access_token, scope=scope)
    return Response(200, "application/json", response.model_dump_json())


@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The Lambda handler."""
    return app.resolve(event, context)
