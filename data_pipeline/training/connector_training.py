"""`vlens train`: a study's connector from its first weights to its last, by checkpoints."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers.utils import logging as transformers_logging

from data_pipeline.connectors import Connector
from data_pipeline.errors import InputError
from data_pipeline.image_sources import ImageSource
from data_pipeline.language_models import LanguageModel, load_causal_lm, load_tokenizer, loadable
from data_pipeline.models import load_vision_encoder
from data_pipeline.progress import Progress, SilentProgress
from data_pipeline.study import Study
from data_pipeline.training.beginning import beginning
from data_pipeline.training.checkpoints import (
    RECORD,
    TrainingFolder,
    put_folder,
    record_bytes,
)
from data_pipeline.training.fresh_connectors import fresh_connector, scaled
from data_pipeline.training.image_order import key_number
from data_pipeline.training.images import (
    TrainingImages,
    TrainingItem,
    batch_of,
    places_of,
    read_ahead,
)
from data_pipeline.training.interruption import Interruption
from data_pipeline.training.job import TrainingJob, training_job
from data_pipeline.training.loss_log import LossLog
from data_pipeline.training.losses import median_embedding_norm
from data_pipeline.training.machine import device_of, fitting_model, fitting_pass, fitting_threads
from data_pipeline.training.names import step_folder
from data_pipeline.training.optimizer import Optimizer, ParameterGroup
from data_pipeline.training.pace import Pace
from data_pipeline.training.processes import Processes
from data_pipeline.training.rates import Schedule
from data_pipeline.training.response_dropout import ResponseDropout
from data_pipeline.training.steps import run_steps
from data_pipeline.training.trainee import Trainee


@dataclass(frozen=True)
class Trained:
    """Where a trained connector lies, and how many of its steps were made now."""

    folder: Path
    steps: int
    made_now: int


def train_study_model(
    study: Study,
    model_id: str,
    device: str = "auto",
    progress: Progress | None = None,
    source: ImageSource | None = None,
) -> Trained:
    """Train the connector of a study's model, or go on where an earlier training stopped.

    Args:
        study: has the model, and says how its connector is trained.
        model_id: which model.
        device: `cpu`, `cuda`, or `auto` for CUDA where there is one.
        progress: who is told.
        source: the study's training images, for somebody who has them at hand already.

    Raises:
        InputError: see `training_job`; an accelerator that is not there; an output folder that holds
            something else; no image that can be used; a loss that is not finite; too little memory.
    """
    processes = Processes.of_environment()
    watcher = progress if progress and processes.first else SilentProgress()
    place = device_of(device, processes)
    job = training_job(study, model_id, source)
    if processes.count > job.settings.batch_size:
        raise InputError(
            f"training: {processes.count} processes share a batch of {job.settings.batch_size} images; "
            "expected at least one image for each"
        )
    transformers_logging.disable_progress_bar()
    fitting = fitting_model(model_id, place, job.dtype, job.settings.unfreeze is not None)
    with processes.joined(place), fitting_threads(job.config.out_features), fitting:
        return _Training(job, place, processes, watcher).run()


class _Training:
    """One training in one process."""

    def __init__(self, job: TrainingJob, device: torch.device, processes: Processes, progress: Progress):
        self.job, self.device, self.processes, self.progress = job, device, processes, progress
        self.settings = job.settings
        self.folder = TrainingFolder(job.output)
        self.images = TrainingImages(job.source, job.framing, self.settings, job.data_seed, progress.say)

    def run(self) -> Trained:
        """All steps that are missing."""
        self.images.item(0)  # a source without captions shows before anything heavy is loaded
        with self.folder.held() if self.processes.first else nullcontext():
            return self._run()

    def _run(self) -> Trained:
        record = self.job.record() if self.processes.first else {}
        begun, finished = (0, False)
        if self.processes.first:
            begun, finished = beginning(self.job, self.folder, record, self.progress.say)
        begun, left = (int(number) for number in self.processes.sum([begun, not finished], self.device))
        steps = self.settings.steps
        if not left:
            return Trained(self.folder.path, steps, 0)
        source = self.job.source
        goes_on = f", goes on after step {begun}" if begun else ""
        self.progress.say(f"{self.job.model.id}: learns from {len(source)} images of {source.name}{goes_on}")
        trainee = self._trainee(begun)
        optimizer = self._optimizer(trainee)
        if begun:
            where = str(self.folder.path / step_folder(begun))
            optimizer.load(self.folder.optimizer_tensors(begun), where)
        self.processes.share(optimizer.parameters)
        self._all_steps(range(begun, steps), trainee, optimizer)
        if self.processes.first:
            self._finish(record)
        self.processes.wait()
        return Trained(self.folder.path, steps, steps - begun)

    def _trainee(self, begun: int) -> Trainee:
        job, dtype = self.job, getattr(torch, self.job.dtype)
        encoder = load_vision_encoder(job.encoder, job.image_size, dtype, self.device)
        # What is trained is kept in single precision: small updates would be lost in half.
        unfrozen = self.settings.unfreeze is not None
        llm = load_causal_lm(job.llm, torch.float32 if unfrozen else dtype, self.device)
        if begun:
            folder = self.folder.path / step_folder(begun)
            with loadable(folder):
                connector = Connector.from_pretrained(folder)
        else:
            connector = fresh_connector(job.config, job.seed)
        # Refuses here what a run could not read.
        tokenizer = LanguageModel(llm, load_tokenizer(job.llm)).tokenizer
        trainee = Trainee(llm, tokenizer, encoder, connector.to(self.device).train())
        if self.settings.scale_to_embeddings and not begun:
            trainee = self._scaled(trainee)
        trainee.freeze(unfreeze_blocks=unfrozen)
        return trainee

    def _scaled(self, trainee: Trainee) -> Trainee:
        """With vision tokens at the norm of text embeddings, measured on the first step's images."""
        places = range(self.settings.batch_size)
        batch = batch_of(trainee.encoder, [self.images.item(place) for place in places])
        pixels = batch.pixel_values.to(self.device, next(trainee.encoder.parameters()).dtype)
        outputs = trainee.encoder.block_outputs(pixels)
        connector = scaled(trainee.connector, outputs, median_embedding_norm(trainee.llm))
        connector = connector.to(self.device).train()
        return Trainee(trainee.llm, trainee.tokenizer, trainee.encoder, connector)

    def _optimizer(self, trainee: Trainee) -> Optimizer:
        keys = self.settings
        rate = Schedule(keys.steps, keys.learning_rate, keys.warmup_steps, keys.final_rate).rate
        groups = [ParameterGroup(trainee.connector_parameters, rate, keys.weight_decay)]
        if keys.unfreeze:
            llm_rate = Schedule(
                keys.steps, keys.llm_learning_rate, keys.llm_warmup_steps, keys.final_rate
            ).rate
            groups.append(ParameterGroup(trainee.llm_parameters, llm_rate, keys.weight_decay))
        return Optimizer(groups, keys.betas, keys.eps, keys.clip_norm)

    def _all_steps(self, steps: range, trainee: Trainee, optimizer: Optimizer) -> None:
        log = LossLog.upto(self.folder.path, steps.start)
        batch_size, pace = self.settings.batch_size, Pace(log.seconds, self.settings.steps)
        share = (batch_size, self.processes.rank, self.processes.count)
        items = read_ahead(self.images, lambda step: places_of(step, *share), steps)
        checkpoints = self.job.checkpoints

        def save(done: int) -> None:
            if self.processes.first:
                log.write()
                self.folder.save(done, lambda folder: self._write(folder, trainee), optimizer.tensors)
                self.folder.keep_only({*checkpoints, done})

        def backward(step: int) -> float:
            return self._backward(trainee, optimizer, next(items), places_of(step, *share))

        title = f"{self.job.model.id}: training"
        with Interruption() as interruption, self.progress.stage(title, self.settings.steps) as stage:
            stage.advance(steps.start)

            def after(step: int, loss: float) -> None:
                pace.step(batch_size)
                rate = optimizer.groups[0].rate(step)
                log.add(step + 1, loss, rate, (step + 1) * batch_size, pace.seconds)
                # All processes stop after the same step.
                stopping = self.processes.sum([float(interruption.asked)], self.device)[0] > 0
                if step + 1 in checkpoints or stopping:
                    save(step + 1)
                    self.progress.say(f"step {step + 1}: {pace.note(step + 1, loss)}")
                stage.advance(1, pace.note(step + 1, loss))
                if stopping:
                    raise KeyboardInterrupt

            if steps.start == 0 and 0 in checkpoints:
                save(0)
            run_steps(steps, optimizer, backward, after)

    def _backward(
        self, trainee: Trainee, optimizer: Optimizer, items: list[TrainingItem], places: range
    ) -> float:
        """Gradients of one step, over all processes; its loss in nats per token."""
        keys, size = self.settings, self.settings.micro_batch or len(items)
        starts = range(0, len(items), size)
        batches = [batch_of(trainee.encoder, items[start : start + size]) for start in starts]
        texts = [trainee.texts(batch, self._longest_text(trainee)) for batch in batches]
        [learned] = self.processes.sum([float(sum(text.learned for text in texts))], self.device)
        entropy = 0.0
        for start, batch, text in zip(starts, batches, texts, strict=True):
            dropout = self._dropout(places[start])
            with self._fitting(len(batch.examples)):
                with self._autocast():
                    loss = trainee.loss(batch, text, keys.z_loss > 0, dropout)
                wanted = loss.cross_entropy
                if loss.squared_log_partition is not None:
                    wanted = wanted + keys.z_loss * loss.squared_log_partition
                (wanted / learned).backward()
            entropy += loss.cross_entropy.item()
        self.processes.add_gradients(optimizer.parameters)
        [entropy] = self.processes.sum([entropy], self.device)
        return entropy / learned

    def _fitting(self, images: int) -> AbstractContextManager[None]:
        unfrozen = self.settings.unfreeze is not None
        return fitting_pass(self.job.model.id, images, self.device, self.job.dtype, unfrozen)

    def _longest_text(self, trainee: Trainee) -> int:
        encoder, marks = trainee.encoder, self.job.config.image_marks
        image = encoder.rows * (encoder.cols + 1) + 2 if marks else encoder.rows * encoder.cols
        around = len(trainee.layout.prefix) + len(trainee.layout.suffix)
        positions = getattr(trainee.llm.config, "max_position_embeddings", None)
        longest = min(self.settings.sequence_length, positions or self.settings.sequence_length)
        if longest <= image + around:
            raise InputError(
                f"training: a sequence may have {longest} tokens (sequence_length, or positions of the LLM), "
                f"but image and prompt alone have {image + around}"
            )
        return longest - image - len(trainee.layout.prefix)

    def _dropout(self, place: int) -> ResponseDropout | None:
        share = self.settings.response_dropout
        return ResponseDropout(share, key_number(f"{self.job.seed}/{place}/dropout")) if share else None

    def _autocast(self) -> AbstractContextManager[object]:
        if self.job.dtype == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=getattr(torch, self.job.dtype))

    def _write(self, folder: Path, trainee: Trainee) -> None:
        """A connector's folder, and the LLM in it where that is trained along."""
        trainee.connector.save_pretrained(folder)
        if self.settings.unfreeze:
            dtype = getattr(torch, self.job.dtype)
            weights = {name: value.to("cpu", dtype) for name, value in trainee.llm.state_dict().items()}
            trainee.llm.save_pretrained(folder / "llm", state_dict=weights)
            config = json.loads((folder / "llm/config.json").read_text())
            (folder / "llm/config.json").write_text(json.dumps({**config, "dtype": self.job.dtype}, indent=2))
            trainee.tokenizer.save_pretrained(folder / "llm")

    def _finish(self, record: dict[str, object]) -> None:
        last = self.settings.steps
        if self.job.llm_output:
            put_folder(self.folder.path / step_folder(last) / "llm", self.job.llm_output)
            (self.job.llm_output / RECORD).write_bytes(record_bytes(record))
        self.folder.finish(last)
