"""`vlens judge show`: what the judges said, in counts with their intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import click

from data_pipeline.errors import InputError, printable
from vlens.commands.judge_plan import lenses_option, models_option
from vlens.commands.options import FOLDER
from vlens.commands.plain_table import print_table

if TYPE_CHECKING:
    from data_pipeline.store import Results
    from generator.database import Database
    from generator.intervals import Share
    from generator.judge_records import Counts, JudgeFacts, PairCounts
    from generator.records import Model

_COLUMNS = (
    "model",
    "lens",
    "layer",
    "any word",
    "95 %",
    "first word",
    "95 %",
    "concrete",
    "abstract",
    "global",
)
_LAST = ("chance", "failed", "skipped")
_PAIR_COLUMNS = ("model", "minus", "lens", "cells", "images", "only it", "only other", "points", "95 %")
_MOST_PAIRS = 60


@click.command()
@click.argument("results", type=FOLDER)
@click.option("--judge", "judges", multiple=True, help="Only this judge; repeatable.")
@models_option
@lenses_option
@click.option("--by-layer", is_flag=True, help="A row for each vision layer instead of all together.")
@click.option("--no-differences", is_flag=True, help="Leave out the differences between models.")
def command(
    results: Path,
    judges: tuple[str, ...],
    models: tuple[str, ...],
    lenses: tuple[str, ...],
    by_layer: bool,
    no_differences: bool,
) -> None:
    """Print what the judges of RESULTS said of each lens of each model.

    "any word": cells where a candidate has a relation, of all cells with a verdict; "first word": where the
    first candidate has one. Cells are counted under the closest relation of their words. Failed and skipped
    cells are in no share. Differences are over cells that were judged for both models on the same canvas.
    """
    from data_pipeline.store import Results
    from generator import judge_records, queries
    from generator.database import Database

    opened = Results(results)
    with Database(opened) as database:
        facts = {one.judge: one for one in judge_records.judge_facts(database)}
        found = judge_records.counts(database)
        study = {model.model_id: model for model in queries.models(database)}
        reasons = judge_records.failures(database)
        _check(results, "judge", judges, facts)
        _check(results, "model", models, {model for _, model, _, _ in found})
        _check(results, "lens", lenses, {lens for _, _, lens, _ in found})
        chosen = {
            key: counts
            for key, counts in found.items()
            if (not judges or key[0] in judges)
            and (not models or key[1] in models)
            and (not lenses or key[2] in lenses)
        }
        if not chosen:
            raise InputError(f"{results}: holds no judgments; vlens judge plan and vlens judge run make some")
        pairs = [] if no_differences else _pairs(database, study, {key[1] for key in chosen})
        for judge in dict.fromkeys(key[0] for key in chosen):
            click.echo(_heading(facts[judge]))
            if facts[judge].kind != "annotations":  # which judge every cell, not a plan's
                for line in _stratified(opened):
                    click.echo(line)
            print_table([(*_COLUMNS, *_LAST), *_rows(judge, chosen, study, by_layer)])
            for one in [one for one in reasons if one.judge == judge][:5]:
                click.echo(f"  failed {one.judgments:,}: {printable(one.failure) or 'reason unknown'}")
            of_judge = {key[2] for key in chosen if key[0] == judge}
            if rows := [row for pair in pairs for row in _pair_rows(judge, of_judge, *pair)]:
                click.echo("\nDifferences on the same cells, in percentage points")
                print_table([_PAIR_COLUMNS, *rows])
            click.echo("")


def _check(results: Path, what: str, wanted: Sequence[str], known: Iterable[str]) -> None:
    if strange := sorted(set(wanted) - set(known)):
        there = ", ".join(sorted(known)) or "none"
        raise InputError(f"{results}: no judgments of {what} {strange[0]!r}; there are some of: {there}")


def _heading(judge: JudgeFacts) -> str:
    words = [judge.title]
    if judge.title.casefold() != judge.judge.casefold():
        words = [f"{judge.title} ({judge.kind} {judge.judge})"]
    words.append(f"{judge.judgments:,} judgments")
    if judge.prompt_hash:
        words.append(f"prompt {judge.prompt_hash}")
    if judge.tokens:
        words.append(f"{judge.tokens:,} tokens")
    if judge.cost:
        words.append(f"${judge.cost:,.2f}")
    return printable(", ".join(words))


def _stratified(results: Results) -> list[str]:
    """A line for each plan whose cells were not drawn uniformly: its shares are not those of all cells."""
    plans: dict[str, set[str]] = {}
    for row in results.read("judge_items").select(["plan", "stratum"]).to_pylist():
        if row["stratum"] is not None:
            plans.setdefault(row["plan"], set()).add(row["stratum"])
    return [
        f"Plan {printable(plan)} is stratified: its cells were drawn in turn from {len(strata):,} strata "
        f"({_some(sorted(strata))}), so its shares are not those of all cells"
        for plan, strata in sorted(plans.items())
    ]


def _some(names: Sequence[str]) -> str:
    return printable(", ".join(names[:3]) + (", …" if len(names) > 3 else ""))


def _rows(
    judge: str,
    found: dict[tuple[str, str, str, int], Counts],
    study: dict[str, Model],
    by_layer: bool,
) -> list[tuple[str, ...]]:
    from generator.judge_records import summed

    groups: dict[tuple[str, str, str], list[Counts]] = {}
    for (name, model, lens, layer), counts in found.items():
        if name == judge:
            groups.setdefault((model, lens, str(layer) if by_layer else "all"), []).append(counts)
    order = list(study)
    lens_order = ["embedding", "logit"]
    return [
        _row(*key, summed(groups[key]))
        for key in sorted(
            groups,
            key=lambda key: (
                order.index(key[0]) if key[0] in order else len(order),
                lens_order.index(key[1]) if key[1] in lens_order else 2,
                key[1],
                int(key[2]) if by_layer else 0,
            ),
        )
    ]


def _row(model: str, lens: str, layer: str, counts: Counts) -> tuple[str, ...]:
    chance = "–"
    if counts.chance is not None:
        chance = f"{counts.chance:.1%} ({counts.chance_hits}/{counts.chance_trials})"
    return (
        printable(model),
        lens,
        layer,
        *_share(counts.share),
        *_share(counts.first),
        str(counts.named_concrete),
        str(counts.named_abstract),
        str(counts.named_global),
        chance,
        str(counts.failed),
        str(counts.skipped),
    )


def _share(share: Share | None) -> tuple[str, str]:
    """Rate, k of n, and the Wilson interval."""
    from generator.intervals import decimals_of, interval_text

    if share is None:
        return "–", "–"
    rate = f"{100 * share.rate:.{decimals_of(share.rate, 1)}f}%"
    return f"{rate} ({share.count}/{share.total})", interval_text(share, " to ")


def _pairs(
    database: Database, study: dict[str, Model], judged: set[str]
) -> list[tuple[Model, Model, list[PairCounts]]]:
    """Ablations with their baselines, then other models, where cells of one canvas were judged for both."""
    from generator.judge_records import pair_counts

    known = {model_id: model for model_id, model in study.items() if model_id in judged}
    wanted = [
        (model, known[model.baseline_model_id])
        for model in known.values()
        if model.group == "ablation" and model.baseline_model_id in known
    ]
    others = [model for model in known.values() if model.group != "ablation"]
    wanted += [(later, first) for first, later in combinations(others, 2)]
    found = [
        (model, other, pair_counts(database, model.model_id, other.model_id))
        for model, other in wanted[:_MOST_PAIRS]
    ]
    return [pair for pair in found if pair[2]]


def _pair_rows(
    judge: str, lenses: set[str], model: Model, other: Model, found: list[PairCounts]
) -> Iterable[tuple[str, ...]]:
    from generator.intervals import Tally, paired_difference, share

    for lens in sorted(lenses):
        mine = [one for one in found if one.judge == judge and one.lens == lens]
        key = (judge, model.model_id, other.model_id, lens, "judge show")
        difference = paired_difference(
            share,
            {one.image_id: Tally(one.model_found, one.cells) for one in mine},
            {one.image_id: Tally(one.other_found, one.cells) for one in mine},
            *key,
        )
        if difference is None:
            continue
        low, high = difference.interval or (0.0, 0.0)
        yield (
            printable(model.model_id),
            printable(other.model_id),
            lens,
            str(sum(one.cells for one in mine)),
            str(difference.images),
            str(sum(one.model_only for one in mine)),
            str(sum(one.other_only for one in mine)),
            f"{100 * difference.value:+.1f}",
            f"{100 * low:+.1f} to {100 * high:+.1f}" if difference.interval else "too few images",
        )
