"""Judgments and statistics of one model's cells, as columns of the page's blocks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from data_pipeline.schema import JUDGMENT_STATUSES, STORED_LENSES, TRUTH_KINDS
from generator.columns import Block, Ints
from generator.lists import NONE, Vocabulary
from generator.readings import Frame, Part, items, numbered, real, whole
from generator.residuals import residuals

WORD_LISTS = {
    "candidates": "candidates",
    "concrete": "concrete_words",
    "abstract": "abstract_words",
    "global": "global_words",
}
STATISTICS = ("norm", "cosine_to_layer_0", "mean_cosine", "entropy", "kl_to_final")
_SCALE = 1000


@dataclass
class Judgments:
    """What was added: who judged, the coded word lists, and the texts that their entries number."""

    judges: tuple[str, ...]
    texts: list[str] = field(default_factory=list)
    lists: list[tuple[Vocabulary, int, str, int]] = field(default_factory=list)


def add_judgments(frame: Frame, table: pa.Table, images: list[Block], words: Vocabulary) -> Judgments:
    """Add verdicts to the images' blocks and code the word lists with `words`, which is still open."""
    judge_of_row, judges = numbered(table["judge"])
    lens_of_row, lenses = numbered(table["lens"])
    added = Judgments(tuple(sorted({*frame.judges, *judges})))
    place = frame.place(table)
    verdicts = _verdicts(table)
    listed = _word_items(table, added)
    for number, judge in enumerate(added.judges):
        for lens in sorted(lenses, key=STORED_LENSES.index):
            of_judge = judge_of_row == (judges.index(judge) if judge in judges else NONE)
            rows = np.flatnonzero(of_judge & (lens_of_row == lenses.index(lens)))
            for image, block in enumerate(images):
                if part := place.part(frame, image, rows):
                    name = f"judge{number}.{lens}"
                    block.header[name] = {"layers": part.stored}
                    block.add(f"{name}.verdicts", part.dense(verdicts) + 1)
                    _add_words(part, listed, words, image, name, added)
    return added


def _verdicts(table: pa.Table) -> Ints:
    """Status, verdict, kind of truth and whether it is named, as one number with mixed bases."""
    status = _choice(table, "status", JUDGMENT_STATUSES)
    kind = _choice(table, "truth_kind", TRUTH_KINDS) + 1
    interpretable, names_truth, names_noun = (
        whole(table[column]) + 1 for column in ("interpretable", "names_truth", "names_noun")
    )
    return status + 3 * (interpretable + 3 * (kind + 5 * (names_truth + 3 * names_noun)))


def _choice(table: pa.Table, column: str, choices: tuple[str, ...]) -> Ints:
    numbers, texts = numbered(table[column])
    places = np.array([choices.index(text) for text in texts] + [NONE], np.int64)
    return places[numbers]


@dataclass(frozen=True)
class _Items:
    """Items of one list column: number of the text, row, place in the list."""

    values: Ints
    rows: Ints
    ranks: Ints


def _word_items(table: pa.Table, added: Judgments) -> dict[str, _Items]:
    found = {name: items(table[column]) for name, column in WORD_LISTS.items()}
    for name in ("reasoning", "failure"):
        found[name] = (np.arange(table.num_rows), np.zeros(table.num_rows, np.int64), table[name])
    chunks = [chunk for _, _, values in found.values() for chunk in values.chunks]
    numbers, added.texts = numbered(pa.chunked_array(chunks, pa.string()))
    pieces = np.split(numbers, np.cumsum([len(rows) for rows, _, _ in found.values()])[:-1])
    return {
        name: _Items(piece, rows, ranks)
        for (name, (rows, ranks, _)), piece in zip(found.items(), pieces, strict=True)
    }


def _add_words(
    part: Part, listed: dict[str, _Items], words: Vocabulary, image: int, judge: str, added: Judgments
) -> None:
    for name, item in listed.items():
        entries = part.dense_items(item.values, item.rows, item.ranks)
        if (entries != NONE).any():
            added.lists.append((words, image, f"{judge}.{name}", words.add(entries)))


def add_statistics(frame: Frame, table: pa.Table, images: list[Block], shared: Block) -> None:
    """Add the cells' statistics to the images' blocks, and how to scale them to the shared one."""
    if not table.num_rows:
        return
    place = frame.place(table)
    parts = [place.part(frame, image, np.arange(table.num_rows)) for image in range(len(images))]
    for block, part in zip(images, parts, strict=True):
        if part:
            block.header["statistics"] = {"layers": part.stored}
    for name in STATISTICS:
        values = real(table[name])
        scale = _scale(float(np.abs(values).max())) if name == "norm" else _SCALE
        scaled = np.rint(values * scale).astype(np.int64)
        offset = int(scaled.min())
        shared.header[f"statistics.{name}"] = {"offset": offset, "scale": scale}
        for block, part in zip(images, parts, strict=True):
            if part:
                block.add(f"statistics.{name}", residuals(part.dense(scaled - offset)[..., 0] + 1))


def _scale(largest: float) -> int:
    """A power of ten that keeps four digits of the largest value and at most three decimals."""
    return int(10 ** min(max(4 - len(str(int(largest))), 0), 3))
