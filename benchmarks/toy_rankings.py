"""LN-Lens by cosine and by percentile on toy models: which names more, and from which text layers.

    python -m benchmarks.toy_rankings

computes a few models of the toy study on scenes of the split `report` and prints Markdown: shares of object
cells named, pooled over all vision layers, with the difference's 95 % bootstrap interval over scenes; and of
all neighbours the share that each text layer has. Nothing of the ranking was chosen on these scenes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click
import numpy as np
import pyarrow.compute as pc

from data_pipeline.progress import SilentProgress
from data_pipeline.run import run_study
from data_pipeline.schema import PERCENTILE_LENS
from data_pipeline.store import Results
from data_pipeline.study import load_study
from generator.database import Database
from generator.queries import verdicts
from generator.records import Verdicts

ROOT = Path(__file__).resolve().parent.parent
MODELS = ("olmo-clip", "llama-siglip", "qwen2-dinov2")
RANKINGS = {"contextual": "cosine", PERCENTILE_LENS: "percentile"}
RESAMPLES = 4000


def compute(models: Sequence[str], images: int, folder: Path) -> Results:
    """The toy study of these models, computed or resumed."""
    study = load_study("toy")
    chosen = tuple(model for model in study.model if model.id in models)
    study = study.model_copy(update={"id": "toy-rankings", "model": chosen, "lenses": ("contextual",)})
    run_study(study, folder, images, True, SilentProgress(), "benchmarks/toy_rankings.py")
    return Results(folder)


def counts(rows: list[Verdicts], model: str, lens: str, named: Callable[[Verdicts], int]) -> np.ndarray:
    """(scene, 2) cells named and object cells, over all vision layers."""
    scenes: dict[str, np.ndarray] = {}
    for row in rows:
        if (row.model_id, row.lens) == (model, lens):
            found = np.array([named(row), row.object_cells], np.float64)
            scenes[row.image_id] = scenes.get(row.image_id, np.zeros(2)) + found
    return np.array([scenes[scene] for scene in sorted(scenes)])


def compared(cosine: np.ndarray, percentile: np.ndarray) -> str:
    """Both shares, and their difference with its interval, in points."""
    size = len(cosine)
    draws = np.random.default_rng(0).multinomial(size, np.full(size, 1 / size), RESAMPLES)
    shares = [100 * both[:, 0].sum() / both[:, 1].sum() for both in (cosine, percentile)]
    drawn = [100 * (draws @ both[:, 0]) / (draws @ both[:, 1]) for both in (cosine, percentile)]
    low, high = np.quantile(drawn[1] - drawn[0], [0.025, 0.975])
    change = f"{shares[1] - shares[0]:+.1f} ({low:+.1f} to {high:+.1f})"
    return f"{shares[0]:.1f} % | {shares[1]:.1f} % | {change}".replace("-", "−")


def text_layers(results: Results, model: str, lens: str) -> str:
    """Of all neighbours the share at each text layer, in percent."""
    table = results.read("neighbors")
    mine = table.filter(pc.and_(pc.equal(table["model_id"], model), pc.equal(table["lens"], lens)))
    layers, found = np.unique(mine["text_layer"].to_numpy(), return_counts=True)
    return ", ".join(
        f"{layer}: {100 * count / found.sum():.0f}" for layer, count in zip(layers, found, strict=True)
    )


@click.command()
@click.option("--images", default=20, show_default=True, help="Scenes.")
@click.option(
    "--model", "models", multiple=True, default=MODELS, show_default=True, help="Models of the study."
)
@click.option("--results", type=click.Path(path_type=Path), default=ROOT / "results" / "benchmark-rankings")
def main(images: int, models: tuple[str, ...], results: Path) -> None:
    """Print the comparison as Markdown."""
    opened = compute(models, images, results)
    with Database(opened) as database:
        rows = verdicts(database)
    kinds: dict[str, Callable[[Verdicts], int]] = {
        "noun": lambda row: row.named_by_noun,
        "noun or colour": lambda row: row.named,
    }
    click.echo(
        "| model | named by | by cosine | by percentile | difference, points |\n|---|---|---:|---:|---:|"
    )
    for model in models:
        for kind, named in kinds.items():
            both = [counts(rows, model, lens, named) for lens in RANKINGS]
            click.echo(f"| {model} | {kind} | {compared(*both)} |")
    click.echo("\n| model | ranked by | % of neighbours at each text layer |\n|---|---|---|")
    for model in models:
        for lens, name in RANKINGS.items():
            click.echo(f"| {model} | {name} | {text_layers(opened, model, lens)} |")


if __name__ == "__main__":
    main()
