"""The browser's side: cookies, and the proof that a form was ours, for this browser, this request and this session."""

import hmac
import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from signet.http import HttpRequest
from signet.people.throttle import KNOWN_FOR

SESSION = "__Host-signet-session"
"""The login session's cookie; the prefix keeps sibling domains from setting it (RFC 6265bis section 4.1.3)."""

_DEVICE = "__Host-signet-device"
"""A random value per browser by which an account's owner is told from strangers who guess (OWASP device cookies)."""

_FORM_KEY = "__Host-signet-form"
"""A random value per browser that keys its forms' proofs: no server key is needed, and none is at hand."""

_NOTICE = "__Host-signet-notice"
"""What the page after a redirect has to say."""

END_SESSION = "end_session"
"""The form that signs out, on more than one page; its proof is bound to the session."""

_LONGEST_NOTICE = 1_500
"""Characters of its value: 256 of a name, of four bytes at most, and the rest."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for the next page: its key, what was typed as the user name, seconds to wait."""

    message: str
    username: str = ""
    retry_after: int = 0


def set_cookie(name: str, value: str, max_age: int | None = None) -> str:
    """A `Set-Cookie` value that scripts and other sites do not get; without `max_age` it ends with the browser."""
    age = "" if max_age is None else f"; Max-Age={max_age}"
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}"


def no_session() -> str:
    """The `Set-Cookie` value that takes the session's cookie away."""
    return set_cookie(SESSION, "", 0)


def form_key(request: HttpRequest) -> tuple[str, tuple[str, ...]]:
    """The browser's form key, and the cookie that gives it one where it has none."""
    key = request.cookies.get(_FORM_KEY, "")
    if len(key) == 43:
        return key, ()
    key = secrets.token_urlsafe(32)
    return key, (set_cookie(_FORM_KEY, key),)


def device(request: HttpRequest) -> tuple[str, tuple[str, ...]]:
    """The browser's device value, and the cookie that gives it one, for after a sign-in, where it has none."""
    value = request.cookies.get(_DEVICE, "")
    if re.fullmatch("[A-Za-z0-9_-]{43}", value):
        return value, ()
    value = secrets.token_urlsafe(32)
    return value, (set_cookie(_DEVICE, value, KNOWN_FOR),)


def csrf_token(key: str, form: str, session_id: str, asked: str) -> str:
    """The proof for one form of one request of one session."""
    message = "\n".join((form, sha256(session_id.encode()).hexdigest(), asked))
    return hmac.new(key.encode(), message.encode(), sha256).hexdigest()


def is_ours(request: HttpRequest, fields: Mapping[str, str], asked: str) -> bool:
    """Whether the posted form was made for this browser, request and session."""
    key = request.cookies.get(_FORM_KEY, "")
    expected = csrf_token(key, fields.get("form", ""), request.cookies.get(SESSION, ""), asked)
    return len(key) == 43 and hmac.compare_digest(expected.encode(), fields.get("csrf", "").encode())


def notice_cookie(notice: Notice) -> str:
    """The cookie that carries a notice over one redirect."""
    members = json.dumps([notice.message, notice.username[:256], notice.retry_after], ensure_ascii=False)
    return set_cookie(_NOTICE, urlsafe_b64encode(members.encode()).decode().rstrip("="), 60)


def read_notice(request: HttpRequest) -> tuple[Notice | None, tuple[str, ...]]:
    """The notice the browser brings, and the cookie that ends it. What it says is as good as what a person types."""
    value = request.cookies.get(_NOTICE, "")
    if not value:
        return None, ()
    gone = (set_cookie(_NOTICE, "", 0),)
    try:
        message, username, retry_after = json.loads(urlsafe_b64decode(value[:_LONGEST_NOTICE] + "==="))
        str(username).encode()  # a lone surrogate is no text
        return Notice(str(message), str(username)[:256], min(max(int(retry_after), 0), 86_400)), gone
    except (ValueError, TypeError, OverflowError, RecursionError):  # the last for an Infinity
        return None, gone
