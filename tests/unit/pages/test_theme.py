"""The colours as they are served, in both schemes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet.pages.assets import Assets
from signet.pages.theme import Theme
from signet.settings import SettingsInvalid

TEXT = (
    ("ink", "page"),
    ("ink", "surface"),
    ("ink", "raised"),
    ("quiet", "page"),
    ("quiet", "surface"),
    ("link", "page"),
    ("link", "surface"),
    ("link", "raised"),
    ("danger", "danger-surface"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
)
"""Text and what it stands on (WCAG 2.2 section 1.4.3)."""

BOUNDS = (("edge", "surface"), ("edge", "raised"), ("link", "surface"), ("danger", "surface"))
"""What shows a field, a button, the focus, a field in error (section 1.4.11)."""


def schemes(theme: Theme) -> dict[str, dict[str, str]]:
    """The custom properties of the served style sheet, by scheme."""
    response = Assets(theme).asset("/connect/assets/style.css")
    assert response is not None
    light, dark = re.findall(r":root \{\n((?:  --[a-z-]+: #[0-9a-f]{6};\n)+)\}", response.body, re.IGNORECASE)
    assert response.body.index("@media (prefers-color-scheme: dark)") > response.body.index(light)
    return {name: dict(re.findall(r"--([a-z-]+): (#\w+);", css)) for name, css in (("light", light), ("dark", dark))}


def luminance(color: str) -> float:
    """Relative luminance as WCAG defines it."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    """Contrast ratio as WCAG defines it."""
    brightness = sorted((luminance(one), luminance(other)))
    return (brightness[1] + 0.05) / (brightness[0] + 0.05)


def assert_legible(theme: Theme) -> None:
    """Every pair of every scheme."""
    for scheme, colors in schemes(theme).items():
        for one, other in TEXT:
            assert ratio(colors[one], colors[other]) >= 4.5, (scheme, one, other)
        for one, other in BOUNDS:
            assert ratio(colors[one], colors[other]) >= 3, (scheme, one, other)


def test_the_ratio_is_the_one_of_wcag() -> None:
    """Two known values."""
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_text_is_legible_in_both_schemes() -> None:
    """Level AA."""
    assert_legible(Theme())


@given(st.integers(0, 0xFFFFFF))
def test_no_accent_makes_text_illegible(accent: int) -> None:
    """Its own text is black or white, and where it is text it moves as far as it must."""
    assert_legible(Theme(accent_color=f"#{accent:06x}"))


def test_an_accent_that_can_be_read_is_left_as_it_is() -> None:
    """A house's colour is its colour."""
    colors = schemes(Theme(accent_color="#3450C8"))["light"]
    assert colors["accent"].lower() == colors["link"].lower() == "#3450c8"


def test_every_color_used_is_defined_and_every_one_defined_is_used() -> None:
    """In both schemes alike."""
    response = Assets(Theme()).asset("/connect/assets/style.css")
    assert response is not None
    light, dark = schemes(Theme()).values()
    assert light.keys() == dark.keys()
    assert set(re.findall(r"var\(--([a-z-]+)\)", response.body)) == light.keys() | {"gap", "round"}


@pytest.mark.parametrize(
    "accent",
    [
        "",
        "blue",
        "#fff",
        "#12345",
        "#1234567",
        "#12345g",
        "#123456;}",
        "rgb(0,0,0)",
        "#123456\n",
        "#\uff11\uff12\uff13456",
    ],
)
def test_an_accent_is_a_color_and_nothing_else(accent: str) -> None:
    """It goes into a style sheet."""
    with pytest.raises(SettingsInvalid, match="accent_color"):
        Theme(accent_color=accent)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb", "a\u202eb"])
def test_a_service_has_a_name_that_can_be_shown(name: str) -> None:
    """It is on every page."""
    with pytest.raises(SettingsInvalid, match="service_name"):
        Theme(service_name=name)


@pytest.mark.parametrize(
    "uri", ["http://a.example/l.png", "javascript:x", "/logo.png", "https://", "https://a b/", "http://["]
)
def test_a_logo_comes_by_https(uri: str) -> None:
    """The pages' policy loads no other."""
    with pytest.raises(SettingsInvalid, match="logo_uri"):
        Theme(logo_uri=uri)
