"""A study of any size, made of the published Molmo-7B-D results by tiling, for the budgets of the viewer.

    python -m benchmarks.tiled_study OUT --images 10 --rows 27 --cols 27

Each image is laid out of blocks of 12 × 12 patches, each drawn from the five published images and turned or
mirrored. That alone would repeat itself, and a page could be packed as a repetition. So every image has
tokens and sentences of its own: all but the commonest tokens are exchanged for others of their kind, out of
four times as many (made by joining halves), all but short words of the sentences too, and scores are
jittered, which also makes them denser than half-precision logits are. Blocks of different pictures stand
side by side, so that an image holds more different words than a real one of its size: pages of real studies
are rather smaller. Verdicts and statistics are not there, as the published results have none. Canvases are
encoded as V-Lens encodes them, without loss.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from data_pipeline.manifest import Manifest
from data_pipeline.schema import LENSES, TABLES
from data_pipeline.store import Results, ResultsWriter

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CELL = 14
"""Pixels of a patch, as in ViT-L/14."""
_SEED = 6198
_PER_PART = 20
_OTHERS = 4
_COMMON_IN = 4
"""A token of so many of the published images stays as it is in every image."""
_WORD = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True)
class Lists:
    """What one lens reads in all source images: (image, layer, row, col, rank)."""

    tokens: Ints
    """Numbers in `Source.tokens`."""
    scores: Floats
    text_layers: Ints
    contexts: Ints
    """Rows of `Source.contexts`; -1 for other lenses."""


@dataclass(frozen=True)
class Source:
    """The published results as arrays."""

    results: Results
    model_id: str
    layers: tuple[int, ...]
    side: int
    """Rows and columns of a block."""
    pictures: list[Image.Image]
    tokens: list[str]
    lists: dict[str, Lists]
    contexts: list[tuple[str, int, int]]
    """Sentence, first character of the token, character after it."""


def read_source(folder: Path) -> Source:
    """Read results that hold one model on square grids of one size."""
    results = Results(folder)
    (model,) = results.read("models").to_pylist()
    canvases = {row["image_id"]: row for row in results.read("canvases").to_pylist()}
    images = sorted(canvases)
    side = canvases[images[0]]["rows"]
    rows = results.read("contexts").to_pylist()
    known = {row["context_id"]: place for place, row in enumerate(rows)}
    tokens: dict[str, int] = {}
    lists = {}
    layers = tuple(model["vision_layers"])
    table = results.read("neighbors")
    for lens in LENSES:
        mine = table.filter(pc.equal(table["lens"], lens))
        lists[lens] = _lists(mine, images, layers, side, tokens, known)
    pictures = [Image.open(io.BytesIO(canvases[image]["bytes"])).convert("RGB") for image in images]
    contexts = [(row["text"], row["char_start"], row["char_end"]) for row in rows]
    return Source(results, model["model_id"], layers, side, pictures, list(tokens), lists, contexts)


def _lists(
    table: pa.Table,
    images: Sequence[str],
    layers: Sequence[int],
    side: int,
    tokens: dict[str, int],
    known: dict[int, int],
) -> Lists:
    ranks = np.asarray(table["rank"].to_numpy(), np.int64) - 1
    image = np.array([images.index(name) for name in table["image_id"].to_pylist()])
    layer = np.searchsorted(layers, table["vision_layer"].to_numpy())
    place = (image, layer, *np.divmod(table["cell"].to_numpy(), side), ranks)
    shape = (len(images), len(layers), side, side, int(ranks.max()) + 1)

    def filled(values: Sequence[int] | Floats, kind: type) -> npt.NDArray[np.generic]:
        array = np.zeros(shape, kind)
        array[place] = values
        return array

    numbers = [tokens.setdefault(token, len(tokens)) for token in table["token"].to_pylist()]
    contexts = [known.get(context, -1) for context in table["context_id"].to_pylist()]
    text_layers = [layer or 0 for layer in table["text_layer"].to_pylist()]
    return Lists(
        filled(numbers, np.int64),
        filled(table["score"].to_numpy(), np.float64),
        filled(text_layers, np.int64),
        filled(contexts, np.int64),
    )


class _Words:
    """Words and tokens of one image: every image of the study exchanges them differently."""

    def __init__(self, source: Source, kinds: list[Kind], vocabulary: list[str], seed: int) -> None:
        random = np.random.default_rng((_SEED, 3, seed))
        self._source = source
        tokens = np.array(source.tokens, object)
        for kind in kinds:
            tokens[kind.tokens] = random.choice(kind.others, len(kind.tokens), replace=False)
        self.tokens = pa.array(tokens, pa.string())
        """The texts of the source's tokens in this image."""
        self._words = dict(zip(vocabulary, random.permutation(vocabulary).tolist(), strict=True))

    def context(self, number: int) -> tuple[str, int, int]:
        """A sentence with other words, and the token's place in it."""
        text, start, end = self._source.contexts[number]
        if start is None:
            return _WORD.sub(self._other, text), -1, -1
        before, cut, after = (
            _WORD.sub(self._other, part) for part in (text[:start], text[start:end], text[end:])
        )
        return before + cut + after, len(before), len(before) + len(cut)

    def _other(self, match: re.Match[str]) -> str:
        return self._words[match[0]] if match[0] in self._words else match[0]


