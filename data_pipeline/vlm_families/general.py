"""Any other class that marks its image tokens: one tile, its tokens row by row, its own combined processor.

What is not known of a class is asked of its processor, and refused where the answer leaves a choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Any

from PIL import Image
from torch import Tensor

from data_pipeline.errors import InputError
from data_pipeline.images import Grid
from data_pipeline.models import Look
from data_pipeline.vlm_families.family import Family
from data_pipeline.vlm_families.processed_pixels import crop_map, denormalised

# Each class means something else by them, and some let them decide who attends to whom.
_KINDS_OF_TOKENS = "token_type_ids"
_NEEDED = {"input_ids", "pixel_values"}
_RESAMPLERS = (  # settings of what turns all patches into a fixed number of learned queries
    "perceiver_config",
    "qformer_config",
    "latent_query_num",
    "projector_patch_to_query_dict",
    "resampler_num_latents",
)


@dataclass(frozen=True, eq=False)
class General(Family):
    """`processor` makes all inputs, of which the model takes those in `accepted`; `grid` is the study's."""

    processor: Any
    accepted: frozenset[str]
    grid: tuple[int, int] | None = None  # rows, columns

    def look(self, image: Image.Image, text: str) -> Look:
        """See `Family.look`.

        Raises:
            InputError: the processor refuses, marks no token, or gives what no grid can be read from.
        """
        marked = getattr(self.config, "image_token_id", None)
        if marked is None:
            raise InputError("its configuration has no image_token_id, so its image tokens cannot be found")
        if resampler := next((name for name in _RESAMPLERS if getattr(self.config, name, None)), None):
            raise InputError(
                f"its vision tokens are queries to all patches ({resampler}), so that none has a place on "
                "the canvas"
            )
        if getattr(self.config, "is_encoder_decoder", False):
            raise InputError("it is an encoder and a decoder, and what writes text holds no vision tokens")
        begin = self.tokenizer.bos_token
        special = not (begin and text.startswith(begin))
        try:
            made = self.processor(
                text=[text], images=[image], return_tensors="pt", add_special_tokens=special
            )
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise InputError(f"its processor cannot take prompt {text!r} with an image ({error})") from error
        tensors = {
            name: values
            for name, values in made.items()
            if isinstance(values, Tensor) and name in self.accepted and name != "labels"
        }
        if _KINDS_OF_TOKENS in tensors:
            raise InputError(f"its processor gives {_KINDS_OF_TOKENS}, whose meaning is not known")
        if _NEEDED - tensors.keys():
            found = ", ".join(sorted(tensors)) or "nothing"
            raise InputError(f"its processor gives {found}, expected {' and '.join(sorted(_NEEDED))}")
        pixels = self._pixels(_one_tile(tensors["pixel_values"]))
        size = (pixels.shape[1], pixels.shape[0])
        count = int((tensors["input_ids"] == marked).sum())
        rows, cols = read_grid(count, self.grid, size)
        grid = Grid(rows, cols, size[0] / cols, size[1] / rows)
        affine = crop_map(self.image_processor, image.size, size)
        return Look(self.canvas(pixels, grid, affine, image.size), tensors)

    def _pixels(self, values: Tensor) -> Any:
        try:
            return denormalised(values, self.image_processor)
        except (AttributeError, TypeError, RuntimeError) as error:
            raise InputError("its image processor does not say how it normalises pixels") from error

    def text_alone(self, text: str) -> list[int]:
        """See `Family.text_alone`."""
        placeholder = getattr(self.processor, "image_token_id", None)
        return [token for token in super().text_alone(text) if token != placeholder]


def read_grid(count: int, stated: tuple[int, int] | None, size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of `count` image tokens on a canvas of `size` (width, height).

    Raises:
        InputError: the stated grid has another number of cells, or none is stated and more than one fits.
    """
    if stated:
        if stated[0] * stated[1] != count:
            raise InputError(
                f"grid = [{stated[0]}, {stated[1]}] has {stated[0] * stated[1]} cells, but the image has "
                f"{count} tokens"
            )
        return stated
    side = isqrt(count)
    if not count or side * side != count or size[0] != size[1]:
        raise InputError(
            f"its image has {count} tokens on {size[0]} x {size[1]} pixels, and only a square grid on a "
            "square is plain; state it in the study, such as grid = [16, 24] for rows and columns"
        )
    return side, side


def _one_tile(values: Tensor) -> Tensor:
    """(3, height, width) of pixel values of one image in one piece."""
    shape = tuple(values.shape)
    if values.ndim not in (4, 5) or set(shape[:-3]) != {1} or shape[-3] != 3:
        raise InputError(
            f"its processor gives pixel values of shape {shape}; expected one tile, (1, 3, height, width)"
        )
    return values.reshape(shape[-3:])
