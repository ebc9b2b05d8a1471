"""InternVL: the image in square tiles, then the whole image once more, squares of patches merged."""

from __future__ import annotations

from PIL import Image
from torch import Tensor

from data_pipeline.errors import InputError
from data_pipeline.images import Grid
from data_pipeline.vlm_families.family import ImageTextFamily, Sight
from data_pipeline.vlm_families.processed_pixels import denormalised, squash_map


class InternVL(ImageTextFamily):
    """The canvas is the last tile, which shows the whole image; the model sees the others before it."""

    def sight(self, image: Image.Image) -> Sight:
        """See `ImageTextFamily.sight`; the canvas is the whole image, stretched to a square."""
        # The combined processor cuts tiles whatever the image processor's own setting says.
        made = self.image_processor(images=[image], crop_to_patches=True, return_tensors="pt")
        values = made["pixel_values"]
        pixels = denormalised(values[-1], self.image_processor)
        height, width = pixels.shape[:2]
        patch_height, patch_width = self.config.vision_config.patch_size
        merged = round(1 / self.config.downsample_ratio)
        grid = Grid(
            height // (patch_height * merged),
            width // (patch_width * merged),
            patch_width * merged,
            patch_height * merged,
        )
        if self.config.vision_feature_select_strategy != "default" or grid.rows != grid.cols:
            raise InputError("its tower's features are not those of a square of patches and one class token")
        canvas = self.canvas(pixels, grid, squash_map(image.size, (width, height)), image.size)
        # One batch of one image: tiles stand in the axis behind it, as in other families.
        return Sight({"pixel_values": values[None]}, canvas, self._text(grid.cells * len(values)))

    def _text(self, count: int) -> str:
        start = getattr(self.tokenizer, "start_image_token", "<img>")
        end = getattr(self.tokenizer, "end_image_token", "</img>")
        return f"{start}{self.token(self.placeholder_id) * count}{end}"

    def cells(self, image_tokens: Tensor, count: int) -> Tensor:
        """See `Family.cells`: the last ones are the whole image's."""
        return image_tokens[-count:]

    def model_inputs(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """See `Family.model_inputs`: the class takes tiles of all images in one axis."""
        return {**inputs, "pixel_values": inputs["pixel_values"].flatten(0, 1)}
