"""Makes all toy models again from nothing: fixed seeds, fixed steps, one folder per artefact.

An artefact is finished when its folder holds `training.json`, which is written last; what is finished is
skipped, so an interrupted run goes on where it stopped. Each record has the seconds that its training took.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from data_pipeline.encoders import VisionEncoder
from data_pipeline.image_sources import SourceImage, ToyScenes
from data_pipeline.study import Study, load_study
from data_pipeline.toy.connector_models import quick, train_connector_model
from data_pipeline.toy.kept_scenes import KeptScenes
from data_pipeline.toy.language_models import FAMILIES, build_language_model, train_language_model
from data_pipeline.toy.off_the_shelf import build_llava, llava_losses, save_llava, train_llava
from data_pipeline.toy.pictures import Pictures, load_pictures
from data_pipeline.toy.schedule import Schedule, Trainer, record_json, write_json
from data_pipeline.toy.shipped_study import composed_models, toy_study
from data_pipeline.toy.tokenizer import build_tokenizer
from data_pipeline.toy.vision_encoders import (
    build_vision_encoder,
    next_loss,
    picture_batches,
    save_vision_encoder,
    trainable,
)

SCENE_SEED = 0
WEIGHTS = Path(__file__).with_name("weights")
_RECORD = "training.json"


@dataclass(frozen=True)
class Run:
    """Where a run writes and how much it does; a quick one only shows that everything works."""

    output_dir: Path
    cache_dir: Path
    quick: bool

    @property
    def train_scenes(self) -> int:
        """Scenes that language models and encoders learn from."""
        return 64 if self.quick else 10_000

    @property
    def kept_scenes(self) -> int:
        """Scenes whose pictures are kept: connectors learn from all of the split."""
        return 64 if self.quick else len(ToyScenes("train", SCENE_SEED))

    def tune(self) -> list[SourceImage]:
        """Scenes that the recorded losses are measured on."""
        source = ToyScenes("tune", SCENE_SEED)
        return [source[index] for index in range(8 if self.quick else 200)]

    @property
    def study(self) -> Study:
        """The toy study over the folder that is being written."""
        study = toy_study(self.output_dir)
        return quick(study) if self.quick else study

    def steps(self, full: int) -> int:
        """Steps of a training that takes `full` of them."""
        return min(full, 6) if self.quick else full

    def pictures(self) -> Pictures:
        """The arrays of the scenes that are kept, drawn on first use."""
        return load_pictures(self.cache_dir, SCENE_SEED, "train", self.kept_scenes)

    def scenes(self) -> KeptScenes:
        """The images that connectors learn from."""
        return KeptScenes(SCENE_SEED, self.pictures().pixels)

    def record(self, name: str) -> Path:
        """The file whose presence marks an artefact as finished."""
        return self.output_dir / name / _RECORD


@dataclass(frozen=True)
class Artefact:
    """A folder of weights: how it is made and what must be finished before."""

    name: str
    needs: tuple[str, ...]
    make: Callable[[Run, str], None]


def artefacts() -> dict[str, Artefact]:
    """All of them by name, in an order that respects what they need."""
    found = [Artefact(f"llms/{family}", (), _make_language_model) for family in FAMILIES]
    found += [Artefact(f"encoders/{family}", (), _make_vision_encoder) for family in ("clip", "siglip")]
    found.append(Artefact("encoders/dinov2", ("encoders/clip",), _make_vision_encoder))
    study = load_study("toy")
    for model in composed_models(study):
        start = (model.training and model.training.unfreeze) or model.llm
        needs = (f"llms/{start}", f"encoders/{model.vision_encoder}")
        found.append(Artefact(f"connectors/{model.id}", needs, _make_connector))
    found.append(Artefact("vlms/llava", ("llms/llama", "encoders/clip"), _make_llava))
    return {artefact.name: artefact for artefact in found}


def train(
    output_dir: Path | str = WEIGHTS,
    only: Iterable[str] | None = None,
    jobs: int = 2,
    quick: bool = False,
    cache_dir: Path | str | None = None,
) -> dict[str, dict[str, Any]]:
    """Makes what is missing of `only` (artefact names; default all) and returns the records by name.

    `jobs` artefacts are made at a time, each on one core. `cache_dir` keeps the drawn pictures, 1.8 GB.
    """
    known = artefacts()
    wanted = list(known) if only is None else list(only)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"unknown artefacts: {', '.join(unknown)}; known: {', '.join(known)}")
    cache = Path(cache_dir) if cache_dir else Path(tempfile.gettempdir()) / "vlens-toy-pictures"
    run = Run(Path(output_dir), cache, quick)
    run.pictures()
    _make_all(
        run, [known[name] for name in _with_needs(wanted, known) if not run.record(name).exists()], jobs
    )
    return gather_records(run.output_dir)


def gather_records(output_dir: Path) -> dict[str, dict[str, Any]]:
    """Collects the artefacts' records in one `training.json`."""
    names = [name for name in artefacts() if (output_dir / name / _RECORD).exists()]
    records = {name: json.loads((output_dir / name / _RECORD).read_text()) for name in names}
    write_json(output_dir / _RECORD, records)
    return records


