"""What every answer has, whatever it says: a browser may open any of them (OWASP ASVS 5.0 section 3.4)."""

import pytest

from signet.endpoints.table import ENDPOINTS, Endpoint
from tests.support.deployment import Deployment
from tests.support.gateway_events import Answer, answer, event

METHODS = ("GET", "HEAD", "POST", "PUT", "OPTIONS")


def check(answered: Answer) -> None:
    """No http follows it, on this host or below; its type is not guessed; nothing of it runs by accident or is framed.

    A page's own policy stands in place of the one that allows nothing.
    """
    headers = answered.headers
    assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"
    policy = {directive.strip() for directive in headers["content-security-policy"].split(";")}
    assert policy >= {"default-src 'none'", "frame-ancestors 'none'"}
    assert policy == {"default-src 'none'", "frame-ancestors 'none'"} or headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=lambda endpoint: endpoint.name)
def test_every_answer_has_its_headers(deployment: Deployment, endpoint: Endpoint, method: str) -> None:
    """Documents, refusals, preflights and redirects, at every path and by every method."""
    for path in endpoint.paths:
        answered = answer(deployment.invoke(endpoint.function, event(method, path)))
        assert answered.status < 500
        check(answered)


def test_what_is_not_modified_has_its_headers(deployment: Deployment) -> None:
    """RFC 9110 section 15.4.5: a cache updates what it holds by them."""
    for name in ("jwks", "metadata", "assets"):
        for path in ENDPOINTS[name].paths:
            held = event("GET", path, headers={"if-none-match": "*"})
            answered = answer(deployment.invoke(ENDPOINTS[name].function, held))
            assert answered.status == 304
            check(answered)


@pytest.mark.parametrize("function", sorted({endpoint.function for endpoint in ENDPOINTS.values()}))
def test_what_no_endpoint_answers_has_its_headers(deployment: Deployment, function: str) -> None:
    """A route that is none, a body that is not its base64, and settings that nothing works with."""
    answered = answer(deployment.invoke(function, event("GET", "/elsewhere")))
    assert answered.status == 404
    check(answered)
    broken = {**event("POST", "/elsewhere"), "body": "%", "isBase64Encoded": True}
    check(answer(deployment.invoke(function, broken)))
    deployment.cold(function, SIGNET_ISSUER="http://not-an-issuer")
    answered = answer(deployment.invoke(function, event("GET", "/elsewhere")))
    assert answered.status == 503
    check(answered)
