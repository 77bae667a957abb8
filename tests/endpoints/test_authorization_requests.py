"""What an authorization request may say (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1)."""

import json
from urllib.parse import quote, urlencode

import pytest

from signet import pkce
from signet.model.user import User
from tests.support.deployment import ISSUER, Deployment
from tests.support.sign_in import AUTHORIZE, NONCE, REDIRECT_URI, STATE, VERIFIER, Application, Service
from tests.support.visitor import Page

CHALLENGE = pkce.challenge_of(VERIFIER)


def shown(page: Page, status: int = 400) -> str:
    """The heading of an error page, which leads nowhere."""
    assert (page.status, page.location, page.step) == (status, "", "")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    return page.heading


def refused(page: Page, redirect_uri: str = REDIRECT_URI) -> str:
    """The error code of a refusal by redirect, which must be whole (RFC 6749 section 4.1.2.1, RFC 9207)."""
    parameters = page.redirected(redirect_uri)
    assert parameters.keys() == {"error", "error_description", "state", "iss"}
    assert (parameters["state"], parameters["iss"]) == (STATE, ISSUER)
    assert parameters["error_description"]
    return parameters["error"]


# who may be answered: what is wrong here is shown, and never redirected (RFC 6749 section 4.1.2.1)


@pytest.mark.parametrize("client_id", [None, "", "nobody", "app ", "APP", "app\u00e9", "a" * 300])
def test_an_unknown_client_is_shown_as_such(service: Service, app: Application, client_id: str | None) -> None:
    """And what it says of a redirect URI is not looked at."""
    heading = shown(service.visitor().get(app.url(client_id=client_id)))
    assert heading == "This application is not known here"


@pytest.mark.parametrize("redirect_uri", [None, "", REDIRECT_URI + "/", "https://evil.example/cb", "cb"])
def test_an_unregistered_redirect_uri_is_shown_as_such(
    service: Service, app: Application, redirect_uri: str | None
) -> None:
    """RFC 6749 section 3.1.2.4; also where it is missing and there is only one it could be."""
    for prompt in (None, "none"):
        heading = shown(service.visitor().get(app.url(redirect_uri=redirect_uri, prompt=prompt)))
        assert heading == "This sign-in request cannot be trusted"


def test_a_client_without_redirect_uris_is_answered_by_a_page(service: Service) -> None:
    """A machine's client_id is no way to anywhere."""
    service.deployment.register("machine")
    target = f"{AUTHORIZE}?{urlencode({'client_id': 'machine', 'redirect_uri': REDIRECT_URI, 'response_type': 'code'})}"
    shown(service.visitor().get(target))


@pytest.mark.parametrize(
    "query",
    [
        "client_id=app&client_id=app",
        "state=a&state=b",
        "state=&state=",
        "%73tate=a&state=b",
        "state=%ff",
        "state=a%00b",
        "sta%0ate=b",
        "&".join(f"x{number}=1" for number in range(101)),
    ],
)
def test_a_query_that_cannot_be_read_is_shown_as_such(service: Service, app: Application, query: str) -> None:
    """RFC 6749 section 3.1: no parameter twice, whatever it is; what is broken is not half believed."""
    rest = app.parameters(client_id=None if "client_id" in query else "app", state=None)
    target = f"{AUTHORIZE}?{urlencode(rest)}&{query}"
    assert shown(service.visitor().get(target)) == "This request cannot be understood"


def test_a_request_without_a_query_is_shown_as_such(service: Service) -> None:
    """Somebody who types the address in."""
    shown(service.visitor().get(AUTHORIZE))


