"""Data files: the blocks of one image as a script, for pages that do not hold their images' data themselves.

A page opened from `file://` may read nothing beside it but scripts, so a data file is one call of a function
that `assets/js/image-files.js` defines:

    vlensImage("KEY", {"payload-shared": "…", "payload-image": "…", "payload-canvas": "…"})

Each file is whole by itself: its shared tables are its own. Files are named after the image's place in the
study, counted from 1, never after its id, which may be too long for a file name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from data_pipeline.schema import check_id

SHARED, IMAGE, CANVAS = "payload-shared", "payload-image", "payload-canvas"
"""Names of the blocks in a data file; a page's own blocks of an image end in `-PLACE`."""


@dataclass(frozen=True)
class ImageFile:
    """One data file: its path from the site's root, its text, and the key that the text is asked for by."""

    path: str
    text: str
    key: str


def image_file(model_id: str, place: int, blocks: Mapping[str, str]) -> ImageFile:
    """The data file of a model's image at `place`, counted from 0.

    The key ends in a hash of the blocks: a page can tell its own file from one of an earlier build.
    """
    content = json.dumps(dict(blocks), ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    key = f"{check_id(model_id, 'model id')}/{place + 1} {digest}"
    text = f"vlensImage({json.dumps(key)},{content});\n"
    return ImageFile(f"models/{model_id}/{place + 1:05d}.js", text, key)