def write_tiled_study(source: Source, folder: Path, images: int, rows: int, cols: int) -> Path:
    """Write results of `images` images of `rows` × `cols` patches into `folder`."""
    names = tuple(f"image_{number:04}" for number in range(images))
    (expected,) = source.results.manifest.expected
    study = replace(source.results.manifest.study, study_id="tiled", title="Tiled Molmo-7B-D")
    writer = ResultsWriter(folder, Manifest(study, [replace(expected, images=names)]))
    kinds, vocabulary = _kinds(source), _vocabulary(source)
    tables: dict[str, list[dict[str, object]]] = {"images": [], "canvases": [], "samples": []}
    for first in range(0, images, _PER_PART):
        numbers = range(first, min(first + _PER_PART, images))
        part: dict[str, list[pa.Table]] = {lens: [] for lens in [*LENSES, "contexts"]}
        for number in numbers:
            layout = np.random.default_rng((_SEED, 1, number))
            blocks = _blocks(source, layout, rows, cols)
            words = _Words(source, kinds, vocabulary, number)
            _add_image(source, tables, names[number], number, blocks, rows, cols)
            for lens in LENSES:
                part[lens].append(
                    _neighbors(source, lens, names[number], number, blocks, words, (rows, cols))
                )
            used = np.unique(part["contextual"][-1]["context_id"].to_numpy()) - (number << 32)
            part["contexts"].append(_contexts(number, used, words))
        for lens in LENSES:
            path = f"neighbors/{source.model_id}/{lens}-{first:05}.parquet"
            writer.write_part(path, pa.concat_tables(part[lens]))
        writer.write_part(f"contexts/contexts-{first:05}.parquet", pa.concat_tables(part["contexts"]))
    for name, content in tables.items():
        path = f"{name}/{source.model_id if name == 'samples' else name}.parquet"
        writer.write_part(path, pa.Table.from_pylist(content, schema=TABLES[name].schema))
    models = source.results.read("models")
    writer.write_part("models/models.parquet", models)
    return folder


@dataclass(frozen=True)
class Kind:
    """Tokens of one kind of writing that are exchanged, and texts to exchange them for."""

    tokens: Ints
    others: npt.NDArray[np.object_]


def _kinds(source: Source) -> list[Kind]:
    everywhere = np.zeros(len(source.tokens), np.int64)
    for image in range(len(source.pictures)):
        mine = np.unique(np.concatenate([lists.tokens[image].ravel() for lists in source.lists.values()]))
        everywhere[mine] += 1
    contextual = np.unique(source.lists["contextual"].tokens)
    free = np.setdiff1d(np.flatnonzero(everywhere < _COMMON_IN), contextual)
    plain = np.array([source.tokens[number].isascii() for number in free])
    random = np.random.default_rng((_SEED, 4))
    return [_kind(source, tokens, random) for tokens in (free[plain], free[~plain])]


