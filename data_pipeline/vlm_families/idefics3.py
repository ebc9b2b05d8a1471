"""SmolVLM and Idefics3: the image in tiles, then the whole image once more, squares of patches merged."""

from __future__ import annotations

from PIL import Image
from torch import Tensor

from data_pipeline.errors import InputError
from data_pipeline.images import Grid
from data_pipeline.vlm_families.family import ImageTextFamily, Sight
from data_pipeline.vlm_families.processed_pixels import denormalised, squash_map


class Idefics3(ImageTextFamily):
    """The canvas is the global tile, which comes last; the model sees the other tiles before it as well."""

    def sight(self, image: Image.Image) -> Sight:
        """See `ImageTextFamily.sight`; the canvas is the whole image, stretched to a square."""
        made = self.image_processor(images=[[image]], return_tensors="pt", return_row_col_info=True)
        tensors = {name: made[name] for name in ("pixel_values", "pixel_attention_mask") if name in made}
        if "pixel_attention_mask" in tensors and not tensors["pixel_attention_mask"][0, -1].all():
            raise InputError("its image processor pads the whole image, so that its cells are no even grid")
        pixels = denormalised(tensors["pixel_values"][0, -1], self.image_processor)
        height, width = pixels.shape[:2]
        cell = int(self.config.vision_config.patch_size) * int(self.config.scale_factor)
        grid = Grid(height // cell, width // cell, cell, cell)
        canvas = self.canvas(pixels, grid, squash_map(image.size, (width, height)), image.size)
        return Sight(tensors, canvas, self._text(grid.cells, made["rows"][0][0], made["cols"][0][0]))

    def _text(self, count: int, rows: int, cols: int) -> str:
        """As the models were trained: every tile with its place, a line for each row, then the whole."""
        around = getattr(self.tokenizer, "fake_image_token", "<fake_token_around_image>")
        whole = getattr(self.tokenizer, "global_image_token", "<global-img>")
        tokens = self.token(self.placeholder_id) * count
        lines = [
            "".join(f"{around}<row_{row + 1}_col_{col + 1}>{tokens}" for col in range(cols)) + "\n"
            for row in range(rows)
        ]
        return "".join([*lines, "\n" if lines else "", f"{around}{whole}{tokens}{around}"])

    def cells(self, image_tokens: Tensor, count: int) -> Tensor:
        """See `Family.cells`: the last ones are the global tile's."""
        return image_tokens[-count:]
