"""A template that has been compiled ahead is the template."""

import traceback
from pathlib import Path

import pytest
from jinja2 import Environment, ModuleLoader, UndefinedError

from signet.pages import rendering
from signet.pages.pages import Pages
from signet.pages.theme import Theme
from tests.unit.pages.rendered import every_page

THEME = Theme(service_name="Example")
FROM_SOURCE = rendering.environment()
PAGES = every_page("<b>", pages=Pages(THEME))


@pytest.fixture(autouse=True)
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The environment of a library whose templates the build has compiled, beside that of its source."""
    FROM_SOURCE.compile_templates(tmp_path, zip=None, ignore_errors=False)
    monkeypatch.setattr(rendering, "COMPILED", tmp_path)
    environment = rendering.environment()
    assert isinstance(environment.loader, ModuleLoader)
    return environment


def test_a_compiled_page_is_the_page() -> None:
    """In every state, headers included."""
    assert every_page("<b>", pages=Pages(THEME)) == PAGES


def test_a_defect_in_a_compiled_template_is_where_its_source_has_it(compiled: Environment) -> None:
    """A missing value is never an empty place, and the operator's log names the page and its line."""
    found = places(compiled)
    assert found == places(FROM_SOURCE)
    assert "error.html" in [Path(filename).name for filename, _, _ in found]


def places(environment: Environment) -> list[tuple[str, int | None, str]]:
    """The traceback of a page that nobody gives any value."""
    with pytest.raises(UndefinedError) as failure:
        environment.get_template("error.html").render()
    frames = traceback.extract_tb(failure.value.__traceback__)
    return [(frame.filename, frame.lineno, frame.name) for frame in frames]
