"""Counts of verdicts, summed up as the index shows them: counts in, shares out, nothing is averaged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from generator.intervals import Share, Tallies, Tally
from generator.records import Verdicts

Block = tuple[int, str]
"""Vision layer and image."""


@dataclass(frozen=True)
class Naming:
    """How often a lens names the object or its colour in object cells at one vision layer.

    `by_noun` is the part of `share` that does so with a noun; each has its own chance, None where unknown.
    """

    vision_layer: int
    share: Share
    chance: float | None
    by_noun: Share
    noun_chance: float | None


class Measures:
    """Verdicts of one judge per model."""

    def __init__(self, verdicts: Iterable[Verdicts], judges: Mapping[str, str]) -> None:
        """Keep the verdicts of each model's judge in `judges`."""
        self._rows: dict[tuple[str, str], list[Verdicts]] = defaultdict(list)
        for row in verdicts:
            if judges.get(row.model_id) == row.judge:
                self._rows[row.model_id, row.lens].append(row)

    def has(self, model_id: str) -> bool:
        """Whether any cell of the model has a verdict."""
        return any(row.judged for (model, _), rows in self._rows.items() if model == model_id for row in rows)

    def share(self, model_id: str, lens: str, layer: int) -> Share | None:
        """Interpretable cells among the judged ones at one vision layer."""
        return _share(self._at(model_id, lens, layer), "interpretable", "judged")

    def chance(self, model_id: str, lens: str, layer: int) -> float | None:
        """The share that verdicts would reach on other images."""
        return _rate(self._at(model_id, lens, layer), "chance_hits", "chance_trials")

    def blocks(self, model_id: str, lens: str) -> set[Block]:
        """Vision layer and image of all that was judged."""
        return {(row.vision_layer, row.image_id) for row in self._rows[model_id, lens] if row.judged}

    def tallies(self, model_id: str, lens: str, blocks: set[Block]) -> Tallies:
        """Interpretable and judged cells of each image in `blocks`, and chance."""
        found: Tallies = {}
        for row in self._rows[model_id, lens]:
            if (row.vision_layer, row.image_id) in blocks:
                tally = Tally(row.interpretable, row.judged, row.chance_hits, row.chance_trials)
                found[row.image_id] = found.get(row.image_id, Tally()) + tally
        return found

    def best_naming(self, model_id: str, lens: str) -> Naming | None:
        """The vision layer with the highest share of object cells that are named; the first of equals."""
        layers = sorted({row.vision_layer for row in self._rows[model_id, lens]})
        found = [naming for layer in layers if (naming := self.naming(model_id, lens, layer))]
        return max(found, key=lambda naming: (naming.share.rate, -naming.vision_layer), default=None)

    def naming(self, model_id: str, lens: str, layer: int) -> Naming | None:
        """Object cells whose object or colour is named at one vision layer."""
        rows = self._at(model_id, lens, layer)
        share, by_noun = (_share(rows, count, "object_cells") for count in ("named", "named_by_noun"))
        if share is None or by_noun is None:
            return None
        chance = _rate(rows, "named_chance_hits", "named_chance_trials")
        return Naming(layer, share, chance, by_noun, _rate(rows, "noun_chance_hits", "noun_chance_trials"))

    def failed(self) -> int:
        """Judge calls that failed."""
        return sum(row.failed for rows in self._rows.values() for row in rows)

    def _at(self, model_id: str, lens: str, layer: int) -> list[Verdicts]:
        return [row for row in self._rows[model_id, lens] if row.vision_layer == layer]


def _sum(rows: Iterable[Verdicts], name: str) -> int:
    get: Callable[[Verdicts], int] = lambda row: getattr(row, name)  # noqa: E731
    return sum(map(get, rows))


def _share(rows: list[Verdicts], count: str, total: str) -> Share | None:
    cells = _sum(rows, total)
    return Share(_sum(rows, count), cells) if cells else None


def _rate(rows: list[Verdicts], count: str, total: str) -> float | None:
    trials = _sum(rows, total)
    return _sum(rows, count) / trials if trials else None
