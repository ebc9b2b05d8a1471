"""Which cells are judged: the same for every lens, every layer and every model that saw the same canvas.

Each cell of each canvas has a number that follows from (seed, canvas, cell, purpose) and from nothing else.
The cells with the smallest numbers are the sample: uniform, without replacement, its first n cells a sample
too, and the same whatever else is drawn before or beside it. More images leave the numbers of the others
alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data_pipeline.judges.ground_truth import MAJORITY_SHARE

Canvas = Mapping[str, Any]
"""A row of table `canvases`, its bytes not needed."""
Stratum = Callable[[Canvas, int], str | None]
"""What a cell is counted to when a sample is stratified; None: it is not drawn."""


@dataclass(frozen=True)
class DrawnCell:
    """A cell to judge, and the cell of another image whose candidates measure chance."""

    canvas_id: str
    image_id: str
    cell: int
    stratum: str | None = None
    null_image_id: str | None = None
    null_cell: int | None = None


def eligible_cells(canvas: Canvas, whole_neighbourhood: bool = False) -> list[int]:
    """Cells that are not mostly padding; with `whole_neighbourhood` only those whose 3 × 3 is free of it.

    The latter leaves out the canvas's outermost cells, as the published study did.
    """
    rows, cols = canvas["rows"], canvas["cols"]
    padding = np.array(canvas["padding"] or np.zeros(rows * cols)).reshape(rows, cols)
    if not whole_neighbourhood:
        return [int(cell) for cell in np.flatnonzero(padding <= MAJORITY_SHARE)]
    ringed = np.pad(padding, 1, constant_values=1)  # beyond the canvas is as good as padding
    worst = np.max([ringed[y : y + rows, x : x + cols] for y in range(3) for x in range(3)], axis=0)
    return [int(cell) for cell in np.flatnonzero(worst == 0)]


def draw_cells(
    canvases: Sequence[Canvas],
    patches: int,
    seed: int,
    whole_neighbourhood: bool = False,
    stratum: Stratum | None = None,
) -> list[DrawnCell]:
    """At most `patches` cells of one model's `canvases`, in the order of the sample.

    With `stratum`, strata take turns, so that any beginning holds about as many cells of each.
    """
    eligible = {canvas["canvas_id"]: eligible_cells(canvas, whole_neighbourhood) for canvas in canvases}
    by_id = {canvas["canvas_id"]: canvas for canvas in canvases}
    cells = [(canvas_id, cell) for canvas_id, own in eligible.items() for cell in own]
    cells.sort(key=lambda place: (_number(seed, *place, "judge cell"), place))
    strata = {place: stratum(by_id[place[0]], place[1]) if stratum else None for place in cells}
    if stratum:
        cells = _taking_turns([place for place in cells if strata[place] is not None], strata, seed)
    return [
        DrawnCell(
            canvas_id,
            by_id[canvas_id]["image_id"],
            cell,
            strata[canvas_id, cell],
            *_null_cell(seed, by_id[canvas_id], cell, canvases, eligible),
        )
        for canvas_id, cell in cells[:patches]
    ]


def _taking_turns(
    cells: Iterable[tuple[str, int]], strata: Mapping[tuple[str, int], str | None], seed: int
) -> list[tuple[str, int]]:
    turns: dict[str | None, int] = {}
    order = []
    for place in cells:
        name = strata[place]
        turn = turns[name] = turns.get(name, -1) + 1
        order.append((turn, _number(seed, str(name), turn, "turn"), place))
    return [place for *_, place in sorted(order)]


def _null_cell(
    seed: int, canvas: Canvas, cell: int, canvases: Sequence[Canvas], eligible: Mapping[str, list[int]]
) -> tuple[str, int] | tuple[None, None]:
    """A cell of another image of the same model; none where there is no other image."""
    key = canvas["canvas_id"], cell
    others = [
        other
        for other in canvases
        if other["image_id"] != canvas["image_id"] and eligible[other["canvas_id"]]
    ]
    if not others:
        return None, None
    other = min(others, key=lambda row: _number(seed, *key, row["canvas_id"], "null image"))
    cells = eligible[other["canvas_id"]]
    return other["image_id"], min(
        cells, key=lambda at: _number(seed, *key, other["canvas_id"], at, "null cell")
    )


def _number(*key: object) -> int:
    """A whole number of 64 bits that depends on `key` only."""
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "big")
