"""`vlens judge …`: cells are drawn, shown to a judge, and its verdicts counted. Each step is a module."""

from __future__ import annotations

import click

from vlens.cli import LazyGroup


@click.group(
    cls=LazyGroup,
    modules={
        "plan": "vlens.commands.judge_plan",
        "run": "vlens.commands.judge_run",
        "ask": "vlens.commands.judge_ask",
        "import": "vlens.commands.judge_import",
        "show": "vlens.commands.judge_show",
        "agree": "vlens.commands.judge_agree",
    },
)
def command() -> None:
    """Ask a judge, a model or people, whether neighbours are about their patch."""
