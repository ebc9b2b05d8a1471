"""Canvases in data files of their own: one for all the models and pages that show the same pixels.

The canvas is often the largest part of an image's data, and models with one vision encoder saw the same.
"""

from __future__ import annotations

import hashlib

from generator.image_files import CANVAS, DataFiles, FileName, data_file
from generator.pictures import compact
from generator.printable import printable

CANVAS_FOLDER = "canvases"


def canvas_file(content: bytes, files: DataFiles) -> FileName:
    """The data file of a canvas, made when it is first asked for; `content` is the encoded picture."""
    digest = hashlib.sha256(content).hexdigest()[:16]
    if digest not in files.canvases:
        path = f"{CANVAS_FOLDER}/{digest}.js"
        file = data_file(path, f"canvas {digest}", {CANVAS: printable(compact(content))})
        files.keep(file)
        files.canvases[digest] = FileName(file.path, file.key, 0)
    return files.canvases[digest]
