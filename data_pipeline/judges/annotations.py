"""The judge without an API: does a lens name what the annotations put into the cell?

A candidate is the whole word around a contextual neighbour, or the token itself for the other lenses. It is
concrete when its stem is that of a word of a region covering at least a quarter of the cell, and global when
it names something elsewhere in the image; either makes the cell interpretable. Chance is counted beside it:
the same candidates are held against other images of the study. A second, stricter question is asked of cells
filled by one region: do the candidates name that region? Its chance is the same question about cells of the
same kind in other images. Cells that are mostly padding are skipped.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.errors import InputError
from data_pipeline.judges.candidates import CELL_KEY, CandidateLists
from data_pipeline.judges.ground_truth import CellTruth, cell_truths, read_regions
from data_pipeline.judges.words import stem
from data_pipeline.schema import JUDGES, JUDGMENTS

JUDGE_ID = "annotations"
JUDGE_VERSION = 2
"""Raised when the same input gives other rows: it is part of what a judgment was made from."""
MAX_TRIALS = 8
"""At most so many other images, or cells of them, are tried for chance."""


def judge_rows() -> pa.Table:
    """The judge's row of table `judges`."""
    row = {
        "judge": JUDGE_ID,
        "kind": "annotations",
        "title": "Annotations",
        "note": "candidate words against the words of the images' regions, by stem; chance on other images",
    }
    return pa.Table.from_pylist([row], schema=JUDGES.schema)


class AnnotationsJudge:
    """Judges the neighbours of any model of a study by the study's regions."""

    def __init__(self, regions: pa.Table, canvases: pa.Table, seed: int = 0) -> None:
        """`regions` and `canvases` are the study's tables; `seed` chooses what chance is tried on."""
        self._seed = seed
        images = read_regions(regions)
        self._truths = cell_truths(canvases, images)
        flat = [region for image in images.values() for region in image]
        vocabulary = sorted({word for region in flat for word in region.words})
        self._stems = {word: number for number, word in enumerate(vocabulary)}
        self._nouns = self._word_sets([region.nouns for region in flat])
        self._words = self._word_sets([region.words for region in flat])
        self._grounds: dict[tuple[str, ...], _Ground] = {}

    def judge(self, neighbors: pa.Table, contexts: pa.Table, samples: pa.Table) -> pa.Table:
        """One row of table `judgments` for each cell of `neighbors` whose image has regions.

        Args:
            neighbors: of one model; any lenses, layers and images.
            contexts: at least those that the neighbours refer to.
            samples: all of the model's, also of images that are not in `neighbors`: chance is tried on them.
        """
        model_ids = neighbors["model_id"].unique()
        ground = self._ground(
            samples.filter(pc.is_in(samples["model_id"], model_ids))["canvas_id"].to_pylist()
        )
        lists = CandidateLists.of(neighbors, contexts, ground.images)
        if not len(lists):
            return JUDGMENTS.schema.empty_table()
        return self._verdicts(lists, ground)

    def _verdicts(self, lists: CandidateLists, ground: _Ground) -> pa.Table:
        stems = self._stem_numbers(lists)
        image, place = ground.locate(lists.keys)
        kinds, fills = ground.kinds[place], ground.fills[place]
        judged, filled = kinds != "padding", fills >= 0
        concrete = ground.in_cell[place[:, None], stems] & judged[:, None]
        elsewhere = ground.in_image[image[:, None], stems] & judged[:, None] & ~concrete
        other_images, other_fills = ground.other_images[image], ground.other_fills[place]
        columns = {
            **{name: lists.keys[name] for name in CELL_KEY},
            "status": np.where(judged, "ok", "skipped"),
            "interpretable": _known((concrete | elsewhere).any(axis=1), judged),
            "concrete_words": lists.column(concrete),
            "global_words": lists.column(elsewhere),
            "candidates": lists.column(),
            "chance_hits": _known(_hits(ground.in_image, other_images, stems), judged),
            "chance_trials": _known((other_images >= 0).sum(axis=1), judged),
            "truth_kind": pa.array(kinds, pa.string()),
            "names_truth": _known(self._words[fills[:, None], stems].any(axis=1), filled),
            "names_noun": _known(self._nouns[fills[:, None], stems].any(axis=1), filled),
            "truth_chance_hits": _known(_hits(self._words, other_fills, stems), filled),
            "truth_chance_trials": _known((other_fills >= 0).sum(axis=1), filled),
            "noun_chance_hits": _known(_hits(self._nouns, other_fills, stems), filled),
        }
        return _judgments(columns, len(lists))

    def _stem_numbers(self, lists: CandidateLists) -> np.ndarray:
        """(list, rank) number of the word's stem; -1 where no region has it."""
        of_words = np.array([*(self._stems.get(stem(word), -1) for word in lists.words), -1])
        return np.asarray(of_words[lists.numbers])  # number -1, no word, takes the -1 at the end

    def _word_sets(self, sets: Sequence[frozenset[str]]) -> np.ndarray:
        """(set, stem) whether the stem is in the set; a last row and column of False stand for -1, none."""
        table = np.zeros((len(sets) + 1, len(self._stems) + 1), dtype=bool)
        for row, words in enumerate(sets):
            table[row, [self._stems[word] for word in words]] = True
        return table

    def _ground(self, canvas_ids: Iterable[str]) -> _Ground:
        """Models with the same canvases share it."""
        key = tuple(sorted(name for name in canvas_ids if name in self._truths))
        if key not in self._grounds:
            truths = sorted((self._truths[name] for name in key), key=lambda truth: truth.image_id)
            self._grounds[key] = _Ground(self._seed, truths, self._words)
        return self._grounds[key]


