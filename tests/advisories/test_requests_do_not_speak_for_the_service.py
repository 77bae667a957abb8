"""Rows 4 to 7: headers move no issuer, input is not reflected, other methods grant nothing, nobody is sent away."""

import base64

import pytest

from signet.endpoints.table import ENDPOINTS
from tests.support.access_tokens import verified
from tests.support.deployment import ISSUER, Deployment
from tests.support.gateway_events import FORM, Answer, basic_header, event, token_event

GRANT = {"grant_type": "client_credentials"}

SPOOFED = {
    "host": "evil.example",
    "forwarded": 'for=1.2.3.4;host="evil.example";proto=http',
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "http",
    "x-forwarded-port": "81",
    "x-forwarded-prefix": "/evil",
    "x-forwarded-server": "evil.example",
    "x-original-url": "/evil",
    "x-original-host": "evil.example",
    "x-rewrite-url": "/evil",
    "origin": "https://evil.example",
    "referer": "https://evil.example/",
}

MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "data:text/html,<b>x</b>",
    "a\r\nSet-Cookie: x=y",
    "a\r\n\r\n<html>",
    "\u2028\u2029",
    "%0d%0aLocation:%20https://evil.example",
    "{{7919*7927}}${7919*7927}",
]


def spoof(original: dict[str, object]) -> dict[str, object]:
    """The event with every header that others have trusted, and the gateway's own context changed along."""
    context = dict(original["requestContext"])  # type: ignore[call-overload]
    context |= {"domainName": "evil.example", "domainPrefix": "evil"}
    headers = {**original["headers"], **SPOOFED}  # type: ignore[dict-item]
    return {**original, "headers": headers, "requestContext": context}


def test_no_header_moves_the_issuer_of_a_token(deployment: Deployment) -> None:
    """ZITADEL CVE-2025-64101: the issuer comes from configuration."""
    machine = deployment.register()
    answer = deployment.token(spoof(token_event(GRANT, basic=machine.basic)))
    assert verified(answer.json()["access_token"], deployment.key_set()).claims["iss"] == ISSUER
    assert "evil" not in str(answer)


def test_no_header_moves_an_address_of_the_documents(deployment: Deployment) -> None:
    """Neither in the metadata nor in a header of the answer."""
    for endpoint in ("jwks", "metadata"):
        for path in ENDPOINTS[endpoint].paths:
            answer = deployment.jwks(spoof(event("GET", path)))
            assert answer == deployment.get(path)
            assert "evil" not in str(answer)


def reflects(answer: Answer, text: str) -> bool:
    """Whether the text, or what is dangerous of it, is anywhere in the answer."""
    whole = answer.body + str(dict(answer.headers))
    return text in whole or any(part in whole for part in ("<", "alert", "evil", "\u2028", "62773913"))


@pytest.mark.parametrize("markup", MARKUP)
def test_nothing_that_was_received_is_reflected(deployment: Deployment, markup: str) -> None:
    """Hydra CVE-2019-8400 and its like: an error's text is ours, JSON, and sniffed for nothing else."""
    machine = deployment.register(token_endpoint_auth_method="client_secret_post")
    whole = {**GRANT, "client_id": machine.client_id, "client_secret": machine.client_secret}
    requests = [
        token_event({**whole, name: markup})
        for name in ("grant_type", "client_id", "client_secret", "scope", "resource", "client_assertion")
    ]
    requests += [token_event({markup: "x", "grant_type": "x"}), token_event(whole, query=f"client_id={markup}")]
    requests += [token_event(markup.encode(), headers={"content-type": type_}) for type_ in (FORM, "application/json")]
    requests += [
        token_event(GRANT, headers={name: markup}) for name in ("authorization", "content-type", "user-agent", "host")
    ]
    requests.append(token_event(GRANT, headers={"authorization": basic_header(markup, markup)}))
    requests.append(token_event(GRANT, method=markup))
    for request in requests:
        answer = deployment.token(request)
        assert 400 <= answer.status < 500
        assert not reflects(answer, markup)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("markup", MARKUP)
def test_documents_reflect_nothing(deployment: Deployment, markup: str) -> None:
    """A query or a header of a public document changes nothing in it."""
    plain = deployment.get("/connect/oauth/jwks")
    odd = event("GET", "/connect/oauth/jwks", headers={"if-none-match": markup, "x": markup}, query=f"a={markup}")
    assert deployment.jwks(odd) == plain
    missing = {**odd, "routeKey": "$default", "rawPath": f"/{markup}"}
    answer = deployment.jwks(missing)
    assert answer.status == 404
    assert not reflects(answer, markup)


def test_registered_markup_stays_inside_the_token(deployment: Deployment) -> None:
    """What an operator has registered is data in a signed JSON, and nowhere else in the answer."""
    machine = deployment.register(
        client_name="<script>alert(1)</script>", claims={"title": "<b>\r\n</b>"}, scope=("<script>",)
    )
    answer = deployment.issue(machine)
    token = answer.json()["access_token"]
    assert set(token) <= set(base64.urlsafe_b64encode(bytes(range(256))).decode() + "._-")
    assert verified(token, deployment.key_set()).claims["title"] == "<b>\r\n</b>"
    assert answer.headers["content-type"] == "application/json"


def test_only_post_grants(deployment: Deployment) -> None:
    """GitHub 2019: no header or parameter makes a POST of another method, nor does its spelling (RFC 9110 9.1)."""
    machine = deployment.register()
    form = {**GRANT, "_method": "POST"}
    override = {"x-http-method-override": "POST", "x-method-override": "POST", "x-http-method": "POST"}
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "POST ", ""):
        request = token_event(form, basic=machine.basic, method=method, headers=override, query="_method=POST")
        answer = deployment.token(request)
        assert "access_token" not in answer.body
        assert answer.status == (204 if method == "OPTIONS" else 405)
    assert deployment.lines("token_issued") == []


def test_no_answer_sends_anybody_anywhere(deployment: Deployment) -> None:
    """RFC 9700 section 4.11: these endpoints have no redirect to open."""
    machine = deployment.register()
    extra = {"redirect_uri": "https://evil.example", "next": "//evil.example", "state": "x"}
    answers = [
        deployment.token(token_event({**GRANT, **extra}, basic=machine.basic)),
        deployment.token(token_event({**GRANT, **extra, "scope": "x"}, basic=machine.basic)),
        deployment.token(token_event(extra)),
        deployment.jwks(event("GET", "/connect/oauth/jwks", query="redirect_uri=https://evil.example")),
    ]
    for answer in answers:
        assert not 300 <= answer.status < 400
        assert "location" not in answer.headers
        assert "refresh" not in answer.headers
