"""The public documents: key set and metadata, cacheable and revalidated by `ETag`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from signet import pkce
from signet.authorize.request import ACR, PROMPTS, RESPONSE_MODES
from signet.clientauth.table import METHODS
from signet.endpoints.table import ENDPOINTS
from signet.grants.table import GRANTS
from signet.http import HttpRequest, HttpResponse
from signet.keys import jwks
from signet.model.key import KeySet
from signet.model.scope import STANDARD
from signet.pages.locales import LOCALES
from signet.settings import KEY_SET_MAX_AGE, Settings


@dataclass(frozen=True, slots=True)
class Documents:
    """Answers with the key set and the metadata. Until the first key is published both are 503."""

    settings: Settings
    key_set: Callable[[], KeySet]

    def jwks(self, request: HttpRequest) -> HttpResponse:
        """The JWK Set of RFC 7517 section 5."""
        return _document(request, jwks.document(self.key_set()))

    def metadata(self, request: HttpRequest) -> HttpResponse:
        """The metadata of RFC 8414 section 2 and OpenID Connect Discovery section 3: one document for both."""
        return _document(request, metadata(self.settings, sorted(self.key_set().signing_algs)))


def metadata(settings: Settings, algs: Sequence[str]) -> dict[str, Any]:
    """The metadata as the tables have it; `algs` are those that sign."""
    addresses = {
        endpoint.metadata_member: settings.origin + endpoint.paths[0]
        for endpoint in ENDPOINTS.values()
        if endpoint.metadata_member
    }
    return {
        "issuer": settings.issuer,
        **addresses,
        "grant_types_supported": list(GRANTS),
        "token_endpoint_auth_methods_supported": list(METHODS),
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        # of confidential clients only
        "introspection_endpoint_auth_methods_supported": [method for method in METHODS if method != "none"],
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "code_challenge_methods_supported": [pkce.METHOD],
        "authorization_response_iss_parameter_supported": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(algs),
        "scopes_supported": list(STANDARD),
        "claims_supported": ["sub", *dict.fromkeys(claim for scope in STANDARD.values() for claim in scope.claims)],
        "acr_values_supported": [ACR],
        "prompt_values_supported": sorted(PROMPTS),
        "ui_locales_supported": list(LOCALES),
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def _document(request: HttpRequest, members: Mapping[str, Any]) -> HttpResponse:
    """200 with the document, or 304 where the client already holds it (RFC 9110 section 13.1.2)."""
    body = json.dumps(members, separators=(",", ":"))
    etag = f'"{sha256(body.encode()).hexdigest()[:32]}"'
    headers = {
        "Content-Type": "application/json",
        "Cache-Control": f"public, max-age={KEY_SET_MAX_AGE}",
        "ETag": etag,
    }
    held = {tag.strip().removeprefix("W/") for tag in request.header("if-none-match").split(",")}
    if held & {etag, "*"}:
        del headers["Content-Type"]
        return HttpResponse(304, headers)
    return HttpResponse(200, headers, body)
