"""Every page there is, with values of one's choice in every place that reflects one, and what a browser makes of it."""

from xml.etree.ElementTree import Element

from signet.http import HttpResponse
from signet.pages.pages import Pages
from signet.pages.theme import Theme
from signet.pages.views import (
    AccountNotice,
    ApplicationView,
    ClientView,
    Form,
    LoginError,
    PageError,
    ScopeView,
    SessionView,
)

PAGES = Pages(Theme(service_name="Example", accent_color="#3450c8"))
ACTION = "/connect/oauth/authorize?client_id=web&scope=openid"
CSRF = "token-of-the-form"
FORM = Form(ACTION, CSRF)
CLIENT = ClientView(
    "Sportlog",
    "https://sportlog.example/logo.png",
    "https://sportlog.example/privacy",
    "https://sportlog.example/terms",
    "https://sportlog.example/",
)
HOST = "app.sportlog.example"


def every_page(word: str = "word", locale: str = "en", pages: Pages = PAGES) -> dict[str, HttpResponse]:
    """Each page in each of its states. `word` stands wherever a page repeats what it was given."""
    form = Form(f"{ACTION}&state={word}", CSRF + word)
    client = ClientView(word, *(f"https://sportlog.example/{path}?{word}" for path in ("logo", "privacy", "terms", "")))
    new, known = ScopeView(word, "", new=True), ScopeView("phone", word, new=False)
    found = {
        "login": pages.login(locale, form, client, word),
        "login again": pages.login(locale, form, client, word, username=word, signed_in_as=word),
        "choose account": pages.choose_account(locale, form, client, word, username=word),
        "consent": pages.consent(locale, form, client, word, username=word, scopes=[new], offline=True),
        "consent to nothing named": pages.consent(locale, form, client, word, username=word, scopes=[], offline=False),
        "consent to more": pages.consent(
            locale, form, client, word, username=word, scopes=[new, known, known], offline=False
        ),
        "login to the account": pages.login(locale, form, username=word),
        "account": pages.account(
            locale,
            word,
            applications=[
                ApplicationView(word, client, 1_700_000_000, (new, known), offline=True, form=form),
                ApplicationView("other", ClientView(word), 1_700_000_000, (), offline=False, form=form),
            ],
            sessions=[SessionView(word, word, 1_700_000_000, form), SessionView("sid", "", 1_709_251_200, None)],
            sign_out=form,
            others=form,
        ),
        "account of a newcomer": pages.account(
            locale, word, applications=[], sessions=[SessionView(word, word, 0, None)], sign_out=form
        ),
        "sign out": pages.sign_out(locale, form, client, word, username=word),
        "sign out of nothing named": pages.sign_out(locale, form),
        "signed out": pages.signed_out(locale),
        "signed out of a client": pages.signed_out(locale, client, f"https://sportlog.example/bye?{word}"),
        "form post": pages.form_post(f"https://{HOST}/callback?{word}", {"code": word, word: "value"}, locale),
    }
    found |= {
        f"login: {error}": pages.login(locale, form, client, word, username=word, error=error, retry_after=7)
        for error in LoginError
    }
    found |= {
        f"account: {notice}": pages.account(
            locale, word, applications=[], sessions=[], sign_out=form, others=form, notice=notice
        )
        for notice in AccountNotice
    }
    return found | {f"error: {error}": pages.error(locale, error, word) for error in PageError}


def parsed(response: HttpResponse) -> Element:
    """The document as a browser has it. Raises where the HTML has any error."""
    import html5lib  # which a process of the functions' Python has not, where pages are only rendered

    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(response.body)
    assert isinstance(document, Element)
    return document


def text(element: Element) -> str:
    """What is read of an element, blanks joined."""
    return " ".join("".join(element.itertext()).split())


def one(document: Element, path: str) -> Element:
    """The one element at a path."""
    (found,) = document.findall(path)
    return found


def fields(document: Element) -> dict[str, str]:
    """The inputs of the page's form."""
    return {field.get("name", ""): field.get("value", "") for field in document.findall(".//form//input")}
