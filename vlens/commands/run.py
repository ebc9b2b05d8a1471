"""`vlens run`: a study in, results out."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.errors import InputError
from vlens.commands.options import COUNT, FOLDER, no_ablations_option, run_command_line


@click.command()
@click.argument("study")
@click.option("--results", type=FOLDER, help="Where the results go.  [default: results/<study>]")
@click.option("--num-images", type=COUNT, help="How many images.  [default: all]")
@no_ablations_option
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print what would run and what it would take; nothing is computed or downloaded.",
)
@click.option(
    "--tokens-per-second",
    type=click.FloatRange(min=0, min_open=True),
    help="With --dry-run: the largest model's rate.  [default: this machine's matrix products]",
)
def command(
    study: str,
    results: Path | None,
    num_images: int | None,
    no_ablations: bool,
    dry_run: bool,
    tokens_per_second: float | None,
) -> None:
    """Compute STUDY, a shipped study's name or a study file, into Parquet tables.

    A run that was stopped goes on where it was; what has been computed is not computed again.
    """
    if dry_run:
        return _forecast(study, num_images, no_ablations, tokens_per_second)
    if tokens_per_second:
        raise InputError("--tokens-per-second is only for --dry-run: a run measures itself")
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


def _forecast(
    study: str, num_images: int | None, no_ablations: bool, tokens_per_second: float | None
) -> None:
    from rich.console import Console

    from data_pipeline.forecast.dry_run import dry_run
    from data_pipeline.forecast.matrix_rate import MatrixRate, measure_matrix_rate
    from data_pipeline.study import load_study
    from vlens.commands.forecast_tables import print_forecast

    loaded = load_study(study)
    found = dry_run(loaded, num_images, ablations=not no_ablations)
    measured = None if tokens_per_second else measure_matrix_rate(loaded.dtype)
    rates = measured or MatrixRate(1.0, 1.0, "")
    print_forecast(found, tokens_per_second, rates, Console(highlight=False))
