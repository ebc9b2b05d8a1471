"""What a training would take, from configurations and a few captions: `vlens train --dry-run`.

Counted are matrix products, parameters with what is kept beside them, and states that a pass keeps for its
gradients; the formulas stand in the docstrings below. Nothing is loaded, downloaded or written.
"""

from __future__ import annotations

from dataclasses import dataclass

from data_pipeline.errors import RefusedImageError
from data_pipeline.forecast.dry_run import about_tokens, images_at_hand, naming_the_study
from data_pipeline.forecast.memory import BYTES
from data_pipeline.forecast.models import sequence_length
from data_pipeline.forecast.parts_as_trained import parts_as_trained
from data_pipeline.image_sources import ImageSource
from data_pipeline.model_parts import Parts, counts_of, grid_of
from data_pipeline.study import ModelSettings, Study, TrainingSettings
from data_pipeline.training.job import model_to_train, settings_of, unwritable

TRAINED_BYTES = 16
"""Of a trained parameter: itself, its gradient and AdamW's two moments, each in float32."""
RESUME_BYTES = 12
"""Of the same in a last checkpoint's `resume/`, besides the weights themselves."""
_LOGIT_COPIES = 3  # logits, what softmax makes of them, and their gradient
_CAPTIONS_TRIED = 32
USUAL_CAPTION = 225
"""Tokens of a caption where none can be counted: those of PixMo-Cap, which the published study learned
from, have 167 words on average; four tokens for three words."""


@dataclass(frozen=True)
class Captions:
    """About how many tokens captions have: of some that were counted, or else as usual and at most."""

    mean: int
    most: int
    counted: int


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes on each device."""

    frozen: int
    trained: int
    states: int

    @property
    def total(self) -> int:
        """All of it at once."""
        return self.frozen + self.trained + self.states


@dataclass(frozen=True)
class TrainingForecast:
    """One training; `images` is None where the source is not at hand, others where a configuration is not."""

    study: Study
    model: ModelSettings
    settings: TrainingSettings
    images: int | None
    captions: Captions | None
    checkpoints: int
    image_tokens: int | None
    trained_parameters: int | None
    frozen_parameters: int | None
    memory: TrainingMemory | None
    disk: int | None
    flops: int | None
    missing: str

    @property
    def passes(self) -> int:
        """Images that go forward and backward through the model."""
        return self.settings.steps * self.settings.batch_size

    @property
    def unwritable(self) -> str:
        """What a training would refuse to write; a forecast writes nothing."""
        llm = unwritable(self.study.llm_of(self.model).path, "llm") if self.settings.unfreeze else ""
        return unwritable(str(self.model.connector), "connector") or llm

    @property
    def tokens(self) -> int | None:
        """Of all images and captions."""
        if self.image_tokens is None or self.captions is None:
            return None
        return self.passes * (self.image_tokens + self.captions.mean)


def training_dry_run(study: Study, model_id: str) -> TrainingForecast:
    """Forecast the training of a model's connector.

    Raises:
        InputError: what a training would also refuse and configurations show; it begins with the file.
    """
    with naming_the_study(study):
        return _forecast(study, model_id)


def _forecast(study: Study, model_id: str) -> TrainingForecast:
    model = model_to_train(study, model_id)
    settings = settings_of(study, model)
    source = images_at_hand(study.model_copy(update={"images": settings.images}))
    start = {"llm": settings.unfreeze} if settings.unfreeze else {}
    parts = parts_as_trained(study, model.model_copy(update=start))
    grid = grid_of(study, model, parts)
    length = sequence_length(grid, parts, whole=False)
    counted = _counted(model, parts, settings)
    captions = _captions(settings, source, length) if counted and length else None
    steps = {*range(settings.checkpoint_every, settings.steps + 1, settings.checkpoint_every), settings.steps}
    checkpoints = len(steps | {*settings.checkpoint_steps, *model.steps})
    memory = flops = None
    if counted and captions and length and grid:
        memory = _memory(study, settings, parts, counted, length, captions)
        flops = _flops(settings, parts, counted, grid[0] * grid[1], length, captions)
    return TrainingForecast(
        study,
        model,
        settings,
        len(source) if source else None,
        captions,
        checkpoints,
        length,
        counted.trained if counted else None,
        counted.frozen if counted else None,
        memory,
        _disk(study, settings, counted, checkpoints) if counted else None,
        flops,
        "" if counted else "no config.json at hand for its LLM or its vision encoder",
    )


@dataclass(frozen=True)
class _Counted:
    """Parameters: the connector's, the LLM's blocks and all of it, the encoder's."""

    connector: int
    blocks: int
    llm: int
    encoder: int
    along: bool

    @property
    def trained(self) -> int:
        return self.connector + self.blocks * self.along

    @property
    def frozen(self) -> int:
        return self.llm + self.encoder - self.blocks * self.along


