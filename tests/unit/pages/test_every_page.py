"""What holds for all pages alike."""

from collections import Counter
from itertools import chain

import pytest

from signet.pages.locales import LOCALES
from signet.pages.views import ClientView
from tests.unit.pages.rendered import ACTION, CSRF, FORM, HOST, PAGES, every_page, fields, one, parsed, text

HOSTILE = (
    "\"'><script>alert(1)</script></title></form><img src=x onerror=alert(1)>&amp;",
    "\r\nSet-Cookie: a=b\r\n\r\n<b>%0d%0a",
    "{client.__class__}{{ 7 * 7 }}{% raw %}\u202e",
    "</script><!-- --><style>*{}</style>",
    "' autofocus onfocus=alert(1) x='",
    '`" formaction=javascript:alert(1) y="',
)

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

STATES = list(every_page())


def policy(headers: dict[str, str]) -> dict[str, list[str]]:
    """The directives of the Content-Security-Policy."""
    directives = [directive.split() for directive in headers["Content-Security-Policy"].split(";")]
    assert len({name for name, *_ in directives}) == len(directives)
    return {name: sources for name, *sources in directives}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", STATES)
def test_every_page_has_every_header(state: str, locale: str) -> None:
    """Errors included (OWASP ASVS 5.0 section 3.4)."""
    headers = dict(every_page(locale=locale)[state].headers)
    assert HEADERS.items() <= headers.items()
    assert headers["Content-Language"] == locale
    directives = policy(headers)
    assert directives["default-src"] == directives["base-uri"] == directives["frame-ancestors"] == ["'none'"]
    assert directives["style-src"] == ["'self'"]
    assert directives["img-src"] == ["'self'", "https:"]
    assert directives.get("script-src") == (["'self'"] if state == "form post" else None)
    assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize("state", STATES)
def test_a_client_that_opens_us_in_a_popup_keeps_its_opener(state: str) -> None:
    """A client's popup comes back to its own origin and calls its opener; an opener policy of ours would cut it off."""
    assert "Cross-Origin-Opener-Policy" not in every_page()[state].headers


@pytest.mark.parametrize("state", STATES)
def test_a_form_reaches_us_and_then_the_client_and_nothing_else(state: str) -> None:
    """Chromium holds the redirects after a form to the page's form-action."""
    response = every_page()[state]
    forms = len(parsed(response).findall(".//form"))
    expected = ["https:"] if state == "form post" else ["'self'", "https:"] if forms else ["'none'"]
    if state.startswith("account"):
        expected = ["'self'"]  # nothing leads away from there
    assert policy(dict(response.headers))["form-action"] == expected


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", STATES)
def test_every_page_is_well_formed_and_says_its_language(state: str, locale: str) -> None:
    """The strict HTML parser finds no error; each id stands once and each reference to one is met."""
    document = parsed(every_page(locale=locale)[state])
    assert document.get("lang") == locale
    assert document.get("dir") in {"ltr", "rtl"}
    assert text(one(document, ".//title"))
    assert len(document.findall(".//h1")) == 1
    assert len(document.findall(".//main")) == 1
    ids = Counter(element.get("id") for element in document.iter() if element.get("id"))
    assert set(ids.values()) <= {1}
    references = ("for", "form", "aria-describedby", "aria-labelledby")
    assert {element.get(name) for element in document.iter() for name in references} - {None} <= set(ids)


@pytest.mark.parametrize("state", STATES)
def test_no_page_carries_script_or_style_of_its_own(state: str) -> None:
    """The policy would refuse it, so the page must not count on it."""
    document = parsed(every_page()[state])
    assert document.findall(".//style") == []
    attributes = {name for element in document.iter() for name in element.attrib}
    assert {name for name in attributes if name == "style" or name.startswith("on")} == set()
    scripts = document.findall(".//script")
    assert len(scripts) == (state == "form post")
    for script in scripts:
        assert text(script) == ""
        assert script.get("src", "").startswith("/connect/assets/form_post.js?v=")


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("state", STATES)
def test_a_value_never_becomes_markup(state: str, hostile: str) -> None:
    """With hostile values in every place the page has the same elements and attributes as with harmless ones."""
    harmless = parsed(every_page()[state])
    document = parsed(every_page(hostile)[state])
    assert [(element.tag, element.keys()) for element in document.iter()] == [
        (element.tag, element.keys()) for element in harmless.iter()
    ]


