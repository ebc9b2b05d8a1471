"""How badly a toy model guesses what it was trained to say: with the image, with another one, without any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from data_pipeline.architectures import Architecture
from data_pipeline.framing import Framing
from data_pipeline.image_sources import SourceImage
from data_pipeline.language_models import load_causal_lm, load_tokenizer, model_config
from data_pipeline.locations import resolve
from data_pipeline.model_parts import framing_of
from data_pipeline.models import load_connector, load_vision_encoder
from data_pipeline.study import Study
from data_pipeline.toy.shipped_study import model_of
from data_pipeline.training.images import TrainingItem, batch_of
from data_pipeline.training.job import settings_of
from data_pipeline.training.losses import answer_loss
from data_pipeline.training.settings import TrainingOptions
from data_pipeline.training.tasks import example_of
from data_pipeline.training.trainee import Trainee

_CPU = torch.device("cpu")


@dataclass(frozen=True)
class AnswerLosses:
    """Mean loss of the answers in nats: with the image, with that of the next scene, and without one."""

    image: float
    shuffled: float
    none: float
    scenes: int


@torch.no_grad()
def answer_losses(study: Study, model_id: str, images: Sequence[SourceImage]) -> AnswerLosses:
    """Losses of a composed model of the toy study, on those scenes that its task has an answer for."""
    model = model_of(study, model_id)
    locations = (study.llm_of(model).path, study.encoder_of(model).path, str(model.connector))
    llm, encoder, connector = (resolve(location, study.folder) for location in locations)
    framing = framing_of(study, model, Architecture(model_config(encoder), "its config.json"))
    trainee = Trainee(
        load_causal_lm(llm, torch.float32, _CPU),
        load_tokenizer(llm),
        load_vision_encoder(encoder, framing.width, torch.float32, _CPU),
        load_connector(connector, torch.float32, _CPU),
    )
    batch = batch_of(trainee.encoder, shown_items(images, framing, settings_of(study, model)))
    block, texts = trainee.image_block(batch), trainee.texts(batch)

    def loss(shown: Tensor) -> float:
        return float(answer_loss(trainee.llm, trainee.layout, shown, texts).mean)

    return AnswerLosses(loss(block), loss(block.roll(1, 0)), loss(block[:, :0]), len(batch.examples))


def shown_items(
    images: Sequence[SourceImage], framing: Framing, options: TrainingOptions
) -> list[TrainingItem]:
    """Those of the images that the task has something to say about."""
    items = []
    for index, image in enumerate(images):
        if example := example_of(image, options, str(index)):
            canvas = framing.canvas(image.pixels)
            items.append(TrainingItem(canvas.pixels, canvas.padding, example))
    return items
