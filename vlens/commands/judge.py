"""`vlens judge …`: cells are drawn, shown to a judge, and its verdicts counted. Each step is a module."""

from __future__ import annotations

from importlib.util import find_spec

import click

from vlens.cli import LazyGroup

_STEPS = ("plan", "run", "show", "ask", "import", "agree")


@click.group(
    cls=LazyGroup,
    modules={
        step: f"vlens.commands.judge_{step}" for step in _STEPS if find_spec(f"vlens.commands.judge_{step}")
    },
)
def command() -> None:
    """Ask a judge, a model or people, whether neighbours are about their patch."""
