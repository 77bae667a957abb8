"""How the pages look and feel: every one of them, in both schemes, small and large; by keyboard; in French."""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.actors import Application, Person
from tests.browser.scenes import SCENES, Stage
from tests.support.browser import NewWindow

WIDTHS = {"narrow": (375, 667), "wide": (1280, 800)}
NARROWEST = 320
"""CSS pixels at which nothing may need a second direction of scrolling (WCAG 2.2 section 1.4.10)."""

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENSHOTS = os.environ.get("SCREENSHOTS")
"""Where `make e2e` wants a picture of every page."""


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    source = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
    assert source.exists(), "axe-core is not installed: `make browser` gets it from the npm registry"
    return source.read_text(encoding="utf-8")


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds on the page as it is: the rule, and where it is broken."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe)
    found = page.evaluate(f"axe.run({{runOnly: {json.dumps(STANDARDS)}}})")
    assert found["passes"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scene", SCENES)
def test_page_is_accessible_in_both_schemes_and_fits_every_width(scene: str, stage: Stage, axe: str) -> None:
    """axe-core finds nothing; 320 pixels are wide enough; the dark scheme is dark."""
    page = stage.page
    SCENES[scene](stage)
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert is_dark(page.locator("html")) == (scheme == "dark")
        for width, (columns, rows) in WIDTHS.items():
            page.set_viewport_size({"width": columns, "height": rows})
            found += [f"{scheme} {width}: {violation}" for violation in violations(page, axe)]
            if SCREENSHOTS:
                page.screenshot(path=Path(SCREENSHOTS) / f"{scene}-{scheme}-{width}.png", full_page=True)
    assert found == []
    page.set_viewport_size({"width": NARROWEST, "height": 600})
    assert overflow(page) == 0


def overflow(page: Page) -> int:
    """CSS pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def is_dark(element: Locator) -> bool:
    """Whether the element's background is nearer to black than its text is."""
    lightness = "color => color.match(/[\\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"
    style = f"element => {{ const style = getComputedStyle(element); const lightness = {lightness};"
    return bool(element.evaluate(f"{style} return lightness(style.backgroundColor) < lightness(style.color); }}"))


def focused(page: Page) -> dict[str, str]:
    """What has the focus, and how that is shown."""
    description: dict[str, str] = page.evaluate(
        """() => {
            const element = document.activeElement, style = getComputedStyle(element);
            return {tag: element.localName, text: element.innerText || element.name || "", outline: style.outlineStyle,
                width: style.outlineWidth};
        }"""
    )
    return description


def tab_to(page: Page, text: str) -> None:
    """Press Tab until that element has the focus; every stop on the way must be seen."""
    for _ in range(20):
        stop = focused(page)
        if stop["tag"] != "body":
            assert stop["outline"] not in {"", "none"}, stop
            assert float(stop["width"].removesuffix("px")) >= 2, stop
        if stop["text"] == text:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {text}")


def test_keyboard_alone_leads_from_the_page_to_the_code(page: Page, alice: Person, bookshop: Application) -> None:
    """No mouse: the first field has the focus, Tab goes on, Enter sends, and the focus is always seen."""
    bookshop.visit(page)
    tab_to(page, "username")
    page.keyboard.type(alice.username)
    tab_to(page, "password")
    page.keyboard.type(alice.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    tab_to(page, "Allow")
    page.keyboard.press("Enter")
    bookshop.expect_signed_in(page)


def test_mistake_is_where_the_keyboard_is(page: Page, alice: Person, bookshop: Application) -> None:
    """After a wrong password the field to correct has the focus and says what was wrong with it."""
    bookshop.visit(page)
    alice.sign_in(page, password="not hers at all")
    password = page.get_by_label("Password")
    expect(password).to_be_focused()
    expect(password).to_have_accessible_description(page.get_by_role("alert").inner_text().strip())
    assert page.title().startswith("Error")


@pytest.mark.parametrize(
    ("browser_language", "ui_locales", "language"),
    [
        ("en-GB", "", "en"),
        ("fr-CA", "", "fr"),
        ("en-GB", "fr", "fr"),
        ("fr-FR", "en", "en"),
        ("en-GB", "zz fr-BE en", "fr"),
        ("ja-JP", "", "en"),
    ],
)
def test_pages_speak_the_language_that_is_asked_for(
    new_window: NewWindow,
    bookshop: Application,
    browser_language: str,
    ui_locales: str,
    language: str,
) -> None:
    """`ui_locales` of the request comes before the browser's Accept-Language; English is the last resort."""
    page = new_window(locale=browser_language).new_page()
    bookshop.visit(page, **({"ui_locales": ui_locales} if ui_locales else {}))
    assert page.locator("html").get_attribute("lang") == language
    expect(page.get_by_role("heading", level=1)).to_have_text({"en": "Sign in", "fr": "Connexion"}[language])


def test_whole_way_in_french_on_a_small_telephone(
    new_window: NewWindow, alice: Person, bookshop: Application, axe: str
) -> None:
    """No English is left on the way, the names of things excepted; French is longer, and fits."""
    page = new_window(locale="fr-FR", viewport={"width": NARROWEST, "height": 568}).new_page()
    bookshop.visit(page)
    page.get_by_label("Identifiant").fill(alice.username)
    page.get_by_label("Mot de passe").fill("pas le sien du tout")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("alert")).to_contain_text("incorrect")
    assert violations(page, axe) == []
    assert overflow(page) == 0

    page.get_by_label("Mot de passe").fill(alice.password)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("main")).to_contain_text("Voir votre adresse électronique")
    assert violations(page, axe) == []
    assert overflow(page) == 0
    page.get_by_role("button", name="Autoriser").click()
    bookshop.expect_signed_in(page)


def test_long_words_are_broken_instead_of_scrolled(stage: Stage) -> None:
    """Names that others have chosen can be of any length and without a space."""
    host = f"{'long' * 15}.example"
    client_id, _ = stage.operator.create_client(
        client_name="Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        scope=("urn:example:permission:" + "very-" * 12 + "long",),
        redirect_uris=(f"https://{host}/callback",),
        policy_uri=f"https://{host}/privacy",
    )
    someone = stage.operator.create_person("x" * 60 + "@" + host)
    stage.page.set_viewport_size({"width": NARROWEST, "height": 568})
    stage.ask(client_id=client_id, redirect_uri=f"https://{host}/callback", scope="")
    assert overflow(stage.page) == 0
    someone.sign_in(stage.page)
    expect(stage.page.get_by_role("main")).to_contain_text("very-long")
    assert overflow(stage.page) == 0
