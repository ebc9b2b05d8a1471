"""Vision-language models of transformers' own classes, with their own preprocessing.

The canvas is not computed a second time: it is read back from the pixel values that the model's processor
made, and the grid from what the processor told the model. Only the map from source to canvas follows the
processor's settings; where these hold something that is not known here, the map is left out, not guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor, AutoModelForImageTextToText, PreTrainedModel

from data_pipeline.errors import InputError
from data_pipeline.images import Affine, Canvas, Grid, map_box
from data_pipeline.language_models import LanguageModel, load_tokenizer, loadable, model_type
from data_pipeline.models import Look, Prompt

_QUESTION = "Describe this image."


@dataclass(frozen=True, eq=False)
class OffTheShelfVLM:
    """A model with its image processor.

    `text` is the whole prompt, with one placeholder for the image; `recipe` names what makes the canvas.

    The placeholder is multiplied here, once per cell: the library's combined processors do the same, but
    those of models that also read videos need more packages than images do.
    """

    model: PreTrainedModel
    image_processor: Any
    language: LanguageModel
    text: str
    recipe: str

    def look(self, image: Image.Image) -> Look:
        """Let the model's own processor preprocess the image, and read the canvas from what it made."""
        made = self.image_processor(images=[image], return_tensors="pt")
        tensors = {name: values for name, values in made.items() if isinstance(values, Tensor)}
        canvas = CANVASES[self.model.config.model_type](self, tensors, image.size)
        ids, placeholder = self._prompt_ids(), self.model.config.image_token_id
        if ids.count(placeholder) != 1:
            raise InputError(
                f"{self.model.name_or_path}: prompt {self.text!r} has no single image placeholder"
            )
        place = ids.index(placeholder)
        expanded = torch.tensor([[*ids[:place], *[placeholder] * canvas.grid.cells, *ids[place + 1 :]]])
        tensors |= {"input_ids": expanded, "attention_mask": torch.ones_like(expanded)}
        if "image_grid_thw" in tensors:  # marks which tokens have a place in a picture
            tensors["mm_token_type_ids"] = (expanded == placeholder).int()
        return Look(canvas, tensors)

    def _prompt_ids(self) -> list[int]:
        return list(self.language.tokenizer(self.text)["input_ids"])

    def prompt(self, looks: Sequence[Look]) -> Prompt:
        """See `models.VisionLanguageModel.prompt`."""
        names = looks[0].tensors
        inputs = {
            name: torch.cat([look.tensors[name] for look in looks]).to(self.model.device) for name in names
        }
        inputs["pixel_values"] = inputs["pixel_values"].to(self.model.dtype)
        vision = (inputs["input_ids"][0] == self.model.config.image_token_id).nonzero()[:, 0].cpu()
        return Prompt(inputs, vision, inputs["input_ids"].shape[1])

    def prompt_without_image(self, count: int) -> Prompt:
        """See `models.VisionLanguageModel.prompt_without_image`: the text without the placeholder."""
        config = self.model.config
        marks = ("image_token_id", "vision_start_token_id", "vision_end_token_id")
        image_ids = {getattr(config, mark, None) for mark in marks}
        kept = torch.tensor([token for token in self._prompt_ids() if token not in image_ids])
        kept = kept.to(self.model.device)
        rows = kept.expand(count, -1)
        return Prompt(
            {"input_ids": rows, "attention_mask": torch.ones_like(rows)}, torch.arange(0), len(kept)
        )

    def extend(self, prompt: Prompt, ids: Tensor) -> dict[str, Tensor]:
        """See `models.VisionLanguageModel.extend`."""
        ids = ids.to(self.model.device)
        tails = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        shape = prompt.inputs["input_ids"].shape
        return {
            # What else has one entry per token marks the kind of token; 0 is text.
            name: torch.cat([values, tails.get(name, torch.zeros_like(ids)).to(values.dtype)], dim=1)
            if values.shape == shape
            else values
            for name, values in prompt.inputs.items()
        }


def load_off_the_shelf(
    folder: Path, text: str | None, dtype: torch.dtype, device: torch.device, recipe: str = "processor"
) -> OffTheShelfVLM:
    """The model in `folder`; `text` is its prompt, its processor's chat template where None.

    Raises:
        InputError: a class that is not known, files that cannot be loaded, or neither prompt nor template.
    """
    family = model_type(folder)
    if family not in CANVASES:
        raise InputError(
            f"{folder}: model of type {family!r} is not known; known: {', '.join(sorted(CANVASES))}"
        )
    with loadable(folder):
        image_processor = AutoImageProcessor.from_pretrained(folder, trust_remote_code=False)
        model = AutoModelForImageTextToText.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, trust_remote_code=False
        )
    model = model.to(device).eval().requires_grad_(False)
    language = LanguageModel(model, load_tokenizer(folder))
    prompt = text or _template(language.tokenizer, folder)
    return OffTheShelfVLM(model, image_processor, language, prompt, recipe)


