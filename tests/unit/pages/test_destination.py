"""Where a redirect URI leads."""

import pytest

from signet.pages.destination import form_action, redirect_host, web


@pytest.mark.parametrize(
    ("redirect_uri", "host", "sources"),
    [
        ("https://app.example/callback", "app.example", ()),
        ("https://app.example:8443/callback", "app.example:8443", ()),
        ("https://user:secret@app.example/", "app.example", ()),
        ("http://127.0.0.1:4711/callback", "127.0.0.1:4711", ("http://127.0.0.1:4711",)),
        ("http://127.0.0.1/callback", "127.0.0.1", ("http://127.0.0.1",)),
        ("http://localhost:3000/callback", "localhost:3000", ("http://localhost:3000",)),
        ("http://[::1]:4711/callback", "[::1]:4711", ("http:",)),
        ("com.example.app:/callback", "com.example.app", ("com.example.app:",)),
        ("cursor://callback/x", "cursor", ("cursor:",)),
    ],
)
def test_a_redirect_uri_has_a_place_to_name_and_sources_to_open(
    redirect_uri: str, host: str, sources: tuple[str, ...]
) -> None:
    """`https:` is open on every page with a form; a CSP source has no form for an IPv6 address."""
    assert redirect_host(redirect_uri) == host
    assert form_action(redirect_uri) == sources


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "/callback",
        "",
        "blob:x",
    ],
)
def test_a_scheme_that_runs_something_here_is_refused(redirect_uri: str) -> None:
    """No policy of ours ever names it."""
    with pytest.raises(ValueError, match="scheme"):
        form_action(redirect_uri)


@pytest.mark.parametrize("uri", [None, "", "ftp://a", "https://", "https:/a", "//a", "http://[", "HTTPS", "mailto:a@b"])
def test_only_an_address_of_the_web_is_linked(uri: str | None) -> None:
    """Anything else is left out rather than refused: it is someone's registration, not this request."""
    assert web(uri) == ""


def test_a_picture_comes_by_https_alone() -> None:
    """The policy would refuse another."""
    assert web("http://a.example/logo.png", ("https",)) == ""
    assert web("https://a.example/logo.png", ("https",)) == "https://a.example/logo.png"
    assert web("http://a.example/terms") == "http://a.example/terms"
