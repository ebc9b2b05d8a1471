"""Where a study's images come from: drawn scenes, or a folder of pictures.

A source is a sequence: its length is known without opening an image, and item i is the same every time.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from data_pipeline.errors import InputError
from data_pipeline.images import Box, open_image
from data_pipeline.schema import check_id

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
_TOY_SCENES = {"tune": 400, "report": 400, "train": 12_000}


@dataclass(frozen=True)
class Region:
    """An annotated part of a source image; `mask` is a one-bit PNG of the box, None for the whole box."""

    kind: str
    words: tuple[str, ...]
    attributes: tuple[str, ...]
    box: Box
    mask: bytes | None = None


@dataclass(frozen=True, eq=False)
class SourceImage:
    """One image of a study, as RGB."""

    image_id: str
    pixels: Image.Image
    sha256: str
    caption: str | None = None
    split: str | None = None
    regions: tuple[Region, ...] = ()


class ImageSource(Protocol):
    """A sequence of images."""

    name: str

    def __len__(self) -> int:
        """How many images there are."""

    def __getitem__(self, index: int) -> SourceImage:
        """The image number `index`, 0-based."""


class ToyScenes:
    """Scenes of the toy world, drawn when they are asked for, with exact regions."""

    def __init__(self, split: str, seed: int) -> None:
        """`split` is one of tune, report and train; raises `InputError` for others."""
        if split not in _TOY_SCENES:
            raise InputError(f"toy scenes: unknown split {split!r}, expected one of {', '.join(_TOY_SCENES)}")
        self.split, self.seed = split, seed
        self.name = f"toy scenes, split {split}"

    def __len__(self) -> int:
        return _TOY_SCENES[self.split]

    def __getitem__(self, index: int) -> SourceImage:
        from data_pipeline.toy.captions import caption
        from data_pipeline.toy.drawing import draw, regions
        from data_pipeline.toy.scenes import make_scene

        scene = make_scene(self.seed, self.split, index)
        picture = draw(scene)
        return SourceImage(
            image_id=f"{self.split}-{index:04d}",
            pixels=picture.image,
            sha256=hashlib.sha256(picture.image.tobytes()).hexdigest(),
            caption=caption(scene),
            split=self.split,
            regions=tuple(
                Region(
                    region.kind,
                    region.words,
                    region.attributes,
                    region.box,
                    _mask_png(region.mask, region.box),
                )
                for region in regions(scene, picture)
            ),
        )


def _mask_png(mask: Image.Image, box: tuple[int, int, int, int]) -> bytes:
    buffer = io.BytesIO()
    mask.crop(box).save(buffer, "PNG")
    return buffer.getvalue()


class ImageFolder:
    """Pictures of a folder in the order of a captions file, or of their names where there is none.

    The captions file is CSV with the columns `file` and `caption` (and `id`, if ids are not to be the files'
    stems), or JSON Lines with the same keys and, if there are any, `regions`: a list of objects with `words`,
    `box` ([left, top, right, bottom] in pixels) and, optionally, `kind` and `attributes`.
    """

    def __init__(self, folder: Path, captions: Path | None = None) -> None:
        """Lists the images; raises `InputError` for a missing folder, file, column or image."""
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder, expected images")
        self.folder, self.name = folder, str(folder)
        self._rows = list(_caption_rows(captions)) if captions else _files_of(folder)
        self._ids = [check_id(_image_id(row), f"{captions or folder}: image id") for row in self._rows]
        if repeated := {image_id for image_id in self._ids if self._ids.count(image_id) > 1}:
            raise InputError(f"{captions or folder}: image id {sorted(repeated)[0]!r} occurs twice")

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> SourceImage:
        row = self._rows[index]
        path = self.folder / row["file"]
        if self.folder.resolve() not in path.resolve().parents:
            raise InputError(f"{path}: outside of the images' folder {self.folder}")
        pixels = open_image(path)
        return SourceImage(
            image_id=self._ids[index],
            pixels=pixels,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            caption=row.get("caption") or None,
            regions=tuple(
                _region(entry, f"{path}: region {n}") for n, entry in enumerate(row.get("regions", []))
            ),
        )


def _image_id(row: dict[str, Any]) -> str:
    return str(row.get("id") or Path(row["file"]).stem)


def _files_of(folder: Path) -> list[dict[str, Any]]:
    files = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)
    if not files:
        raise InputError(f"{folder}: no images in it (looked for {', '.join(sorted(PICTURE_SUFFIXES))})")
    return [{"file": name} for name in files]


def _caption_rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a captions file ({error})") from error
    rows = list(csv.DictReader(io.StringIO(text))) if path.suffix == ".csv" else _json_lines(text, path)
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not isinstance(row.get("file"), str) or not row["file"]:
            raise InputError(f"{path}: entry {number} has no 'file'")
        yield row
    if not rows:
        raise InputError(f"{path}: lists no images")


def _json_lines(text: str, path: Path) -> list[Any]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            rows += [json.loads(line)] if line.strip() else []
        except ValueError as error:
            raise InputError(f"{path}: line {number} is not JSON ({error})") from error
    return rows


def _region(entry: Any, what: str) -> Region:
    try:
        left, top, right, bottom = (float(edge) for edge in entry["box"])
        words = tuple(str(word) for word in entry["words"])
        attributes = tuple(str(word) for word in entry.get("attributes", []))
        return Region(str(entry.get("kind", "object")), words, attributes, (left, top, right, bottom))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InputError(f"{what}: expected words and a box of four numbers ({error!r})") from error
