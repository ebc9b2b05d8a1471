"""Data files: the blocks of one image as a script, for pages that do not hold their images' data themselves.

A page opened from `file://` may read nothing beside it but scripts, so a data file is one call of a function
that `assets/js/image-files.js` defines:

    vlensImage("KEY", {"payload-shared": "…", "payload-image": "…"})

Each file is whole by itself: its shared tables are its own. Only the canvas lies in another file, which
models share (`canvas_files.py`). Files are named after the image's place in the study, counted from 1, never
after its id, which may be too long for a file name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from data_pipeline.schema import check_id

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})
SHARED, IMAGE, CANVAS = "payload-shared", "payload-image", "payload-canvas"
"""Names of the blocks in a data file; a page's own blocks of an image end in `-PLACE`."""


@dataclass(frozen=True)
class ImageFile:
    """One data file: its path from the site's root, its text, and the key that the text is asked for by."""

    path: str
    text: str
    key: str


@dataclass(frozen=True)
class FileName:
    """A data file without its text."""

    path: str
    key: str
    top_k: int
    """The longest list in it."""


@dataclass(frozen=True)
class DataFiles:
    """When images' data lie in files of their own, what becomes of these, and which there are by model."""

    images_in_page: int
    """The most images whose data a model's page holds itself."""
    keep: Callable[[ImageFile], None]
    """Takes each file when it is made."""
    names: dict[str, tuple[FileName, ...]]
    """By model: the files of its images, for models whose pages do not hold them."""
    canvases: dict[str, FileName] = field(default_factory=dict)
    """The files of canvases so far, by a hash of the picture."""


def image_file(model_id: str, place: int, blocks: Mapping[str, str], *, folder: str = "models") -> ImageFile:
    """The data file of a model's image at `place`, counted from 0.

    The key ends in a hash of the blocks: a page can tell its own file from one of an earlier build.
    """
    name = f"{check_id(model_id, 'model id')}/{place + 1:05d}"
    return data_file(f"{folder}/{name}.js", name, blocks)


def data_file(path: str, name: str, blocks: Mapping[str, str]) -> ImageFile:
    """A data file at `path`, its key made of `name` and a hash of the blocks."""
    content = ",".join(f"{_quoted(block)}:{_quoted(text)}" for block, text in blocks.items())
    key = f"{name} {hashlib.sha256(content.encode()).hexdigest()[:12]}"
    return ImageFile(path, f"vlensImage({_quoted(key)},{{{content}}});\n", key)


def _quoted(text: str) -> str:
    """`text` as a string of a script. JSON would write six characters for each control character."""
    return f'"{text.translate(_ESCAPES)}"'
