"""A stand-in's image processor: the base crop, fitted and padded, then two halves as further crops."""

import numpy as np
from PIL import Image
from transformers.image_processing_utils import BaseImageProcessor
from transformers.processing_utils import ImagesKwargs


class MolmoImagesKwargs(ImagesKwargs, total=False):
    base_image_input_size: list[int] | None
    image_token_length_w: int | None
    image_token_length_h: int | None
    image_patch_size: int | None


def resize_and_pad(image, side):
    height, width = image.shape[:2]
    scale = min(np.float32(side) / np.float32(height), np.float32(side) / np.float32(width))
    high, wide = int(np.float32(height) * scale), int(np.float32(width) * scale)
    small = np.asarray(Image.fromarray(image).resize((wide, high), Image.Resampling.BILINEAR), np.float32)
    top, left = (side - high) // 2, (side - wide) // 2
    around = ((top, side - high - top), (left, side - wide - left))
    return np.pad(small / 255, (*around, (0, 0))), np.pad(np.ones((high, wide), bool), around)


class MolmoImageProcessor(BaseImageProcessor):
    def __init__(
        self,
        base_image_input_size=(336, 336),
        image_token_length_w=12,
        image_token_length_h=12,
        image_patch_size=14,
        image_padding_mask=True,
        do_normalize=True,
        image_mean=None,
        image_std=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.base_image_input_size = base_image_input_size
        self.image_token_length_w, self.image_token_length_h = image_token_length_w, image_token_length_h
        self.image_patch_size, self.image_padding_mask = image_patch_size, image_padding_mask
        self.do_normalize, self.image_mean, self.image_std = do_normalize, image_mean, image_std

    def _patches(self, pixels, mask):
        patch = self.image_patch_size
        side = pixels.shape[0] // patch
        pixels = (pixels - np.array(self.image_mean, np.float32)) / np.array(self.image_std, np.float32)
        patches = pixels.reshape(side, patch, side, patch, 3).transpose(0, 2, 1, 3, 4)
        shares = mask.reshape(side, patch, side, patch).transpose(0, 2, 1, 3)
        return patches.reshape(side * side, -1), shares.reshape(side * side, -1).mean(-1)

    def multimodal_preprocess(self, images, tokens, image_idx, ids, **kwargs):
        if images is None:
            return {"input_ids": tokens}
        side = self.base_image_input_size[0]
        halves = np.array_split(images[0], 2, axis=int(images[0].shape[1] > images[0].shape[0]))
        made = [self._patches(*resize_and_pad(part, side)) for part in (images[0], *halves)]
        row = [ids["patch"]] * self.image_token_length_w + [ids["col"]]
        crop = [ids["start"], *row * self.image_token_length_h, ids["end"]]
        sequence = np.concatenate([crop * len(made), tokens])
        places = np.nonzero(sequence == ids["patch"])[0].reshape(len(made), -1)
        # Of the last crop every other row is left out, as overlapping crops leave out their margins.
        places[-1].reshape(self.image_token_length_h, -1)[1::2] = -100
        return {
            "input_ids": sequence,
            "images": np.stack([patches for patches, _ in made]).astype(np.float32),
            "image_input_idx": places,
            "image_masks": np.stack([shares for _, shares in made]).astype(np.float32),
        }


MolmoImageProcessor.register_for_auto_class()
