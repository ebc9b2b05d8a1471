"""Plans: the stored sample that people and judges share, read and written as table `judge_items`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.errors import InputError
from data_pipeline.judges.shown import Place, Shown, ShownLists
from data_pipeline.schema import TABLES
from data_pipeline.store import Results


@dataclass(frozen=True)
class Item:
    """A cell that is judged: one row of table `judge_items`."""

    plan: str
    model_id: str
    image_id: str
    cell: int
    canvas_id: str | None
    position: int
    stratum: str | None
    lenses: tuple[str, ...]
    vision_layers: tuple[int, ...]
    null_image_id: str | None
    null_cell: int | None

    @property
    def place(self) -> Place:
        """The cell."""
        return Place(self.model_id, self.image_id, self.cell)

    @property
    def null_place(self) -> Place | None:
        """The cell of another image whose candidates measure chance."""
        if self.null_image_id is None or self.null_cell is None:
            return None
        return Place(self.model_id, self.null_image_id, self.null_cell)

    def own_keys(self) -> Iterator[Shown]:
        """Every list of neighbours that is judged at this cell."""
        return self._keys(self.place)

    def null_keys(self) -> Iterator[Shown]:
        """The lists that chance is measured with, in the same order; none where there is no such cell."""
        return self._keys(self.null_place) if self.null_place else iter(())

    def _keys(self, place: Place) -> Iterator[Shown]:
        for lens in self.lenses:
            for vision_layer in self.vision_layers:
                yield Shown(place.model_id, place.image_id, lens, vision_layer, place.cell)


def items_of(table: pa.Table) -> list[Item]:
    """The rows of table `judge_items`, by model and position."""
    rows = table.sort_by([("plan", "ascending"), ("model_id", "ascending"), ("position", "ascending")])
    return [Item(**{name: _frozen(value) for name, value in row.items()}) for row in rows.to_pylist()]


def table_of_items(items: Iterable[Item]) -> pa.Table:
    """Table `judge_items` of `items`."""
    return pa.Table.from_pylist([vars(item) for item in items], schema=TABLES["judge_items"].schema)


def places_of(items: Iterable[Item]) -> set[Place]:
    """All cells that `items` show, those for chance included."""
    return {place for item in items for place in (item.place, item.null_place) if place}


def digest_of(items: Iterable[Item], lists: ShownLists) -> str:
    """What `items` were made from, 16 hex digits."""
    return lists.digest(key for item in items for key in (*item.own_keys(), *item.null_keys()))


def item_path(plan: str, model_id: str) -> str:
    """The part that holds a model's items of a plan."""
    return f"judge_items/{plan}/{model_id}.parquet"


def plan_names(results: Results) -> list[str]:
    """The plans of a results folder."""
    return sorted(name for name in pc.unique(results.read("judge_items")["plan"]).to_pylist())


def read_plan(results: Results, plan: str | None = None) -> list[Item]:
    """The items of `plan`; None: of the only one there is.

    Raises:
        InputError: no such plan, none at all, or several to choose from.
    """
    names = plan_names(results)
    if not names:
        raise InputError(f"{results.folder}: has no plan; make one with: vlens judge plan {results.folder}")
    if plan is None and len(names) > 1:
        raise InputError(f"{results.folder}: has the plans {', '.join(names)}; choose one with --plan")
    if plan is not None and plan not in names:
        raise InputError(f"{results.folder}: no plan {plan!r}, it has {', '.join(names)}")
    table = results.read("judge_items")
    return items_of(table.filter(pc.equal(table["plan"], plan or names[0])))


def check_fits(results: Results, items: Sequence[Item], lists: ShownLists) -> None:
    """Refuse a plan that was made for other results.

    Raises:
        InputError: the neighbours or canvases at its cells are not those that it was drawn for.
    """
    models: dict[str, list[Item]] = {}
    for item in items:
        models.setdefault(item.model_id, []).append(item)
    for model_id, own in models.items():
        part = results.manifest.parts.get(item_path(own[0].plan, model_id))
        if part is None or not part.input_hash:
            continue  # a plan that was imported says nothing of results
        if part.input_hash != digest_of(own, lists):
            raise InputError(
                f"{results.folder}: plan {own[0].plan} was made for other results of model {model_id}, whose "
                "neighbours or canvases have changed since; draw anew with: "
                f"vlens judge plan {results.folder} --plan NEW-NAME"
            )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
