"""Scenes of the split train whose pixels were drawn before: the same images, read instead of painted."""

from __future__ import annotations

import hashlib

import numpy as np
from PIL import Image

from data_pipeline.image_sources import SourceImage, ToyScenes
from data_pipeline.toy.captions import caption, top_or_bottom
from data_pipeline.toy.scenes import make_scene


class KeptScenes(ToyScenes):
    """As `ToyScenes`, but without regions for the scenes that are kept."""

    def __init__(self, seed: int, pixels: np.ndarray) -> None:
        """`pixels` (scene, y, x, rgb) uint8 are the split's first scenes; later ones are drawn."""
        super().__init__("train", seed)
        self._pixels = pixels

    def __getitem__(self, index: int) -> SourceImage:
        if index >= len(self._pixels):
            return super().__getitem__(index)
        scene, image = make_scene(self.seed, self.split, index), Image.fromarray(self._pixels[index])
        question = top_or_bottom(scene)
        return SourceImage(
            image_id=self.image_id(index),
            pixels=image,
            sha256=hashlib.sha256(image.tobytes()).hexdigest(),
            caption=caption(scene),
            split=self.split,
            question=question.text if question else None,
            answer=question.answer if question else None,
        )
