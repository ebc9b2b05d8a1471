"""`vlens judge plan`: draw the cells that judges and people are asked about."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from vlens.commands.options import COUNT, FOLDER


def listed(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """The names of an option such as "0,2,N-1"; none where it was not given."""
    names = tuple(name.strip() for name in (value or "").split(",") if name.strip())
    return tuple(dict.fromkeys(names))


lenses_option = click.option("--lens", "lenses", callback=listed, help="Only these lenses, with commas.")
layers_option = click.option(
    "--layers", callback=listed, help="Only these vision layers, such as 0,4,N-1.  [default: all]"
)
models_option = click.option(
    "--only", "models", multiple=True, help="Only this model of the study; repeatable."
)
plan_option = click.option("--plan", help="Which plan, where there are several.")


@click.command()
@click.argument("results", type=FOLDER)
@click.option("--patches", type=COUNT, default=100, show_default=True, help="Cells of each model.")
@click.option("--plan", default="sample", show_default=True, help="What the plan is called.")
@click.option(
    "--stratify",
    type=click.Choice(["truth", "region", "image"]),
    help="Take turns: object, background, mixed; the word of the region; or the image.  [default: uniform]",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draw.")
@click.option(
    "--whole-neighbourhood",
    is_flag=True,
    help="Only cells with eight neighbours free of padding, as the published study drew.",
)
@lenses_option
@layers_option
@models_option
def command(
    results: Path,
    patches: int,
    plan: str,
    stratify: str | None,
    seed: int,
    whole_neighbourhood: bool,
    lenses: tuple[str, ...],
    layers: tuple[str, ...],
    models: tuple[str, ...],
) -> None:
    """Draw cells of RESULTS to be judged, the same for every lens, layer and judge.

    Models that saw the same canvas get the same cells. Given again with more patches, the plan grows.
    """
    from data_pipeline.judges.planning import PlanSettings, make_plan
    from data_pipeline.judges.strata import STRATIFICATIONS

    by = next((known for known in STRATIFICATIONS if known == stratify), None)
    settings = PlanSettings(plan, patches, seed, by, whole_neighbourhood, lenses, layers, models)
    drawn = make_plan(results, settings)
    by_model = Counter(item.model_id for item in drawn.items)
    fewest, most = min(by_model.values()), max(by_model.values())
    count = f"{most}" if fewest == most else f"{fewest} to {most}"
    click.echo(
        f"Plan {plan}: {count} cells of each of {len(by_model)} models, {drawn.lists:,} lists of candidates; "
        f"judge them with: vlens judge run {results}"
    )
