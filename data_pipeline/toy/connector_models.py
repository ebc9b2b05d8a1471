"""The toy study's models: nine pairs of language model and encoder, and the ablations of one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from data_pipeline.connectors import Connector, ConnectorConfig, scaled_to
from data_pipeline.encoders import VisionEncoder
from data_pipeline.toy.captions import caption, first_sentence, top_or_bottom
from data_pipeline.toy.pictures import Pictures
from data_pipeline.toy.scenes import Scene, make_scene
from data_pipeline.toy.schedule import Schedule, Trainer
from data_pipeline.toy.tokenizer import BOS
from data_pipeline.training.losses import answer_loss, median_embedding_norm
from data_pipeline.training.sequences import Example, ImageTextBatch, texts_of
from data_pipeline.training.trainee import Trainee, encoder_pixels

_BATCH = 32
_HIDDEN = 112
_BLOCKS = (2, 4)


@dataclass(frozen=True)
class ConnectorModel:
    """One model of the study. `task` is "caption", "first-sentence" or "topbottom"."""

    model_id: str
    llm: str
    encoder: str
    seed: int
    kind: str = "gated_mlp"
    vision_blocks: tuple[int, ...] = _BLOCKS
    task: str = "caption"
    unfreeze: bool = False

    @property
    def llm_folder(self) -> str:
        """Where the language model lies that belongs to the trained connector."""
        return f"llms/{self.model_id if self.unfreeze else self.llm}"


@dataclass(frozen=True)
class AnswerLosses:
    """Mean loss of the answers in nats: with the image, with that of the next scene, and without one."""

    image: float
    shuffled: float
    none: float
    scenes: int


def connector_models() -> tuple[ConnectorModel, ...]:
    """The nine pairs, then the ablations of olmo-clip.

    The published ablations read features 6 and 10 of 24 blocks earlier; here that is 1 and 2 of 4.
    """
    pairs = product(("llama", "olmo", "qwen2"), ("clip", "dinov2", "siglip"))
    main = [
        ConnectorModel(f"{llm}-{encoder}", llm, encoder, 100 + n) for n, (llm, encoder) in enumerate(pairs)
    ]
    return (
        *main,
        _ablation("first-sentence", task="first-sentence"),
        _ablation("linear", kind="linear"),
        _ablation("seed10", seed=10),
        _ablation("seed11", seed=11),
        _ablation("unfreeze", unfreeze=True),
        _ablation("earlier-vit-layers-6", vision_blocks=(1, 3)),
        _ablation("earlier-vit-layers-10", vision_blocks=(0, 2)),
        _ablation("topbottom", task="topbottom"),
        _ablation("topbottom-unfreeze", task="topbottom", unfreeze=True),
    )


def _ablation(name: str, seed: int = 103, **changes: object) -> ConnectorModel:
    return ConnectorModel(f"olmo-clip-{name}", "olmo", "clip", seed, **changes)  # type: ignore[arg-type]


def example(scene: Scene, task: str) -> Example | None:
    """What a task asks about a scene; None where its question has no single answer."""
    if task == "topbottom":
        question = top_or_bottom(scene)
        return None if question is None else Example(question.text, question.answer)
    return Example("", first_sentence(scene) if task == "first-sentence" else caption(scene))


def load_language_model(folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """In single precision, for training and for exact comparison."""
    llm = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
    )
    return llm.eval(), AutoTokenizer.from_pretrained(folder, trust_remote_code=False)


def image_text_batches(
    encoder: VisionEncoder,
    pictures: Pictures,
    seed: int,
    split: str,
    task: str,
    shuffle_seed: int,
    batch: int = _BATCH,
) -> Iterator[ImageTextBatch]:
    """Endless random batches of the scenes that the task has an example for."""
    rng = np.random.default_rng(shuffle_seed)
    while True:
        chosen = np.sort(rng.integers(len(pictures.pixels), size=batch))
        found = [(number, example(make_scene(seed, split, int(number)), task)) for number in chosen]
        usable = [(number, item) for number, item in found if item is not None]
        pixels = pictures.pixels[[number for number, _ in usable]]
        yield ImageTextBatch(encoder_pixels(encoder, pixels), tuple(item for _, item in usable))


def fresh_connector(
    model: ConnectorModel, llm: PreTrainedModel, encoder: VisionEncoder, pixels: Tensor
) -> Connector:
    """Untrained, with vision tokens at the norm of text embeddings."""
    torch.manual_seed(model.seed)
    config = ConnectorConfig(
        kind=model.kind,
        in_features=len(model.vision_blocks) * encoder.hidden_size,
        hidden_features=_HIDDEN,
        out_features=llm.config.hidden_size,
        vision_blocks=model.vision_blocks,
        layer_norm_features=True,
        output_scale=1.0,
        prefix=BOS,
        suffix=":",
    )
    features = Connector(config).features(encoder.block_outputs(pixels))
    return scaled_to(config, features, median_embedding_norm(llm))


def train_connector_model(
    model: ConnectorModel, weights: Path, pictures: Pictures, seed: int, steps: int, trainer: Trainer
) -> tuple[Connector, PreTrainedModel]:
    """Trains from the language model and encoder in `weights`."""
    llm, tokenizer = load_language_model(weights / "llms" / model.llm)
    encoder = VisionEncoder.from_pretrained(weights / "encoders" / model.encoder)
    batches = image_text_batches(encoder, pictures, seed, "train", model.task, model.seed)
    connector = fresh_connector(model, llm, encoder, next(batches).pixel_values)
    # The language model's blocks are trained already: three times the rate would undo that.
    schedule = Schedule(steps, 1e-3 if model.unfreeze else 3e-3, 0.01, model.seed)
    train_connector(Trainee(llm, tokenizer, encoder, connector), batches, schedule, trainer, model.unfreeze)
    return connector, llm


def train_connector(
    trainee: Trainee,
    batches: Iterator[ImageTextBatch],
    schedule: Schedule,
    trainer: Trainer,
    unfreeze: bool = False,
) -> None:
    """Trains the connector in place, and with `unfreeze` the language model's blocks at the same rate."""
    trainee.freeze(unfreeze_blocks=unfreeze)

    def next_loss() -> Tensor:
        batch = next(batches)
        return trainee.loss(batch, trainee.texts(batch)).mean

    trained = trainee.connector_parameters | trainee.llm_parameters
    trainer.fit(list(trained.values()), next_loss, schedule)