# what is asked: what is wrong here the client is told


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post.jwt"}, "invalid_request"),
        ({"scope": "openid admin"}, "invalid_scope"),
        ({"scope": 'openid "'}, "invalid_scope"),
        ({"scope": "openid  email"}, "invalid_scope"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1] + "+"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "none consent"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"prompt": "LOGIN"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1.5"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "\u0663"}, "invalid_request"),
        ({"max_age": "9" * 11}, "invalid_request"),
        ({"resource": "https://other.example.com"}, "invalid_target"),
        ({"id_token_hint": "x"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://app.example.com/request"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"claims": "["}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"claims": '"x"'}, "invalid_request"),
        ({"claims": '{"id_token": 1}'}, "invalid_request"),
        ({"claims": "[" * 3_000}, "invalid_request"),
        ({"claims": " " * 5_000}, "invalid_request"),
        ({"claims": '{"id_token": {}, "id_token": {"sub": {"value": "a"}}}'}, "invalid_request"),
        ({"claims": '{"id_token": {"email": null, "email": {"essential": true}}}'}, "invalid_request"),
        ({"claims": '{"id_token": {"\\ud800": null}}'}, "invalid_request"),
        ({"claims": '{"id_token": {"sub": {"value": "a"}}, "userinfo": {"sub": {"value": "b"}}}'}, "invalid_request"),
        ({"nonce": "n" * 2_001}, "invalid_request"),
        ({"nonce": "\u00e9"}, "invalid_request"),
        ({"acr_values": "n" * 2_001}, "invalid_request"),
    ],
)
@pytest.mark.parametrize("prompt", [None, "none"])
def test_a_request_the_client_got_wrong_goes_back_to_it(
    service: Service, app: Application, changed: dict[str, str | None], error: str, prompt: str | None
) -> None:
    """Whether a page may be shown or not."""
    page = service.visitor().get(app.url(**{"prompt": prompt, **changed}))
    assert refused(page) == error
    [line] = service.deployment.lines("request_refused")
    assert (line["client_id"], line["error"], line["endpoint"]) == ("app", error, "authorization")


def test_a_grant_type_that_is_not_registered_is_unauthorized_client(service: Service) -> None:
    """RFC 6749 section 4.1.2.1: a client with redirect URIs from another time, and client_credentials today."""
    app = service.application(grant_types=("client_credentials",))
    assert refused(service.visitor().get(app.url())) == "unauthorized_client"


@pytest.mark.parametrize("state", ["s" * 2_001, "\u00e9", "a\r\nb: c", "a\tb", "\U0001f511"])
def test_a_state_that_is_no_text_is_refused_and_not_repeated(service: Service, app: Application, state: str) -> None:
    """RFC 6749 appendix A.5: visible ASCII and spaces; what could not come back as it went does not come back."""
    parameters = service.visitor().get(app.url(state=state)).redirected(REDIRECT_URI)
    assert parameters.keys() == {"error", "error_description", "iss"}
    assert parameters["error"] == "invalid_request"


def test_an_error_without_state_has_none(service: Service, app: Application) -> None:
    """RFC 6749 section 4.1.2.1: required only where it was sent."""
    parameters = service.visitor().get(app.url(state=None, prompt="none")).redirected(REDIRECT_URI)
    assert parameters.keys() == {"error", "error_description", "iss"}


def test_errors_go_back_by_the_response_mode_of_the_request(service: Service, app: Application) -> None:
    """OAuth 2.0 Form Post Response Mode section 2: errors too."""
    page = service.visitor().get(app.url(response_mode="form_post", prompt="none"))
    fields = page.posted(REDIRECT_URI)
    assert (fields["error"], fields["state"], fields["iss"]) == ("login_required", STATE, ISSUER)


# what is answered


def test_a_code_comes_back_with_state_and_issuer(service: Service, app: Application, ada: User) -> None:
    """RFC 6749 section 4.1.2, RFC 9207 section 2; nothing else, and no token in any redirect."""
    service.consent(ada, app)
    page = service.signed_in(ada).get(app.url())
    parameters = page.redirected(REDIRECT_URI)
    assert parameters.keys() == {"code", "state", "iss"}
    assert (parameters["state"], parameters["iss"]) == (STATE, ISSUER)
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_a_registered_query_is_kept(service: Service, ada: User) -> None:
    """RFC 6749 section 3.1.2: retained when parameters are added."""
    redirect_uri = "https://app.example.com/cb?tenant=a%26b"
    app = service.application(redirect_uris=(redirect_uri,))
    service.consent(ada, app)
    assert "code" in service.signed_in(ada).get(app.url()).redirected(redirect_uri)
    assert refused(service.visitor().get(app.url(prompt="none")), redirect_uri) == "login_required"


