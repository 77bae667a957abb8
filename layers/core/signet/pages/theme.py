"""What a deployment may change about the pages, and every colour they have."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from signet.pages.color import BLACK, HEX, WHITE, mixed, readable, text_on
from signet.settings import SettingsInvalid

LIGHT = {
    "page": "#f5f6f8",
    "surface": "#ffffff",
    "raised": "#f5f6f8",
    "ink": "#12151c",
    "quiet": "#545b69",
    "line": "#e1e4ea",
    "edge": "#7d8593",
    "danger": "#a8200d",
    "danger-surface": "#fdf1ef",
    "danger-line": "#e9b4ac",
}
DARK = {
    "page": "#0d1015",
    "surface": "#161a21",
    "raised": "#1e232c",
    "ink": "#f0f2f6",
    "quiet": "#a6aebb",
    "line": "#2a303a",
    "edge": "#7b8494",
    "danger": "#ffa198",
    "danger-surface": "#2b1614",
    "danger-line": "#6f2d26",
}
"""`line` divides, `edge` bounds what can be used (3:1, WCAG 2.2 section 1.4.11), `quiet` and `danger` are text."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A deployment's name, accent colour (`#rrggbb`) and logo (https, or empty for a drawn initial).

    Raises SettingsInvalid.
    """

    service_name: str = "Signet"
    accent_color: str = "#3450c8"
    logo_uri: str = ""

    def __post_init__(self) -> None:
        name = self.service_name
        if not name.strip() or len(name) > 60 or not name.isprintable():
            raise SettingsInvalid("service_name must be 1 to 60 printable characters")
        if not HEX.fullmatch(self.accent_color):
            raise SettingsInvalid("accent_color must be #rrggbb")
        if self.logo_uri and not _https(self.logo_uri):
            raise SettingsInvalid("logo_uri must be an https URL")

    def variables(self) -> str:
        """The colours of both schemes as CSS custom properties."""
        light, dark = (_block({**palette, **_accents(self.accent_color, palette)}) for palette in (LIGHT, DARK))
        return f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def _accents(accent: str, palette: dict[str, str]) -> dict[str, str]:
    """The accent as a surface, which any colour can be, and as text and outline, which must be seen on the others."""
    on_accent = text_on(accent)
    away = BLACK if on_accent == WHITE else WHITE
    return {
        "accent": accent,
        "accent-hover": mixed(accent, away, 0.15),
        "on-accent": on_accent,
        "link": readable(accent, (palette["page"], palette["surface"], palette["raised"])),
    }


def _block(variables: dict[str, str]) -> str:
    return ":root {\n" + "".join(f"  --{name}: {value};\n" for name, value in variables.items()) + "}\n"


def _https(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and uri.isascii() and uri.isprintable() and " " not in uri
