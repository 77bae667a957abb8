"""The error page, the signed-out page and the way back by form_post."""

import pytest

from signet.pages.views import PageError
from tests.unit.pages.rendered import CLIENT, PAGES, fields, one, parsed, text


@pytest.mark.parametrize("error", PageError)
def test_an_error_is_told_in_words_with_what_an_operator_finds_it_by(error: PageError) -> None:
    """The status is the caller's."""
    response = PAGES.error("en", error, "request-1", 503)
    assert response.status == 503
    document = parsed(response)
    assert "request-1" in text(document)
    assert "request-1" not in text(parsed(PAGES.error("en", error, "")))
    assert str(error) not in text(document)


def test_an_application_s_developer_is_told_which_parameter_to_look_at() -> None:
    """A person cannot mend it, and no redirect tells the application (RFC 6749 section 4.1.2.1)."""
    assert "client_id names no registered client" in text(parsed(PAGES.error("en", PageError.UNKNOWN_CLIENT, "")))
    refused = PAGES.error("fr", PageError.REDIRECT_URI_NOT_REGISTERED, "")
    assert "redirect_uri doit être, au caractère près" in text(parsed(refused))


def test_who_is_signed_out_can_go_back_to_the_application() -> None:
    """Where it has a page for that."""
    link = one(parsed(PAGES.signed_out("en", CLIENT, "https://sportlog.example/bye")), ".//a")
    assert (link.get("href"), text(link)) == ("https://sportlog.example/bye", "Return to Sportlog")
    unnamed = one(parsed(PAGES.signed_out("en", None, "https://sportlog.example/bye")), ".//a")
    assert text(unnamed) == "Return to the application"
    assert parsed(PAGES.signed_out("en", CLIENT)).findall(".//a") == []


@pytest.mark.parametrize("value", ['"quoted"', "'single'", "</script><script>", "a&amp;b", "é€😀", "a b+c%20", ""])
def test_form_post_sends_every_parameter_as_it_is(value: str) -> None:
    """OAuth 2.0 Form Post Response Mode section 2."""
    parameters = {"code": value, "state": value, "iss": "https://id.example/connect"}
    document = parsed(PAGES.form_post("https://app.example/callback?a=1&b=2", parameters, "en"))
    form = one(document, ".//form")
    assert (form.get("method"), form.get("action")) == ("post", "https://app.example/callback?a=1&b=2")
    assert fields(document) == parameters


def test_form_post_needs_no_script() -> None:
    """There is a button, in words, and no field can stand in for it."""
    document = parsed(PAGES.form_post("https://app.example/callback", {"submit": "x"}, "fr"))
    assert text(one(document, ".//form/button")) == "Continuer"
    assert "app.example" in text(one(document, ".//h1"))


@pytest.mark.parametrize(
    ("redirect_uri", "sources"),
    [
        ("https://app.example/callback", "https:"),
        ("http://127.0.0.1:4711/callback", "https: http://127.0.0.1:4711"),
        ("http://[::1]:4711/callback", "https: http:"),
        ("com.example.app:/callback", "https: com.example.app:"),
    ],
)
def test_form_post_may_go_to_the_redirect_uri(redirect_uri: str, sources: str) -> None:
    """And on from there to where the application leads."""
    response = PAGES.form_post(redirect_uri, {"code": "x"}, "en")
    assert f"form-action {sources};" in response.headers["Content-Security-Policy"]


def test_form_post_never_goes_where_something_would_run() -> None:
    """A redirect URI that should not have been registered is not served."""
    with pytest.raises(ValueError, match="scheme"):
        PAGES.form_post("javascript:alert(1)", {"code": "x"}, "en")
