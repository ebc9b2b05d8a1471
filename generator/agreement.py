"""How far two judges agree on the same cells, by one stated criterion.

A criterion says what counts as yes (`relation`) and whether people stand for themselves or together
(`people`). It is part of each figure's name, because figures of different criteria cannot be compared: the
published pair, .684 for one lens by the majority and .673 for another by any annotator, mixes two.

Kappa is Cohen's (1960): agreement above what two judges with these shares of yes would reach by chance. Its
interval draws whole images, because cells of one image are alike. Spearman's correlation is of the shares of
yes over groups of a model, lens and vision layer: whether both judges would order the groups alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generator.database import Database
from generator.intervals import LEAST_IMAGES, image_draws

RELATIONS = {
    "any": "any relation",
    "concrete-or-abstract": "concrete or abstract",
    "concrete": "concrete",
}
"""What counts as yes: a candidate with this relation to the image."""
PEOPLE = {
    "each": "each person",
    "majority": "majority of people",
    "any": "any person",
}
"""Whose verdict people give: each their own, that of at least half of those who answered, or of anyone."""
LEAST_IN_GROUP = 5
"""A share over fewer cells says little; the group does not count for Spearman's correlation."""
LEAST_GROUPS = 5
_MOST_UNDEFINED_DRAWS = 0.05


@dataclass(frozen=True)
class Criterion:
    """What an agreement is about; `relation` and `people` are keys of `RELATIONS` and `PEOPLE`."""

    relation: str = "any"
    people: str = "each"

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS or self.people not in PEOPLE:
            raise ValueError(f"{self.relation!r} and {self.people!r} are not a criterion")

    @property
    def title(self) -> str:
        """As it is named wherever a figure of it stands."""
        return f"{RELATIONS[self.relation]}, {PEOPLE[self.people]}"


@dataclass(frozen=True)
class Agreement:
    """Two judges on the cells that both judged; counts are of cells."""

    criterion: Criterion
    first: str
    """A judge's id; `people:majority` or `people:any` where people stand together."""
    second: str
    lens: str | None
    """None: all lenses together."""
    both: int
    """Cells to which both say yes."""
    first_only: int
    second_only: int
    neither: int
    images: int
    kappa: float | None
    """-1 to 1; None where both judges give one and the same verdict throughout."""
    kappa_interval: tuple[float, float] | None
    """At 95 %; None with fewer than `LEAST_IMAGES` images."""
    spearman: float | None
    """-1 to 1; None with fewer than `LEAST_GROUPS` groups, or where all shares of a judge are the same."""
    groups: int
    """Groups of a model, lens and vision layer with at least `LEAST_IN_GROUP` cells."""

    @property
    def cells(self) -> int:
        """How many cells both judged."""
        return self.both + self.first_only + self.second_only + self.neither

    @property
    def raw(self) -> float:
        """Share of cells with the same verdict."""
        return (self.both + self.neither) / self.cells

    @property
    def first_yes(self) -> int:
        """Cells to which the first judge says yes."""
        return self.both + self.first_only

    @property
    def second_yes(self) -> int:
        """Cells to which the second judge says yes."""
        return self.both + self.second_only


Counts = npt.NDArray[np.float64]
"""(…, 4): cells with yes of both, of the first only, of the second only, of neither."""
_Group = tuple[str, str, int]


def agreements(database: Database, criterion: Criterion | None = None) -> list[Agreement]:
    """Every pair of judges with cells in common: first each lens, then all lenses where there are several.

    Args:
        database: of one results folder; tables judgments and judges are read. Judgments without a verdict
            (failed, skipped) do not count.
        criterion: any relation, each person, unless said.
    """
    criterion = criterion or Criterion()
    rows = database.rows("agreement", {"relation": criterion.relation, "people": criterion.people})
    pairs: dict[tuple[str, str], dict[str, list[dict[str, object]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        pairs[row["first_judge"], row["second_judge"]][row["lens"]].append(row)
    return [
        _agreement(criterion, pair, lens, counted)
        for pair, by_lens in pairs.items()
        for lens, counted in _with_all_lenses(by_lens)
    ]


def _with_all_lenses(
    by_lens: Mapping[str, list[dict[str, object]]],
) -> Iterator[tuple[str | None, list[dict[str, object]]]]:
    yield from by_lens.items()
    if len(by_lens) > 1:
        yield None, [row for rows in by_lens.values() for row in rows]


def _agreement(
    criterion: Criterion, pair: tuple[str, str], lens: str | None, rows: Iterable[Mapping[str, object]]
) -> Agreement:
    by_image: dict[object, Counts] = defaultdict(lambda: np.zeros(4))
    by_group: dict[object, Counts] = defaultdict(lambda: np.zeros(4))
    for row in rows:
        counts = np.array([row[name] for name in ("both", "first_only", "second_only", "neither")], float)
        by_image[row["image_id"]] += counts
        by_group[row["model_id"], row["lens"], row["vision_layer"]] += counts
    images = np.array([by_image[image] for image in sorted(by_image, key=str)])  # (image, 4)
    groups = np.array([by_group[group] for group in sorted(by_group, key=str)])  # (group, 4)
    groups = groups[groups.sum(axis=1) >= LEAST_IN_GROUP]
    total = images.sum(axis=0)
    both, first_only, second_only, neither = map(int, total)
    value = float(kappas(total))
    return Agreement(
        criterion,
        *pair,
        lens,
        both,
        first_only,
        second_only,
        neither,
        len(images),
        None if np.isnan(value) else value,
        None if np.isnan(value) else _interval(images, criterion, *pair, lens),
        _spearman_of_shares(groups),
        len(groups),
    )


def kappas(counts: Counts) -> Counts:
    """Cohen's kappa of each table of counts (…, 4); NaN where chance alone would give full agreement."""
    both, first_only, second_only, neither = np.moveaxis(counts, -1, 0)
    total = counts.sum(axis=-1)
    first, second = both + first_only, both + second_only
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = (both + neither) / total
        expected = (first * second + (total - first) * (total - second)) / total**2
        return np.asarray(np.where(expected < 1, (observed - expected) / (1 - expected), np.nan))


def _interval(images: Counts, *key: object) -> tuple[float, float] | None:
    """Percentiles of kappa over draws of whole images; few draws may leave it undefined."""
    if len(images) < LEAST_IMAGES:
        return None
    drawn = kappas(image_draws(len(images), "kappa", *map(str, key)) @ images)
    if np.isnan(drawn).mean() > _MOST_UNDEFINED_DRAWS:
        return None
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _spearman_of_shares(groups: Counts) -> float | None:
    if len(groups) < LEAST_GROUPS:
        return None
    total = groups.sum(axis=1)
    return spearman((groups[:, 0] + groups[:, 1]) / total, (groups[:, 0] + groups[:, 2]) / total)


def spearman(first: Counts, second: Counts) -> float | None:
    """Spearman's rank correlation of two (n,) series, ties at their mean rank; None if one is constant."""
    ranks = [_ranks(series) - (len(series) + 1) / 2 for series in (first, second)]
    lengths = [float(np.sqrt((centred**2).sum())) for centred in ranks]
    if min(lengths) == 0:
        return None
    return float(np.clip((ranks[0] * ranks[1]).sum() / (lengths[0] * lengths[1]), -1, 1))


def _ranks(series: Counts) -> Counts:
    """1-based ranks; equal values, to 12 digits, share the mean of theirs."""
    _, place, sizes = np.unique(np.round(series, 12), return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    return np.asarray((last - (sizes - 1) / 2)[place])
