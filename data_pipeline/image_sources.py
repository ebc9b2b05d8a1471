"""Where a study's images come from: drawn scenes, or a folder of pictures.

A source is a sequence: its length is known without opening an image, and item i is the same every time.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from data_pipeline.errors import InputError, RefusedImageError
from data_pipeline.images import Box
from data_pipeline.picture_files import PICTURE_SUFFIXES, read_picture_file
from data_pipeline.schema import check_id

CAPTIONS_FILE = "captions.csv"
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
    """One image of a study, as RGB; `question` and `answer`, if it has them, are about it."""

    image_id: str
    pixels: Image.Image
    sha256: str
    caption: str | None = None
    split: str | None = None
    regions: tuple[Region, ...] = ()
    question: str | None = None
    answer: str | None = None


class ImageSource(Protocol):
    """A sequence of images."""

    name: str

    def __len__(self) -> int:
        """How many images there are."""

    def image_id(self, index: int) -> str:
        """The id of image number `index`, known without opening it."""

    def __getitem__(self, index: int) -> SourceImage:
        """The image number `index`, 0-based; raises `RefusedImageError` where it cannot be used."""


class ToyScenes:
    """Scenes of the toy world, drawn when they are asked for, with exact regions.

    Those of the split train are drawn no larger than the toy encoders see them: there are many.
    """

    def __init__(self, split: str | None, seed: int) -> None:
        """`split` is one of tune, report (also for None) and train; raises `InputError` for others."""
        split = split or "report"
        if split not in _TOY_SCENES:
            raise InputError(f"toy scenes: unknown split {split!r}, expected one of {', '.join(_TOY_SCENES)}")
        self.split, self.seed = split, seed
        self.name = f"toy scenes, split {split}"

    def __len__(self) -> int:
        return _TOY_SCENES[self.split]

    def image_id(self, index: int) -> str:
        """Split and number."""
        return f"{self.split}-{index:04d}"

    def __getitem__(self, index: int) -> SourceImage:
        from data_pipeline.toy.captions import caption, top_or_bottom
        from data_pipeline.toy.drawing import SOURCE_PIXELS, TRAINING_PIXELS, draw, regions
        from data_pipeline.toy.scenes import make_scene

        scene = make_scene(self.seed, self.split, index)
        picture = draw(scene, TRAINING_PIXELS if self.split == "train" else SOURCE_PIXELS)
        question = top_or_bottom(scene)
        return SourceImage(
            image_id=self.image_id(index),
            pixels=picture.image,
            sha256=hashlib.sha256(picture.image.tobytes()).hexdigest(),
            caption=caption(scene),
            split=self.split,
            question=question.text if question else None,
            answer=question.answer if question else None,
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
    """Pictures of a folder in the order of a captions file, or of their paths where there is none.

    Without a captions file all pictures count, also those in folders inside, but for hidden ones. The
    captions file is CSV with the columns `file` and `caption` (and `id`, if ids are not to come from the
    paths, `question` and `answer`, if a model is to learn them), or JSON Lines with the same keys and, if
    there are any, `regions`: a list of objects with `words`, `box` ([left, top, right, bottom] in pixels of
    the picture as it is shown) and, optionally, `kind` and `attributes`.
    """

    def __init__(self, folder: Path, captions: Path | None = None) -> None:
        """Lists the images; `captions` is the folder's own `captions.csv` where None and there.

        Raises:
            InputError: a missing folder, file or column, or ids that occur twice.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder, expected images")
        if captions is None and (folder / CAPTIONS_FILE).is_file():
            captions = folder / CAPTIONS_FILE
        self.folder, self.name = folder, str(folder)
        rows = _caption_rows(captions) if captions else ({"file": name} for name in pictures_in(folder))
        self._rows: list[dict[str, Any]] = list(rows)
        self._ids = _image_ids(self._rows, f"{captions or folder}")

    def __len__(self) -> int:
        return len(self._rows)

    def image_id(self, index: int) -> str:
        """The id of an image, also of one that cannot be read."""
        return self._ids[index]

    def __getitem__(self, index: int) -> SourceImage:
        row = self._rows[index]
        path = self.folder / row["file"]
        if "\0" in row["file"]:
            raise RefusedImageError(row["file"], "is no name of a file")
        if self.folder.resolve() not in path.resolve().parents:
            raise RefusedImageError(row["file"], f"outside of the images' folder {self.folder}")
        content, pixels = read_picture_file(path, row["file"])
        return SourceImage(
            image_id=self._ids[index],
            pixels=pixels,
            sha256=hashlib.sha256(content).hexdigest(),
            caption=row.get("caption") or None,
            regions=_regions(row.get("regions") or [], row["file"]),
            question=row.get("question") or None,
            answer=row.get("answer") or None,
        )


