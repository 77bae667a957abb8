"""The pages that are built: of templates that the build has compiled, each as its source would be."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.warm_process import environment
from signet.pages import rendering
from signet.pages.locales import LOCALES
from tests.support.built import BUILT, ROOT, python313
from tests.unit.pages.rendered import every_page

pytestmark = pytest.mark.built

COMPILED = BUILT / "CoreLayer" / "python" / "signet" / "pages" / "compiled"

HOSTILE = "\"'><script>alert(1)</script>{{ 7 * 7 }} \u202e&amp;"

RENDER = """
import json, sys
from signet.pages import rendering
from tests.unit.pages.rendered import every_page
assert rendering.COMPILED.is_dir()
found = {locale: every_page(sys.argv[1], locale) for locale in sys.argv[2:]}
print(json.dumps({
    locale: {state: [page.status, dict(page.headers), page.body] for state, page in pages.items()}
    for locale, pages in found.items()
}))
"""


def test_each_module_is_what_its_template_compiles_to(tmp_path: Path) -> None:
    """As many as there are templates, of the Jinja that is pinned, with the settings that are rendered by."""
    rendering.environment().compile_templates(tmp_path, zip=None, ignore_errors=False)
    assert modules(COMPILED) == modules(tmp_path)


def modules(folder: Path) -> dict[str, str]:
    """The source of each module in a folder."""
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}


def test_every_page_is_the_same_as_of_its_template() -> None:
    """In each of its states and languages, with markup wherever it repeats what it was given."""
    of_templates = {
        locale: {
            state: [page.status, dict(page.headers), page.body] for state, page in every_page(HOSTILE, locale).items()
        }
        for locale in LOCALES
    }
    assert of_modules(HOSTILE, *LOCALES) == of_templates


def of_modules(word: str, *locales: str) -> Any:
    """Every page as the built library renders it, in the functions' Python."""
    run = subprocess.run(
        [python313(), "-c", RENDER, word, *locales],
        cwd=ROOT,
        env=environment({}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(run.stdout)
