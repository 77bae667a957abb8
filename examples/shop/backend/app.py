"""An API's own code: it is called for requests that the authorizer has let pass, and reads who is asking."""

import json
from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Say what was asked for and by whom."""
    token = event["requestContext"]["authorizer"]["lambda"]
    answer = {
        "route": event["routeKey"],
        "client_id": token["client_id"],
        "sub": token["sub"],
        "scope": token["scope"],
    }
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(answer)}
