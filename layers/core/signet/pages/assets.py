"""The style sheet, the script and the drawn initial that the pages refer to, served by the service itself."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from markupsafe import Markup

from signet.http import STRICT_TRANSPORT_SECURITY, HttpResponse
from signet.pages.color import text_on
from signet.pages.theme import Theme

_FOLDER = Path(__file__).parent / "static"
_PREFIX = "/connect/assets/"

STYLE, SCRIPT, ICON = "style.css", "form_post.js", "icon.svg"
ASSET_PATHS = tuple(_PREFIX + name for name in (STYLE, SCRIPT, ICON))

_ICON = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="{fill}"/>'
    '<text x="16" y="22" font-family="system-ui, sans-serif" font-size="17" font-weight="600" text-anchor="middle"'
    ' fill="{ink}">{initial}</text></svg>\n'
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served. `version` is derived from its content."""

    media_type: str
    content: str
    version: str


class Assets:
    """The assets in a theme."""

    def __init__(self, theme: Theme) -> None:
        style = theme.variables() + (_FOLDER / STYLE).read_text(encoding="utf-8")
        script = (_FOLDER / SCRIPT).read_text(encoding="utf-8")
        self._assets = {
            _PREFIX + STYLE: _asset("text/css", style),
            _PREFIX + SCRIPT: _asset("text/javascript", script),
            _PREFIX + ICON: _asset("image/svg+xml", _icon(theme)),
        }

    def href(self, name: str) -> str:
        """The address of an asset, which changes with its content."""
        return f"{_PREFIX}{name}?v={self._assets[_PREFIX + name].version}"

    def asset(self, path: str, query: str = "", if_none_match: str = "") -> HttpResponse | None:
        """The asset at a path, None where there is none; 304 where the browser holds it (RFC 9110 section 13.1.2).

        Only the address with the present version may be kept for good: while a release spreads, the new pages' address
        can still meet the old asset.
        """
        asset = self._assets.get(path)
        if asset is None:
            return None
        etag = f'"{asset.version}"'
        current = query == f"v={asset.version}"
        headers = {
            "Content-Type": f"{asset.media_type}; charset=utf-8",
            "Cache-Control": "public, max-age=31536000, immutable" if current else "public, no-cache",
            "ETag": etag,
            "X-Content-Type-Options": "nosniff",
            "Strict-Transport-Security": STRICT_TRANSPORT_SECURITY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        }
        held = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        if held & {etag, "*"}:
            del headers["Content-Type"]
            return HttpResponse(304, headers)
        return HttpResponse(200, headers, asset.content)


def _asset(media_type: str, content: str) -> Asset:
    return Asset(media_type, content, sha256(content.encode()).hexdigest()[:16])


def _icon(theme: Theme) -> str:
    """The service's initial on its accent colour: the tab's icon, and the logo where none is configured."""
    ink = text_on(theme.accent_color)
    return _ICON.format(fill=theme.accent_color, ink=ink, initial=theme.service_name.strip()[0].upper())