def test_a_value_is_shown_as_it_is() -> None:
    """Braces in it are no placeholders and no template."""
    word = "{client.__class__} {{ 7 * 7 }} <b>&amp;</b>"
    for state, response in every_page(word).items():
        shown = text(parsed(response))
        assert "49" not in shown
        if not state.startswith(("signed out", "login: ", "error", "form post", "sign out of nothing", "login to the")):
            assert word in shown, state


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_value_never_reaches_a_header(hostile: str) -> None:
    """No header of any page depends on what the page repeats."""
    for state, response in every_page(hostile).items():
        assert response.headers == every_page()[state].headers


@pytest.mark.parametrize("state", STATES)
def test_every_form_of_ours_posts_where_it_was_told_with_its_token(state: str) -> None:
    """The action is the request's own address; `form` says which form it is."""
    response = every_page("word")[state]
    document = parsed(response)
    for form in document.findall(".//form"):
        assert form.get("method") == "post"
        if state != "form post":
            assert form.get("action") == f"{ACTION}&state=word"
            assert fields(document)["csrf"] == f"{CSRF}word"
            assert fields(document)["form"] in {
                "login",
                "consent",
                "account",
                "end_session",
                "application",
                "session",
                "other_sessions",
            }


@pytest.mark.parametrize("state", STATES)
def test_what_can_be_filled_in_or_pressed_has_a_name(state: str) -> None:
    """Each field has its label, each button and link its words, and at most one thing takes the focus."""
    document = parsed(every_page()[state])
    labels = {label.get("for") for label in document.findall(".//label") if text(label)}
    for field in document.findall(".//input"):
        assert field.get("type") == "hidden" or field.get("id") in labels
    for control in chain(document.findall(".//button"), document.findall(".//a")):
        assert text(control)
    assert len([element for element in document.iter() if element.get("autofocus") is not None]) <= 1


@pytest.mark.parametrize("state", STATES)
def test_every_picture_keeps_where_it_was_seen_to_itself(state: str) -> None:
    """A logo is fetched from the client's host, which learns no address; it adds nothing to the name beside it."""
    for image in parsed(every_page()[state]).findall(".//img"):
        assert image.get("referrerpolicy") == "no-referrer"
        assert image.get("alt") == ""


@pytest.mark.parametrize("state", STATES)
def test_every_link_to_somewhere_else_gives_nothing_away(state: str) -> None:
    """Neither the opener nor the address of this page."""
    for link in parsed(every_page()[state]).findall(".//a"):
        assert "noreferrer" in link.get("rel", "").split()


def test_the_token_of_a_form_is_not_in_its_repr() -> None:
    """A view in a log line or a traceback does not give it away."""
    assert CSRF not in repr(FORM)


@pytest.mark.parametrize(
    "uri",
    ["javascript:alert(1)", "data:text/html,x", " javascript:alert(1)", "java\tscript:x", "//evil", "", "https:x"],
)
def test_an_address_that_is_not_of_the_web_is_no_link_and_no_picture(uri: str) -> None:
    """Whatever has been registered."""
    client = ClientView("Sportlog", uri, uri, uri, uri)
    for response in (
        PAGES.login("en", FORM, client, HOST),
        PAGES.choose_account("en", FORM, client, HOST, username="alice"),
        PAGES.consent("en", FORM, client, HOST, username="alice", scopes=[], offline=False),
        PAGES.signed_out("en", client, uri),
    ):
        document = parsed(response)
        assert document.findall(".//a") == []
        assert document.findall(".//footer") == []
        assert [image.get("src", "")[:24] for image in document.findall(".//img")] == ["/connect/assets/icon.svg"]