def _image_ids(rows: list[dict[str, Any]], what: str) -> list[str]:
    """Ids as the rows give them, or else of the files' paths, with a hash where two would be the same."""
    names = [None if row.get("id") else id_of_path(row["file"]) for row in rows]
    often = Counter(names)
    ids = []
    for row, name in zip(rows, names, strict=True):
        if name is not None and often[name] > 1:
            name = f"{name}-{digest_of_name(row['file'])}"
        ids.append(name or check_id(str(row["id"]), f"{what}: image id"))
    if repeated := [image_id for image_id, count in Counter(ids).items() if count > 1]:
        raise InputError(f"{what}: image id {repeated[0]!r} occurs twice")
    return ids


def id_of_path(name: str) -> str:
    """An id from a relative path: "a b/c.jpg" gives "a_b__c", a name without a usable letter its hash."""
    stem = re.sub(r"(?<=[^/])\.[^./]*$", "", name).replace("/", "__")
    plain = re.sub(r"\.{2,}|[^A-Za-z0-9._+-]", "_", stem)[:100].lstrip("._+-")
    return plain or f"image-{digest_of_name(name)}"


def digest_of_name(name: str) -> str:
    """Eight hex digits that tell names apart."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def pictures_in(folder: Path) -> list[str]:
    """The pictures in a folder and the folders inside, without hidden ones: paths from `folder`, in order.

    Raises:
        InputError: there is none, or a folder cannot be read.
    """
    files = []
    for inside, folders, names in os.walk(folder, onerror=_stop):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = [Path(inside, name).relative_to(folder) for name in names if not name.startswith(".")]
        files += [path.as_posix() for path in paths if path.suffix.lower() in PICTURE_SUFFIXES]
    if not files:
        raise InputError(f"{folder}: no images in it (looked for {', '.join(sorted(PICTURE_SUFFIXES))})")
    return sorted(files)


def _stop(error: OSError) -> None:
    raise InputError(f"{error.filename}: cannot be read ({error.strerror})") from error


def _caption_rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a captions file ({error})") from error
    rows = _comma_separated(text, path) if path.suffix == ".csv" else _json_lines(text, path)
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not isinstance(row.get("file"), str) or not row["file"]:
            raise InputError(f"{path}: entry {number} has no 'file'")
        for key in ("caption", "question", "answer"):
            if not isinstance(row.get(key), str | None):
                raise InputError(f"{path}: the {key} of entry {number} is {row[key]!r}, expected a text")
        yield row
    if not rows:
        raise InputError(f"{path}: lists no images")


def _comma_separated(text: str, path: Path) -> list[Any]:
    try:
        return list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise InputError(f"{path}: cannot be read as CSV ({error})") from error


def _json_lines(text: str, path: Path) -> list[Any]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            rows += [json.loads(line)] if line.strip() else []
        except ValueError as error:
            raise InputError(f"{path}: line {number} is not JSON ({error})") from error
    return rows


def _regions(entries: Any, name: str) -> tuple[Region, ...]:
    if not isinstance(entries, list):
        raise InputError(f"{name}: regions are {entries!r}, expected a list")
    return tuple(_region(entry, f"{name}: region {number}") for number, entry in enumerate(entries))


def _region(entry: Any, what: str) -> Region:
    try:
        left, top, right, bottom = (float(edge) for edge in entry["box"])
        words = tuple(str(word) for word in entry["words"])
        attributes = tuple(str(word) for word in entry.get("attributes", []))
        return Region(str(entry.get("kind", "object")), words, attributes, (left, top, right, bottom))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InputError(f"{what}: expected words and a box of four numbers ({error!r})") from error
