"""Jinja as the pages use it: the same where the build compiles the templates and where they are rendered."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, ModuleLoader, StrictUndefined, Template

TEMPLATES = Path(__file__).parent / "templates"

COMPILED = Path(__file__).parent / "compiled"
"""Where the build leaves a module for each template, in the place of them all."""


def environment() -> Environment:
    """All that Jinja compiles into a template is said here; what templates call is the caller's to add."""
    return Environment(
        loader=_Compiled(COMPILED) if COMPILED.is_dir() else FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class _Compiled(ModuleLoader):
    """The templates that the build has compiled."""

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - the name that Jinja has for it
    ) -> Template:
        """As BaseLoader.load; a traceback, whose lines are the template's, also names it and not the module."""
        template = super().load(environment, name, globals)
        template.filename = str(TEMPLATES / name)
        return template
