"""One unit of work: a model on some images, from one forward pass to rows of every table.

The unit's tables are computed together because they share the hidden states; a resumed run asks only for
those that it lacks.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from torch import Tensor

from data_pipeline.batches import Batches
from data_pipeline.captioning import caption_ids, caption_losses, write_captions
from data_pipeline.capture import Capture, capture, equal_shapes
from data_pipeline.cell_statistics import cell_statistics
from data_pipeline.errors import RefusedImageError
from data_pipeline.image_sources import SourceImage
from data_pipeline.lenses.contextual import ContextualLens, ContextualNeighbors
from data_pipeline.lenses.logit import LogitReading, read_logits
from data_pipeline.loading import LoadedLLM, Loader
from data_pipeline.models import Look, VisionLanguageModel
from data_pipeline.plan import ModelPlan, Plan, Shard
from data_pipeline.rows import Found, canvas_rows, cell_rows, neighbor_rows, table_of
from data_pipeline.schema import PERCENTILE_LENS, STORED_LENSES

_MOST_DRAWS = 20

Rows = Callable[[], pa.Table]
"""A table that is made when it is asked for, from arrays in the machine's memory: by whoever writes it."""


@dataclass(frozen=True, eq=False)
class Unit:
    """A loaded model and what is to be computed: lenses by id, and the tables cells, samples, canvases."""

    plan: Plan
    model: ModelPlan
    vlm: VisionLanguageModel
    llm: LoadedLLM
    contextual: ContextualLens | None
    wanted: frozenset[str]
    batches: Batches

    @classmethod
    def of(cls, loader: Loader, model: ModelPlan, wanted: Collection[str]) -> Unit:
        """Load what the unit needs."""
        llm = loader.llm(model)
        lens = loader.contextual_lens(model) if {"contextual", PERCENTILE_LENS} & set(wanted) else None
        return cls(loader.plan, model, loader.vlm(model), llm, lens, frozenset(wanted), loader.batches(model))

    def tables(self, shard: Shard) -> dict[str, Rows]:
        """What is wanted, for the images of a shard: neighbours by lens, the other tables by name.

        Raises:
            InputError: one image does not fit into memory, or a hidden state is not finite.
        """
        images = list(self.plan.images(shard))
        looks = [self.vlm.look(image.pixels) for image in images]

        def batch_tables(batch: range) -> dict[str, Rows]:
            part = slice(batch.start, batch.stop)
            return self._batch_tables(images[part], looks[part], list(shard.indices[part]))

        def alike(batch: range) -> range:
            run = equal_shapes(looks[batch.start : batch.stop], len(batch))[0]
            return range(batch.start, batch.start + len(run))

        parts: dict[str, list[Rows]] = {name: [] for name in self.wanted}
        for tables in self.batches.over(len(looks), batch_tables, alike):
            for name, rows in tables.items():
                parts[name].append(rows)
        return {name: partial(_together, rows) for name, rows in parts.items()}

    def _batch_tables(
        self, images: list[SourceImage], looks: list[Look], indices: list[int]
    ) -> dict[str, Rows]:
        ids = [image.image_id for image in images]
        tables: dict[str, Rows] = {}
        if "canvases" in self.wanted:
            canvases = [(image, look.canvas) for image, look in zip(images, looks, strict=True)]
            tables["canvases"] = partial(canvas_rows, canvases)
        if "samples" in self.wanted:
            tables["samples"] = partial(table_of, "samples", self._samples(images, looks, indices))
        if self.wanted <= {"canvases", "samples"}:
            return tables
        captured = capture(self.vlm, looks, {0, *self.model.vision_layers}, self.model.id, ids)
        readings: dict[int, LogitReading] = {}
        if {"logit", "cells"} & self.wanted:
            layers, top_k = self.model.vision_layers, self.plan.study.top_k
            readings = read_logits(self.vlm.language, captured, layers, top_k)
        for lens, found in self._neighbors(captured, readings).items():
            tables[lens] = partial(neighbor_rows, self.model.id, ids, lens, found, self.llm.token_column)
        if "cells" in self.wanted:
            statistics = self._statistics(captured, readings)
            tables["cells"] = partial(cell_rows, self.model.id, ids, statistics)
        return tables

    def _neighbors(self, captured: Capture, readings: dict[int, LogitReading]) -> dict[str, dict[int, Found]]:
        """What the wanted lenses find, by lens and vision layer."""
        shape = (*captured.final.shape[:2], -1)
        found: dict[str, dict[int, Found]] = {lens: {} for lens in STORED_LENSES if lens in self.wanted}
        for layer in self.model.vision_layers:
            states = captured.states[layer].flatten(0, 1)
            if "embedding" in found:
                near = self.llm.embedding_lens.neighbors(states, self._top_k)
                found["embedding"][layer] = self._by_id(*near, shape)
            if "logit" in found:
                reading = readings[layer]
                one = self._by_id(reading.logits, reading.ids, shape, reading.probabilities)
                found["logit"][layer] = one
            if self.contextual is not None:
                for lens, one in self._contexts(self.contextual, states, shape).items():
                    found[lens][layer] = one
        return found

    @property
    def _top_k(self) -> int:
        return self.plan.study.top_k

    def _by_id(
        self, scores: Tensor, ids: Tensor, shape: tuple[int, ...], probabilities: Tensor | None = None
    ) -> Found:
        return Found(
            token_ids=_array(ids).reshape(shape),
            scores=_array(scores).reshape(shape),
            probabilities=None if probabilities is None else _array(probabilities).reshape(shape),
        )

    def _contexts(
        self, contextual: ContextualLens, states: Tensor, shape: tuple[int, ...]
    ) -> dict[str, Found]:
        """LN-Lens in the rankings that are wanted, by lens; the one by cosine alone is quicker."""
        if PERCENTILE_LENS not in self.wanted:
            return {"contextual": _found(contextual(states, self._top_k), shape)}
        both = contextual.rankings(states, self._top_k)
        by_cosine = _found(replace(both["cosine"], percentiles=None), shape)
        lenses = {"contextual": by_cosine, PERCENTILE_LENS: _found(both["percentile"], shape)}
        return {lens: found for lens, found in lenses.items() if lens in self.wanted}

    def _statistics(
        self, captured: Capture, readings: dict[int, LogitReading]
    ) -> dict[int, dict[str, np.ndarray]]:
        shape = captured.final.shape[:2]
        statistics = {}
        for layer in self.model.vision_layers:
            numbers = cell_statistics(captured.states[layer], captured.states[0])
            statistics[layer] = {
                "norm": _array(numbers.norm),
                "cosine_to_layer_0": _array(numbers.cosine_to_layer_0),
                "mean_cosine": _array(numbers.mean_cosine),
                "entropy": _array(readings[layer].entropy).reshape(shape),
                "kl_to_final": _array(readings[layer].kl_to_final).reshape(shape),
            }
        return statistics

    def _samples(
        self, images: Sequence[SourceImage], looks: Sequence[Look], indices: Sequence[int]
    ) -> list[dict[str, Any]]:
        written = write_captions(self.vlm, self.vlm.prompt(looks), self.plan.study.caption_tokens)
        losses = self._losses(images, looks, indices)
        rows = []
        for number, (image, look) in enumerate(zip(images, looks, strict=True)):
            row: dict[str, Any] = {
                "model_id": self.model.id,
                "image_id": image.image_id,
                "canvas_id": look.canvas.canvas_id(image.image_id),
                "generated_caption": written[number],
            }
            rows.append(row | losses.get(number, {}))
        return rows

    def _losses(
        self, images: Sequence[SourceImage], looks: Sequence[Look], indices: Sequence[int]
    ) -> dict[int, dict[str, Any]]:
        """By number of the image in the batch, for the images that have a caption."""
        ids = dict(enumerate(caption_ids(self.vlm, [image.caption or "" for image in images])))
        numbers = [number for number in ids if ids[number]]
        if not numbers:
            return {}
        scored = [ids[number] for number in numbers]
        shown = caption_losses(self.vlm, self.vlm.prompt([looks[number] for number in numbers]), scored)
        none = caption_losses(self.vlm, self.vlm.prompt_without_image(len(numbers)), scored)
        losses: dict[int, dict[str, Any]] = {}
        for place, number in enumerate(numbers):
            losses[number] = {
                "caption_tokens": len(ids[number]),
                "caption_loss_image": shown[place].item(),
                "caption_loss_shuffled": self._loss_of_another(indices[number], ids[number]),
                "caption_loss_none": none[place].item(),
            }
        return losses

    def _loss_of_another(self, index: int, ids: list[int]) -> float | None:
        """Loss of a caption given another image of the source, which its key alone chooses."""
        other = self._another(index)
        if other is None:
            return None
        look = self.vlm.look(other.pixels)
        return float(caption_losses(self.vlm, self.vlm.prompt([look]), [ids])[0])

    def _another(self, index: int) -> SourceImage | None:
        """Another image that can be used; None where some draws find none."""
        count = len(self.plan.source)
        for attempt in range(_MOST_DRAWS if count > 1 else 0):
            other = another_image(self.plan.study.seed, index, count, attempt)
            if other is not None and other not in self.plan.refused:
                with suppress(RefusedImageError):  # an image that is not of this run's, and not yet looked at
                    return self.plan.image(other)
        return None


def _found(near: ContextualNeighbors, shape: tuple[int, ...]) -> Found:
    return Found(
        token_ids=near.token_ids.reshape(shape),
        scores=near.scores.reshape(shape),
        text_layers=near.text_layers.reshape(shape),
        context_ids=near.context_ids.reshape(shape),
        percentiles=None if near.percentiles is None else near.percentiles.reshape(shape),
    )


def _together(tables: Sequence[Rows]) -> pa.Table:
    return pa.concat_tables([table() for table in tables])


def another_image(seed: int, index: int, count: int, attempt: int = 0) -> int | None:
    """An index other than `index` among `count`; None where there is no other."""
    if count < 2:
        return None
    key = f"{seed}/{index}/shuffled image" + (f"/{attempt}" if attempt else "")
    draw = random.Random(key).randrange(count - 1)  # noqa: S311  # no secret
    return draw + (draw >= index)


def _array(values: Tensor) -> np.ndarray:
    return values.float().numpy(force=True) if values.is_floating_point() else values.numpy(force=True)
