"""The public documents: key set (RFC 7517) and metadata (RFC 8414, OpenID Connect Discovery)."""

import json

import pytest

from signet.clientauth.table import METHODS
from signet.endpoints.table import ENDPOINTS
from signet.grants.table import GRANTS
from signet.keys.thumbprint import thumbprint
from tests.support.access_tokens import verified
from tests.support.deployment import ISSUER, Deployment
from tests.support.gateway_events import ORIGIN, event, stored

JWKS = ENDPOINTS["jwks"].paths[0]
METADATA = ENDPOINTS["metadata"].paths
DOCUMENTS = (JWKS, *METADATA)


def test_the_key_set_has_the_active_key_first_and_the_next_one(deployment: Deployment) -> None:
    """The next key is published from the first moment, so that every verifier has it before it signs."""
    keys = deployment.jwks(stored("jwks-get")).json()["keys"]
    token = deployment.issue(deployment.register()).json()["access_token"]
    assert len(keys) == 2
    assert verified(token, keys).header["kid"] == keys[0]["kid"]


def test_the_key_set_has_public_members_alone(deployment: Deployment) -> None:
    """RFC 7518 section 6.3: of an RSA key n and e; d, p, q, dp, dq, qi and oth are the private half."""
    answer = deployment.jwks(stored("jwks-get"))
    assert answer.json().keys() == {"keys"}
    for key in answer.json()["keys"]:
        assert key.keys() == {"kty", "n", "e", "kid", "use", "alg"}
        assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")


def test_a_kid_is_the_thumbprint_of_its_key(deployment: Deployment) -> None:
    """RFC 7638, of the key as published."""
    for key in deployment.key_set():
        assert key["kid"] == thumbprint(key)
        assert len(key["kid"]) == 43


def test_the_metadata_is_one_document_at_all_its_paths(deployment: Deployment) -> None:
    """RFC 8414 section 3.1 and OpenID Connect Discovery section 4: appended and inserted, byte for byte the same."""
    bodies = {deployment.get(path).body for path in METADATA}
    assert len(bodies) == 1
    assert deployment.jwks(stored("metadata-get")).body in bodies
    assert deployment.jwks(stored("metadata-authorization-server-get")).body in bodies


def test_the_metadata_says_what_the_tables_say(deployment: Deployment) -> None:
    """RFC 8414 section 2: issuer, and for every endpoint, grant type and method on offer its member; no more."""
    metadata = deployment.jwks(stored("metadata-get")).json()
    assert metadata["issuer"] == ISSUER
    assert metadata["grant_types_supported"] == list(GRANTS)
    assert metadata["token_endpoint_auth_methods_supported"] == list(METHODS)
    for endpoint in ENDPOINTS.values():
        if endpoint.metadata_member:
            assert metadata[endpoint.metadata_member] == ORIGIN + endpoint.paths[0]
    assert all(value not in (None, "", []) for value in metadata.values())


def test_the_metadata_leads_to_a_token_and_its_key(deployment: Deployment) -> None:
    """OpenID Connect Discovery section 4.3: a client that knows the issuer alone finds the rest."""
    metadata = deployment.get(f"{ISSUER}/.well-known/openid-configuration".removeprefix(ORIGIN)).json()
    keys = deployment.get(metadata["jwks_uri"].removeprefix(ORIGIN)).json()["keys"]
    token = deployment.issue(deployment.register()).json()["access_token"]
    assert verified(token, keys).claims["iss"] == metadata["issuer"]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_are_cacheable_json(deployment: Deployment, path: str) -> None:
    """RFC 9111: any cache may keep them for five minutes, and ask again with the ETag."""
    answer = deployment.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["etag"].startswith('"')
    assert "pragma" not in answer.headers
    json.loads(answer.body)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_that_is_held_already_is_304(deployment: Deployment, path: str) -> None:
    """RFC 9110 sections 13.1.2 and 15.4.5: weak comparison, any of a list; no body, the same validators."""
    first = deployment.get(path)
    etag = first.headers["etag"]
    for held in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = deployment.get(path, **{"if-none-match": held})
        assert (answer.status, answer.body) == (304, "")
        assert answer.headers["etag"] == etag
        assert answer.headers["cache-control"] == first.headers["cache-control"]
        assert answer.headers["access-control-allow-origin"] == "*"


