"""What the decoder must give back for the tiny study, told from its rows without the generator.

    python -m tests.generator.payload_fixture OUT

writes the built site to OUT/site and the expected answers of each model's page to OUT/MODEL.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from data_pipeline.schema import LENSES
from generator.build import build_site
from tests.generator import tiny_study as tiny

_WORDS = {
    "candidates": "candidates",
    "concrete": "concrete_words",
    "abstract": "abstract_words",
    "global": "global_words",
}
_STATISTICS = {
    "norm": "norm",
    "cosineToLayer0": "cosine_to_layer_0",
    "meanCosine": "mean_cosine",
    "entropy": "entropy",
    "klToFinal": "kl_to_final",
}


def expected_answers(model: tiny.TinyModel) -> dict[str, Any]:
    """Answers by question, like `contextual/0/1/5`: lens, image, layer and cell by their indices."""
    contexts = {row["context_id"]: row for row in tiny.context_rows(model.llm)}
    neighbors: dict[str, list[dict[str, Any]]] = {}
    judgments: dict[str, dict[str, Any]] = {}
    for lens in LENSES:
        for row in tiny.neighbor_rows(model, lens):
            neighbors.setdefault(_key(row, lens), []).append(_neighbor(row, contexts))
        if model.group != "off_the_shelf":
            judgments |= {_key(row, lens): _judgment(row) for row in tiny.judgment_rows(model, lens)}
    rows = [] if model.group == "off_the_shelf" else tiny.cell_rows(model)
    statistics = {_key(row): {name: row[column] for name, column in _STATISTICS.items()} for row in rows}
    return {
        "cells": model.grid.rows * model.grid.cols,
        "lenses": LENSES,
        "neighbors": neighbors,
        "judgments": judgments,
        "statistics": statistics,
        "absent": [
            f"{lens}/{layer}"
            for lens in LENSES
            for layer, depth in enumerate(tiny.LAYERS)
            if tiny.is_absent(model.model_id, lens, depth)
        ],
    }


def _key(row: dict[str, Any], *lens: str) -> str:
    image = [image_id for image_id, _ in tiny.IMAGES].index(row["image_id"])
    return "/".join(map(str, (*lens, image, tiny.LAYERS.index(row["vision_layer"]), row["cell"])))


def _neighbor(row: dict[str, Any], contexts: dict[int, dict[str, Any]]) -> dict[str, Any]:
    context = contexts.get(row.get("context_id", -1))
    return {
        "rank": row["rank"],
        "token": row["token"],
        "tokenId": row["token_id"],
        "score": row["score"],
        "probability": row.get("probability"),
        "textLayer": row.get("text_layer"),
        "context": context
        and {"text": context["text"], "start": context["char_start"], "end": context["char_end"]},
    }


def _judgment(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "judge": row["judge"],
        "status": row["status"],
        "interpretable": row.get("interpretable"),
        "truthKind": row.get("truth_kind"),
        "namesTruth": row.get("names_truth"),
        "namesNoun": row.get("names_noun"),
        "reasoning": row.get("reasoning"),
        "failure": row.get("failure"),
        **{name: row[column] for name, column in _WORDS.items()},
    }


def write_fixture(folder: Path) -> None:
    """Build the tiny study's site and write what its pages must tell."""
    build_site(tiny.write_tiny_study(folder / "results"), folder / "site")
    for model in tiny.MODELS:
        (folder / f"{model.model_id}.json").write_text(json.dumps(expected_answers(model)), encoding="utf-8")


if __name__ == "__main__":
    write_fixture(Path(sys.argv[1]))
