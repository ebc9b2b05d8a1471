"""A training on disk: its record, and a folder for each checkpoint, which is a connector like any other.

    CONNECTOR/training.json            what is being trained, from what, with which settings
    CONNECTOR/losses.parquet           a row for each step
    CONNECTOR/step-000500/             config.json, model.safetensors (and llm/, if it is trained too)
    CONNECTOR/step-000500/resume/      what the training goes on from; only in the last checkpoint
    CONNECTOR/config.json, …           the trained connector, when all steps are done

A checkpoint's folder gets its name when all of it is on disk. Nothing is ever unpickled.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from data_pipeline.errors import InputError
from data_pipeline.folder_lock import written_by_one
from data_pipeline.folders import check_output_folder
from data_pipeline.language_models import loadable
from data_pipeline.store import write_atomically
from data_pipeline.training.names import STEP_FOLDER, step_folder
from data_pipeline.training.settings import FREE_TO_CHANGE

RECORD = "training.json"
_RESUME, _STATE, _OPTIMIZER = "resume", "state.json", "optimizer.safetensors"
_PARTIAL = ".partial"
_PURPOSE = "a connector and its checkpoints"
_HASHED = {
    "llm": "weights of the LLM",
    "vision_encoder": "weights of the vision encoder",
    "image_ids": "images",
    "image_contents": "images",
    "captions": "captions",
}
_OS_ERROR = re.compile(r"os error (\d+)")


@dataclass(frozen=True)
class TrainingFolder:
    """The folder of a connector that is being trained; one process writes."""

    path: Path

    def claim(self, record: dict[str, Any]) -> int:
        """Make the folder this training's, and say after which step it goes on (0: from the beginning).

        Raises:
            InputError: the folder holds something else, or a training with other settings.
        """
        check_output_folder(self.path, _PURPOSE)
        file = self.path / RECORD
        if file.is_file():
            _check_same(self.path, read_record(file), record)
        elif self.path.is_dir() and any(entry.suffix != _PARTIAL for entry in self.path.iterdir()):
            raise InputError(
                f"{self.path}: holds files that are not of a training; nothing was written, "
                "name another folder for the connector"
            )
        write_atomically(file, record_bytes(record))
        for leftover in self.path.glob(f"step-*{_PARTIAL}"):
            shutil.rmtree(leftover)
        return max((step for step in self.steps if self._can_resume(step)), default=0)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other processes of this machine from training into the folder; a killed one lets go.

        Raises:
            InputError: another one is at it.
        """
        check_output_folder(self.path, _PURPOSE)
        with written_by_one(self.path, "vlens train"):
            yield

    @property
    def steps(self) -> list[int]:
        """Checkpoints that are whole, ascending."""
        found = (STEP_FOLDER.fullmatch(entry.name) for entry in self.path.iterdir() if entry.is_dir())
        return sorted(int(match[1]) for match in found if match)

    def save(
        self, step: int, write_model: Callable[[Path], None], optimizer: Callable[[], dict[str, Tensor]]
    ) -> None:
        """Write the checkpoint of `step`; what earlier ones kept for going on is then deleted."""
        target = self.path / step_folder(step)
        partial = target.with_name(target.name + _PARTIAL)
        try:
            (partial / _RESUME).mkdir(parents=True, exist_ok=True)
            with told_as_os_error(target):
                write_model(partial)
                save_file(_on_cpu(optimizer()), partial / _RESUME / _OPTIMIZER)
            (partial / _RESUME / _STATE).write_text(json.dumps({"step": step}) + "\n")
            _sync(partial)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        if target.exists():  # of a training that begins anew because a later checkpoint was deleted
            shutil.rmtree(target)
        partial.rename(target)
        for other in self.steps:
            if other != step:
                shutil.rmtree(self.path / step_folder(other) / _RESUME, ignore_errors=True)

    def keep_only(self, steps: Set[int]) -> None:
        """Delete the checkpoints of other steps, which were written because a training was stopped."""
        for step in self.steps:
            if step not in steps:
                shutil.rmtree(self.path / step_folder(step), ignore_errors=True)

    def optimizer_tensors(self, step: int) -> dict[str, Tensor]:
        """What `save` kept of the optimizer; raises `InputError` where it cannot be read."""
        file = self.path / step_folder(step) / _RESUME / _OPTIMIZER
        with loadable(file):
            return load_file(file)

    def finish(self, step: int) -> None:
        """Put the connector of `step` where the study looks for it, configuration last."""
        for name in ("model.safetensors", "config.json"):
            partial = self.path / (name + _PARTIAL)
            shutil.copyfile(self.path / step_folder(step) / name, partial)
            _sync_file(partial)
            partial.replace(self.path / name)

    @property
    def is_finished(self) -> bool:
        """Whether the trained connector is where the study looks for it."""
        return (self.path / "config.json").is_file()

    def _can_resume(self, step: int) -> bool:
        return (self.path / step_folder(step) / _RESUME / _STATE).is_file()


def read_record(file: Path) -> dict[str, Any]:
    """The record of a training; `InputError` where the file is something else."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: cannot be read as the record of a training ({error})") from error
    if not isinstance(record, dict) or not {"settings", "inputs"} <= set(record):
        raise InputError(f"{file}: is not the record of a training by vlens train; name another folder")
    return record


def put_folder(source: Path, target: Path) -> None:
    """Copy a folder so that `target` is whole as soon as it has its name; an earlier one is replaced."""
    partial = target.with_name(target.name + _PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial)
    _sync(partial)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


@contextmanager
def told_as_os_error(path: Path) -> Iterator[None]:
    """Turns safetensors' word for a full disk and the like into the `OSError` that it was, about `path`."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error
    except SafetensorError as error:
        number = _OS_ERROR.search(str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from error


def record_bytes(record: dict[str, Any]) -> bytes:
    """A record as files keep it."""
    return json.dumps(record, indent=1).encode() + b"\n"


def _check_same(folder: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
    for part in ("settings", "inputs"):
        for key in sorted({*old[part], *new[part]} - FREE_TO_CHANGE):
            before, now = (json.loads(json.dumps(record[part].get(key))) for record in (old, new))
            if before != now:
                what = f"{key} {json.dumps(before)}, now it is {json.dumps(now)}"
                what = f"other {_HASHED[key]} than now" if key in _HASHED else what
                raise InputError(
                    f"{folder}: holds a training with {what}; go on with what it was, or train into another "
                    "folder"
                )


def _on_cpu(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            _sync_file(path)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
