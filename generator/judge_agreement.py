"""The judge page's tables of how far judges agree, one for each criterion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.agreement import PEOPLE, RELATIONS, Agreement, Criterion, agreements
from generator.charts import percent
from generator.database import Database
from generator.judge_charts import LENS_NAMES
from generator.judge_records import JudgeFacts

_PEOPLE_TITLES = {f"people:{name}": title for name, title in PEOPLE.items()}


@dataclass(frozen=True)
class AgreementRow:
    """Two judges on the cells that both judged, in words."""

    first: str
    second: str
    lens: str
    cells: str
    both: int
    first_only: int
    second_only: int
    neither: int
    raw: str
    kappa: str
    interval: str
    spearman: str


@dataclass(frozen=True)
class AgreementTable:
    """All pairs of judges by one criterion."""

    criterion: str
    rows: tuple[AgreementRow, ...]


def agreement_tables(database: Database, facts: Sequence[JudgeFacts]) -> tuple[AgreementTable, ...]:
    """A table for each criterion under which two judges have cells in common."""
    if len(facts) < 2:
        return ()
    titles = {one.judge: one.title for one in facts} | _PEOPLE_TITLES
    several = sum(one.kind == "person" for one in facts) > 1
    criteria = [
        Criterion(relation, people) for people in (PEOPLE if several else ("each",)) for relation in RELATIONS
    ]
    tables = []
    for criterion in criteria:
        if found := agreements(database, criterion):
            tables.append(AgreementTable(criterion.title, tuple(_row(one, titles) for one in found)))
    return tuple(tables)


def _row(one: Agreement, titles: Mapping[str, str]) -> AgreementRow:
    interval = "no interval" if one.kappa_interval is None else "{:.2f} to {:.2f}".format(*one.kappa_interval)
    return AgreementRow(
        titles.get(one.first, one.first),
        titles.get(one.second, one.second),
        LENS_NAMES[one.lens] if one.lens else "all lenses",
        f"{one.cells} in {one.images} image{'s' * (one.images != 1)}",
        one.both,
        one.first_only,
        one.second_only,
        one.neither,
        percent(one.raw, 1),
        "–" if one.kappa is None else f"{one.kappa:.3f}".replace("-", "−"),
        interval.replace("-", "−"),
        "–" if one.spearman is None else f"{one.spearman:.2f} ({one.groups} groups)".replace("-", "−"),
    )