@pytest.mark.parametrize("state", ["a&iss=https://evil.example", "a#b", "%25", "+", " a  b ", "<b>\"'", "s" * 2_000])
def test_state_comes_back_as_it_came(service: Service, app: Application, ada: User, state: str) -> None:
    """RFC 6749 section 4.1.2: the exact value, in a query or in a form."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    assert visitor.get(app.url(state=state)).redirected(REDIRECT_URI)["state"] == state
    assert visitor.get(app.url(state=state, response_mode="form_post")).posted(REDIRECT_URI)["state"] == state


def test_form_post_answers_with_a_form(service: Service, app: Application, ada: User) -> None:
    """OAuth 2.0 Form Post Response Mode section 2: the parameters as fields, a button, and never a cached page."""
    service.consent(ada, app)
    page = service.signed_in(ada).get(app.url(response_mode="form_post"))
    fields = page.posted(REDIRECT_URI)
    assert fields.keys() == {"code", "state", "iss"}
    assert '<button class="primary" type="submit"' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert service.redeem(app, fields["code"]).status == 200


def test_a_loopback_redirect_uri_is_answered_at_the_port_of_the_request(service: Service, ada: User) -> None:
    """RFC 8252 section 7.3, and the code is redeemed with that very URI."""
    app = service.public(redirect_uris=("http://127.0.0.1/cb",))
    code = service.code(app, ada, redirect_uri="http://127.0.0.1:49152/cb")
    assert service.redeem(app, code).error() == "invalid_grant"
    assert service.redeem(app, code, redirect_uri="http://127.0.0.1:49152/cb").status == 200


def test_a_request_by_post_is_sent_on_by_get(service: Service, app: Application, ada: User) -> None:
    """OpenID Connect Core section 3.1.2.1; a cross-site POST brings no SameSite=Lax cookie, the GET after it does."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    session, visitor.cookies = dict(visitor.cookies), {}
    page = visitor.post(AUTHORIZE, app.parameters())
    assert page.status == 303
    assert page.location == app.url()
    visitor.cookies = session
    assert "code" in visitor.get(page.location).redirected(REDIRECT_URI)


def test_a_request_by_post_is_read_from_its_body_alone(service: Service, app: Application) -> None:
    """Two places that both count would be two answers to one question."""
    page = service.visitor().post(app.url(scope="openid email"), app.parameters())
    assert page.location == app.url()


@pytest.mark.parametrize("body", [b"state=a&state=b", b"state=%ff", b"client_id=app" + b"&" * 70_000])
def test_a_post_that_cannot_be_read_is_shown_as_such(service: Service, body: bytes) -> None:
    """As a query that cannot be."""
    page = service.visitor().request("POST", AUTHORIZE, body, **{"content-type": "application/x-www-form-urlencoded"})
    shown(page)


def test_a_post_of_another_media_type_is_shown_as_such(service: Service, app: Application) -> None:
    """What no form sends."""
    body = urlencode(app.parameters()).encode()
    shown(service.visitor().request("POST", AUTHORIZE, body, **{"content-type": "text/plain"}))
    shown(service.visitor().request("POST", AUTHORIZE, body))


def test_unknown_parameters_and_empty_ones_are_ignored(service: Service, app: Application, ada: User) -> None:
    """RFC 6749 section 3.1."""
    service.consent(ada, app)
    page = service.signed_in(ada).get(
        app.url(foo="bar", max_age="", prompt="", resource="", display="popup", claims_locales="fr", acr_values="x y")
    )
    assert "code" in page.redirected(REDIRECT_URI)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "XGET"])