@torch.no_grad()
def answer_losses(
    model: ConnectorModel, weights: Path, pixels: np.ndarray, seed: int, split: str
) -> AnswerLosses:
    """Losses of a saved model on the first scenes of a split; `pixels` (scene, y, x, rgb) uint8 canvases."""
    llm, tokenizer = load_language_model(weights / model.llm_folder)
    encoder = VisionEncoder.from_pretrained(weights / "encoders" / model.encoder)
    connector = Connector.from_pretrained(weights / "connectors" / model.model_id)
    usable, examples = usable_examples(seed, split, len(pixels), model.task)
    trainee = Trainee(llm, tokenizer, encoder, connector)
    tokens = trainee.image_block(ImageTextBatch(encoder_pixels(encoder, pixels[usable]), examples))
    texts = texts_of(tokenizer, trainee.layout, examples)

    def loss(shown: Tensor) -> float:
        return float(answer_loss(llm, trainee.layout, shown, texts).mean)

    return AnswerLosses(loss(tokens), loss(tokens.roll(1, 0)), loss(tokens[:, :0]), len(examples))


def usable_examples(seed: int, split: str, count: int, task: str) -> tuple[list[int], tuple[Example, ...]]:
    """The numbers of those of the first `count` scenes that the task has an example for, and the examples."""
    found = [(number, example(make_scene(seed, split, number), task)) for number in range(count)]
    usable = [(number, item) for number, item in found if item is not None]
    return [number for number, _ in usable], tuple(item for _, item in usable)
