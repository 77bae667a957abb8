"""A real browser: Chromium driven by Playwright, which reaches nothing but this machine."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
_MISSING = "there is no Chromium here: `make browser` installs Debian's, CHROMIUM=/path/to/chromium names another"
_PATIENCE = 20_000
"""Milliseconds that a page may take; a function's first answer includes its start."""

NewWindow = Callable[..., "BrowserContext"]
"""Opens a window with a profile of its own; the options are those of Playwright's new_context."""


def chromium_path() -> str | None:
    """Where Chromium is, None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """The browser. Where it is not installed its tests are skipped."""
    path = chromium_path()
    if path is None:
        pytest.skip(_MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser complains of: a breach of a Content-Security-Policy, an exception in a script.

    No page may give it reason to. A test of an attack, which does, takes out what it expects.
    """
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def new_window(chromium: "Browser", complaints: list[str]) -> Iterator[NewWindow]:
    """Windows of this test."""
    windows: list[BrowserContext] = []

    def heard(message: "ConsoleMessage") -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:  # a status is what tests assert
            complaints.append(message.text)

    def opened(**options: Any) -> "BrowserContext":
        window = chromium.new_context(**{"locale": "en-GB", **options})
        window.set_default_timeout(_PATIENCE)
        window.on("console", heard)
        window.on("weberror", lambda error: complaints.append(str(error.error)))
        windows.append(window)
        return window

    yield opened
    for window in windows:
        with suppress(Exception):  # a test that failed may have lost it
            window.close()


@pytest.fixture
def page(new_window: NewWindow) -> "Page":
    """A tab of a fresh window."""
    return new_window().new_page()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that needs the browser."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why, in one line, where the browser's tests could not run."""
    if any(_MISSING in str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())):
        terminalreporter.write_line(f"Browser tests were skipped: {_MISSING}", yellow=True)
