"""Where a training begins: at its first step, after a checkpoint, or not at all because it is finished."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from data_pipeline.errors import InputError
from data_pipeline.training.checkpoints import TrainingFolder
from data_pipeline.training.job import TrainingJob
from data_pipeline.training.names import step_folder


def beginning(
    job: TrainingJob, folder: TrainingFolder, record: dict[str, Any], say: Callable[[str], None]
) -> tuple[int, bool]:
    """After which step a training goes on, and whether nothing is left to do.

    A finished connector is never trained over, whatever became of its checkpoints. `say` is told of those
    that are missing.

    Raises:
        InputError: the folder holds something else, or the connector is finished but its LLM is gone.
    """
    begun = folder.claim(record)
    if not folder.is_finished:
        return begun, False
    if job.llm_output and not (job.llm_output / "config.json").is_file():
        if begun == job.settings.steps:
            return begun, False  # its last checkpoint has the LLM
        raise InputError(
            f"{folder.path}: is finished, but the LLM that was trained along is neither in {job.llm_output} "
            "nor in a last checkpoint; delete the folder to train both anew"
        )
    if gone := sorted(job.checkpoints - set(folder.steps)):
        more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
        say(
            f"{folder.path}: is finished, but lacks {step_folder(gone[0])}{more}; delete the folder to train "
            "anew, with these checkpoints"
        )
    return job.settings.steps, True
