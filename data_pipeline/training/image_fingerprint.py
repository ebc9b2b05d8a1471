"""What a training learns from as short hashes, so that going on with anything else is refused.

All captions and the sizes of all files are hashed, and of their contents 1024 MiB: everything of smaller data
sets, blocks evenly spread over larger ones. Times of files do not count, so that a copy is the same.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from data_pipeline.dataset_files import dataset_files, parquet_files
from data_pipeline.image_sources import CAPTIONS_FILE, ImageSource, ToyScenes, pictures_in
from data_pipeline.image_tables import ImageTable, TableFile
from data_pipeline.plan import hash_of
from data_pipeline.store import readable, sha256_of
from data_pipeline.study import ImageSettings
from data_pipeline.toy.drawing import TRAINING_PIXELS

BLOCK = 1 << 20
MOST_BLOCKS = 1024
_FEW_FILES = 1024
_ROWS_AT_ONCE = 10_000


def fingerprint(source: ImageSource, settings: ImageSettings, base: Path) -> dict[str, Any]:
    """Hashes of a source's ids, captions and images; `settings` is what it was made from, `base` its folder.

    Raises:
        InputError: a table that cannot be read.
    """
    ids = [source.image_id(index) for index in range(len(source))]
    return {"images": len(ids), "image_ids": hash_of(ids), **_read(source, settings, base)}


def _read(source: ImageSource, settings: ImageSettings, base: Path) -> dict[str, str]:
    if isinstance(source, ToyScenes):
        return {"image_contents": hash_of(source.split, source.seed, TRAINING_PIXELS)}
    if isinstance(source, ImageTable):
        files = _tables(settings, base)
        named = [(path.name, path) for path in files]
        return {
            "captions": _captions_of(files, source.columns.caption),
            "image_contents": contents_hash(named, with_ends=len(files) <= _FEW_FILES),
        }
    folder = base / str(settings.folder)
    own = base / settings.captions if settings.captions else folder / CAPTIONS_FILE
    captions = own if own.is_file() else None
    names = _listed(captions) if captions else pictures_in(folder)
    return {
        "captions": sha256_of(captions)[:16] if captions else "",
        "image_contents": contents_hash([(name, folder / name) for name in names if _is_inside(name)]),
    }


def contents_hash(files: Sequence[tuple[str, Path]], with_ends: bool = False) -> str:
    """Hash of files' names, sizes and contents; of more than 1024 MiB of evenly spread blocks.

    `with_ends` takes the last block of each as well, in which a Parquet file tells where everything lies.
    """
    sizes = [_size(path) for _, path in files]
    digest = hashlib.sha256()
    for (name, _), size in zip(files, sizes, strict=True):
        digest.update(json.dumps([name, size]).encode())
    counts = [-(-max(size, 0) // BLOCK) for size in sizes]
    every, first = -(-sum(counts) // MOST_BLOCKS) or 1, 0
    for (_, path), count in zip(files, counts, strict=True):
        ends = {count - 1} if with_ends and count else set()
        for content in _blocks(path, sorted({*range(-first % every, count, every), *ends})):
            digest.update(content)
        first += count
    return digest.hexdigest()[:16]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else -1
    except OSError:  # a name that is too long, say
        return -1


def _blocks(path: Path, numbers: Sequence[int]) -> Iterator[bytes]:
    if not numbers:
        return
    try:
        with path.open("rb") as file:
            for number in numbers:
                file.seek(number * BLOCK)
                yield file.read(BLOCK)
    except OSError:
        yield b"cannot be read"  # the training leaves such a picture out and names it


def _listed(captions: Path) -> list[str]:
    """The files that a captions file lists, which the source has checked."""
    text = captions.read_text(encoding="utf-8-sig")
    if captions.suffix == ".csv":
        return [str(row["file"]) for row in csv.DictReader(io.StringIO(text, newline=""))]
    return [str(json.loads(line)["file"]) for line in text.splitlines() if line.strip()]


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _tables(settings: ImageSettings, base: Path) -> list[Path]:
    if settings.source == "parquet":
        return parquet_files(base / str(settings.path))
    return dataset_files(str(settings.path), base, settings.split, settings.subset)


def _captions_of(files: Sequence[Path], column: str | None) -> str:
    digest = hashlib.sha256()
    for path in files if column else ():
        table = TableFile(path)
        with readable(path):
            for number in range(len(table.groups)):
                for batch in table.group(number, [str(column)]).to_batches(max_chunksize=_ROWS_AT_ONCE):
                    batch.validate(full=True)  # Arrow files are not checked when they are mapped
                    digest.update(json.dumps(batch.column(0).to_pylist()).encode())
    return digest.hexdigest()[:16] if column else ""
