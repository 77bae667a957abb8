"""Asking before something is lost."""

import sys

import typer


def confirmed(question: str) -> bool:
    """Whether the answer is yes. Standard output is left to what was asked for; no answer is a no."""
    typer.echo(f"{question} [y/N] ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
