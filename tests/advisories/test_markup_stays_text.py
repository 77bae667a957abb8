"""Row 5: nothing that is received or registered becomes markup, a header or an address of the pages.

Hydra CVE-2019-8400, Spring CVE-2026-22752.
"""

import re
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest

from signet.model.client import ClientInvalid
from signet.model.scope import Scope
from signet.model.user import User
from tests.support.sign_in import ACCOUNT, AUTHORIZE, END_SESSION, REDIRECT_URI, Application, Service
from tests.support.visitor import Page

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    "</title></textarea></script><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{7919*7927}}{%print(1)%}",
    "a\u2028b\u202ec",
    "&lt;script&gt;&#60;b&#62;",
)

TAGS = {"html", "head", "meta", "title", "link", "script", "body", "header", "img", "span", "main", "h1", "h2", "p"}
TAGS |= {"form", "input", "button", "label", "footer", "nav", "ul", "li", "a", "div", "bdi", "code", "details"}
TAGS |= {"summary", "section", "h3", "time"}

ATTRIBUTES = {"lang", "dir", "charset", "name", "content", "rel", "href", "type", "src", "alt", "referrerpolicy"}
ATTRIBUTES |= {"decoding", "class", "method", "action", "value", "id", "for", "autocomplete", "autocapitalize", "form"}
ATTRIBUTES |= {"spellcheck", "required", "autofocus", "aria-describedby", "aria-invalid", "role", "defer"}
ATTRIBUTES |= {"aria-labelledby", "aria-hidden", "datetime"}


class _Skeleton(HTMLParser):
    """Tags and attributes as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.scripts = ""
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._in_script = tag == "script"
        for name, value in attrs:
            self.attributes.add(name)
            if name in {"href", "src", "action"}:
                self.addresses.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        self.scripts += data if self._in_script else ""


def check(page: Page) -> None:
    """Only what the templates write themselves: no other tag, attribute, script or scheme."""
    skeleton = _Skeleton()
    skeleton.feed(page.text)
    assert skeleton.tags <= TAGS, skeleton.tags - TAGS
    assert skeleton.attributes <= ATTRIBUTES, skeleton.attributes - ATTRIBUTES
    assert skeleton.scripts.strip() == ""
    for address in skeleton.addresses:
        assert re.match(r"(https://|/connect/)", address), address
    assert "62773913" not in page.text  # no template was run
    for value in page.headers.values():
        assert "\r" not in value
        assert "\n" not in value


@pytest.mark.parametrize("payload", PAYLOADS)
def test_parameters_are_text_on_every_page(service: Service, app: Application, ada: User, payload: str) -> None:
    """Sign-in, account, consent, form_post and error pages, with every parameter at once and each wrong one alone."""
    everything = dict.fromkeys(("login_hint", "ui_locales", "display", "claims_locales", "unknown"), payload)
    out = dict.fromkeys(("id_token_hint", "client_id", "logout_hint", "post_logout_redirect_uri"), payload)
    for page in (
        service.signed_in(ada).get(f"{END_SESSION}?{urlencode({**out, **everything})}"),
        service.visitor().get(f"{END_SESSION}?{urlencode({**out, **everything})}"),
        service.visitor().get(f"{END_SESSION}?{urlencode({**out, 'state': payload})}"),
        service.signed_in(ada).get(f"{ACCOUNT}?{urlencode(everything)}"),
        service.visitor().get(f"{ACCOUNT}?{urlencode(everything)}"),
        service.visitor().get(app.url(**everything)),
        service.signed_in(ada).get(app.url(**everything)),
        service.signed_in(ada).get(app.url(prompt="select_account", **everything)),
        service.visitor().get(app.url(prompt="none", response_mode="form_post", **everything)),
        service.visitor().get(app.url(state=payload, prompt="none", response_mode="form_post")),
        service.visitor().get(app.url(client_id=payload)),
        service.visitor().get(app.url(redirect_uri=payload)),
        service.visitor().get(app.url(response_mode="form_post", response_type=payload)),
        service.visitor().get(app.url(response_mode="form_post", scope=payload)),
        service.visitor().get(app.url(response_mode="form_post", claims=payload)),
        service.visitor().request("GET", f"{AUTHORIZE}?{payload}"),
        service.visitor().request(payload.split("<", maxsplit=1)[0] or "PUT", AUTHORIZE),
    ):
        check(page)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_typed_is_text(service: Service, app: Application, payload: str) -> None:
    """The name comes back in its field, and nowhere else."""
    visitor = service.visitor()
    page = visitor.sign_in(visitor.get(app.url()), payload, payload)
    assert page.form.fields["username"] == payload
    check(page)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_registered_is_text(service: Service, payload: str) -> None:
    """Names of clients, users and scopes, their sentences, and addresses of any scheme."""
    service.scope(Scope("odd", {"en": payload, "fr": payload}))
    ada = service.user(payload, sub="sub-ada")
    app = service.application(
        client_name=payload,
        logo_uri=payload,
        policy_uri=payload,
        tos_uri="javascript:alert(1)",
        client_uri="data:text/html,<script>alert(1)</script>",
        scope=("openid", "odd", "<b>!"),
    )
    service.consent(ada, app)
    service.signed_in(ada, payload)
    asked = f"{END_SESSION}?client_id=app&state=x"
    for page in (
        service.signed_in(ada, payload).get(ACCOUNT),
        service.signed_in(ada, payload).get(f"{ACCOUNT}?ui_locales=fr"),
        service.signed_in(ada).get(asked),
    ):
        assert page.step
        check(page)
    check(service.visitor().get(asked))
    service.consents.delete(ada.sub, app.client_id)
    for page in (
        service.visitor().get(app.url()),
        service.signed_in(ada).get(app.url(scope=None)),
        service.signed_in(ada).get(app.url(scope=None, ui_locales="fr")),
        service.signed_in(ada).get(app.url(prompt="select_account")),
        service.signed_in(ada).get(app.url(prompt="login")),
    ):
        assert page.step
        check(page)


@pytest.mark.parametrize("scheme", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"])
def test_a_redirect_uri_that_would_run_cannot_be_registered(service: Service, scheme: str) -> None:
    """RFC 8252 section 7.1: a private scheme is a reversed domain name."""
    with pytest.raises(ClientInvalid):
        service.application(redirect_uris=(scheme,))


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=y", "a\nLocation: https://evil.example", "\x00", "a\x85b"])
def test_no_line_break_reaches_a_header(service: Service, app: Application, ada: User, value: str) -> None:
    """Of `Location`, `Set-Cookie` or any other."""
    service.consent(ada, app)
    for visitor in (service.visitor(), service.signed_in(ada)):
        for name in ("state", "nonce", "login_hint", "ui_locales", "scope", "prompt", "unknown"):
            page = visitor.get(app.url(**{name: value}))
            text = str(dict(page.headers)) + str(page.answer.cookies)
            assert "evil.example" not in text.replace("%3A%2F%2Fevil.example", "")
            assert all(character.isprintable() for cookie in page.answer.cookies for character in cookie)
            assert all(character.isprintable() for header in page.headers.values() for character in header)


def test_a_redirect_is_one_uri(service: Service, app: Application, ada: User) -> None:
    """Every character of what is added is encoded."""
    service.consent(ada, app)
    state = "&code=evil#fragment?x=y;z \"'<>"
    location = service.signed_in(ada).get(app.url(state=state)).location
    assert re.fullmatch(r"[A-Za-z0-9\-._~:/?&=%+]+", location)
    assert location.count("?") == 1
    assert location.count("code=") == 1
    assert location.startswith(REDIRECT_URI)
