"""A study in, a results folder out: what is computed in which order, and what a resumed run need not repeat.

The unit of work is a model on some images. Each part is written whole, with a hash of all that it depends on,
so a run that is killed goes on with the first part that is missing and ends with the same tables.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch

from data_pipeline.background_writer import BackgroundWriter
from data_pipeline.batches import fitting
from data_pipeline.errors import RefusedImageError
from data_pipeline.first_look import look_through
from data_pipeline.folder_lock import written_by_one
from data_pipeline.folders import check_output_folder
from data_pipeline.judges.annotations import JUDGE_ID, JUDGE_VERSION, AnnotationsJudge, judge_rows
from data_pipeline.judges.kept_parts import kept_parts
from data_pipeline.loading import Loader
from data_pipeline.manifest import Absence, Expected, Manifest, Part, StudyInfo
from data_pipeline.measure import Unit
from data_pipeline.plan import PIPELINE_VERSION, ModelPlan, Plan, Shard, hash_of, make_plan
from data_pipeline.progress import Progress, SilentProgress, Stage
from data_pipeline.rows import context_rows, image_rows, model_rows, region_rows, table_of
from data_pipeline.schema import PERCENTILE_LENS, TABLES
from data_pipeline.shelf import Shelf
from data_pipeline.store import ResultsWriter
from data_pipeline.study import Study
from data_pipeline.training.table_rows import checkpoint_rows, training_loss_rows
from data_pipeline.versions import recorded_versions

_SMALL_HIDDEN_SIZE = 512
_TEXT_LENSES = frozenset({"contextual", PERCENTILE_LENS})
_LIBRARIES = ("torch", "transformers", "tokenizers", "numpy", "pyarrow", "pillow")


def run_study(
    study: Study,
    results: Path,
    num_images: int | None = None,
    ablations: bool = True,
    progress: Progress | None = None,
    command: str = "",
) -> None:
    """Compute a study into `results`, going on where an earlier run of the same study was stopped.

    Args:
        study: what to compute.
        results: a new folder, or one with this study's results.
        num_images: how many images, from the first; None means all that the source has.
        ablations: whether models of group `ablation` are computed too.
        progress: who is told how far it is.
        command: what the user typed, for the record.

    Raises:
        InputError: the study cannot be computed as it is, or `results` holds something else or is being
            written by another process.
    """
    plan = make_plan(study, num_images, ablations)
    check_output_folder(results, "results")
    with _fitting_threads(plan), written_by_one(results, "vlens run"):
        run = Run(plan, results, progress or SilentProgress(), command)
        with fitting(f"study {study.id}: what comes next", run.loader.device, run.loader.dtype):
            run.compute()


class Run:
    """One run over a plan."""

    def __init__(self, plan: Plan, results: Path, progress: Progress, command: str) -> None:
        look = look_through(plan, progress)
        self.images = look.keys
        self.plan = plan = replace(plan, refused=frozenset(look.refused))
        self.judged = look.annotated and plan.study.judge.kind == "annotations"
        self.progress, self.command = progress, command
        _say_what_waits(plan, progress)
        self.writer = ResultsWriter(results, _manifest(plan, look.refused, self.judged))
        self.loader = Loader(plan, results, progress)
        self.shelf = Shelf(self.loader.work / "shelf", self.writer)
        self.planned: set[str] = set()

    def compute(self) -> None:
        """Everything that is missing."""
        for name, table in (("models", model_rows), ("images", image_rows), ("regions", region_rows)):
            self._write_small(f"{name}/{name}.parquet", table(self.plan))
        for name, table in (("checkpoints", checkpoint_rows), ("training_losses", training_loss_rows)):
            if (rows := table(self.plan)).num_rows:
                self._write_small(f"{name}/{name}.parquet", rows)
        self._build_text_indexes()
        units = len(self.plan.models) * len(self.plan.shards)
        with self.progress.stage("Lenses", units) as stage:
            for _, models in groupby(self.plan.computing_order, key=lambda model: model.llm_id):
                self._capture_all(list(models), stage)
        if self.judged:
            self._judge()
        runs = {path for path in self.writer.manifest.parts if path.startswith("runs/")}
        judged = kept_parts(self.writer.folder, self.planned, self.shelf, self.progress.say)
        self.shelf.take(self.planned | runs | judged)

    def _has(self, path: str, input_hash: str) -> bool:
        """Whether a part need not be computed; remembers that the plan has it."""
        self.planned.add(path)
        return self.writer.has_part(path, input_hash) or self.shelf.give_back(path, input_hash)

    def _write_small(self, path: str, table: pa.Table) -> None:
        input_hash = hash_of(table.to_pylist())
        if not self._has(path, input_hash):
            self.writer.write_part(path, table, input_hash)

    def _build_text_indexes(self) -> None:
        """Ahead of the lenses, so that the LLMs' long reading shows as a stage of its own."""
        if self.plan.corpus is None:
            return
        for model in {model.llm_id: model for model in self.plan.computing_order}.values():
            if not self.loader.has_text_index(model) and self._missing(model):
                with self._recorded("index", model.id):
                    self.loader.text_index(model)

    def _missing(self, model: ModelPlan) -> bool:
        """Whether some model with the same LLM lacks contextual neighbours."""
        others = [other for other in self.plan.models if other.llm_id == model.llm_id]
        return any(_TEXT_LENSES & set(self._wanted(o, shard)) for o in others for shard in self.plan.shards)

    def _unit_parts(self, model: ModelPlan, shard: Shard) -> dict[str, tuple[str, str]]:
        """Path and input hash of each table of a unit: neighbours by lens, the others by name."""
        plan, study, name = self.plan, self.plan.study, f"{shard.name}.parquet"
        images = [self.images[index] for index in shard.indices]
        seen = [plan.capture_hash(model), [key[:2] for key in images]]
        samples = [study.caption_tokens, study.seed, len(plan.source), images, *sorted(plan.refused)]
        canvas = model.canvas_key if model.framing else plan.capture_hash(model)
        parts = {
            "cells": (f"cells/{model.id}/{name}", hash_of("cells", seen)),
            "samples": (f"samples/{model.id}/{name}", hash_of("samples", seen, samples)),
            "canvases": (f"canvases/{model.canvas_key}/{name}", hash_of("canvases", canvas, images)),
        }
        for lens in study.stored_lenses:
            text = plan.contextual_hash(model) if lens in _TEXT_LENSES else None
            parts[lens] = f"neighbors/{model.id}/{lens}-{name}", hash_of(lens, seen, text)
        return parts

    def _wanted(self, model: ModelPlan, shard: Shard) -> list[str]:
        return [name for name, part in self._unit_parts(model, shard).items() if not self._has(*part)]

    def _capture_all(self, models: list[ModelPlan], stage: Stage) -> None:
        """Models of one LLM, then the contexts that they used."""
        for model in models:
            self._capture(model, stage)
        if self.plan.corpus:
            self._write_contexts(models)

    def _capture(self, model: ModelPlan, stage: Stage) -> None:
        wanted = {shard: self._wanted(model, shard) for shard in self.plan.shards}
        if any(wanted.values()):
            with self._recorded("capture", model.id), BackgroundWriter(self.writer) as background:
                for shard, names in wanted.items():
                    self._compute_unit(model, shard, names, background)
                    stage.advance(1, model.settings.title)
        else:
            stage.advance(len(wanted), model.settings.title)

    def _compute_unit(
        self, model: ModelPlan, shard: Shard, names: list[str], background: BackgroundWriter
    ) -> None:
        if not names:
            return
        tables = Unit.of(self.loader, model, names).tables(shard)
        for name, (path, input_hash) in self._unit_parts(model, shard).items():
            if name in tables:
                background.write_part(path, tables[name], input_hash)

    def _write_contexts(self, models: list[ModelPlan]) -> None:
        """The contexts that all of an LLM's models used: each once, whoever used it."""
        beginnings = [f"neighbors/{model.id}/{lens}-" for model in models for lens in sorted(_TEXT_LENSES)]
        parts = [part for beginning in beginnings for part in self._parts(beginning)]
        path = f"contexts/{models[0].llm_id}/00000.parquet"
        input_hash = hash_of([part.sha256 for part in parts])
        if self._has(path, input_hash):
            return
        columns = [pq.read_table(self.writer.folder / part.path, columns=["context_id"]) for part in parts]
        used = set(pc.unique(pa.concat_tables(columns)["context_id"]).to_pylist())
        self.writer.write_part(path, context_rows(self.loader.text_index(models[0]), used), input_hash)

    def _parts(self, beginning: str) -> list[Part]:
        parts = self.writer.manifest.parts
        return [parts[path] for path in sorted(parts) if path.startswith(beginning) and path in self.planned]

    def _judge(self) -> None:
        """Candidate words against the annotations; chance is tried on the study's other images."""
        self._write_small(f"judges/{JUDGE_ID}.parquet", judge_rows())
        truth = self._read("regions/"), self._read("canvases/")
        judge: AnnotationsJudge | None = None
        with self.progress.stage("Judging", len(self.plan.models)) as stage:
            for model in self.plan.models:
                lenses = self.plan.study.stored_lenses
                parts = {lens: self._judgment_part(model, lens) for lens in lenses}
                missing = {lens: part for lens, part in parts.items() if not self._has(*part)}
                if missing:
                    judge = judge or AnnotationsJudge(*truth, self.plan.study.seed)
                    with self._recorded("judge", model.id):
                        self._judge_model(judge, model, missing)
                stage.advance(1, model.settings.title)

    def _judge_model(
        self, judge: AnnotationsJudge, model: ModelPlan, parts: dict[str, tuple[str, str]]
    ) -> None:
        contexts = self._read(f"contexts/{model.llm_id}/")
        samples = self._read(f"samples/{model.id}/")
        for lens, (path, input_hash) in parts.items():
            neighbors = self._read(f"neighbors/{model.id}/{lens}-")
            self.writer.write_part(path, judge.judge(neighbors, contexts, samples), input_hash)

    def _judgment_part(self, model: ModelPlan, lens: str) -> tuple[str, str]:
        beginnings = [f"neighbors/{model.id}/{lens}-", f"samples/{model.id}/", "regions/", "canvases/"]
        if lens in _TEXT_LENSES:
            beginnings.append(f"contexts/{model.llm_id}/")
        read = [part.sha256 for beginning in beginnings for part in self._parts(beginning)]
        input_hash = hash_of(PIPELINE_VERSION, JUDGE_ID, JUDGE_VERSION, self.plan.study.seed, read)
        return f"judgments/{model.id}/{lens}-00000.parquet", input_hash

    def _read(self, beginning: str) -> pa.Table:
        paths = [self.writer.folder / part.path for part in self._parts(beginning)]
        empty = TABLES[beginning.split("/")[0]].schema.empty_table()
        return pa.concat_tables([empty, *(pq.read_table(path, partitioning=None) for path in paths)])

    @contextmanager
    def _recorded(self, stage: str, model_id: str) -> Iterator[None]:
        """Adds a row to table `runs` when the block ends well."""
        started, clock = datetime.now(UTC), time.perf_counter()
        yield
        run_id = hash_of(stage, model_id, started.isoformat())
        row = {
            "run_id": run_id,
            "stage": stage,
            "model_id": model_id,
            "started": started,
            "seconds": time.perf_counter() - clock,
            "command": self.command,
            "versions": json.dumps(recorded_versions(_LIBRARIES)),
            "device": str(self.loader.device),
            "dtype": self.plan.study.dtype,
            "seed": self.plan.study.seed,
        }
        self.writer.write_part(f"runs/{run_id}.parquet", table_of("runs", [row]))


