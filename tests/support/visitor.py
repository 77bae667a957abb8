"""A person's browser, as small as it can be: keeps cookies, fills in forms, follows redirects on this server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from signet_cli.local.event import Request, proxy_event
from tests.support import gateway_events
from tests.support.gateway_events import FORM, ORIGIN, Answer, Event

ADDRESS = "203.0.113.7"

Send = Callable[[Event], Answer]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page: where it posts to, its fields as they are filled in, and the values of its buttons."""

    action: str
    fields: dict[str, str]
    buttons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """An answer as a browser shows it, and the target that was asked for."""

    target: str
    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self.answer.headers

    @property
    def text(self) -> str:
        return self.answer.body

    @property
    def location(self) -> str:
        """Where a 303 leads, and nothing but a 303 may lead anywhere."""
        assert ("location" in self.headers) == (self.status == 303), self.answer
        return self.headers.get("location", "")

    @property
    def form(self) -> Form:
        """The one form."""
        [form] = _parsed(self.text).forms
        return form

    @property
    def forms(self) -> list[Form]:
        """All of them."""
        return _parsed(self.text).forms

    def form_about(self, name: str, **fields: str) -> Form:
        """The one form of that name with these fields among its own."""
        [form] = [form for form in self.forms if {"form": name, **fields}.items() <= form.fields.items()]
        return form

    @property
    def step(self) -> str:
        """Which form it is: login, account, consent; empty for a page without one."""
        forms = _parsed(self.text).forms
        return forms[0].fields.get("form", "") if forms else ""

    @property
    def alert(self) -> str:
        """What `role=alert` says."""
        return " ".join(_parsed(self.text).texts["alert"].split())

    @property
    def notice(self) -> str:
        """What `role=status` says."""
        return " ".join(_parsed(self.text).texts["status"].split())

    @property
    def heading(self) -> str:
        return " ".join(_parsed(self.text).texts["h1"].split())

    def redirected(self, redirect_uri: str) -> dict[str, str]:
        """The parameters of the answer to the client, which must be a redirect to that URI, each once."""
        assert self.status == 303, (self.status, self.heading, self.alert)
        assert self.location.startswith(redirect_uri), self.location
        rest = self.location[len(redirect_uri) :]
        assert rest[0] == ("&" if "?" in redirect_uri else "?"), self.location
        return _single(parse_qsl(rest[1:], strict_parsing=True))

    def posted(self, redirect_uri: str) -> dict[str, str]:
        """The parameters of the answer to the client, which must be a form_post page for that URI."""
        assert (self.status, self.location, self.form.action) == (200, "", redirect_uri)
        return self.form.fields


@dataclass
class Visitor:
    """One browser at one address. `address` and `headers` may be changed between requests."""

    send: Send
    address: str = ADDRESS
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, target: str, body: bytes = b"", **headers: str) -> Page:
        """One request to this server, and nothing after it."""
        fields = {**self.headers, **headers}
        if self.cookies:
            fields["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.send(http_event(method, target, fields, body, self.address))
        for cookie in answer.cookies:
            self._keep(cookie)
        return Page(target, answer)

    def get(self, target: str) -> Page:
        """GET, and whatever comes."""
        return self.request("GET", target)

    def post(self, target: str, fields: Mapping[str, str]) -> Page:
        """POST of a form, and whatever comes."""
        return self.request("POST", target, urlencode(fields).encode(), **{"content-type": FORM})

    def open(self, target: str) -> Page:
        """GET, and on by every redirect on this server, to a page or away."""
        return self._followed(self.get(target))

    def submit(self, page: Page, **fields: str) -> Page:
        """Fill in the page's form and post it, and on as `open` goes on."""
        return self._followed(self.post(page.form.action, {**page.form.fields, **fields}))

    def press(self, form: Form, **fields: str) -> Page:
        """Post one form of several, and on as `open` goes on."""
        return self._followed(self.post(form.action, {**form.fields, **fields}))

    def sign_in(self, page: Page, username: str, password: str) -> Page:
        """Fill in the sign-in form."""
        assert page.step == "login", (page.status, page.location, page.heading)
        return self.submit(page, username=username, password=password)

    def allow(self, page: Page) -> Page:
        """Press the consent page's button."""
        return self._decide(page, "allow")

    def deny(self, page: Page) -> Page:
        """Press its other button."""
        return self._decide(page, "deny")

    def _decide(self, page: Page, decision: str) -> Page:
        assert page.step == "consent", (page.status, page.location, page.heading)
        assert ("decision", decision) in page.form.buttons
        return self.submit(page, decision=decision)

    def _followed(self, page: Page) -> Page:
        for _ in range(5):
            if not page.location.startswith("/"):
                return page
            page = self.get(page.location)
        raise AssertionError(f"redirected again and again: {page.location}")

    def _keep(self, cookie: str) -> None:
        """Keep a cookie as browsers do, which take `__Host-` under its conditions only (RFC 6265bis section 4.1.3)."""
        pair, *attributes = [part.strip() for part in cookie.split(";")]
        name, _, value = pair.partition("=")
        names = {attribute.partition("=")[0].lower(): attribute.partition("=")[2] for attribute in attributes}
        assert name.startswith("__Host-")
        assert (names["path"], "secure" in names, "domain" in names) == ("/", True, False)
        if names.get("max-age") == "0":
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


def http_event(method: str, target: str, headers: Mapping[str, str], body: bytes, address: str) -> Event:
    """The event of a request from that address."""
    path = urlsplit(target).path
    request = Request(method, target, "HTTP/1.1", tuple(headers.items()), body, address)
    return proxy_event(
        request, f"ANY {path}", {}, origin=ORIGIN, request_id="JKJaXmPLvHcESHA=", trace_id="Root=1-68a1b2c3-0123"
    )


class _Parsed(HTMLParser):
    """The forms of a page, and the text of its headings and alerts."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.texts = {"h1": "", "alert": "", "status": ""}
        self._inside: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(found["action"], {}, ()))
            assert found["method"] == "post"
        elif tag == "input":
            self.forms[-1].fields[found["name"]] = found.get("value", "")
        elif tag == "button" and "name" in found and self.forms:
            form = self.forms[-1]
            self.forms[-1] = Form(form.action, form.fields, (*form.buttons, (found["name"], found["value"])))
        role = found.get("role", "")
        if tag == "h1" or role in self.texts:
            self._inside.append((tag, role or "h1"))

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1][0] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        for _, name in self._inside:
            self.texts[name] += data


def _parsed(text: str) -> _Parsed:
    parsed = _Parsed()
    parsed.feed(text)
    return parsed


def _single(pairs: list[tuple[str, str]]) -> dict[str, str]:
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


def receiving(invoke: Callable[[Event], Any]) -> Send:
    """What a function answers, as API Gateway passes it on."""
    return lambda event: gateway_events.answer(invoke(event))