def _counted(model: ModelSettings, parts: Parts, settings: TrainingSettings) -> _Counted | None:
    whole, without = counts_of(model, parts), counts_of(model, Parts(parts.llm, parts.encoder, None))
    if whole is None or without is None or parts.connector is None:
        return None
    along = settings.unfreeze is not None
    llm = without.total - without.encoder
    return _Counted(whole.total - without.total, whole.blocks, llm, whole.encoder, along)


def _captions(settings: TrainingSettings, source: ImageSource | None, length: int) -> Captions:
    """Some captions' tokens, four for three words and signs; else as many as usual, at most what has room."""
    room = max(settings.sequence_length - length, 1)
    texts: list[str] = []
    tried = min(_CAPTIONS_TRIED, len(source)) if source else 0
    for number in range(tried):
        assert source is not None  # noqa: S101  # some are tried
        try:
            image = source[number * len(source) // tried]
        except RefusedImageError:
            continue
        texts += [image.caption] if image.caption else []
    counts = [min(about_tokens([text]), room) for text in texts]
    if not counts or settings.task == "top-bottom":
        return Captions(min(USUAL_CAPTION, room), room, 0)
    return Captions(round(sum(counts) / len(counts)), max(counts), len(counts))


def _memory(
    study: Study,
    settings: TrainingSettings,
    parts: Parts,
    counted: _Counted,
    length: int,
    captions: Captions,
) -> TrainingMemory:
    """Weights, and what one pass keeps for its gradients.

    An LLM that is trained along is in float32 as a whole. A pass keeps of each token in each block eight
    widths of the state and three of its MLP, and where the caption is predicted three float32 numbers for
    each word of the vocabulary.
    """
    assert parts.llm is not None  # noqa: S101  # counted is not None
    text, size = parts.llm.text, BYTES[study.dtype]
    images = min(settings.micro_batch or settings.batch_size, settings.batch_size)
    block = 8 * int(text.hidden_size) + 3 * int(text.intermediate_size)
    states = (length + captions.most) * int(text.num_hidden_layers) * block * size
    logits = captions.most * int(text.vocab_size) * 4 * _LOGIT_COPIES
    frozen = counted.encoder * size + (counted.frozen - counted.encoder) * (4 if counted.along else size)
    return TrainingMemory(frozen, counted.trained * TRAINED_BYTES, images * (states + logits))


def _disk(study: Study, settings: TrainingSettings, counted: _Counted, checkpoints: int) -> int:
    """Every checkpoint and the trained model at its place, and what the last one is gone on from."""
    llm = counted.llm * BYTES[study.dtype] if counted.along else 0
    return (checkpoints + 1) * (counted.connector * 4 + llm) + counted.trained * RESUME_BYTES


def _flops(
    settings: TrainingSettings,
    parts: Parts,
    counted: _Counted,
    cells: int,
    length: int,
    captions: Captions,
) -> int:
    """Two operations a parameter forward, two for the states' gradients, two for those of what is trained.

    The LLM's blocks read image and caption, its head the caption; the encoder goes forward alone.
    """
    assert parts.llm is not None  # noqa: S101  # counted is not None
    head = int(parts.llm.text.vocab_size) * int(parts.llm.text.hidden_size)
    of_blocks = (6 if counted.along else 4) * counted.blocks * (length + captions.mean)
    rest = 4 * head * captions.mean + (6 * counted.connector + 2 * counted.encoder) * cells
    return settings.steps * settings.batch_size * (of_blocks + rest)
