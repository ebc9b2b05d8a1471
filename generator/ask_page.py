"""The page that asks a person what a judge is asked: one file, offline, that saves answers as JSON.

Which cells and words are asked about is decided elsewhere and handed in; here they become a page. It holds
nothing that tells a lens, layer or model: a person should not be able to judge by where words come from.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_pipeline.errors import InputError
from generator.database import Database
from generator.pictures import compact
from generator.render import render


@dataclass(frozen=True)
class AskedQuestion:
    """One list of words at one cell of a canvas; `question_id` comes back with its answer."""

    question_id: str
    canvas_id: str
    cell: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """What a page asks, and of whom."""

    study: str
    """The study's id, which comes back with the answers."""
    study_title: str
    plan: str
    annotator: str
    """Whose page it is; empty: they say so themselves."""
    question: str
    """What is asked of each list of words."""
    relations: Mapping[str, str]
    """Name and meaning of each relation that a word can have."""
    questions: Sequence[AskedQuestion]


@dataclass(frozen=True)
class AskPage:
    """What `judge-ask.html.jinja` places."""

    title: str
    study_title: str
    question: str
    relations: tuple[tuple[str, str], ...]
    data: dict[str, Any]


def ask_page(database: Database, asked: Asked) -> str:
    """The page's HTML.

    Raises:
        InputError: a canvas of a question is not in the results, or has no such cell.
    """
    canvas_ids = sorted({question.canvas_id for question in asked.questions})
    canvases = database.rows("asked_canvases", {"canvas_ids": canvas_ids})
    places = {row["canvas_id"]: place for place, row in enumerate(canvases)}
    _check_cells(asked.questions, {row["canvas_id"]: row["rows"] * row["cols"] for row in canvases})
    page = AskPage(
        title=f"What the words have to do with it · {asked.study_title}",
        study_title=asked.study_title,
        question=asked.question,
        relations=tuple(asked.relations.items()),
        data={
            "study": asked.study,
            "plan": asked.plan,
            "annotator": asked.annotator,
            "relations": list(asked.relations),
            "canvases": [_canvas(row) for row in canvases],
            "questions": [
                {
                    "id": question.question_id,
                    "canvas": places[question.canvas_id],
                    "cell": question.cell,
                    "words": list(question.words),
                }
                for question in asked.questions
            ],
        },
    )
    return render("judge-ask.html.jinja", page, "ask")


def _check_cells(questions: Sequence[AskedQuestion], cells: Mapping[str, int]) -> None:
    for question in questions:
        if question.canvas_id not in cells:
            raise InputError(f"table canvases: no canvas {question.canvas_id}, whose cells are asked about")
        if not 0 <= question.cell < cells[question.canvas_id]:
            raise InputError(f"canvas {question.canvas_id}: has no cell {question.cell}")


def _canvas(row: Mapping[str, Any]) -> dict[str, Any]:
    content = base64.b64encode(compact(row["bytes"])).decode()
    return {
        "src": f"data:{row['media_type']};base64,{content}",
        "width": row["width"],
        "height": row["height"],
        "rows": row["rows"],
        "cols": row["cols"],
        "cellWidth": row["cell_width"],
        "cellHeight": row["cell_height"],
        "gridX": row["grid_x"],
        "gridY": row["grid_y"],
    }
