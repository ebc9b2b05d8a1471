"""Records of the published judgments → Arrow tables of the contract."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from data_pipeline.importers.published_judgments.study_files import Item, LensFiles, Verdict
from data_pipeline.importers.vlens_json.checkpoints import Checkpoint, recognise
from data_pipeline.schema import TABLES

PLAN = "published-human-study"
LLM_JUDGE = "published-llm-judge"
_CANVAS = 512
_SIGLIP_COLUMNS, _COLUMNS = 27, 24
_PIXELS_NOTE = (
    "The published judge drew every canvas with padding and a grid of 24 by 24, whatever the model saw, and "
    "put the cell at the box's corner; so it was shown other pixels than people were for SigLIP and DINOv2, "
    "and a box one cell off for all."
)
_SHOWN_NOTE = "Under LN-Lens people were shown whole sentences, and the LLM the words in them."
_SILENT_NOTE = "An answer without a word counts as no, whether or not 'none' was ticked."


def image_id(item: Item) -> str:
    """Images have their numbers in the study's validation images."""
    return f"image-{item.image:05d}"


def cell(item: Item) -> int:
    """Row-major number of the item's cell in the model's own grid."""
    columns = _SIGLIP_COLUMNS if "siglip" in item.model else _COLUMNS
    return item.row * columns + item.col


def models_table(checkpoints: Sequence[Checkpoint]) -> pa.Table:
    """Table `models`; the study's own files say what little is known."""
    rows = [
        {
            "model_id": checkpoint.model_id,
            "position": position,
            "title": checkpoint.title,
            "group": checkpoint.group,
            "llm": checkpoint.llm,
            "vision_encoder": checkpoint.vision_encoder,
            "connector": checkpoint.connector,
            "description": "Only judgments were published: neither neighbours nor canvases are at hand.",
            "num_layers": checkpoint.num_layers or 1,
            "vision_layers": [0],
            "text_layers": [],
            "hidden_size": checkpoint.hidden_size,
            "corpus": checkpoint.corpus,
            "config_hash": hashlib.sha256(checkpoint.folder.encode()).hexdigest()[:16],
        }
        for position, checkpoint in enumerate(checkpoints)
    ]
    return from_rows("models", rows)


def images_table(items: Sequence[Item]) -> pa.Table:
    """Table `images`; sizes are those of the canvas that judges were shown, and no bytes can be hashed."""
    names = sorted({image_id(item) for item in items})
    return from_rows(
        "images",
        [
            {
                "image_id": name,
                "position": position,
                "width": _CANVAS,
                "height": _CANVAS,
                "sha256": "",
                "split": "validation",
            }
            for position, name in enumerate(names)
        ],
    )


def items_table(files: Sequence[LensFiles]) -> pa.Table:
    """Table `judge_items`: each cell once, with the lenses that were judged there."""
    lenses: dict[tuple[str, str, int], list[str]] = {}
    strata: dict[tuple[str, str, int], str] = {}
    for of_lens in files:
        for item in of_lens.items:
            key = (recognise(item.model).model_id, image_id(item), cell(item))
            lenses.setdefault(key, []).append(of_lens.lens)
            strata[key] = item.stratum
    places: dict[str, int] = {}
    rows = []
    for key in sorted(lenses):
        model, image, number = key
        place = places[model] = places.get(model, -1) + 1
        rows.append(
            {
                "plan": PLAN,
                "model_id": model,
                "image_id": image,
                "cell": number,
                "position": place,
                "stratum": strata[key],
                "lenses": lenses[key],
                "vision_layers": [0],
            }
        )
    return from_rows("judge_items", rows)


def judgments_table(files: Sequence[LensFiles], judge: str) -> pa.Table:
    """Table `judgments` of one judge, all lenses."""
    rows = [
        _judgment(of_lens.lens, verdict)
        for of_lens in files
        for verdict in (*of_lens.of_model, *of_lens.of_people)
        if verdict.judge == judge
    ]
    return from_rows("judgments", rows)


def _judgment(lens: str, verdict: Verdict) -> dict[str, Any]:
    item = verdict.item
    return {
        "model_id": recognise(item.model).model_id,
        "image_id": image_id(item),
        "lens": lens,
        "vision_layer": 0,
        "cell": cell(item),
        "judge": verdict.judge,
        "status": "ok",
        "interpretable": verdict.interpretable,
        **{f"{relation}_words": list(words) for relation, words in verdict.words.items()},
        "candidates": list(verdict.candidates),
        "reasoning": verdict.reasoning,
        "judge_model": "gpt-5" if verdict.judge == LLM_JUDGE else None,
    }


def judges_table(judges: Sequence[str]) -> pa.Table:
    """Table `judges`, with what a reader must know of each."""
    return from_rows("judges", [_judge(judge) for judge in judges])


def _judge(judge: str) -> dict[str, Any]:
    if judge == LLM_JUDGE:
        return {
            "judge": judge,
            "kind": "model",
            "title": "Published LLM judge",
            "judge_model": "gpt-5",
            "note": f"{_PIXELS_NOTE} {_SHOWN_NOTE}",
        }
    return {
        "judge": judge,
        "kind": "person",
        "title": f"Published {judge.replace('_', ' ')}",
        "note": f"One of the study's authors. {_SILENT_NOTE} {_SHOWN_NOTE}",
    }


def from_rows(name: str, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """A table from its rows; a column that a row does not name is null."""
    return pa.Table.from_pylist(list(rows), schema=TABLES[name].schema)
