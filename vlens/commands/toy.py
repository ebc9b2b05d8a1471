"""`vlens toy …`: the toy world's models, made again from nothing."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import click

from data_pipeline.errors import InputError
from vlens.commands.options import COUNT, FOLDER

MARKER = ".vlens-toy-weights"
"""Lies in a folder that `vlens toy train` began: it alone may be written over."""
_RECORDS = "training.json"


@click.group()
def command() -> None:
    """Make the toy world's models again, as the shipped ones were made."""


@command.command()
@click.option(
    "--output-dir", type=FOLDER, default=Path("toy-weights"), show_default=True, help="Where the weights go."
)
@click.option("--only", multiple=True, help="Name of a model to train, such as llms/olmo; may be repeated.")
@click.option("--jobs", type=COUNT, default=2, show_default=True, help="Models at a time.")
@click.option(
    "--cache-dir", type=FOLDER, help="Where 1.8 GB of drawn pictures are kept.  [default: temporary]"
)
@click.option("--quick", is_flag=True, help="A few steps each, only to see that everything works.")
def train(output_dir: Path, only: tuple[str, ...], jobs: int, cache_dir: Path | None, quick: bool) -> None:
    """Train all toy models from scratch; takes hours on a CPU.

    A model that is finished in the output folder is not trained again. Connectors are trained as by vlens
    train, with the toy study's settings; their checkpoints and losses stay in the folder "trainings" there.
    """
    from data_pipeline.folders import check_output_folder
    from data_pipeline.toy.train import artefacts
    from data_pipeline.toy.train import train as train_toy

    if unknown := set(only) - set(artefacts()):
        raise InputError(f"no toy model {min(unknown)!r}, expected one of {', '.join(artefacts())}")
    check_output_folder(output_dir, "weights")
    if cache_dir is not None:
        check_output_folder(cache_dir, "drawn pictures")
    claim(output_dir, artefacts())
    train_toy(output_dir, only or None, jobs, quick, cache_dir)
    click.echo(f"Weights in {output_dir}")


def claim(output_dir: Path, names: Collection[str]) -> None:
    """Mark `output_dir` as a folder of toy weights.

    Raises:
        InputError: it holds files, and `vlens toy train` did not make them.
    """
    if (output_dir / MARKER).is_file():
        return
    if output_dir.is_dir() and any(output_dir.iterdir()):
        if _has_records(output_dir / _RECORDS, names):
            return
        raise InputError(f"{output_dir}: holds files that are not toy weights; nothing was written")
    output_dir.mkdir(parents=True, exist_ok=True)
    (output_dir / MARKER).write_text("Toy weights; vlens toy train writes over them\n", encoding="utf-8")


def _has_records(path: Path, names: Collection[str]) -> bool:
    """Whether `path` is what a finished training writes: a record for each model."""
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(records, dict) and bool(records) and set(records) <= set(names)
