"""Vision-language models of transformers' own classes, with their own preprocessing.

The canvas is not computed a second time: it is read back from the pixel values that the model's processor
made, and the grid from what the processor told the model. Only the map from source to canvas follows the
processor's settings; where these hold something that is not known here, the map is left out, not guessed.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image
from torch import Tensor
from transformers import (
    AutoImageProcessor,
    AutoModelForImageTextToText,
    AutoProcessor,
    PreTrainedModel,
)

from data_pipeline.chat_templates import templated
from data_pipeline.config_checks import check_image_processor, check_image_settings
from data_pipeline.errors import InputError
from data_pipeline.language_models import (
    LanguageModel,
    load_tokenizer,
    load_whole,
    loadable,
    model_config,
)
from data_pipeline.models import Look, Prompt
from data_pipeline.vlm_families.family import Family
from data_pipeline.vlm_families.general import General
from data_pipeline.vlm_families.known import ANY_SIZE, FAMILIES, REMOTE_FAMILY, is_loadable_class
from data_pipeline.vlm_families.molmo import PROMPT, Molmo, load_molmo_processor
from data_pipeline.vlm_families.molmo_model import load_molmo_model
from data_pipeline.vlm_families.pixel_bounds import OWN_BOUNDS, PixelBounds

# Left to itself the library takes torchvision where it is installed, which rounds otherwise: results would
# depend on a package that nothing here needs.
_RESIZING = {"backend": "pil"}


@dataclass(frozen=True, eq=False)
class OffTheShelfVLM:
    """A model and its family's ways; `text` is the whole prompt, with one placeholder for the image."""

    model: PreTrainedModel
    language: LanguageModel
    family: Family
    text: str

    def look(self, image: Image.Image) -> Look:
        """Let the model's own processor preprocess the image, and read the canvas from what it made."""
        try:
            return self.family.look(image, self.text)
        except InputError as error:
            raise InputError(f"{self.model.name_or_path}: {error}") from error

    def prompt(self, looks: Sequence[Look]) -> Prompt:
        """See `models.VisionLanguageModel.prompt`."""
        inputs = {
            name: torch.cat([look.tensors[name] for look in looks]).to(self.model.device)
            for name in looks[0].tensors
        }
        pixels = self.family.pixels
        inputs[pixels] = inputs[pixels].to(self.model.dtype)
        vision = self.family.vision_positions(inputs, looks[0].canvas.grid.cells)
        return Prompt(self.family.model_inputs(inputs), vision, inputs["input_ids"].shape[1])

    def prompt_without_image(self, count: int) -> Prompt:
        """See `models.VisionLanguageModel.prompt_without_image`: the text without the placeholder."""
        kept = torch.tensor(self.family.text_alone(self.text)).to(self.model.device)
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
    folder: Path,
    text: str | None,
    dtype: torch.dtype,
    device: torch.device,
    recipe: str = "processor",
    grid: tuple[int, int] | None = None,
    remote_code: bool = False,
    bounds: PixelBounds = OWN_BOUNDS,
) -> OffTheShelfVLM:
    """The model in `folder`; `text` is its prompt, its processor's chat template where None.

    `grid` states rows and columns for a class that V-Lens does not know by itself, `bounds` how many pixels a
    canvas of any size may have. With `remote_code` the folder's own code is run, which its class must need.

    Raises:
        InputError: a class that is not known, files that cannot be loaded, neither prompt nor template, a
            grid for a class whose grid is known, bounds for one whose canvas is, or float16.
    """
    if dtype == torch.float16:
        raise InputError(
            f"{folder}: hidden states of some models exceed the range of float16 (65504); use bfloat16 or "
            "float32"
        )
    config = model_config(folder, remote_code)
    check_class(config.model_type, folder, grid, bounds)
    if remote_code:
        return _load_molmo(folder, text, dtype, device, recipe, config)
    model = load_whole(AutoModelForImageTextToText, folder, dtype).to(device).eval().requires_grad_(False)
    language = LanguageModel(model, load_tokenizer(folder))
    family: Family
    if config.model_type in FAMILIES:
        check_image_settings(config, max(language.vocab_size, len(language.tokenizer)), folder)
        image_processor = _loaded(AutoImageProcessor, folder, **_RESIZING)
        with loadable(folder):
            check_image_processor(image_processor)
        bounds.put_into(image_processor, folder)
        family = FAMILIES[config.model_type](model.config, image_processor, language.tokenizer, recipe)
    else:
        processor = _loaded(AutoProcessor, folder)
        processor.image_processor = _loaded(AutoImageProcessor, folder, **_RESIZING)
        accepted = frozenset(inspect.signature(model.forward).parameters)
        parts = model.config, processor.image_processor, language.tokenizer, recipe
        family = General(*parts, processor, accepted, grid)
    return OffTheShelfVLM(model, language, family, text or templated(language.tokenizer, folder))


def _load_molmo(
    folder: Path, text: str | None, dtype: torch.dtype, device: torch.device, recipe: str, config: Any
) -> OffTheShelfVLM:
    published = load_molmo_model(folder, config, dtype).to(device).eval().requires_grad_(False)
    model = cast(PreTrainedModel, published)  # it answers all that is asked of one here
    language = LanguageModel(model, load_tokenizer(folder))
    processor = load_molmo_processor(folder)
    family = Molmo(config, processor.image_processor, language.tokenizer, recipe, processor)
    return OffTheShelfVLM(model, language, family, text or PROMPT)


def check_class(
    class_name: str, folder: Path, grid: tuple[int, int] | None, bounds: PixelBounds = OWN_BOUNDS
) -> None:
    """Whether a model of this type can be read; raises `InputError` where not."""
    known = {*FAMILIES, REMOTE_FAMILY}
    if class_name not in known and not is_loadable_class(class_name):
        raise InputError(
            f"{folder}: model of type {class_name!r} is not known; known: {', '.join(sorted(known))}, and "
            "classes of AutoModelForImageTextToText that mark their image tokens"
        )
    if grid and class_name in known:
        raise InputError(f"{folder}: key 'grid' has no place here, the grid of {class_name!r} is known")
    if bounds.stated and class_name not in ANY_SIZE:
        raise InputError(
            f"{folder}: key {min(bounds.stated)!r} has no place here; of the classes known only "
            f"{', '.join(sorted(ANY_SIZE))} have a canvas of any size, this is {class_name!r}"
        )


def _loaded(kind: Any, folder: Path, **how: str) -> Any:
    with loadable(folder):
        return kind.from_pretrained(folder, trust_remote_code=False, **how)
