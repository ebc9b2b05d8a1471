"""`vlens index import` and `vlens index export`: text indexes of LatentLens read and written."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.errors import InputError, printable
from vlens.commands.index_options import device_option, dtype_option
from vlens.commands.options import FOLDER


@click.command("import")
@click.argument("folder", type=FOLDER)
@click.option(
    "--model",
    required=True,
    help="Whose hidden states these are: a folder or a Hub name. The files do not prove it.",
)
@click.option("--output", type=FOLDER, required=True, help="Where the index goes: a new or empty folder.")
@click.option("--layers", help="Import these text layers alone, such as 8,16,24.  [default: all]")
@click.option(
    "--compare", is_flag=True, help="Load the model, let it read some sentences, refuse what is not its own."
)
@dtype_option
@device_option
def import_index(
    folder: Path, model: str, output: Path, layers: str | None, compare: bool, dtype: str, device: str
) -> None:
    """Read FOLDER, an index that LatentLens saved or that the published study's extractors wrote.

    Its pickles are read without running what they can hold. The model's width and tokenizer must fit; that
    its weights are those that made the vectors is taken from you, and results say so, unless you --compare.
    """
    from data_pipeline.folders import check_output_folder
    from data_pipeline.importers.latentlens import import_index as import_folder
    from data_pipeline.text_index.language import load_speaker, stated_model
    from vlens.progress import TerminalProgress

    wanted = _numbers(layers)
    check_output_folder(output, "a text index")
    stated = stated_model(model)
    with TerminalProgress() as progress:
        speak = (lambda: load_speaker(model, dtype, device).language) if compare else None
        found = import_folder(folder, stated, output, wanted, progress, speak)
    for note in found.notes:
        click.echo(note)
    if found.said_model:
        click.echo(f"The folder's own metadata calls its model {printable(found.said_model)}")
    numbers = ", ".join(map(str, found.layers))
    how = "as you state" if found.cosine is None else f"whose own states have a cosine of {found.cosine:.3f}"
    click.echo(f"Text index in {output}: {found.contexts} contexts, text layers {numbers}")
    click.echo(f"It is of {stated.name}, {how}")


def _numbers(text: str | None) -> set[int] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if wrong := [name for name in names if not name.isdecimal()]:
        raise InputError(f"--layers: {wrong[0]!r}, expected numbers such as 8,16,24")
    return set(map(int, names))


@click.command("export")
@click.argument("folder", type=FOLDER)
@click.option("--output", type=FOLDER, required=True, help="Where to: a new or empty folder.")
@click.option(
    "--dtype",
    type=click.Choice(["float16", "float32"]),
    default="float16",
    show_default=True,
    help="Of the vectors, which take 2 or 4 bytes a number there.",
)
@click.option(
    "--model",
    help="Write tokens as this model's tokenizer decodes them.  [default: as they stand in their sentence]",
)
def export_index(folder: Path, output: Path, dtype: str, model: str | None) -> None:
    """Write the index in FOLDER so that LatentLens loads it: ContextualIndex.from_directory(OUTPUT)."""
    from data_pipeline.text_index.exporting import export_index as export_folder
    from data_pipeline.text_index.index import TextIndex
    from data_pipeline.text_index.language import stated_model
    from vlens.progress import TerminalProgress

    stated = stated_model(model) if model else None
    index = TextIndex.load(folder, stated.hash if stated else None)
    with TerminalProgress() as progress:
        export_folder(
            index,
            output,
            "float32" if dtype == "float32" else "float16",
            stated.tokenizer if stated else None,
            progress,
        )
    click.echo(f"{len(index)} vectors of {len(index.layers)} text layers in {output}")