def test_another_etag_gets_the_document(deployment: Deployment) -> None:
    """RFC 9110 section 13.1.2: also one that only looks alike."""
    etag = deployment.get(JWKS).headers["etag"]
    for held in ('"other"', etag.strip('"'), etag[:-2] + '"', ""):
        assert deployment.get(JWKS, **{"if-none-match": held}).status == 200


def test_the_stored_conditional_request_is_304(deployment: Deployment) -> None:
    """The stored event asks whether there is any document at all."""
    assert deployment.jwks(stored("jwks-not-modified")).status == 304


def test_the_etag_changes_with_the_key_set(deployment: Deployment) -> None:
    """A cache that revalidates after a rotation gets the new set."""
    before = deployment.get(JWKS).headers["etag"]
    deployment.clock.advance(86_400)
    deployment.rotate()
    assert deployment.get(JWKS, **{"if-none-match": before}).status == 200


@pytest.mark.parametrize("path", DOCUMENTS)
def test_head_is_get_without_the_body(deployment: Deployment, path: str) -> None:
    """RFC 9110 section 9.3.2."""
    answer = deployment.jwks(event("HEAD", path))
    assert (answer.status, answer.body) == (200, "")
    assert answer.headers == deployment.get(path).headers


def test_the_stored_head_request_is_answered(deployment: Deployment) -> None:
    """A monitor that looks whether the document is there."""
    answer = deployment.jwks(stored("metadata-head"))
    assert (answer.status, answer.body) == (200, "")


@pytest.mark.parametrize("path", DOCUMENTS)
def test_any_page_may_read_a_document(deployment: Deployment, path: str) -> None:
    """The Fetch standard's CORS protocol: the documents are public and take no credentials."""
    answer = deployment.get(path, origin="https://shop.example.net")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    preflight = deployment.jwks(event("OPTIONS", path))
    assert (preflight.status, preflight.body) == (204, "")
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD"
    assert preflight.headers["access-control-allow-origin"] == "*"


def test_the_stored_preflight_is_answered(deployment: Deployment) -> None:
    """A browser's question before a conditional request: If-None-Match is no header it sends unasked."""
    answer = deployment.jwks(stored("jwks-preflight"))
    assert answer.status == 204
    assert "if-none-match" in answer.headers["access-control-allow-headers"].lower()


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_are_read_only(deployment: Deployment, path: str) -> None:
    """RFC 9110 section 15.5.6."""
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = deployment.jwks(event(method, path))
        assert answer.error(405) == "invalid_request"
        assert answer.headers["allow"] == "GET, HEAD"


def test_documents_wait_for_the_first_rotation(placeholder: Deployment) -> None:
    """Until there is a key the metadata would promise what does not hold: 503, which no cache keeps."""
    for path in DOCUMENTS:
        answer = placeholder.get(path)
        assert answer.error(503) == "temporarily_unavailable"
        assert int(answer.headers["retry-after"]) > 0


def test_documents_are_there_right_after_the_first_rotation(placeholder: Deployment) -> None:
    """In the same warm environment: that nothing was published is not remembered."""
    assert {placeholder.get(path).status for path in DOCUMENTS} == {503}
    placeholder.rotate()
    assert {placeholder.get(path).status for path in DOCUMENTS} == {200}


def test_an_environment_serves_a_new_key_set_within_a_minute(deployment: Deployment) -> None:
    """What a warm environment remembers is younger than that."""
    before = deployment.get(JWKS).json()
    deployment.clock.advance(86_400)
    deployment.get(JWKS)
    deployment.rotate()
    assert deployment.get(JWKS).json() == before
    deployment.clock.advance(61)
    assert len(deployment.get(JWKS).json()["keys"]) == 3


def test_a_document_of_another_function_is_404(deployment: Deployment) -> None:
    """The function serves its own endpoints and no others."""
    for path in ("/connect/oauth/token", "/connect/.well-known/jwks.json", "/"):
        assert deployment.get(path).status == 404
