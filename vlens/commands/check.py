"""`vlens check`: what is wrong with results, or missing, in words."""

from __future__ import annotations

from pathlib import Path

import click

from vlens.commands.options import FOLDER

COMPLETE, INCOMPLETE = 0, 1


@click.command()
@click.argument("results", type=FOLDER)
@click.pass_context
def command(ctx: click.Context, results: Path) -> None:
    """Say what is wrong with RESULTS or missing.

    Exit code 0: complete, but for what the manifest itself declares absent. 1: something is wrong or missing.
    2: this is not a readable results folder.
    """
    from data_pipeline.integrity import inspect

    report = inspect(results)
    click.echo(report.summary)
    for line in report.declared:
        click.echo(f"declared absent: {line}")
    for line in report.problems:
        click.echo(f"problem: {line}")
    click.echo("incomplete" if report.problems else "complete")
    ctx.exit(INCOMPLETE if report.problems else COMPLETE)
