"""Where a redirect URI leads, for the person and for their browser."""

from urllib.parse import urlsplit

_NEVER = frozenset({"javascript", "data", "vbscript", "about", "blob", "file", "filesystem", "view-source"})


def web(uri: str | None, schemes: tuple[str, ...] = ("https", "http")) -> str:
    """The URI where it is a web address, else nothing: `javascript:` and its kin are never linked."""
    try:
        parts = urlsplit(uri or "")
    except ValueError:
        return ""
    return uri or "" if parts.scheme in schemes and parts.hostname else ""


def redirect_host(redirect_uri: str) -> str:
    """The host that the person is told; of a private-use scheme (RFC 8252 section 7.1) the scheme."""
    parts = urlsplit(redirect_uri)
    return parts.netloc.rpartition("@")[2] if parts.scheme in {"http", "https"} else parts.scheme


def form_action(redirect_uri: str) -> tuple[str, ...]:
    """The CSP sources by which a form may end at the redirect URI, beside `https:`, which every form has.

    Chromium and Safari hold the redirects after a form to the page's `form-action`. A CSP source has no form for an
    IPv6 address (CSP Level 3 section 2.3.1), so [::1] opens `http:`.
    Raises ValueError for a scheme that would run or read something here.
    """
    parts = urlsplit(redirect_uri)
    if not parts.scheme or parts.scheme in _NEVER:
        raise ValueError("the redirect URI has a scheme that no client may have")
    if parts.scheme == "https":
        return ()
    if parts.scheme != "http" or "[" in parts.netloc:
        return (f"{parts.scheme}:",)
    return (f"http://{parts.netloc.rpartition('@')[2]}",)
