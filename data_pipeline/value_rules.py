"""What the types of the contract cannot say: ranges, choices, and ids that must lead somewhere.

Both readers hold the rows against these: `vlens check` lists all that is wrong, a build refuses the first.
"""

from __future__ import annotations

from data_pipeline.schema import Column

MOST_CELLS = 1_000_000
"""Cells of one canvas: more than any model has, few enough to lie in memory."""

SMALLEST: dict[str, int] = {
    "cell": 0,
    "char_start": 0,
    "cols": 1,
    "height": 1,
    "null_cell": 0,
    "num_layers": 1,
    "position": 0,
    "rank": 1,
    "rows": 1,
    "step": 0,
    "text_layer": 0,
    "vision_layer": 0,
    "width": 1,
}
"""The smallest value of a column of whole numbers, by its name."""

REFERENCES = (
    ("models", "baseline_model_id", "models"),
    ("canvases", "image_id", "images"),
    ("regions", "image_id", "images"),
    ("samples", "model_id", "models"),
    ("samples", "image_id", "images"),
    ("samples", "canvas_id", "canvases"),
    ("neighbors", "model_id", "models"),
    ("neighbors", "image_id", "images"),
    ("neighbors", "context_id", "contexts"),
    ("cells", "model_id", "models"),
    ("cells", "image_id", "images"),
    ("judgments", "model_id", "models"),
    ("judgments", "image_id", "images"),
    ("judge_items", "model_id", "models"),
    ("judge_items", "image_id", "images"),
    ("judge_items", "canvas_id", "canvases"),
    ("judge_items", "null_image_id", "images"),
    ("published_scores", "model_id", "models"),
    ("checkpoints", "model_id", "models"),
    ("checkpoints", "trained_model_id", "models"),
    ("training_losses", "model_id", "models"),
)
"""Table, column, and the table in whose key each of its values must be."""


def choices(column: Column) -> tuple[str, ...]:
    """The values that a column may have, as the contract lists them; empty where it lists none."""
    return tuple(column.unit.split(" | ")) if " | " in column.unit else ()