@contextmanager
def _fitting_threads(plan: Plan) -> Iterator[None]:
    """One thread while models are small.

    Their products take microseconds; on a busy machine several threads spend minutes waiting for each other.
    """
    before = torch.get_num_threads()
    if max(model.hidden_size for model in plan.models) <= _SMALL_HIDDEN_SIZE:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _say_what_waits(plan: Plan, progress: Progress) -> None:
    reasons: dict[str, list[str]] = {}
    for waiting in plan.waiting:
        reasons.setdefault(waiting.reason, []).append(waiting.model.id)
    for reason, models in reasons.items():
        them = "it" if len(models) == 1 else "them"
        progress.say(f"{', '.join(models)}: {reason}; a later run adds {them}")


def _manifest(plan: Plan, refused: dict[int, RefusedImageError], judged: bool) -> Manifest:
    """The matrix that is promised: refused images belong to it, as absent for a reason."""
    study = plan.study
    image_ids = [plan.source.image_id(index) for index in range(plan.num_images)]
    models = [*plan.models, *(waiting.model for waiting in plan.waiting)]
    chosen = {model.id for model in models}
    baseline = study.baseline_model_id if study.baseline_model_id in chosen else None
    judges = (JUDGE_ID,) if judged else ()
    info = StudyInfo(
        study_id=study.id,
        title=study.title,
        description=study.description,
        config_hash=hash_of([plan.config_hash(model) for model in plan.models], image_ids),
        chance_note=study.chance_note,
        baseline_model_id=baseline,
    )
    expected = [
        Expected(model.id, study.stored_lenses, model.vision_layers, tuple(image_ids), judges)
        for model in models
    ]
    absent = [Absence(waiting.model.id, waiting.reason) for waiting in plan.waiting]
    absent += [
        Absence(model.id, f"image refused: {refusal}", image_id=image_ids[index])
        for model in plan.models
        for index, refusal in refused.items()
    ]
    return Manifest(info, expected, absent)
