"""Colours, and whether one can be read on another (WCAG 2.2, relative luminance and contrast ratio)."""

import re
from collections.abc import Iterable

AA = 4.5
"""The ratio that level AA asks of text (WCAG 2.2 section 1.4.3)."""

HEX = re.compile(r"#[0-9a-fA-F]{6}")
BLACK, WHITE = "#000000", "#ffffff"


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours `#rrggbb`, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_on(background: str) -> str:
    """White, or black where white cannot be read; one of the two always reaches 4.58."""
    return WHITE if contrast(WHITE, background) >= AA else BLACK


def mixed(color: str, other: str, share: float) -> str:
    """The colour with a share, 0 to 1, of another in it."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(own * (1 - share) + its * share):02x}" for own, its in pairs)


def readable(color: str, backgrounds: Iterable[str]) -> str:
    """The colour, moved towards black or white only as far as text of it can be read on every one of these."""
    grounds = tuple(backgrounds)
    end = max(BLACK, WHITE, key=lambda pole: min(contrast(pole, ground) for ground in grounds))
    shades = (mixed(color, end, step / 20) for step in range(20))
    return next((shade for shade in shades if all(contrast(shade, ground) >= AA for ground in grounds)), end)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in _channels(color))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