def test_other_methods_grant_nothing(service: Service, app: Application, ada: User, method: str) -> None:
    """GitHub 2019: HEAD was taken for GET in one place and for POST in another."""
    service.consent(ada, app)
    page = service.signed_in(ada).request(method, app.url())
    assert (page.status, page.location, page.headers["allow"]) == (405, "", "GET, POST")
    assert (page.text == "") == (method == "HEAD")
    assert service.deployment.state("grant") == []


# the parameters one by one


def test_scope_defaults_to_what_is_registered(service: Service, ada: User) -> None:
    """RFC 6749 section 3.3: a pre-defined default."""
    app = service.application(scope=("openid", "email"))
    assert service.tokens(app, ada, scope=None)["scope"] == "openid email"


def test_a_scope_named_twice_is_granted_once(service: Service, app: Application, ada: User) -> None:
    """RFC 6749 section 3.3: a set, in the order asked for."""
    assert service.tokens(app, ada, scope="email openid email")["scope"] == "email openid"


def test_without_openid_it_is_plain_oauth(service: Service, app: Application, ada: User) -> None:
    """OpenID Connect Core section 3.1.2.1: no ID token without the scope openid."""
    assert "id_token" not in service.tokens(app, ada, scope="email")


def test_a_nonce_is_optional_and_comes_back(service: Service, app: Application, ada: User) -> None:
    """OpenID Connect Core section 3.1.2.1, unmodified; absent where it was not sent."""
    assert service.claims(service.tokens(app, ada)["id_token"], "app")["nonce"] == NONCE
    assert service.claims(service.tokens(app, ada, nonce="a &+%")["id_token"], "app")["nonce"] == "a &+%"
    assert "nonce" not in service.claims(service.tokens(app, ada, nonce=None)["id_token"], "app")


def test_a_resource_narrows_the_audience(service: Service, ada: User) -> None:
    """RFC 8707 section 2.1: one of those that are registered, else all of them."""
    apis = ("https://api.example.com", "https://files.example.com")
    app = service.application(audience=apis)
    token = service.tokens(app, ada, resource=apis[1])["access_token"]
    assert service.claims(token, apis[1])["aud"] == apis[1]
    assert service.claims(service.tokens(app, ada)["access_token"], apis[0])["aud"] == list(apis)


def test_the_default_audience_can_be_named(service: Service, app: Application, ada: User) -> None:
    """RFC 8707 section 2.1: where none is registered it is the one that a token gets anyway."""
    token = service.tokens(app, ada, resource=ISSUER)["access_token"]
    assert service.claims(token)["aud"] == ISSUER
    page = service.visitor().get(
        service.application("other", audience=("https://api.example.com",)).url(resource=ISSUER)
    )
    assert refused(page) == "invalid_target"


def test_login_hint_fills_in_the_name(service: Service, app: Application) -> None:
    """OpenID Connect Core section 3.1.2.1."""
    page = service.visitor().open(app.url(login_hint='ada" onfocus="x'))
    assert page.form.fields["username"] == 'ada" onfocus="x'