def _kind(source: Source, tokens: Ints, random: np.random.Generator) -> Kind:
    texts = [source.tokens[number] for number in tokens]
    others = dict.fromkeys(texts)
    while len(others) < _OTHERS * len(texts):
        first, second = (texts[place] for place in random.integers(0, len(texts), 2))
        others[first[: (len(first) + 1) // 2] + second[len(second) // 2 :]] = None
    return Kind(tokens, np.array(list(others), object))


def _vocabulary(source: Source) -> list[str]:
    return sorted({word for text, _, _ in source.contexts for word in _WORD.findall(text)})


Block = tuple[int, int]
"""Source image and which of the eight ways of turning and mirroring."""


def _blocks(source: Source, random: np.random.Generator, rows: int, cols: int) -> list[list[Block]]:
    across, down = -(-cols // source.side), -(-rows // source.side)
    images = random.permutation(np.resize(random.permutation(len(source.pictures)), across * down))
    turns = random.integers(0, 8, across * down)
    pairs = list(zip(images.tolist(), turns.tolist(), strict=True))
    return [pairs[row * across : (row + 1) * across] for row in range(down)]


def _laid(
    array: npt.NDArray[np.generic], blocks: list[list[Block]], size: tuple[int, int]
) -> npt.NDArray[np.generic]:
    """(image, layer, row, col, …) of the source → (layer, row, col, …) of the tiled image."""
    laid = [np.concatenate([_turned(array[image], turn) for image, turn in row], axis=2) for row in blocks]
    return np.concatenate(laid, axis=1)[:, : size[0], : size[1]]


def _turned(array: npt.NDArray[np.generic], turn: int) -> npt.NDArray[np.generic]:
    turned = np.rot90(array, turn % 4, axes=(1, 2))
    return turned[:, :, ::-1] if turn >= 4 else turned


def _neighbors(
    source: Source,
    lens: str,
    name: str,
    number: int,
    blocks: list[list[Block]],
    words: _Words,
    size: tuple[int, int],
) -> pa.Table:
    lists = source.lists[lens]
    tokens, scores, text_layers, contexts = (
        _laid(array, blocks, size)
        for array in (lists.tokens, lists.scores, lists.text_layers, lists.contexts)
    )
    layers, rows, cols, ranks = tokens.shape
    count = tokens.size
    random = np.random.default_rng((_SEED, 2, number, LENSES.index(lens)))
    spread = 0.01 * np.abs(scores).mean()
    jittered = scores + spread * (
        random.normal(size=scores.shape) * 0.2 + random.normal(size=(layers, rows, cols, 1))
    )
    jittered = -np.sort(-jittered, axis=-1)
    cell = np.tile(np.repeat(np.arange(rows * cols), ranks), layers)
    if lens == "contextual":
        texts, ids = (
            _contextual_tokens(source, tokens.ravel(), contexts.ravel(), words),
            contexts.ravel() + (number << 32),
        )
    else:
        texts, ids = words.tokens.take(pa.array(tokens.ravel())), None
    columns = {
        "model_id": pa.repeat(source.model_id, count),
        "image_id": pa.repeat(name, count),
        "lens": pa.repeat(lens, count),
        "vision_layer": np.repeat(np.array(source.layers), rows * cols * ranks),
        "cell": cell,
        "rank": np.tile(np.arange(1, ranks + 1), layers * rows * cols),
        "token": texts,
        "token_id": pa.nulls(count, pa.int32()),
        "score": jittered.ravel(),
        "probability": pa.nulls(count, pa.float32()),
        "text_layer": text_layers.ravel() if ids is not None else pa.nulls(count, pa.int16()),
        "context_id": ids if ids is not None else pa.nulls(count, pa.int64()),
        "percentile": pa.nulls(count, pa.float32()),
    }
    schema = TABLES["neighbors"].schema
    return pa.table([pa.array(columns[field.name]).cast(field.type) for field in schema], schema=schema)


def _contextual_tokens(source: Source, tokens: Ints, contexts: Ints, words: _Words) -> pa.Array:
    """The token of each context as the exchanged sentence has it, with its space."""
    known, inverse = np.unique(np.stack([tokens, contexts]), axis=1, return_inverse=True)
    texts = []
    for token, context in known.T.tolist():
        old = source.tokens[token]
        text, start, end = words.context(context)
        sentence, old_start, old_end = source.contexts[context]
        cut = sentence[old_start:old_end] if old_start is not None else None
        texts.append(old.replace(cut, text[start:end]) if cut and cut in old else old)
    return pa.array(texts).take(pa.array(inverse.ravel()))


def _contexts(number: int, used: Ints, words: _Words) -> pa.Table:
    rows = []
    for place in used.tolist():
        text, start, end = words.context(place)
        rows.append(
            {
                "context_id": place + (number << 32),
                "llm": "tiled",
                "text": text,
                "position": None,
                "char_start": start if start >= 0 else None,
                "char_end": end if start >= 0 else None,
            }
        )
    return pa.Table.from_pylist(rows, schema=TABLES["contexts"].schema)


def _add_image(
    source: Source,
    tables: dict[str, list[dict[str, object]]],
    name: str,
    number: int,
    blocks: list[list[Block]],
    rows: int,
    cols: int,
) -> None:
    side = source.side * CELL
    pixels = [
        np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS))[None]
        for picture in source.pictures
    ]
    picture = _laid(np.stack(pixels), blocks, (rows * CELL, cols * CELL))[0]
    buffer = io.BytesIO()
    Image.fromarray(picture.astype(np.uint8)).save(buffer, "WEBP", lossless=True, quality=100, method=4)
    canvas = hashlib.sha256(buffer.getvalue()).hexdigest()[:16]
    width, height = cols * CELL, rows * CELL
    tables["images"].append(
        {"image_id": name, "position": number, "width": width, "height": height, "sha256": canvas * 4}
    )
    tables["samples"].append({"model_id": source.model_id, "image_id": name, "canvas_id": canvas})
    tables["canvases"].append(
        {
            "canvas_id": canvas,
            "image_id": name,
            "media_type": "image/webp",
            "bytes": buffer.getvalue(),
            "width": width,
            "height": height,
            "rows": rows,
            "cols": cols,
            "cell_width": CELL,
            "cell_height": CELL,
            "grid_x": 0,
            "grid_y": 0,
            "affine": [],
            "padding": [],
        }
    )


def main() -> int:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("output", type=Path)
    parser.add_argument("--source", type=Path, required=True, help="imported results of Molmo-7B-D")
    parser.add_argument("--images", type=int, default=10)
    parser.add_argument("--rows", type=int, default=27)
    parser.add_argument("--cols", type=int, default=27)
    options = parser.parse_args()
    source = read_source(options.source)
    print(write_tiled_study(source, options.output, options.images, options.rows, options.cols))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
