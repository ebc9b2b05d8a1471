"""`vlens run`: a study in, results out."""

from __future__ import annotations

from pathlib import Path

import click

from vlens.commands.options import COUNT, FOLDER, no_ablations_option, run_command_line


@click.command()
@click.argument("study")
@click.option("--results", type=FOLDER, help="Where the results go.  [default: results/<study>]")
@click.option("--num-images", type=COUNT, help="How many images.  [default: all]")
@no_ablations_option
def command(study: str, results: Path | None, num_images: int | None, no_ablations: bool) -> None:
    """Compute STUDY, a shipped study's name or a study file, into Parquet tables.

    A run that was stopped goes on where it was; what has been computed is not computed again.
    """
    from data_pipeline.run import run_study
    from data_pipeline.study import load_study
    from vlens.progress import TerminalProgress

    loaded = load_study(study)
    folder = results or Path("results") / loaded.id
    with TerminalProgress() as progress:
        run_study(
            loaded,
            folder,
            num_images=num_images,
            ablations=not no_ablations,
            progress=progress,
            command=run_command_line(study, num_images, no_ablations),
        )
    click.echo(f"Results in {folder}; look at them with: vlens build {folder}")
