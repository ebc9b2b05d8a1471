"""One model's query answers as dense arrays over (layer, row, col, rank), ready to be coded.

Rows become array places by arithmetic on whole columns; no Python loop runs over rows. What a row lacks
is `NONE`. Rows that contradict the model (an image without a sample, an unknown layer, a cell outside the
grid) are refused here, at the door of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.errors import InputError
from generator.columns import Ints
from generator.lists import NONE

Rows = npt.NDArray[np.int64]
"""Numbers of a table's rows."""


def whole(column: pa.ChunkedArray | pa.Array) -> Ints:
    """A column of whole numbers or truth values, `NONE` where it has none."""
    return np.asarray(pc.fill_null(column.cast(pa.int64()), NONE).to_numpy(), np.int64)


def real(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """A column of numbers, NaN where it has none."""
    return np.asarray(pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy(), np.float64)


def numbered(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Texts as numbers, `NONE` where missing, and the texts by number."""
    encoded = pc.dictionary_encode(pa.chunked_array(column.chunks, pa.string()).combine_chunks())
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    return whole(encoded.indices), encoded.dictionary.to_pylist()


class Texts:
    """Texts of several columns under common numbers."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: list[str] = []

    def numbers(self, column: pa.ChunkedArray) -> Ints:
        """The number of each text; none may be missing."""
        places, texts = numbered(column)
        known = self._numbers
        numbers = np.array([known.setdefault(text, len(known)) for text in texts], np.int64)
        self._texts = list(known)
        return numbers[places]

    def text(self, number: int) -> str:
        """The text with this number."""
        return self._texts[number]


_TOKEN_ID_BITS = 32


def token_keys(texts: Ints, token_ids: Ints) -> Ints:
    """One number for a token's text and its id, which may be `NONE`."""
    return (texts << _TOKEN_ID_BITS) + token_ids + 1


def split_token_key(key: int) -> tuple[int, int]:
    """The text's number and the id behind a key."""
    return key >> _TOKEN_ID_BITS, (key & ((1 << _TOKEN_ID_BITS) - 1)) - 1


def items(column: pa.ChunkedArray) -> tuple[Rows, Ints, pa.ChunkedArray]:
    """A column of lists, item by item: its row, its place in the list, and the item."""
    lists = pa.chunked_array(column.chunks, column.type).combine_chunks()
    lists = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    rows = whole(pc.list_parent_indices(lists))
    lengths = np.bincount(rows, minlength=len(lists))
    starts = np.cumsum(lengths) - lengths
    return rows, np.arange(len(rows)) - starts[rows], pa.chunked_array([pc.list_flatten(lists)])


def pairs(first: Ints, second: Ints) -> tuple[Ints, Ints, Ints]:
    """Number the distinct pairs; returns each row's number, and the two sides by number.

    Either side may be `NONE`.
    """
    sides, places = np.unique(second, return_inverse=True)
    keys, numbers = np.unique((first + 1) * len(sides) + places, return_inverse=True)
    return numbers.astype(np.int64), keys // len(sides) - 1, sides[keys % len(sides)]


@dataclass(frozen=True)
class Frame:
    """What places a row: the model, its images with their grids, its vision layers."""

    model_id: str
    images: tuple[str, ...]
    grids: tuple[tuple[int, int], ...]
    """Rows and columns of each image's grid."""
    vision_layers: tuple[int, ...]
    text_layers: tuple[int, ...]
    judges: tuple[str, ...] = ()
    """Judges that are numbered whether or not they judged these images."""

    def only(self, places: Sequence[int]) -> Frame:
        """The same with a choice of the images, in the order given."""
        return replace(
            self,
            images=tuple(self.images[place] for place in places),
            grids=tuple(self.grids[place] for place in places),
        )

    def place(self, table: pa.Table) -> Place:
        """Where each row of `table` goes; refuses rows that contradict this frame."""
        images = self._known(table["image_id"], pa.array(self.images, pa.string()), "image", "sample")
        layers = pa.array(self.vision_layers, table["vision_layer"].type)
        layer = self._known(table["vision_layer"], layers, "vision layer", "place in the model's layers")
        cells = whole(table["cell"])
        self._check_cells(cells, images)
        return Place(images, layer, cells)

    def _known(self, column: pa.ChunkedArray, known: pa.Array, what: str, missing: str) -> Ints:
        places = pc.index_in(column, value_set=known)
        if places.null_count:
            stray = column.filter(pc.is_null(places))[0].as_py()
            raise InputError(f"model {self.model_id}: {what} {stray!r} has results but no {missing}")
        return whole(places)

    def _check_cells(self, cells: Ints, images: Ints) -> None:
        limits = np.array([rows * cols for rows, cols in self.grids], np.int64)
        outside = (cells < 0) | (cells >= limits[images]) if cells.size else np.zeros(0, bool)
        if outside.any():
            row = int(outside.argmax())
            rows, cols = self.grids[images[row]]
            raise InputError(
                f"model {self.model_id}: cell {cells[row]} of image {self.images[images[row]]!r} is outside "
                f"its grid of {rows} × {cols} cells"
            )


@dataclass(frozen=True)
class Place:
    """Of each row of a table: index of its image, index of its vision layer, cell."""

    images: Ints
    layers: Ints
    cells: Ints

    def rows_by_image(self, images: int) -> list[Rows]:
        """The rows of each image."""
        order = np.argsort(self.images, kind="stable")
        return np.split(order, np.searchsorted(self.images[order], np.arange(1, images)))

    def part(self, frame: Frame, image: int, rows: Rows) -> Part | None:
        """The rows among `rows` that belong to one image; None if there are none."""
        mine = rows[self.images[rows] == image]
        if not mine.size:
            return None
        stored, layers = np.unique(self.layers[mine], return_inverse=True)
        return Part(
            mine, tuple(stored.tolist()), layers.astype(np.int64), self.cells[mine], frame.grids[image]
        )


@dataclass(frozen=True)
class Part:
    """Some rows of one image, and where they go in dense arrays."""

    rows: Rows
    stored: tuple[int, ...]
    """Indices of the vision layers that have rows, ascending: the first axis of dense arrays."""
    layers: Ints
    cells: Ints
    grid: tuple[int, int]

    def dense(self, values: Ints, ranks: Ints | None = None) -> Ints:
        """`values`, given for all rows of the table, as (layer, row, col, rank)."""
        rank = np.zeros(len(self.rows), np.int64) if ranks is None else ranks[self.rows]
        return self._filled(self.layers, self.cells, rank, values[self.rows])

    def dense_items(self, values: Ints, rows: Rows, ranks: Ints) -> Ints:
        """The same for items of lists, given with the row that each belongs to."""
        size = int(max(rows.max(initial=0), self.rows.max())) + 1
        place = np.full(size, NONE, np.int64)
        place[self.rows] = np.arange(len(self.rows))
        mine = place[rows] != NONE
        at = place[rows[mine]]
        return self._filled(self.layers[at], self.cells[at], ranks[mine], values[mine])

    def _filled(self, layers: Ints, cells: Ints, ranks: Ints, values: Ints) -> Ints:
        rows, cols = self.grid
        depth = int(ranks.max(initial=0)) + 1
        array = np.full((len(self.stored), rows * cols, depth), NONE, np.int64)
        array[layers, cells, ranks] = values
        return array.reshape(len(self.stored), rows, cols, depth)
