"""A tiny made-up study with hostile text, written through `ResultsWriter`: the pages' test bed.

Two LLMs × two vision encoders, one ablation and one off-the-shelf model on two images, three vision layers
and grids of 2×3 and 3×2 cells. The same call always writes the same bytes.

    python -m tests.generator.tiny_study OUT
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image, ImageDraw

from data_pipeline.manifest import Absence, Expected, Manifest, StudyInfo
from data_pipeline.schema import LENSES, TABLES
from data_pipeline.store import ResultsWriter

HOSTILE_TOKENS = (
    "</script>",
    "<!--<script>",
    "<b>bold</b>",
    " \u2028",
    "\u2029",
    "\u202eRTL",
    " שלום",
    "\ufffd",
    "\x00",
    "🦊",
    "",
    " &amp;",
    "\"'`",
    "${x}",
    "{{ x }}",
    "\\",
    "\n",
)
WORDS = (" dog", " red", "dog", " cat", " tree", " sky", " the", " house", " blue", "ball", " grass", " sun")
TOKENS = WORDS + HOSTILE_TOKENS
SENTENCES = (
    "a red dog sits on the grass",
    "the 🦊 fox jumps over a <b>blue</b> ball",
    "</script><script>alert('context')</script> beside the house",
    "שלום a tree under the sky",
    "two cats & a dog",
    "sun",
    "the sun \u2028 over a house \x00 end",
    "a red dog sits on the sofa",
)
NUM_LAYERS = 4
LAYERS = (0, 2, 4)
TEXT_LAYERS = (1, 2, 4)
TOP_K = 5
JUDGE = "annotations"


@dataclass(frozen=True)
class Grid:
    """How an encoder's canvas is cut: canvas size, cells and the place of cell 0."""

    width: int
    height: int
    rows: int
    cols: int
    cell: int
    x: int
    y: int


@dataclass(frozen=True)
class TinyModel:
    """One model of the tiny study."""

    model_id: str
    title: str
    group: str
    llm: str
    encoder: str
    grid: Grid
    baseline: str | None = None
    description: str | None = None


ROUND = Grid(48, 32, 2, 3, 16, 0, 0)
WIDE = Grid(40, 48, 3, 2, 14, 6, 3)
MODELS = (
    TinyModel("alpha-round", "Alpha + Round", "main", "Alpha", "Round", ROUND),
    TinyModel("alpha-wide", "Alpha + Wide", "main", "Alpha", "Wide", WIDE),
    TinyModel("beta-round", "Beta & <Co> + Round", "main", "Beta & <Co>", "Round", ROUND),
    TinyModel("beta-wide", "Beta & <Co> + Wide", "main", "Beta & <Co>", "Wide", WIDE),
    TinyModel(
        "alpha-round-linear",
        'linear </script><script>alert("title")</script>',
        "ablation",
        "Alpha",
        "Round",
        ROUND,
        "alpha-round",
        "Connector of one matrix; <img src=x onerror=alert(1)> {{ 7 * 7 }}",
    ),
    TinyModel("shelf", "Shelf VLM", "off_the_shelf", "Shelf LLM", "Shelf ViT", WIDE),
)
IMAGES = (
    ("scene-0", "A red dog on the grass, \u202ebackwards\u202c </script> & 🦊"),
    ("scene-1", "Blue house under a sun"),
)


