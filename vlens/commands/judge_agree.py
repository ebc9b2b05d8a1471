"""`vlens judge agree`: how far judges say the same of the same cells, by one stated criterion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from data_pipeline.errors import InputError, printable
from vlens.commands.options import FOLDER
from vlens.commands.plain_table import print_table

if TYPE_CHECKING:
    from generator.agreement import Agreement

_RELATIONS = ("any", "concrete-or-abstract", "concrete")
_PEOPLE = ("each", "majority", "any")
_COLUMNS = ("judge", "judge", "lens", "cells", "images", "yes", "same", "kappa", "95 %", "Spearman")


@click.command()
@click.argument("results", type=FOLDER)
@click.option(
    "--criterion",
    "relation",
    type=click.Choice(_RELATIONS),
    default="any",
    show_default=True,
    help="What counts as yes: a candidate with any relation, …",
)
@click.option(
    "--people",
    type=click.Choice(_PEOPLE),
    default="each",
    show_default=True,
    help="Each person by themselves; or together, yes where at least half of them, or any, say yes.",
)
@click.option("--judge", "judges", multiple=True, help="Only pairs with this judge; repeatable.")
def command(results: Path, relation: str, people: str, judges: tuple[str, ...]) -> None:
    """Compare every two judges of RESULTS on the cells that both judged.

    Kappa is Cohen's, its interval from draws of whole images. Spearman's correlation is of the shares of yes
    over groups of a model, lens and vision layer. The criterion is named with the figures: figures of
    different criteria cannot be compared.
    """
    from data_pipeline.store import Results
    from generator.agreement import Criterion, agreements
    from generator.database import Database

    criterion = Criterion(relation, people)
    with Database(Results(results)) as database:
        found = agreements(database, criterion)
    names = {name for one in found for name in (one.first, one.second)}
    if strange := sorted(set(judges) - names):
        known = ", ".join(sorted(names)) or "none"
        raise InputError(
            f"{results}: judge {strange[0]!r} has no cell in common with another; those that have: {known}"
        )
    shown = [one for one in found if not judges or {one.first, one.second} & set(judges)]
    if not shown:
        raise InputError(f"{results}: no two judges have a cell in common by this criterion")
    click.echo(f"Criterion: {criterion.title}")
    print_table([_COLUMNS, *map(_row, shown)])


def _row(one: Agreement) -> tuple[str, ...]:
    interval = "" if one.kappa_interval is None else "{:.2f} to {:.2f}".format(*one.kappa_interval)
    return (
        printable(one.first),
        printable(one.second),
        one.lens or "all",
        str(one.cells),
        str(one.images),
        f"{one.first_yes}, {one.second_yes}",
        f"{one.raw:.1%}",
        "–" if one.kappa is None else f"{one.kappa:.3f}",
        interval or "–",
        "–" if one.spearman is None else f"{one.spearman:.2f} of {one.groups}",
    )
