"""What the files of an import say together, gathered while they are read one by one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from data_pipeline.errors import InputError
from data_pipeline.importers.vlens_json.layout import LayerFile, ModelFiles
from data_pipeline.importers.vlens_json.shapes import ImageLists, LayerLists


@dataclass
class ModelFacts:
    """What the files of one model said together, gathered while they are read."""

    source: ModelFiles
    cells: dict[int, int] = field(default_factory=dict)  # image number → cells
    stated_grids: dict[int, tuple[int, int]] = field(default_factory=dict)
    generated_captions: dict[int, str] = field(default_factory=dict)
    blocks: set[tuple[str, int, int]] = field(default_factory=set)  # lens, vision layer, image number
    text_layers: set[int] = field(default_factory=set)
    model_names: set[str] = field(default_factory=set)
    hashes: list[str] = field(default_factory=list)
    translated_tokens: int = 0

    @property
    def model_id(self) -> str:
        """The id that the model gets in the results."""
        return self.source.checkpoint.model_id

    @property
    def config_hash(self) -> str:
        """A hash of all files that were read for the model, 16 hex digits."""
        return hashlib.sha256(" ".join(self.hashes).encode()).hexdigest()[:16]

    def gather(self, file: LayerFile, lists: LayerLists, digest: str) -> None:
        """Add one file; raises `InputError` where it contradicts the files before it."""
        self.hashes.append(digest)
        self.text_layers |= lists.text_layers
        if lists.model_name:
            self.model_names.add(lists.model_name)
        for image in lists.images:
            self._gather_image(file, image)

    def _gather_image(self, file: LayerFile, image: ImageLists) -> None:
        number, count = image.number, len(image.cells)
        if self.cells.setdefault(number, count) != count:
            raise InputError(
                f"{file.path}: image {number} has {count} patches, expected {self.cells[number]} "
                "as in the model's other files"
            )
        if image.grid and self.stated_grids.setdefault(number, image.grid) != image.grid:
            raise InputError(
                f"{file.path}: image {number} has a grid of {image.grid}, expected "
                f"{self.stated_grids[number]} as in the model's other files"
            )
        if image.generated_caption:
            self.generated_captions.setdefault(number, image.generated_caption)
        if any(image.cells):
            self.blocks.add((file.lens, file.vision_layer, number))
        for cell in image.cells:
            self.translated_tokens += sum(" (translated from " in neighbor.token for neighbor in cell)


@dataclass
class StudyFacts:
    """What the files of all models said about the images."""

    image_ids: dict[int, str]
    captions: dict[int, str] = field(default_factory=dict)
    splits: dict[int, str] = field(default_factory=dict)

    def gather(self, file: LayerFile, lists: LayerLists) -> None:
        """Add one file; raises `InputError` for an image without a picture or with another caption."""
        for image in lists.images:
            if image.number not in self.image_ids:
                raise InputError(
                    f"images/image_{image.number:04d}.jpg: no such file, expected the canvas of image "
                    f"{image.number} of {file.path}"
                )
            if lists.split:
                self.splits.setdefault(image.number, lists.split)
            if image.caption and self.captions.setdefault(image.number, image.caption) != image.caption:
                raise InputError(
                    f"{file.path}: image {image.number} has another ground_truth_caption than in the files "
                    "before, expected the same image under the same number"
                )
