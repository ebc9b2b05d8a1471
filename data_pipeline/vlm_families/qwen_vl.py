"""Qwen2-VL, Qwen2.5-VL and Qwen3-VL: a canvas of any size, four patches merged into each token."""

from __future__ import annotations

from PIL import Image
from torch import Tensor

from data_pipeline.errors import InputError
from data_pipeline.images import Grid
from data_pipeline.vlm_families.family import ImageTextFamily, Sight
from data_pipeline.vlm_families.processed_pixels import denormalised, squash_map


class QwenVL(ImageTextFamily):
    """Its rotary embedding has three axes, so the model is told which tokens have a place in a picture."""

    def sight(self, image: Image.Image) -> Sight:
        """See `ImageTextFamily.sight`; the canvas is the whole image, stretched to whole cells."""
        made = self.image_processor(images=[image], return_tensors="pt")
        tensors = {name: made[name] for name in ("pixel_values", "image_grid_thw")}
        merge, patch = self.image_processor.merge_size, self.image_processor.patch_size
        _, rows, cols = tensors["image_grid_thw"][0].tolist()
        pixels = denormalised(self._image(tensors["pixel_values"], rows, cols), self.image_processor)
        grid = Grid(rows // merge, cols // merge, patch * merge, patch * merge)
        affine = squash_map(image.size, (pixels.shape[1], pixels.shape[0]))
        text = self.token(self.placeholder_id) * grid.cells
        return Sight(tensors, self.canvas(pixels, grid, affine, image.size), text)

    def _image(self, patches: Tensor, rows: int, cols: int) -> Tensor:
        """(3, height, width) from flat patches (patches, rgb * frames * patch²), those of a cell together."""
        settings = self.image_processor
        merge, patch, frames = settings.merge_size, settings.patch_size, settings.temporal_patch_size
        blocks = patches.reshape(rows // merge, cols // merge, merge, merge, 3, frames, patch, patch)
        first = blocks[..., 0, :, :].permute(4, 0, 2, 5, 1, 3, 6)  # rgb, row (3 axes), column (3 axes)
        return first.reshape(3, rows * patch, cols * patch)

    def token_kinds(self, is_image: Tensor) -> dict[str, Tensor]:
        """See `ImageTextFamily.token_kinds`."""
        return {"mm_token_type_ids": is_image.int()}


class Qwen3VL(QwenVL):
    """Features of further encoder blocks are added to the vision tokens after the first blocks (DeepStack).

    A layer is a block's output before that addition, so what is added shows from the next layer on.
    """

    def sight(self, image: Image.Image) -> Sight:
        """See `ImageTextFamily.sight`."""
        added = len(self.config.vision_config.deepstack_visual_indexes)
        blocks = int(self.config.text_config.num_hidden_layers)
        if added >= blocks:
            raise InputError(
                f"it adds visual features after {added} of {blocks} blocks, so that the head does not read "
                "its last layer"
            )
        return super().sight(image)