def _template(tokenizer: Any, folder: Path) -> str:
    if not getattr(tokenizer, "chat_template", None):
        raise InputError(f"{folder}: has no chat template, so the study must give this model a prompt")
    turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": _QUESTION}]}
    return str(tokenizer.apply_chat_template([turn], add_generation_prompt=True, tokenize=False))


def _llava_canvas(vlm: OffTheShelfVLM, tensors: dict[str, Tensor], size: tuple[int, int]) -> Canvas:
    pixels = _denormalised(tensors["pixel_values"][0], vlm.image_processor)
    patch = int(vlm.model.config.vision_config.patch_size)
    grid = Grid(pixels.shape[0] // patch, pixels.shape[1] // patch, patch, patch)
    affine = crop_map(vlm.image_processor, size, (pixels.shape[1], pixels.shape[0]))
    return _canvas(pixels, grid, affine, size, vlm)


def _qwen_canvas(vlm: OffTheShelfVLM, tensors: dict[str, Tensor], size: tuple[int, int]) -> Canvas:
    """Patches come flattened, blocks of merged patches first: (patches, rgb * frames * patch * patch)."""
    settings = vlm.image_processor
    frames, patch, merge = settings.temporal_patch_size, settings.patch_size, settings.merge_size
    time, rows, cols = tensors["image_grid_thw"][0].tolist()
    blocks = tensors["pixel_values"].reshape(
        time, rows // merge, cols // merge, merge, merge, 3, frames, patch, patch
    )
    image = blocks[0, ..., 0, :, :].permute(
        4, 0, 2, 5, 1, 3, 6
    )  # rgb, row: block, merged, pixel, col: the same
    pixels = _denormalised(image.reshape(3, rows * patch, cols * patch), settings)
    grid = Grid(rows // merge, cols // merge, patch * merge, patch * merge)
    affine = (pixels.shape[1] / size[0], 0.0, 0.0, 0.0, pixels.shape[0] / size[1], 0.0)
    return _canvas(pixels, grid, affine, size, vlm)


def _canvas(
    pixels: np.ndarray, grid: Grid, affine: Affine | None, size: tuple[int, int], vlm: OffTheShelfVLM
) -> Canvas:
    box = None if affine is None else map_box(affine, (0, 0, *size))
    return Canvas(pixels, grid, vlm.recipe, affine, box)


def _denormalised(values: Tensor, settings: Any) -> np.ndarray:
    """Pixels (height, width, 3) of 0 to 255 from a processor's values (3, height, width)."""
    pixels = values.double()
    if settings.do_normalize:
        mean, std = (
            torch.tensor(part).double().view(3, 1, 1) for part in (settings.image_mean, settings.image_std)
        )
        pixels = pixels * std + mean
    if settings.do_rescale:
        pixels = pixels / settings.rescale_factor
    return pixels.round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def crop_map(settings: Any, source: tuple[int, int], canvas: tuple[int, int]) -> Affine | None:
    """Source to canvas of a processor that resizes and then may cut the middle out; sizes (width, height).

    None where the settings pad, or do something else that is not known here.
    """
    if getattr(settings, "do_pad", False):
        return None
    width, height = _resized(settings, source)
    left, top = (width - canvas[0]) // 2, (height - canvas[1]) // 2
    if left < 0 or top < 0 or ((left or top) and not getattr(settings, "do_center_crop", False)):
        return None
    return (width / source[0], 0.0, -float(left), 0.0, height / source[1], -float(top))


def _resized(settings: Any, source: tuple[int, int]) -> tuple[int, int]:
    if not settings.do_resize:
        return source
    size = dict(settings.size)
    if size.get("height") and size.get("width"):
        return int(size["width"]), int(size["height"])
    short = int(size.get("shortest_edge") or 0)
    if source[0] <= source[1]:
        return short, int(short * source[1] / source[0])
    return int(short * source[0] / source[1]), short


CANVASES: dict[str, Callable[[OffTheShelfVLM, dict[str, Tensor], tuple[int, int]], Canvas]] = {
    "llava": _llava_canvas,
    "qwen2_vl": _qwen_canvas,
    "qwen2_5_vl": _qwen_canvas,
}
"""How to read the canvas back, by the model's type: the classes that V-Lens knows."""
