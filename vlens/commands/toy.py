"""`vlens toy …`: the toy world's models, made again from nothing."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.errors import InputError
from vlens.commands.options import FOLDER


@click.group()
def command() -> None:
    """Make the toy world's models again, as the shipped ones were made."""


@command.command()
@click.option(
    "--output-dir", type=FOLDER, default=Path("toy-weights"), show_default=True, help="Where the weights go."
)
@click.option("--only", multiple=True, help="Name of a model to train, such as llms/olmo; may be repeated.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Models at a time.")
@click.option(
    "--cache-dir", type=FOLDER, help="Where 1.5 GB of drawn pictures are kept.  [default: temporary]"
)
@click.option("--quick", is_flag=True, help="A few steps each, only to see that everything works.")
def train(output_dir: Path, only: tuple[str, ...], jobs: int, cache_dir: Path | None, quick: bool) -> None:
    """Train all toy models from scratch; takes hours on a CPU.

    A model that is finished in the output folder is not trained again.
    """
    from data_pipeline.toy.train import artefacts
    from data_pipeline.toy.train import train as train_toy

    if unknown := set(only) - set(artefacts()):
        raise InputError(f"no toy model {min(unknown)!r}, expected one of {', '.join(artefacts())}")
    train_toy(output_dir, only or None, jobs, quick, cache_dir)
    click.echo(f"Weights in {output_dir}")
