"""A small model of an off-the-shelf class: LLaVA, with its own preprocessing and trained end to end.

It starts from the first blocks of the toy Llama and CLIP encoders and then leaves them: every weight moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from transformers import (
    AutoModelForCausalLM,
    CLIPImageProcessorPil,
    CLIPVisionModel,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from data_pipeline.encoders import VisionEncoder
from data_pipeline.framing import Framing
from data_pipeline.image_sources import ImageSource, SourceImage
from data_pipeline.toy.answer_losses import AnswerLosses, shown_items
from data_pipeline.toy.pictures import CANVAS_PIXELS, GRID, PATCH_PIXELS
from data_pipeline.toy.schedule import Schedule, Trainer
from data_pipeline.toy.tokenizer import IMAGE_TOKEN, build_tokenizer
from data_pipeline.toy.vision_encoders import PIXEL_STATISTICS
from data_pipeline.training.images import TrainingImages, batch_of, places_of, read_ahead
from data_pipeline.training.sequences import NOT_LEARNED, ImageTextBatch
from data_pipeline.training.settings import TrainingOptions

_TEXT_BLOCKS, _VISION_BLOCKS = 4, 3
_FRAMING = Framing(CANVAS_PIXELS, CANVAS_PIXELS, PATCH_PIXELS, PATCH_PIXELS, "squash", "bicubic")
_CAPTIONS = TrainingOptions(suffix=":", length_hints=0)
# The model captions and does nothing else, so the template leaves out what the user asks. The tokenizer adds
# the begin token.
_CHAT_TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% endif %}{% endfor %}{% endfor %}:"
)


def build_llava(weights: Path, seed: int) -> LlavaForConditionalGeneration:
    """Llama's and CLIP's first blocks under a fresh projector; 0.9 M parameters."""
    torch.manual_seed(seed)
    llama = AutoModelForCausalLM.from_pretrained(
        weights / "llms" / "llama", dtype=torch.float32, use_safetensors=True, trust_remote_code=False
    )
    clip = CLIPVisionModel.from_pretrained(
        weights / "encoders" / "clip", dtype=torch.float32, use_safetensors=True
    )
    tokenizer = build_tokenizer(image_token=True)
    text_config, vision_config = llama.config, clip.config
    text_config.num_hidden_layers, vision_config.num_hidden_layers = _TEXT_BLOCKS, _VISION_BLOCKS
    text_config.layer_types = None
    text_config._name_or_path = vision_config._name_or_path = (
        ""  # folders of this machine mean nothing elsewhere
    )
    config = LlavaConfig(
        text_config=text_config.to_dict(),
        vision_config=vision_config.to_dict(),
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE_TOKEN),
        image_seq_length=GRID * GRID,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        tie_word_embeddings=False,
    )
    model = LlavaForConditionalGeneration(config)
    _copy_blocks(llama.model, model.model.language_model)
    _copy_blocks(clip, model.model.vision_tower)
    model.lm_head.load_state_dict(llama.lm_head.state_dict())
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    return model


def train_llava(
    model: LlavaForConditionalGeneration,
    encoder: VisionEncoder,
    source: ImageSource,
    schedule: Schedule,
    trainer: Trainer,
    batch_size: int = 32,
) -> None:
    """All weights, loss on the caption alone; `encoder` lends its pixel statistics."""
    tokenizer = build_tokenizer(image_token=True)
    batches = caption_batches(encoder, source, schedule, batch_size)
    trainer.fit(list(model.parameters()), lambda: llava_loss(model, tokenizer, next(batches)), schedule)


def caption_batches(
    encoder: VisionEncoder, source: ImageSource, schedule: Schedule, size: int
) -> Iterator[ImageTextBatch]:
    """The images of each step, in the order that connectors are trained in."""
    images = TrainingImages(source, _FRAMING, _CAPTIONS, schedule.seed, print)
    for items in read_ahead(images, lambda step: places_of(step, size, 0, 1), range(schedule.steps)):
        yield batch_of(encoder, items)


def llava_loss(
    model: LlavaForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, batch: ImageTextBatch
) -> Tensor:
    """Mean cross-entropy of the captions in nats; (). A batch may have examples without pictures."""
    shown = len(batch.pixel_values) > 0
    ids, labels = _sequences(tokenizer, batch, GRID * GRID if shown else 0)
    images = {"pixel_values": batch.pixel_values} if shown else {}
    logits = model(input_ids=ids, use_cache=False, **images).logits[:, :-1]
    return functional.cross_entropy(
        logits.flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=NOT_LEARNED
    )


@torch.no_grad()
def llava_losses(folder: Path, encoder: VisionEncoder, images: Sequence[SourceImage]) -> AnswerLosses:
    """Losses of the saved model on scenes, like `answer_losses`."""
    model = LlavaForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True
    ).eval()
    tokenizer = build_tokenizer(image_token=True)
    batch = batch_of(encoder, shown_items(images, _FRAMING, _CAPTIONS))

    def loss(shown: Tensor) -> float:
        return float(llava_loss(model, tokenizer, ImageTextBatch(shown, batch.examples)))

    values = batch.pixel_values
    return AnswerLosses(loss(values), loss(values.roll(1, 0)), loss(values[:0]), len(batch.examples))


def save_llava(model: LlavaForConditionalGeneration, folder: Path) -> None:
    """Half-precision weights with the processor's files: image preprocessing, tokenizer and prompt."""
    model.half().save_pretrained(folder)
    mean, std = PIXEL_STATISTICS["clip"]
    processor = LlavaProcessor(
        # Resizes the shorter edge and crops the centre: an oblong picture loses its ends.
        image_processor=CLIPImageProcessorPil(
            size={"shortest_edge": CANVAS_PIXELS},
            crop_size={"height": CANVAS_PIXELS, "width": CANVAS_PIXELS},
            image_mean=mean,
            image_std=std,
        ),
        tokenizer=build_tokenizer(image_token=True),
        patch_size=model.config.vision_config.patch_size,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,  # the class token, which is dropped again
        chat_template=_CHAT_TEMPLATE,
    )
    processor.save_pretrained(folder)


def _copy_blocks(source: torch.nn.Module, target: torch.nn.Module) -> None:
    wanted = target.state_dict()
    found = {name: value for name, value in source.state_dict().items() if name in wanted}
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise ValueError(f"weights not found in the source model: {', '.join(missing[:5])}")
    target.load_state_dict(found)


def _sequences(
    tokenizer: PreTrainedTokenizerFast, batch: ImageTextBatch, placeholders: int
) -> tuple[Tensor, Tensor]:
    """Ids and labels (batch, token): begin, placeholders, colon, caption, end."""
    prompt = tokenizer.encode(IMAGE_TOKEN * placeholders + ":")
    answers = [tokenizer.encode(item.answer, add_special_tokens=False) for item in batch.examples]
    width = max(len(answer) for answer in answers) + 1
    ids = torch.full((len(answers), len(prompt) + width), tokenizer.eos_token_id)
    labels = torch.full_like(ids, NOT_LEARNED)
    for row, answer in enumerate(answers):
        stop = len(prompt) + len(answer)
        ids[row, :stop] = torch.tensor([*prompt, *answer])
        labels[row, len(prompt) : stop + 1] = ids[row, len(prompt) : stop + 1]
    return ids, labels
