"""`vlens train`: the connector of a study's model, from a study file with training settings."""

from __future__ import annotations

import click

from data_pipeline.errors import InputError


@click.command()
@click.argument("study")
@click.option("--model", "model_id", required=True, metavar="ID", help="Whose connector is trained.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where: a CUDA device if there is one, unless said.",
)
@click.option(
    "--dry-run", is_flag=True, help="Print what it would take; nothing is trained, written or downloaded."
)
@click.option(
    "--tokens-per-second",
    type=click.FloatRange(min=0, min_open=True),
    help="With --dry-run: the rate behind the time.  [default: this machine's matrix products]",
)
def command(study: str, model_id: str, device: str, dry_run: bool, tokens_per_second: float | None) -> None:
    """Train a connector as STUDY, a study file, says, and write it where the study looks for it.

    A training that was stopped goes on from its last checkpoint. On several GPUs:

    torchrun --nproc-per-node 4 -m vlens train STUDY --model ID
    """
    if dry_run:
        return _forecast(study, model_id, tokens_per_second)
    if tokens_per_second:
        raise InputError("--tokens-per-second is only for --dry-run: a training measures itself")
    from data_pipeline.study import load_study
    from data_pipeline.training.connector_training import train_study_model
    from data_pipeline.training.processes import Processes
    from vlens.progress import TerminalProgress

    loaded = load_study(study)
    with TerminalProgress() as progress:
        trained = train_study_model(loaded, model_id, device, progress)
    if Processes.of_environment().first:
        done = f"{trained.made_now} steps now" if trained.made_now else "nothing was left to do"
        click.echo(f"Connector in {trained.folder} after {trained.steps} steps ({done})")


def _forecast(study: str, model_id: str, tokens_per_second: float | None) -> None:
    from rich.console import Console

    from data_pipeline.forecast.matrix_rate import MatrixRate, measure_matrix_rate
    from data_pipeline.forecast.trainings import training_dry_run
    from data_pipeline.study import load_study
    from vlens.commands.training_table import print_training

    loaded = load_study(study)
    found = training_dry_run(loaded, model_id)
    rate = MatrixRate(1.0, 1.0, "") if tokens_per_second else measure_matrix_rate(loaded.dtype)
    print_training(found, tokens_per_second, rate, Console(highlight=False))
