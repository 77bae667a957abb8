"""A browser by the names its owner knows it by, as far as its `User-Agent` says (RFC 9110 section 10.1.5)."""

from markupsafe import Markup, escape

from signet.pages.wording import Wording

_BROWSERS = (
    # each names those below it too, which is how it became what it is
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)

_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def browser(text: Wording, user_agent: str) -> Markup:
    """Browser and system where both are known, else what it calls itself; which anybody can make up."""
    name, system = _named(_BROWSERS, user_agent), _named(_SYSTEMS, user_agent)
    if name and system:
        return text("account.browser", browser=name, system=system)
    return Markup("<bdi>{}</bdi>").format(escape(user_agent)) if user_agent else text("account.unknown_browser")


def _named(table: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for token, name in table if token in user_agent), "")