def _with_needs(wanted: list[str], known: dict[str, Artefact]) -> list[str]:
    """The wanted artefacts and all that they need, in the order of `known`."""
    chosen = set(wanted)
    while more := {need for name in chosen for need in known[name].needs} - chosen:
        chosen |= more
    return [name for name in known if name in chosen]


def _make_all(run: Run, missing: list[Artefact], jobs: int) -> None:
    """Starts each artefact as soon as its needs are finished and a place is free."""
    waiting = list(missing)
    if jobs == 1:
        for artefact in waiting:
            _make(artefact, run)
        return
    running: dict[Future[None], str] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        jobs, mp_context=context, initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        while waiting or running:
            for artefact in [
                item for item in waiting if all(run.record(need).exists() for need in item.needs)
            ]:
                if len(running) < jobs:
                    running[pool.submit(_make, artefact, run)] = artefact.name
                    waiting.remove(artefact)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                running.pop(future)
                future.result()


def _make(artefact: Artefact, run: Run) -> None:
    print(f"{artefact.name}: training", flush=True)
    artefact.make(run, artefact.name)


def _make_language_model(run: Run, name: str) -> None:
    family = Path(name).name
    seed = 1 + list(FAMILIES).index(family)
    tokenizer, trainer = build_tokenizer(), Trainer(name)
    model = build_language_model(family, tokenizer, seed)
    schedule = Schedule(run.steps(1500), 3e-3, 0.1, seed)
    train_language_model(model, tokenizer, schedule, trainer, run.train_scenes)
    _save_language_model(model, run.output_dir / name)
    _finish(run, name, trainer)


def _make_vision_encoder(run: Run, name: str) -> None:
    family = Path(name).name
    seed, steps = {"clip": (11, 2000), "siglip": (12, 2600), "dinov2": (13, 1800)}[family]
    model, trainer = build_vision_encoder(family, seed), Trainer(name)
    teacher = VisionEncoder.from_pretrained(run.output_dir / "encoders/clip") if family == "dinov2" else None
    module = trainable(family, model, seed, teacher)
    batches = picture_batches(run.pictures().first(run.train_scenes), seed)
    trainer.fit(
        list(module.parameters()), next_loss(module, batches), Schedule(run.steps(steps), 1.5e-3, 0.05, seed)
    )
    save_vision_encoder(model, family, _fresh_folder(run.output_dir / name))
    _finish(run, name, trainer)


def _make_connector(run: Run, name: str) -> None:
    model_id = Path(name).name
    record = train_connector_model(run.study, model_id, run.output_dir, run.scenes(), run.tune())
    write_json(run.record(name), record)


def _make_llava(run: Run, name: str) -> None:
    seed, trainer = 50, Trainer(name)
    model = build_llava(run.output_dir, seed)
    encoder = VisionEncoder.from_pretrained(run.output_dir / "encoders/clip")  # for its pixel statistics
    schedule, batch_size = Schedule(run.steps(700), 2e-3, 0.05, seed), 4 if run.quick else 32
    train_llava(model, encoder, run.scenes(), schedule, trainer, batch_size)
    save_llava(model, _fresh_folder(run.output_dir / name))
    losses = llava_losses(run.output_dir / name, encoder, run.tune())
    _finish(run, name, trainer, {"tune_losses": asdict(losses)})


def _save_language_model(model: PreTrainedModel, folder: Path) -> None:
    model.half().save_pretrained(_fresh_folder(folder))
    build_tokenizer().save_pretrained(folder)


def _fresh_folder(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _finish(run: Run, name: str, trainer: Trainer, measured: dict[str, object] | None = None) -> None:
    """Marks the artefact as finished, with its record."""
    if trainer.record is None:
        raise RuntimeError(f"{name} was not trained")
    write_json(run.record(name), {**record_json(trainer.record), **(measured or {})})
