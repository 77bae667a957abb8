"""The headers of every page (OWASP ASVS 5.0 section 3.4)."""

import re

from signet.http import STRICT_TRANSPORT_SECURITY

# No Cross-Origin-Opener-Policy: it would cut the window of a client that signs people in by a popup from its opener.
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": STRICT_TRANSPORT_SECURITY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_SOURCE = re.compile(r"[a-z][a-z0-9+.-]*:(?://[a-z0-9.-]+(?::[0-9]{1,5})?)?", re.IGNORECASE)


def page_headers(locale: str, *, form_action: tuple[str, ...] = (), script: bool = False) -> dict[str, str]:
    """The headers of a page. `form_action`: the CSP sources its form may reach, `script`: whether it has a script.

    Raises ValueError for what is no source and could add a directive of its own.
    """
    for source in form_action:
        if source != "'self'" and not _SOURCE.fullmatch(source):
            raise ValueError("not a source of a Content-Security-Policy")
    directives = {
        "default-src": "'none'",
        "style-src": "'self'",
        **({"script-src": "'self'"} if script else {}),
        "img-src": "'self' https:",  # clients' logos are where the clients are
        "form-action": " ".join(form_action) or "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    policy = "; ".join(f"{name} {value}" for name, value in directives.items())
    return {**_HEADERS, "Content-Language": locale, "Content-Security-Policy": policy}