@pytest.mark.parametrize(
    ("ui_locales", "accept_language", "language"),
    [
        (None, "", "en"),
        ("fr", "", "fr"),
        ("fr-CA en", "en", "fr"),
        ("de fr", "", "fr"),
        (None, "fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("en", "fr", "en"),
        ("xx", "fr", "fr"),
        ("<script>", "", "en"),
    ],
)
def test_pages_are_in_the_language_that_is_asked_for(
    service: Service, app: Application, ui_locales: str | None, accept_language: str, language: str
) -> None:
    """`ui_locales` before the browser's languages; error pages too."""
    visitor = service.visitor(**({"accept-language": accept_language} if accept_language else {}))
    for page in (
        visitor.get(app.url(ui_locales=ui_locales)),
        visitor.get(app.url(ui_locales=ui_locales, client_id="nobody")),
    ):
        assert page.headers["content-language"] == language
        assert f'<html lang="{language}"' in page.text


def test_a_form_post_page_has_a_language_too(service: Service, app: Application) -> None:
    """Whoever has no JavaScript reads it."""
    page = service.visitor().get(app.url(prompt="none", response_mode="form_post", ui_locales="fr"))
    assert page.headers["content-language"] == "fr"


@pytest.mark.parametrize("member", ["values", "value"])
def test_an_essential_acr_that_is_not_on_offer_is_refused(service: Service, app: Application, member: str) -> None:
    """OpenID Connect Core section 5.5.1.1: treated as a failed authentication attempt."""
    wanted = {"essential": True, member: ["urn:other"] if member == "values" else "urn:other"}
    page = service.visitor().get(app.url(claims=json.dumps({"id_token": {"acr": wanted}})))
    assert refused(page) == "unmet_authentication_requirements"


@pytest.mark.parametrize(
    "wanted",
    [
        {"essential": True, "values": ["urn:other", "urn:signet:acr:password"]},
        {"essential": True, "value": "urn:signet:acr:password"},
        {"essential": True},
        {"values": ["urn:other"]},
        None,
    ],
)
def test_an_acr_that_can_be_met_or_need_not_be_is_no_obstacle(
    service: Service, app: Application, ada: User, wanted: object
) -> None:
    """OpenID Connect Core section 5.5.1.1, and `acr_values` is voluntary (section 3.1.2.1)."""
    token = service.tokens(app, ada, claims=json.dumps({"id_token": {"acr": wanted}}), acr_values="urn:other")
    assert service.claims(token["id_token"], "app")["acr"] == "urn:signet:acr:password"


def test_claims_asks_for_claims_in_the_id_token(service: Service, app: Application) -> None:
    """OpenID Connect Core section 5.5: those that the granted scopes open, and the protocol's own stay its own."""
    ada = service.user(claims={"email": "ada@example.com", "phone_number": "+33", "name": "Ada"})
    wanted = dict.fromkeys(("email", "phone_number", "sub", "iss", "aud", "acr", "nobody_has_this"))
    asked = {"scope": "openid email", "claims": json.dumps({"id_token": wanted})}
    claims = service.claims(service.tokens(app, ada, **asked)["id_token"], "app")
    plain = service.claims(service.tokens(app, ada)["id_token"], "app")
    assert claims.keys() - plain.keys() == {"email"}
    assert (claims["email"], claims["sub"], claims["iss"]) == ("ada@example.com", ada.sub, ISSUER)


@pytest.mark.parametrize("claims", ["{}", '{"userinfo": {"email": null}}', '{"id_token": null, "x": 1}'])
def test_claims_that_ask_for_nothing_more_are_accepted(
    service: Service, app: Application, ada: User, claims: str
) -> None:
    """OpenID Connect Core section 5.5: other members are ignored."""
    assert service.tokens(app, ada, claims=claims)["id_token"]


def test_one_spelling_of_a_request_is_as_good_as_another(service: Service, app: Application, ada: User) -> None:
    """Percent-encoding is the sender's choice; the forms of a page post to one spelling of it."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(app.parameters().items()))
    visitor = service.signed_in(ada)
    page = visitor.get(f"{AUTHORIZE}?{query.replace('%3A', ':').replace('%2F', '/')}")
    assert "code" in visitor.allow(page).redirected(REDIRECT_URI)


def test_a_client_that_is_changed_is_seen_within_a_minute(
    service: Service, app: Application, deployment: Deployment
) -> None:
    """What a warm environment remembers of a client is younger than that."""
    visitor = service.visitor()
    assert visitor.get(app.url()).step == "login"
    assert deployment.registry.delete("app")
    deployment.clock.advance(61)
    shown(visitor.get(app.url()))
