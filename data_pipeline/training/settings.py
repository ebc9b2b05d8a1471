"""How a connector is trained, as a study file says it. What is missing is as the published study had it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

Task = Literal["caption", "first-sentence", "top-bottom", "question"]
TASKS: tuple[Task, ...] = ("caption", "first-sentence", "top-bottom", "question")
# Strictly, as otherwise the text "20" and the value true would pass for numbers.
WholeNumber = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Count = Annotated[WholeNumber, Field(ge=1)]
CountFrom0 = Annotated[WholeNumber, Field(ge=0)]
_Number = Annotated[float, Strict()]
_Share = Annotated[_Number, Field(ge=0, le=1)]
_Dropped = Annotated[_Number, Field(ge=0, lt=1)]
_Beta = Annotated[_Number, Field(ge=0, lt=1)]
_Positive = Annotated[_Number, Field(gt=0, allow_inf_nan=False)]
_NotNegative = Annotated[_Number, Field(ge=0, allow_inf_nan=False)]


class TrainingOptions(BaseModel):
    """The keys of `[training]` and of a model's `training`, but for the images.

    Steps are updates of the weights, counted from 1. Rates are per step, losses in nats.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    task: Task = "caption"
    """What follows the image: the caption, its first sentence, where something is, or its own question."""
    kind: Literal["gated_mlp", "linear"] = "gated_mlp"
    hidden_features: Count | None = None
    """Width inside of a gated connector; that of the LLM's own MLP where missing."""
    vision_blocks: Annotated[tuple[WholeNumber | str, ...] | None, Field(min_length=1)] = None
    """Encoder blocks whose outputs are read, "N" being the last."""
    normalize_features: Flag = False
    """Whether each block's output is layer-normed before the connector."""
    scale_to_embeddings: Flag = False
    """Whether the first vision tokens are scaled to the median norm of the LLM's input embeddings."""
    image_marks: Flag = True
    """Whether vectors of the image's start and end, a patch and a row's end are trained."""
    padding_embeddings: Flag | None = None
    """Whether vectors for padded cells are trained; where the encoder's canvas pads if missing."""
    prefix: str | None = None
    """Text before the image; the tokenizer's begin token, or else its end token, where missing."""
    suffix: str | None = None
    """Text after the image; " long_caption :" where missing, for questions nothing."""
    length_hints: _Share = 0.9
    """Share of captions whose length is told, if the suffix ends in a colon: before that colon."""
    unfreeze: str | None = None
    """Id of the [[llm]] from which the model's own is trained along; missing: it stays frozen."""

    seed: WholeNumber | None = None
    """Of the first weights; the study's where missing."""
    data_seed: WholeNumber | None = None
    """Of the order of images and of what is drawn for each; `seed` where missing."""
    steps: Count = 12_000
    batch_size: Count = 8
    """Images of one step, over all processes."""
    micro_batch: Count | None = None
    """Images of one pass; the gradients of several passes are added up. A step's share where missing."""
    sequence_length: Count = 1600
    """Tokens of a whole sequence, the image's included; longer captions lose their end."""

    learning_rate: _Positive = 2e-4
    llm_learning_rate: _Positive = 2e-5
    warmup_steps: CountFrom0 = 200
    llm_warmup_steps: CountFrom0 = 2000
    final_rate: _Share = 0.1
    """What of a rate is left after the last step."""
    betas: tuple[_Beta, _Beta] = (0.9, 0.95)
    eps: _Positive = 1e-6
    weight_decay: _NotNegative = 0.0
    clip_norm: _Positive = 1.0
    """L2 norm to which the gradients of connector and LLM are shortened, each by itself."""
    z_loss: _NotNegative = 1e-4
    """Weight of the squared log partition in the loss."""
    response_dropout: _Dropped = 0.1
    """Share of what an LLM block adds to the answer's positions that is left out in training."""

    checkpoint_every: Count = 1000
    checkpoint_steps: tuple[CountFrom0, ...] = ()
    """Further checkpoints; 0 is the connector before any training."""

    @property
    def text_after_image(self) -> str:
        """The suffix, or the default of the task."""
        if self.suffix is not None:
            return self.suffix
        return "" if self.task in ("top-bottom", "question") else " long_caption :"


FREE_TO_CHANGE = frozenset({"micro_batch", "checkpoint_every", "checkpoint_steps"})
"""Keys that a training may be gone on with differently: they do not change what is computed."""


def training_problems(study: Any) -> Iterator[str]:
    """What is wrong with a study's training keys beyond their types."""
    llms = {llm.id: llm for llm in study.llm}
    for model in study.model:
        if model.vlm and model.training:
            yield f"model {model.id!r}: key 'training' has no place beside 'vlm'"
        if model.vlm and model.steps:
            yield f"model {model.id!r}: key 'steps' has no place beside 'vlm'"
        start = model.training.unfreeze if model.training else None
        if start and start not in llms:
            known = ", ".join(llms) or "none"
            yield f"model {model.id!r}, training: unknown llm {start!r} to unfreeze, expected one of {known}"
        if start and start == model.llm:
            yield (
                f"model {model.id!r}, training: llm {start!r} cannot be unfrozen into itself; give the model "
                "an [[llm]] of its own, whose path says where the trained one goes"
            )
    if study.training and study.training.unfreeze:
        yield "training: 'unfreeze' belongs to a model, as each needs an LLM of its own"
