"""The tables of toy results: how often a top-5 names what is in an object cell, by model and lens.

    python -m benchmarks.toy_results --images 100 --write

computes the toy study twice: on scenes of the split `tune`, where each lens's best layer is chosen, and on
scenes of the split `report`, on which nothing was chosen and whose figures are printed. Results are kept in
`results/benchmark-*` and resumed. `--write` puts the tables between the `toy-results` markers of
docs/toy-study.md, and the main models' first one between those of the README.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from benchmarks.toy_captions import all_losses
from data_pipeline.progress import SilentProgress
from data_pipeline.run import run_study
from data_pipeline.schema import LENS_TITLES, LENSES
from data_pipeline.store import Results
from data_pipeline.study import ModelSettings, Study, load_study
from data_pipeline.toy.shipped_study import composed_models
from data_pipeline.toy.train import WEIGHTS
from data_pipeline.training.job import settings_of
from generator.database import Database
from generator.queries import caption_losses, verdicts
from generator.records import Verdicts

ROOT = Path(__file__).resolve().parent.parent
START, END = "<!-- toy-results -->", "<!-- /toy-results -->"
RESAMPLES = 4000


@dataclass(frozen=True)
class Measured:
    """One study's verdicts by (model, lens, vision layer), one row an image, and its caption losses."""

    rows: dict[tuple[str, str, int], list[Verdicts]]
    losses: dict[str, tuple[float, ...]]

    def best_layer(self, model: str, lens: str) -> int:
        """The lowest of the layers with the highest share of named object cells."""
        layers = {key[2]: rate(rows, named) for key, rows in self.rows.items() if key[:2] == (model, lens)}
        return max(sorted(layers), key=layers.__getitem__)


Count = Callable[[Verdicts], tuple[int, int]]


def named(row: Verdicts) -> tuple[int, int]:
    """Object cells whose list names the object or its colour, of all object cells."""
    return row.named, row.object_cells


def named_by_noun(row: Verdicts) -> tuple[int, int]:
    """Object cells whose list names the object with a noun, of all object cells."""
    return row.named_by_noun, row.object_cells


def chance(row: Verdicts) -> tuple[int, int]:
    """The same lists, naming an object cell of another scene."""
    return row.named_chance_hits, row.named_chance_trials


def chance_by_noun(row: Verdicts) -> tuple[int, int]:
    """The same with a noun."""
    return row.noun_chance_hits, row.noun_chance_trials


def rate(rows: list[Verdicts], count: Count) -> float:
    """The pooled share, 0 to 1."""
    hits, total = np.array([count(row) for row in rows]).sum(axis=0)
    return float(hits / total)


def interval(rows: list[Verdicts], count: Count) -> tuple[float, float]:
    """95 % bootstrap interval over whole scenes, because cells of one scene hang together."""
    counts = np.array([count(row) for row in rows], np.float64)
    draws = np.random.default_rng(0).multinomial(len(rows), np.full(len(rows), 1 / len(rows)), RESAMPLES)
    sums = draws @ counts
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975])
    return float(low), float(high)


def table(
    tune: Measured, report: Measured, models: Sequence[ModelSettings], share: Count, by_chance: Count
) -> str:
    """A Markdown table with one row per model: layer, share, interval and chance for each lens."""
    lines = [
        f"| model | {' | '.join(LENS_TITLES[lens] for lens in LENSES)} |",
        "|---|" + "---|" * len(LENSES),
    ]
    for model in models:
        cells = []
        for lens in LENSES:
            layer = tune.best_layer(model.id, lens)
            rows = report.rows[model.id, lens, layer]
            low, high = interval(rows, share)
            cells.append(
                f"{100 * rate(rows, share):.0f} % ({100 * low:.0f}–{100 * high:.0f}), chance "
                f"{100 * rate(rows, by_chance):.0f}; layer {layer}"
            )
        lines.append(f"| {model.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def loss_table(report: Measured, study: Study, scenes: int) -> str:
    """Caption losses; models trained for another text are measured on theirs."""
    own_task = {model.id for model in composed_models(study) if settings_of(study, model).task != "caption"}
    own = dict(all_losses(WEIGHTS, "report", scenes, own_task))
    lines = ["| model | with the image | another scene's image | no image |", "|---|---:|---:|---:|"]
    for model in study.model:
        losses = report.losses[model.id]
        mark = ""
        if model.id in own:
            losses, mark = (own[model.id].image, own[model.id].shuffled, own[model.id].none), " \\*"
        lines.append(f"| {model.title}{mark} | {' | '.join(f'{loss:.3f}' for loss in losses)} |")
    return "\n".join(lines)


def measure(split: str, images: int) -> Measured:
    """Compute or resume the toy study on a split, and read its verdicts."""
    study = load_study("toy")
    study = study.model_copy(
        update={"id": f"toy-{split}", "images": study.images.model_copy(update={"split": split})}
    )
    folder = ROOT / "results" / f"benchmark-{split}"
    run_study(study, folder, images, True, SilentProgress(), "benchmarks/toy_results.py")
    with Database(Results(folder)) as database:
        rows: dict[tuple[str, str, int], list[Verdicts]] = {}
        for row in verdicts(database):
            rows.setdefault((row.model_id, row.lens, row.vision_layer), []).append(row)
        losses = {
            loss.model_id: (loss.with_image or 0.0, loss.shuffled or 0.0, loss.without or 0.0)
            for loss in caption_losses(database)
        }
    return Measured(rows, losses)


def write_between_markers(page: Path, text: str) -> None:
    """Replace what stands between the markers."""
    before, rest = page.read_text(encoding="utf-8").split(START)
    after = rest.split(END)[1]
    page.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")


@click.command()
@click.option("--images", default=100, show_default=True, help="Scenes reported.")
@click.option("--tune-images", default=40, show_default=True, help="Scenes on which the layers are chosen.")
@click.option("--write", is_flag=True, help="Put the tables into docs/toy-study.md and the README.")
def main(images: int, tune_images: int, write: bool) -> None:
    """Print the toy study's results as Markdown."""
    study, tune, report = load_study("toy"), measure("tune", tune_images), measure("report", images)
    cells = sum(row.object_cells for row in next(iter(report.rows.values())))
    introduction = (
        f"Share of object cells whose top-5 names the object **or its colour**: {images} scenes, {cells} "
        "object cells a model and vision layer, with a 95 % bootstrap interval over scenes and the share "
        "that the same lists reach on object cells of other scenes. No choice was made on these scenes; "
        f"the layer shown is the best of {tune_images} other ones."
    )
    text = "\n\n".join(
        [
            introduction,
            table(tune, report, study.model, named, chance),
            "The same cells and layers, named **by a noun** (the object, a synonym or a part of it):",
            table(tune, report, study.model, named_by_noun, chance_by_noun),
            "Loss of the scene's caption in nats a token, on the same scenes (\\* trained for another text, "
            "and measured on that: the first sentence, or the answer to where something is):",
            loss_table(report, study, images),
        ]
    )
    click.echo(text)
    if write:
        main_models = [model for model in study.model if model.group == "main"]
        short = f"{introduction}\n\n{table(tune, report, main_models, named, chance)}"
        write_between_markers(ROOT / "docs/toy-study.md", text)
        write_between_markers(ROOT / "README.md", short)


if __name__ == "__main__":
    main()