def pick(limit: int, *key: object) -> int:
    """A whole number in [0, limit) that depends on `key` only."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    return int.from_bytes(digest[:6], "big") % limit


def share(*key: object) -> float:
    """A number in [0, 1) with three decimals that depends on `key` only."""
    return pick(1000, *key) / 1000


def _hash16(*key: object) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()[:16]


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = TABLES[name].schema
    complete = [{column: row.get(column) for column in schema.names} for row in rows]
    return pa.Table.from_pylist(complete, schema=schema)


def model_rows() -> list[dict[str, Any]]:
    """Rows of `models`."""
    return [
        {
            "model_id": model.model_id,
            "position": position,
            "title": model.title,
            "group": model.group,
            "llm": model.llm,
            "vision_encoder": model.encoder,
            "connector": "linear" if model.baseline else "gated MLP on block 3",
            "baseline_model_id": model.baseline,
            "description": model.description,
            "num_layers": NUM_LAYERS,
            "vision_layers": list(LAYERS),
            "text_layers": list(TEXT_LAYERS),
            "hidden_size": 64,
            "vocab_size": len(TOKENS),
            "dtype": "float32",
            "embedding_note": "cosine to the rows of the input embedding matrix",
            "logit_note": "final norm and LM head at every layer",
            "contextual_note": "cosine; all text layers searched and merged",
            "corpus": f"{len(SENTENCES)} made-up sentences",
            "config_hash": _hash16("config", model.model_id),
        }
        for position, model in enumerate(MODELS)
    ]


def image_rows() -> list[dict[str, Any]]:
    """Rows of `images`."""
    return [
        {
            "image_id": image_id,
            "position": position,
            "caption": caption,
            "width": 96,
            "height": 64,
            "sha256": hashlib.sha256(image_id.encode()).hexdigest(),
            "split": "test",
        }
        for position, (image_id, caption) in enumerate(IMAGES)
    ]


def region_rows() -> list[dict[str, Any]]:
    """Rows of `regions`: one object and one background for each image."""
    rows = []
    for image_id, _ in IMAGES:
        boxes = (
            ("object", ["dog", "<b>hound</b>"], ["red"], (8, 16, 40, 56)),
            ("background", ["grass"], [], (0, 40, 96, 64)),
        )
        for region, (kind, words, attributes, (x0, y0, x1, y1)) in enumerate(boxes):
            rows.append(
                {
                    "image_id": image_id,
                    "region": region,
                    "kind": kind,
                    "words": words,
                    "attributes": attributes,
                    "x0": x0,
                    "y0": y0,
                    "x1": x1,
                    "y1": y1,
                }
            )
    return rows


def _canvas_png(grid: Grid, image: int) -> bytes:
    picture = Image.new("RGB", (grid.width, grid.height), (210, 226, 240) if image else (196, 226, 180))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((6, 8, 24, 28), fill=(30, 80, 200) if image else (200, 40, 30))
    draw.rectangle((28, 10, 36, 28), fill=(120, 90, 60))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def canvas_id(grid: Grid, image_id: str) -> str:
    """The id of the canvas that models with this grid saw of the image."""
    return _hash16("canvas", grid, image_id)


def canvas_rows() -> list[dict[str, Any]]:
    """Rows of `canvases`: each image once for each grid."""
    rows = []
    for grid in (ROUND, WIDE):
        for image, (image_id, _) in enumerate(IMAGES):
            padding = [0.0] * (grid.rows * grid.cols)
            padding[-1] = 0.75 if grid is WIDE else 0.0
            rows.append(
                {
                    "canvas_id": canvas_id(grid, image_id),
                    "image_id": image_id,
                    "media_type": "image/png",
                    "bytes": _canvas_png(grid, image),
                    "width": grid.width,
                    "height": grid.height,
                    "rows": grid.rows,
                    "cols": grid.cols,
                    "cell_width": grid.cell,
                    "cell_height": grid.cell,
                    "grid_x": grid.x,
                    "grid_y": grid.y,
                    "affine": [grid.width / 96, 0.0, 0.0, 0.0, grid.height / 64, 0.0],
                    "padding": padding,
                }
            )
    return rows


def sample_rows(model: TinyModel) -> list[dict[str, Any]]:
    """Rows of `samples`; the off-the-shelf model has no caption losses."""
    scored = model.group != "off_the_shelf"
    return [
        {
            "model_id": model.model_id,
            "image_id": image_id,
            "canvas_id": canvas_id(model.grid, image_id),
            "generated_caption": f"a <i>dog</i> of {model.title}" if scored else None,
            "caption_tokens": 10 + image if scored else None,
            "caption_loss_image": 1.0 + share("loss", model.model_id, image_id) if scored else None,
            "caption_loss_shuffled": 2.5 + share("shuffled", model.model_id, image_id) if scored else None,
            "caption_loss_none": 3.0 + share("none", model.model_id, image_id) if scored else None,
        }
        for image, (image_id, _) in enumerate(IMAGES)
    ]


def context_rows(llm: str) -> list[dict[str, Any]]:
    """Rows of `contexts`: each word of each sentence; the last sentence does not know its places."""
    rows = []
    for number, text in enumerate(SENTENCES):
        start = 0
        for position, word in enumerate(text.split(" ")):
            known = number != len(SENTENCES) - 1
            rows.append(
                {
                    "context_id": _context_id(llm, number, position),
                    "llm": llm,
                    "text": text,
                    "position": position if known else None,
                    "char_start": start if known else None,
                    "char_end": start + len(word) if known else None,
                }
            )
            start += len(word) + 1
    return rows


def _context_id(llm: str, sentence: int, position: int) -> int:
    return int.from_bytes(hashlib.sha256(repr((llm, sentence, position)).encode()).digest()[:8], "big") >> 1


def is_absent(model_id: str, lens: str, vision_layer: int) -> bool:
    """The gaps that the manifest declares."""
    return model_id == "shelf" and (lens == "embedding" or (lens == "logit" and vision_layer == 2))


def neighbor_rows(model: TinyModel, lens: str) -> list[dict[str, Any]]:
    """Rows of `neighbors` of one lens."""
    return [
        _neighbor(model, image_id, lens, layer, cell, rank)
        for image_id, _ in IMAGES
        for layer in LAYERS
        if not is_absent(model.model_id, lens, layer)
        for cell in range(model.grid.rows * model.grid.cols)
        for rank in range(1, TOP_K + 1)
    ]


def _neighbor(model: TinyModel, image_id: str, lens: str, layer: int, cell: int, rank: int) -> dict[str, Any]:
    key = (model.model_id, image_id, lens, layer, cell)
    token_id = pick(len(TOKENS), "token", *key, rank)
    row: dict[str, Any] = {
        "model_id": model.model_id,
        "image_id": image_id,
        "lens": lens,
        "vision_layer": layer,
        "cell": cell,
        "rank": rank,
        "token": TOKENS[token_id],
        "token_id": token_id,
        "score": round(0.9 - 0.1 * rank + 0.05 * share("score", *key, rank), 3),
    }
    if lens == "logit":
        row["score"] = round(12.0 - 4 * rank + share("score", *key, rank), 3)  # the last ones are negative
        row["probability"] = round(0.6 / 2**rank, 4)
    if lens == "contextual":
        sentence = pick(len(SENTENCES), "sentence", *key, rank)
        words = SENTENCES[sentence].split(" ")
        position = pick(len(words), "position", *key, rank)
        row["token"] = " " + words[position]
        row["token_id"] = None if model.group == "off_the_shelf" else 1000 + position
        row["text_layer"] = TEXT_LAYERS[pick(len(TEXT_LAYERS), "text layer", *key, rank)]
        row["context_id"] = _context_id(model.llm, sentence, position)
    return row


def cell_rows(model: TinyModel) -> list[dict[str, Any]]:
    """Rows of `cells`."""
    return [
        {
            "model_id": model.model_id,
            "image_id": image_id,
            "vision_layer": layer,
            "cell": cell,
            "norm": 1.0 + 100 * share("norm", model.model_id, image_id, layer, cell),
            "cosine_to_layer_0": 1.0
            if layer == 0
            else share("cosine", model.model_id, image_id, layer, cell),
            "mean_cosine": share("mean", model.model_id, image_id, layer, cell) - 0.2,
            "entropy": 3 * share("entropy", model.model_id, image_id, layer, cell),
            "kl_to_final": 0.0
            if layer == LAYERS[-1]
            else 5 * share("kl", model.model_id, image_id, layer, cell),
        }
        for image_id, _ in IMAGES
        for layer in LAYERS
        for cell in range(model.grid.rows * model.grid.cols)
    ]


def judgment_rows(model: TinyModel, lens: str) -> list[dict[str, Any]]:
    """Rows of `judgments`; one call failed, and one cell is padding that nobody judged."""
    return [
        _judgment(model, image_id, lens, layer, cell)
        for image_id, _ in IMAGES
        for layer in LAYERS
        for cell in range(model.grid.rows * model.grid.cols)
    ]


def _judgment(model: TinyModel, image_id: str, lens: str, layer: int, cell: int) -> dict[str, Any]:
    key = (model.model_id, image_id, lens, layer, cell)
    row: dict[str, Any] = {
        "model_id": model.model_id,
        "image_id": image_id,
        "lens": lens,
        "vision_layer": layer,
        "cell": cell,
        "judge": JUDGE,
        "status": "ok",
        "concrete_words": [],
        "abstract_words": [],
        "global_words": [],
        "candidates": [
            _neighbor(model, image_id, lens, layer, cell, rank)["token"].strip() for rank in range(1, 6)
        ],
        "judge_model": "drawn truth",
        "prompt_hash": _hash16("prompt"),
    }
    if model.grid is WIDE and cell == 5:
        return {**row, "status": "skipped", "truth_kind": "padding", "candidates": []}
    if key == ("alpha-round", "scene-0", "contextual", 2, 1):
        return {**row, "status": "failed", "truth_kind": "object", "failure": "no <answer>"}
    truth_kind = ("object", "object", "background", "mixed")[pick(4, "kind", image_id, cell)]
    verdict = pick(4, "verdict", *key) < {"embedding": 1, "logit": 2, "contextual": 3}[lens]
    named = truth_kind != "mixed" and verdict and pick(4, "named", *key) > 0
    row |= {
        "interpretable": verdict,
        "concrete_words": row["candidates"][:1] if named else [],
        "global_words": row["candidates"][1:2] if verdict else [],
        "reasoning": "the <b>scene</b> holds it" if verdict else None,
        "chance_hits": pick(3, "chance", *key),
        "chance_trials": 10,
        "truth_kind": truth_kind,
    }
    if truth_kind != "mixed":
        row |= {
            "names_truth": named,
            "names_noun": named and pick(2, "noun", *key) == 0,
            "truth_chance_hits": pick(2, "truth chance", *key),
            "truth_chance_trials": 8,
            "noun_chance_hits": pick(2, "truth chance", *key) * pick(2, "noun chance", *key),
        }
    return row


def run_rows() -> list[dict[str, Any]]:
    """Rows of `runs`."""
    return [
        {
            "run_id": _hash16("run", stage, model.model_id),
            "stage": stage,
            "model_id": model.model_id,
            "started": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "seconds": 1.5 + place,
            "command": "vlens run tiny </script>",
            "versions": json.dumps({"vlens": "0.1.0", "python": "3.12.0", "torch": "2.6.0"}),
            "device": "cpu",
            "dtype": "float32",
            "seed": 6198,
        }
        for model in MODELS
        for place, stage in enumerate(("capture", "judge"))
    ]


def tiny_manifest() -> Manifest:
    """The manifest before anything is written: the whole matrix, and the declared gaps."""
    images = tuple(image_id for image_id, _ in IMAGES)
    expected = [
        Expected(model.model_id, LENSES, LAYERS, images, () if model.group == "off_the_shelf" else (JUDGE,))
        for model in MODELS
    ]
    study = StudyInfo(
        "tiny",
        "Tiny <study> & friends",
        "A made-up study: nothing in it was computed by a model.",
        _hash16("study"),
        "made-up chance",
        "alpha-round",
    )
    absent = [
        Absence("shelf", "the embedding matrix is <not> published", lens="embedding"),
        Absence("shelf", "the run ended early", lens="logit", vision_layer=2),
    ]
    return Manifest(study, expected, absent)


def write_tiny_study(folder: Path) -> Path:
    """Write the whole tiny study into `folder` and return it."""
    writer = ResultsWriter(folder, tiny_manifest())
    writer.write_part("models/models.parquet", _table("models", model_rows()))
    writer.write_part("images/images.parquet", _table("images", image_rows()))
    writer.write_part("regions/regions.parquet", _table("regions", region_rows()))
    writer.write_part("canvases/canvases.parquet", _table("canvases", canvas_rows()))
    writer.write_part("runs/runs.parquet", _table("runs", run_rows()))
    for llm in sorted({model.llm for model in MODELS}):
        writer.write_part(f"contexts/{_hash16(llm)}.parquet", _table("contexts", context_rows(llm)))
    for model in MODELS:
        _write_model(writer, model)
    return folder


def _write_model(writer: ResultsWriter, model: TinyModel) -> None:
    name = f"{model.model_id}"
    writer.write_part(f"samples/{name}.parquet", _table("samples", sample_rows(model)))
    for lens in LENSES:
        if rows := neighbor_rows(model, lens):
            writer.write_part(f"neighbors/{name}/{lens}.parquet", _table("neighbors", rows))
        if model.group != "off_the_shelf":
            writer.write_part(
                f"judgments/{name}/{lens}.parquet", _table("judgments", judgment_rows(model, lens))
            )
    if model.group != "off_the_shelf":
        writer.write_part(f"cells/{name}.parquet", _table("cells", cell_rows(model)))


if __name__ == "__main__":
    write_tiny_study(Path(sys.argv[1]))
