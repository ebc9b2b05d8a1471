"""`vlens schema`: the data contract in words."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Print the format of a results folder (docs/data-format.md)."""
    from vlens.data_format import markdown

    click.echo(markdown(), nl=False)
