"""`vlens train`: the connector of a study's model, from a study file with training settings."""

from __future__ import annotations

import click


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
def command(study: str, model_id: str, device: str) -> None:
    """Train a connector as STUDY, a study file, says, and write it where the study looks for it.

    A training that was stopped goes on from its last checkpoint. On several GPUs:

    torchrun --nproc-per-node 4 -m vlens train STUDY --model ID
    """
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
