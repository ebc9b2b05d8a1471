"""The README's table of toy results: per model and lens, how often the top-5 names what is in an object cell.

    python benchmarks/toy_results.py --images 100 --write

computes the toy study twice: on scenes of the split `tune`, where each lens's best layer is chosen, and on
scenes of the split `report`, on which nothing was chosen and whose figures are printed. Results are kept in
`results/benchmark-*` and resumed. `--write` puts the table between the README's `toy-results` markers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import duckdb

from data_pipeline.progress import SilentProgress
from data_pipeline.run import run_study
from data_pipeline.schema import LENS_TITLES, LENSES
from data_pipeline.store import Results
from data_pipeline.study import load_study

ROOT = Path(__file__).resolve().parent.parent
START, END = "<!-- toy-results -->", "<!-- /toy-results -->"

OBJECT_CELLS = """
select model_id, lens, vision_layer,
       count(*) filter (names_truth) as hits,
       count(*) as cells,
       sum(truth_chance_hits) / sum(truth_chance_trials) as chance
from judgments
where status = 'ok' and truth_kind = 'object'
group by all
order by all
"""

CAPTION_LOSSES = """
select model_id, title, "group",
       avg(caption_loss_image), avg(caption_loss_shuffled), avg(caption_loss_none)
from samples join models using (model_id)
group by model_id, title, "group", models.position
order by models.position
"""


@dataclass(frozen=True)
class Share:
    """k of n object cells whose top-5 names the truth, beside the chance level (0 to 1)."""

    hits: int
    cells: int
    chance: float

    @property
    def text(self) -> str:
        """For example `91 % (17)`."""
        return f"{100 * self.hits / self.cells:.0f} % ({100 * self.chance:.0f})"


def object_shares(results: Path) -> dict[tuple[str, str, int], Share]:
    """Shares by (model, lens, vision layer)."""
    rows = _query(results, "judgments", OBJECT_CELLS)
    return {
        (model, lens, layer): Share(hits, cells, chance) for model, lens, layer, hits, cells, chance in rows
    }


def best_layer(shares: dict[tuple[str, str, int], Share], model: str, lens: str) -> int:
    """The lowest of the layers with the highest share."""
    layers = {layer: s.hits / s.cells for (m, le, layer), s in shares.items() if (m, le) == (model, lens)}
    return max(sorted(layers), key=layers.__getitem__)


def table(tune: Path, report: Path) -> str:
    """The Markdown table, one row per model."""
    chosen, shown = object_shares(tune), object_shares(report)
    head = " | ".join(f"{LENS_TITLES[lens]}: best layer, share (chance)" for lens in LENSES)
    lines = [
        f"| model | {head} | caption loss: image / shuffled / none |",
        "|---|" + "---|" * (len(LENSES) + 1),
    ]
    losses = _query(report, "samples", CAPTION_LOSSES)
    for model, title, _, image, shuffled, none in losses:
        cells = []
        for lens in LENSES:
            layer = best_layer(chosen, model, lens)
            cells.append(f"{layer}, {shown[model, lens, layer].text}")
        lines.append(f"| {title} | {' | '.join(cells)} | {image:.3f} / {shuffled:.3f} / {none:.3f} |")
    return "\n".join(lines)


def _query(results: Path, table_name: str, sql: str) -> list[tuple[object, ...]]:
    opened = Results(results)
    connection = duckdb.connect()
    for name in {table_name, "models"}:
        connection.register(name, opened.read(name))
    return connection.execute(sql).fetchall()


def _compute(split: str, images: int) -> Path:
    study = load_study("toy")
    study = study.model_copy(
        update={"id": f"toy-{split}", "images": study.images.model_copy(update={"split": split})}
    )
    folder = ROOT / "results" / f"benchmark-{split}"
    run_study(study, folder, images, True, SilentProgress(), f"benchmarks/toy_results.py --images {images}")
    return folder


def write_between_markers(readme: Path, text: str) -> None:
    """Replace what stands between the markers."""
    before, rest = readme.read_text(encoding="utf-8").split(START)
    after = rest.split(END)[1]
    readme.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")


@click.command()
@click.option("--images", default=100, show_default=True, help="Scenes reported.")
@click.option("--tune-images", default=40, show_default=True, help="Scenes on which the layers are chosen.")
@click.option("--write", is_flag=True, help="Put the table into the README.")
def main(images: int, tune_images: int, write: bool) -> None:
    """Print the toy study's results as Markdown."""
    tune, report = _compute("tune", tune_images), _compute("report", images)
    cells = next(iter(object_shares(report).values())).cells
    text = "\n\n".join(
        [
            f"{images} scenes of the split `report`, {cells} object cells a model and layer; "
            f"layers chosen on {tune_images} other scenes. Share of object cells whose top-5 names the object or its colour, "
            "in brackets the same share for lists paired with an object of another scene. "
            "Losses in nats a token.",
            table(tune, report),
        ]
    )
    click.echo(text)
    if write:
        write_between_markers(ROOT / "README.md", text)


if __name__ == "__main__":
    main()
