"""The answers to the questions of `queries.py`, as typed records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Model:
    """One model of the study; see table `models` of the contract."""

    model_id: str
    position: int
    title: str
    group: str
    llm: str
    vision_encoder: str
    connector: str
    baseline_model_id: str | None
    description: str | None
    num_layers: int
    vision_layers: tuple[int, ...]
    text_layers: tuple[int, ...]
    hidden_size: int | None
    vocab_size: int | None
    dtype: str | None
    embedding_note: str | None
    logit_note: str | None
    contextual_note: str | None
    corpus: str | None
    config_hash: str


@dataclass(frozen=True)
class ModelImage:
    """One image as one model saw it; sizes of the canvas in canvas pixels."""

    image_id: str
    position: int
    """Place of the image in the study, 0-based."""
    caption: str | None
    source_width: int
    source_height: int
    generated_caption: str | None
    caption_tokens: int | None
    caption_loss_image: float | None
    caption_loss_shuffled: float | None
    caption_loss_none: float | None
    media_type: str
    bytes: bytes
    width: int
    height: int
    rows: int
    cols: int
    cell_width: float
    cell_height: float
    grid_x: float
    grid_y: float
    affine: tuple[float, ...]
    padding: tuple[float, ...]


@dataclass(frozen=True)
class Region:
    """One annotated region of an image, its box in source pixels."""

    image_id: str
    region: int
    kind: str
    words: tuple[str, ...]
    attributes: tuple[str, ...]
    x0: float
    y0: float
    x1: float
    y1: float
    mask: bytes | None
    """One-bit PNG of the box's size: its visible pixels. None: the whole box."""


@dataclass(frozen=True)
class Verdicts:
    """Counts of one judge's verdicts on one lens of one model at one vision layer (or one image)."""

    model_id: str
    lens: str
    judge: str
    vision_layer: int
    image_id: str
    judged: int
    """Cells with a verdict: status ok."""
    interpretable: int
    failed: int
    skipped: int
    chance_hits: int
    chance_trials: int
    object_cells: int
    """Judged cells that an object fills and whose truth could be named."""
    named: int
    """Object cells for which a candidate is a noun or an attribute of the object."""
    named_by_noun: int
    named_chance_hits: int
    named_chance_trials: int
    noun_chance_hits: int
    noun_chance_trials: int


@dataclass(frozen=True)
class CaptionLoss:
    """One model's caption losses in nats per token, each a mean over the tokens for which it is known."""

    model_id: str
    images: int
    tokens: int
    with_image: float | None
    shuffled: float | None
    without: float | None


@dataclass(frozen=True)
class Checkpoint:
    """A model that shows a step of a training; see table `checkpoints`."""

    model_id: str
    trained_model_id: str
    step: int | None


@dataclass(frozen=True)
class TrainingLoss:
    """The loss of one step of a model's training, counted from 1, in nats per token."""

    model_id: str
    step: int
    loss: float


@dataclass(frozen=True)
class Run:
    """One run of one stage; see table `runs`."""

    run_id: str
    stage: str
    model_id: str | None
    started: datetime
    seconds: float
    command: str
    versions: str
    device: str | None
    dtype: str | None
    seed: int | None


@dataclass(frozen=True)
class StudySize:
    """How much there is."""

    images: int
    neighbors: int
    top_k: int
    contexts: int
    judgments: int


@dataclass(frozen=True)
class LostContexts:
    """How many neighbours of a model, in how many images, name a sentence that is not in the results."""

    model_id: str
    neighbors: int
    images: int


@dataclass(frozen=True)
class ModelJudge:
    """A judge that judged a model."""

    model_id: str
    judge: str


@dataclass(frozen=True)
class Judge:
    """One judge and what is behind it; `cost` in US dollars."""

    judge: str
    judge_model: str | None
    prompt_hash: str | None
    judgments: int
    failed: int
    cost: float