class _Ground:
    """The truth about the images of one model: `images` by number, and the cells of all of them in a row.

    Word sets (…, stem) have a last row and column of False, so that index -1 means none.
    """

    def __init__(self, seed: int, truths: Sequence[CellTruth], words: np.ndarray) -> None:
        self.images = [truth.image_id for truth in truths]
        self.kinds = _joined([truth.kinds for truth in truths])
        self.fills = _joined([truth.fills for truth in truths])
        self._cells = np.array([len(truth.kinds) for truth in truths], dtype=np.int64)
        self._first_cell = np.cumsum(self._cells) - self._cells
        sets = [words[[region.number for region in truth.regions]] for truth in truths]
        self.in_image = np.stack([*(own.any(axis=0) for own in sets), words[-1]])
        self.in_cell = _joined([truth.holds @ own for truth, own in zip(truths, sets, strict=True)])
        by_image = dict(zip(self.images, truths, strict=True))
        numbers = {image: number for number, image in enumerate(self.images)}
        self.other_images = _padded(
            [[numbers[other] for other in _other_images(seed, image, by_image)] for image in by_image]
        )
        self.other_fills = _padded(
            [fills for image in by_image for fills in _other_fills(seed, image, by_image)]
        )

    def locate(self, keys: pa.Table) -> tuple[np.ndarray, np.ndarray]:
        """For each key the number of its image, and that of its cell among the cells of all images."""
        numbers = {image: number for number, image in enumerate(self.images)}
        image = np.array([numbers[name] for name in keys["image_id"].to_pylist()])
        cell = keys["cell"].to_numpy()
        outside = (cell < 0) | (cell >= self._cells[image])
        if outside.any():
            row = int(outside.argmax())
            raise InputError(
                f"table neighbors: image {self.images[image[row]]} has no cell {cell[row]}, "
                f"its canvas has {self._cells[image[row]]}"
            )
        return image, self._first_cell[image] + cell


def _other_images(seed: int, image_id: str, images: Mapping[str, CellTruth]) -> list[str]:
    """The other images that chance is tried on: all, or `MAX_TRIALS` of them."""
    others = sorted(set(images) - {image_id})
    rng = random.Random(f"{seed}/{image_id}/chance")  # noqa: S311  # reproducible, not secret
    return others if len(others) <= MAX_TRIALS else sorted(rng.sample(others, MAX_TRIALS))


def _other_fills(seed: int, image_id: str, images: Mapping[str, CellTruth]) -> list[list[int]]:
    """For each cell of the image: regions that fill cells of the same kind, one in each other image."""
    kinds = {
        kind: {name: truth.fills[truth.kinds == kind] for name, truth in images.items() if name != image_id}
        for kind in ("object", "background")
    }
    chosen = []
    for cell, kind in enumerate(images[image_id].kinds):
        rng = random.Random(f"{seed}/{image_id}/{cell}/truth chance")  # noqa: S311
        fills = {name: own for name, own in kinds.get(kind, {}).items() if len(own)}
        names = rng.sample(sorted(fills), min(MAX_TRIALS, len(fills)))
        chosen.append([int(rng.choice(fills[name])) for name in names])
    return chosen


def _hits(sets: np.ndarray, tried: np.ndarray, stems: np.ndarray) -> np.ndarray:
    """For each list, how many of the sets `tried` (list, trial) hold one of its `stems` (list, rank)."""
    hit = np.zeros(tried.shape, dtype=bool)
    for rank in range(stems.shape[1]):
        hit |= sets[tried, stems[:, rank : rank + 1]]
    return np.asarray(hit.sum(axis=1))


def _padded(lists: Sequence[Sequence[int]]) -> np.ndarray:
    """(list, trial) with -1 after the end of a list."""
    table = np.full((len(lists), MAX_TRIALS), -1)
    for row, numbers in enumerate(lists):
        table[row, : len(numbers)] = numbers
    return table


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0)


def _known(values: np.ndarray, where: np.ndarray) -> pa.Array:
    """`values`, missing except `where` they mean something."""
    return pa.array(values, mask=~where)


def _judgments(columns: dict[str, Any], rows: int) -> pa.Table:
    """A table of the contract; what this judge does not know is missing."""
    no_words = pa.array([[]] * rows, pa.list_(pa.string()))
    table = pa.table({**columns, "judge": [JUDGE_ID] * rows, "abstract_words": no_words})
    for field in JUDGMENTS.schema:
        if field.name not in columns and field.nullable:
            table = table.append_column(field.name, pa.nulls(rows, field.type))
    return table.select(JUDGMENTS.schema.names).cast(JUDGMENTS.schema)
