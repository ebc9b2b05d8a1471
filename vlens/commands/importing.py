"""`vlens import …`: results of other tools, translated into the contract."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from data_pipeline.errors import InputError
from vlens.commands.options import FOLDER


@click.group()
def command() -> None:
    """Translate the results of another tool into V-Lens results."""


@command.command("vlens-json")
@click.argument("folder", type=FOLDER)
@click.option("--output", type=FOLDER, required=True, help="Where the results go: a new or empty folder.")
@click.option(
    "--model", "models", multiple=True, help="Import this model only (its id or folder); repeatable."
)
def vlens_json(folder: Path, output: Path, models: tuple[str, ...]) -> None:
    """Read FOLDER, the published study's JSON files (either shape) and images."""
    from data_pipeline.folders import check_output_folder, is_inside
    from data_pipeline.importers.vlens_json import import_vlens_json
    from vlens.progress import TerminalProgress

    check_output_folder(output, "results")
    if is_inside(output, folder):
        raise InputError(f"{output}: lies in the folder that is read, expected another one for the results")
    is_new = not output.exists()
    try:
        with TerminalProgress() as progress:
            import_vlens_json(folder, output, progress, models)
    except InputError:
        if is_new:  # what was begun is of no use: an import starts over
            shutil.rmtree(output, ignore_errors=True)
        raise
    click.echo(f"Results in {output}; look at them with: vlens build {output}")
