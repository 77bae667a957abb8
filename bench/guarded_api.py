"""The bearer authorizer in front of somebody else's API: what it needs of the issuer, over TLS."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.tls import bundle, tls_in_front_of
from bench.token_request import TOKEN_REQUEST
from tests.support.built import BUILT, ROOT, LambdaProcess
from tests.support.stack import Stack, event

FUNCTION = ROOT / "functions" / "bearer_authorizer"


@dataclass(frozen=True, slots=True)
class GuardedApi:
    """The authorizer's environment, and a request with a token that it lets through."""

    variables: dict[str, str]
    request: dict[str, Any]


@contextmanager
def guarded_api(stack: Stack, folder: Path, roots: Path) -> Iterator[GuardedApi]:
    """An API that trusts this stack's tokens, while their issuer answers; certificates come from `folder`."""
    with LambdaProcess(BUILT / "JwksFunction", stack.variables("JwksFunction")) as documents:
        key_set = documents.invoke(event("GET", "/connect/oauth/jwks"))["body"].encode()

    class Document(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(key_set)))
            self.end_headers()
            self.wfile.write(key_set)

        def log_message(self, *_: object) -> None:
            """Say nothing between the figures."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Document) as server:
        threading.Thread(target=server.serve_forever, name="issuer", daemon=True).start()
        with tls_in_front_of(f"http://127.0.0.1:{server.server_port}", folder) as (origin, certificate):
            issuer = {"SIGNET_ISSUER": f"{origin}/connect"}
            with LambdaProcess(BUILT / "TokenFunction", {**stack.variables("TokenFunction"), **issuer}) as token:
                access_token = json.loads(token.invoke(TOKEN_REQUEST)["body"])["access_token"]
            variables = {
                **issuer,
                "SIGNET_AUDIENCE": issuer["SIGNET_ISSUER"],
                "SIGNET_ROUTE_SCOPES": '{"ANY /orders": "read"}',
                "POWERTOOLS_SERVICE_NAME": "signet",
                "POWERTOOLS_METRICS_NAMESPACE": "Signet",
                "SSL_CERT_FILE": str(bundle(certificate, roots, folder / "issuers.pem")),
            }
            yield GuardedApi(variables, event("GET", "/orders", {"Authorization": f"Bearer {access_token}"}))
        server.shutdown()
