"""Three tiny vision encoders of the published families, trained from scratch on the drawn scenes.

CLIP and SigLIP learn to name every patch with a text tower of their own (softmax and sigmoid losses), besides
the whole picture; DINOv2 sees no words and predicts the features of the CLIP encoder, partly behind a mask.
The published encoders learn from whole pictures only, but from hundreds of millions of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    Dinov2Config,
    Dinov2Model,
    PreTrainedModel,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from data_pipeline.encoders import VisionEncoder
from data_pipeline.toy.pictures import CANVAS_PIXELS, GRID, PATCH_PIXELS, CellWords, Pictures, cell_words
from data_pipeline.toy.tokenizer import build_tokenizer

_SIZE = {
    "hidden_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "image_size": CANVAS_PIXELS,
    "patch_size": PATCH_PIXELS,
}
PIXEL_STATISTICS: dict[str, tuple[list[float], list[float]]] = {
    "clip": ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
    "dinov2": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    "siglip": ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
}
_PROCESSORS = {"clip": "CLIPImageProcessor", "dinov2": "BitImageProcessor", "siglip": "SiglipImageProcessor"}
_BATCH = 64
_GLOBAL_WEIGHT = 0.2


@dataclass(frozen=True)
class PictureBatch:
    """Pixels (batch, 3, 224, 224) in [0, 1], words (batch, cell, group), shares (batch, cell)."""

    pixels: Tensor
    words: Tensor
    shares: Tensor


def build_vision_encoder(family: str, seed: int) -> PreTrainedModel:
    """A fresh encoder of about 0.55 M parameters; 8 x 8 patches of 28 pixels."""
    torch.manual_seed(seed)
    if family == "clip":
        return CLIPVisionModel(CLIPVisionConfig(**_SIZE, intermediate_size=224, projection_dim=96))
    if family == "siglip":
        return SiglipVisionModel(SiglipVisionConfig(**_SIZE, intermediate_size=224, vision_use_head=False))
    if family == "dinov2":
        return Dinov2Model(Dinov2Config(**_SIZE, mlp_ratio=2, layerscale_value=1.0))
    raise ValueError(f"unknown encoder family {family!r}; known: {', '.join(PIXEL_STATISTICS)}")


def save_vision_encoder(model: PreTrainedModel, family: str, folder: Path) -> None:
    """Half-precision weights, and the preprocessing as the families' own processors write it."""
    model.half().save_pretrained(folder)
    mean, std = PIXEL_STATISTICS[family]
    side = {"height": CANVAS_PIXELS, "width": CANVAS_PIXELS}
    settings = {
        "image_processor_type": _PROCESSORS[family],
        "do_resize": True,
        "size": side if family == "siglip" else {"shortest_edge": CANVAS_PIXELS},
        "do_center_crop": family != "siglip",
        "crop_size": side,
        "resample": 3,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "do_convert_rgb": True,
        "image_mean": mean,
        "image_std": std,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def picture_batches(pictures: Pictures, seed: int, batch: int = _BATCH) -> Iterator[PictureBatch]:
    """Endless random batches, half of them mirrored."""
    rng = np.random.default_rng(seed)
    while True:
        chosen = np.sort(rng.integers(len(pictures.pixels), size=batch))
        pixels = torch.from_numpy(pictures.pixels[chosen]).permute(0, 3, 1, 2).float().div_(255)
        words = torch.from_numpy(pictures.words[chosen].astype(np.int64))
        shares = torch.from_numpy(pictures.shares[chosen].astype(np.float32))
        if rng.random() < 0.5:
            pixels, words, shares = pixels.flip(3), _mirrored(words), _mirrored(shares)
        yield PictureBatch(pixels, words, shares)


def normalised(pixels: Tensor, family: str) -> Tensor:
    """Pixels in [0, 1] as the family's encoder takes them; (batch, 3, height, width)."""
    mean, std = (torch.tensor(values)[:, None, None] for values in PIXEL_STATISTICS[family])
    return (pixels - mean) / std


class TextAligned(nn.Module):
    """An encoder under training beside a small text tower that reads the texts of `CellWords`."""

    def __init__(self, family: str, model: PreTrainedModel) -> None:
        super().__init__()
        self.family, self.model, self.words = family, model, cell_words()
        self.ids = _prompt_ids(self.words)
        self.text = CLIPTextModel(_text_config())
        self.text_projection = nn.Linear(64, 64, bias=False)
        self.norm, self.patch_projection = nn.LayerNorm(96), nn.Linear(96, 64, bias=False)
        self.log_scale = nn.Parameter(torch.tensor(10.0).log())
        self.bias = nn.Parameter(torch.tensor(-6.0))

    def loss(self, batch: PictureBatch) -> Tensor:
        """Dense loss per patch plus 0.2 times that of the whole picture; nats."""
        states = self.model(pixel_values=normalised(batch.pixels, self.family)).last_hidden_state
        patches = states[:, 1:] if self.family == "clip" else states
        whole = states[:, 0] if self.family == "clip" else states.mean(1)
        local, overall = self._logits(patches), self._logits(whole)  # (batch, cell, prompt), (batch, prompt)
        present = _present(batch.words, self.words)  # (batch, prompt)
        if self.family == "clip":
            return _softmax_loss(local, batch, self.words) + _GLOBAL_WEIGHT * _present_loss(
                overall, present, self.words
            )
        dense = _sigmoid_loss(local + self.bias, _targets(batch.words, self.words), batch.shares)
        return dense + _GLOBAL_WEIGHT * _sigmoid_loss(overall + self.bias, present, torch.ones(len(present)))

    def _logits(self, features: Tensor) -> Tensor:
        texts = functional.normalize(
            self.text_projection(self.text(input_ids=self.ids).last_hidden_state[:, -1]), dim=-1
        )
        images = functional.normalize(self.patch_projection(self.norm(features)), dim=-1)
        return self.log_scale.exp().clamp(max=100) * images @ texts.T


class Distilled(nn.Module):
    """DINOv2 under training: it predicts the teacher's last features, half of the batch partly masked."""

    def __init__(self, model: PreTrainedModel, teacher: VisionEncoder, seed: int) -> None:
        super().__init__()
        self.model, self.head = model, nn.Linear(96, 96)
        self.teacher = [teacher]  # in a list: no part of the trained module
        self.random = torch.Generator().manual_seed(seed)

    def loss(self, batch: PictureBatch) -> Tensor:
        """Twice the smooth L1 distance plus one minus the cosine, both means over patches."""
        target = self.teacher[0].block_outputs(normalised(batch.pixels, "clip"))[-1]
        target = functional.layer_norm(target, target.shape[-1:])
        masked = torch.rand(target.shape[:2], generator=self.random) < 0.25
        masked[len(masked) // 2 :] = False
        states = self.model(
            pixel_values=normalised(batch.pixels, "dinov2"), bool_masked_pos=masked
        ).last_hidden_state
        guess = self.head(states[:, 1:])
        return (
            2 * functional.smooth_l1_loss(guess, target)
            + 1
            - functional.cosine_similarity(guess, target, dim=-1).mean()
        )


def trainable(
    family: str, model: PreTrainedModel, seed: int, teacher: VisionEncoder | None = None
) -> nn.Module:
    """The module whose `loss` trains the encoder; DINOv2 needs its teacher."""
    torch.manual_seed(seed + 1)
    if family != "dinov2":
        return TextAligned(family, model)
    if teacher is None:
        raise ValueError("dinov2 is distilled from the CLIP encoder: no teacher was given")
    return Distilled(model, teacher, seed)


def next_loss(module: nn.Module, batches: Iterator[PictureBatch]) -> Callable[[], Tensor]:
    """The loss of the next batch, as a trainer calls for it."""
    return lambda: module.loss(next(batches))  # type: ignore[operator]


def _mirrored(cells: Tensor) -> Tensor:
    """Cell values (batch, cell, ...) with each row from right to left."""
    return cells.unflatten(1, (GRID, GRID)).flip(2).flatten(1, 2)


def _prompt_ids(words: CellWords) -> Tensor:
    tokenizer = build_tokenizer()
    rows = [tokenizer.encode(text) for text in words.prompts]
    width = max(len(row) for row in rows) + 1
    # Padded with ends of text: the tower is causal, so the last position has read everything.
    return torch.tensor([row + [tokenizer.eos_token_id] * (width - len(row)) for row in rows])


def _text_config() -> CLIPTextConfig:
    tokenizer = build_tokenizer()
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=16,
        projection_dim=64,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )


def _groups(words: CellWords) -> list[slice]:
    sizes = (len(words.phrases), len(words.nouns), len(words.colours), len(words.textures))
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    return [slice(start, start + size) for start, size in zip(starts, sizes, strict=True)]


def _softmax_loss(logits: Tensor, batch: PictureBatch, words: CellWords) -> Tensor:
    total = logits.new_zeros(())
    for number, group in enumerate(_groups(words)):
        losses = functional.cross_entropy(
            logits[..., group].flatten(0, 1), batch.words[..., number].flatten(), reduction="none"
        )
        total = total + (losses * batch.shares.flatten()).sum() / batch.shares.sum()
    return total


def _present_loss(logits: Tensor, present: Tensor, words: CellWords) -> Tensor:
    phrases = _groups(words)[0]
    hits = present[:, phrases]
    return -(functional.log_softmax(logits[:, phrases], -1) * hits / hits.sum(1, keepdim=True)).sum(1).mean()


def _sigmoid_loss(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(-1)
    return (losses * weights).sum() / weights.sum()


def _targets(cell_words: Tensor, words: CellWords) -> Tensor:
    """1 at the four prompts of each cell; (batch, cell, prompt)."""
    starts = torch.tensor([group.start for group in _groups(words)])
    targets = torch.zeros(*cell_words.shape[:2], len(words.prompts))
    return targets.scatter_(2, cell_words + starts, 1.0)


def _present(cell_words: Tensor, words: CellWords) -> Tensor:
    return _targets(cell_words, words).amax(1)
