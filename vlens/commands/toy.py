"""`vlens toy …`: the toy world's models, made again from nothing."""

from __future__ import annotations

from pathlib import Path

import click

from vlens.commands.options import FOLDER


@click.group()
def command() -> None:
    """Make the toy world's models again; the shipped ones were made so."""


@command.command()
@click.option("--output", type=FOLDER, required=True, help="Where the weights go: a new or empty folder.")
def train(output: Path) -> None:
    """Train all toy models from scratch (hours on a CPU)."""
    from data_pipeline.toy.train import train_toy
    from vlens.progress import TerminalProgress

    with TerminalProgress() as progress:
        train_toy(output, progress)
    click.echo(f"Weights in {output}")
