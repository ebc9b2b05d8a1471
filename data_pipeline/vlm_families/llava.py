"""LLaVA-1.5: one square canvas, one token per patch, in the placeholder's place."""

from __future__ import annotations

from PIL import Image

from data_pipeline.images import Grid
from data_pipeline.vlm_families.family import Family, Sight
from data_pipeline.vlm_families.processed_pixels import crop_map, denormalised


class Llava(Family):
    """CLIP features of one block, without the class token, through an MLP: (cells, hidden)."""

    def sight(self, image: Image.Image) -> Sight:
        """See `Family.sight`."""
        values = self.image_processor(images=[image], return_tensors="pt")["pixel_values"]
        pixels = denormalised(values[0], self.image_processor)
        patch = int(self.config.vision_config.patch_size)
        grid = Grid(pixels.shape[0] // patch, pixels.shape[1] // patch, patch, patch)
        affine = crop_map(self.image_processor, image.size, (pixels.shape[1], pixels.shape[0]))
        text = self.token(self.placeholder_id) * grid.cells
        return Sight({"pixel_values": values}, self.canvas(pixels, grid, affine, image.size), text)
