"""`vlens import …`: results and weights of other tools, translated into V-Lens's own formats."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from data_pipeline.errors import InputError
from vlens.commands.options import FOLDER


@click.group()
def command() -> None:
    """Translate results or connectors of another tool."""


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


@command.command("connector")
@click.argument("file", type=FOLDER)
@click.option("--output", type=FOLDER, required=True, help="Where the connector goes: a new or empty folder.")
@click.option("--config", type=FOLDER, help="The training's config.  [default: config.yaml beside FILE]")
@click.option("--prefix", help="Text before the image.  [default: the tokenizer's begin-of-text token]")
def connector(file: Path, output: Path, config: Path | None, prefix: str | None) -> None:
    """Read FILE, a connector that the published study released (model.pt or connector.pt).

    Its tensors are read without running anything that a pickle can hold, checked against the training's
    config, and written as safetensors, as a study file's key "connector" expects them.

    The config needs, below "model": d_model, image_projector (mlp or linear), mlp_hidden_size and
    activation_type (both of mlp alone), vit_layers, vision_backbone.image_num_layers,
    vision_backbone.image_emb_dim, additional_vocab_size and tokenizer.identifier; image_padding_embed where
    padding was trained. All else may be missing.
    """
    from data_pipeline.importers.released_connectors import import_connector

    if output.is_dir() and any(output.iterdir()):
        raise InputError(f"{output}: is not empty, expected a new or empty folder for the connector")
    if output.exists() and not output.is_dir():
        raise InputError(f"{output}: is a file, expected a new or empty folder for the connector")
    released = import_connector(file, config, prefix)
    released.connector.save_pretrained(output)
    said = released.connector.config
    click.echo(
        f"Connector in {output}: {said.kind}, {said.in_features} to {said.out_features}, encoder blocks "
        f"{' and '.join(map(str, said.vision_blocks))}"
    )
    if released.language_model:
        click.echo("The file also holds a language model, which was not read; a study file names its LLM.")
