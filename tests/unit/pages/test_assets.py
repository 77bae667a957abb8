"""The style sheet, the script and the icon."""

import re
from xml.etree import ElementTree as ET

import pytest

from signet.http import HttpResponse
from signet.pages.assets import ASSET_PATHS, Assets
from signet.pages.pages import Pages
from signet.pages.theme import Theme
from tests.unit.pages.rendered import PAGES, every_page, parsed

STYLE = "/connect/assets/style.css"


def asset(path: str, query: str = "", if_none_match: str = "") -> HttpResponse:
    """An asset that is there."""
    response = PAGES.assets.asset(path, query, if_none_match)
    assert response is not None
    return response


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/connect/assets/style.css", "text/css; charset=utf-8"),
        ("/connect/assets/form_post.js", "text/javascript; charset=utf-8"),
        ("/connect/assets/icon.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_an_asset_is_served_as_what_it_is_and_nothing_else(path: str, media_type: str) -> None:
    """And runs nothing where it is opened by itself."""
    assert path in ASSET_PATHS
    response = asset(path)
    assert response.status == 200
    assert response.body
    assert response.headers["Content-Type"] == media_type
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_what_the_pages_refer_to_is_there_and_kept_for_good() -> None:
    """The address changes with the content."""
    referred = {
        address
        for response in every_page().values()
        for address in re.findall(r'(?:href|src)="(/[^"]+)"', response.body)
    }
    assert {address.partition("?")[0] for address in referred} == set(ASSET_PATHS)
    for address in referred:
        path, _, query = address.partition("?")
        assert asset(path, query).headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("query", ["", "v=", "v=0000000000000000", "v=%00"])
def test_another_version_s_address_is_not_kept(query: str) -> None:
    """While a release spreads, the new address may be answered by the old service."""
    assert asset(STYLE, query).headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("held", ["{}", "W/{}", '"other", {}', "*"])
def test_a_browser_that_holds_an_asset_is_told_so(held: str) -> None:
    """304 without a body (RFC 9110 section 15.4.5)."""
    etag = asset(STYLE).headers["ETag"]
    response = asset(STYLE, if_none_match=held.format(etag))
    assert (response.status, response.body) == (304, "")
    assert response.headers["ETag"] == etag
    assert asset(STYLE, if_none_match='"other"').status == 200


@pytest.mark.parametrize(
    "path", ["/connect/assets/", "/connect/assets/theme.py", "/connect/assets/../pages.py", "", STYLE + "/"]
)
def test_nothing_else_is_an_asset(path: str) -> None:
    """A path is looked up, never opened."""
    assert PAGES.assets.asset(path) is None


def test_a_theme_changes_the_style_sheet_and_its_address() -> None:
    """A deployment's colours need no release."""
    other = Assets(Theme(accent_color="#aa0044"))
    style = other.asset(STYLE)
    assert style is not None
    assert "--accent: #aa0044;" in style.body
    assert other.href("style.css") != PAGES.assets.href("style.css")
    assert other.href("form_post.js") == PAGES.assets.href("form_post.js")


@pytest.mark.parametrize(
    ("name", "initial"), [("acme", "A"), ("<script>", "<"), ("&co", "&"), ("émile", "É"), ("日本", "日")]
)
def test_the_icon_shows_the_service_s_initial(name: str, initial: str) -> None:
    """Whatever the name begins with."""
    icon = Assets(Theme(service_name=name)).asset("/connect/assets/icon.svg")
    assert icon is not None
    assert "".join(ET.fromstring(icon.body).itertext()).strip() == initial  # noqa: S314 - our own


def test_a_configured_logo_stands_on_every_page() -> None:
    """In place of the initial."""
    pages = Pages(Theme(logo_uri="https://cdn.example/logo.svg?a=1&b=2"))
    for response in every_page(pages=pages).values():
        assert "https://cdn.example/logo.svg?a=1&b=2" in {
            image.get("src") for image in parsed(response).findall(".//header//img")
        }
