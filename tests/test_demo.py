"""The demo, whole: shipped toy models read scenes that no choice was made on, and a site shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from data_pipeline.store import Results
from vlens.cli import main

pytestmark = pytest.mark.slow
IMAGES = 4
LAYER = 3  # in the middle, not the best: that would be a choice on the scenes that are scored
NINE = {f"{llm}-{encoder}" for llm in ("llama", "olmo", "qwen2") for encoder in ("clip", "dinov2", "siglip")}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `results/…` and `site/`, as the demo without ablations leaves them."""
    folder = tmp_path_factory.mktemp("demo")
    assert run(folder) == 0
    return folder


def run(folder: Path) -> int:
    return main(
        [
            *("demo", "--num-images", str(IMAGES), "--no-ablations"),
            *("--output-dir", str(folder / "site"), "--cache", str(folder / "results")),
        ]
    )


def results_of(demo: Path) -> Path:
    (results,) = (demo / "results").iterdir()
    return results


@pytest.fixture
def tables(demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    results = Results(results_of(demo))
    with duckdb.connect() as connection:
        for name in ("models", "samples", "judgments"):
            connection.register(name, results.read(name))
        yield connection


def test_the_results_are_complete(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(results_of(demo))]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "complete"


def test_every_model_has_its_page(demo: Path, tables: duckdb.DuckDBPyConnection) -> None:
    models = {model for (model,) in tables.execute("select model_id from models").fetchall()}
    assert models >= NINE
    pages = {path.stem for path in (demo / "site").rglob("*.html")}
    assert pages == models | {"index", "compare", "judge"}


@pytest.mark.parametrize(
    ("hits", "chance_hits", "least"),
    [("names_truth", "truth_chance_hits", 0.7), ("names_noun", "noun_chance_hits", 0.4)],
)
def test_ln_lens_names_the_objects_far_above_chance(
    tables: duckdb.DuckDBPyConnection, hits: str, chance_hits: str, least: float
) -> None:
    rows = tables.execute(
        f"""
        select model_id, avg({hits}::int), sum({chance_hits}) / sum(truth_chance_trials)
        from judgments
        where lens = 'contextual' and status = 'ok' and truth_kind = 'object' and vision_layer = {LAYER}
        group by model_id
        """  # noqa: S608 (names from the list above)
    ).fetchall()
    shares = {model: (share, chance) for model, share, chance in rows if model in NINE}
    assert shares.keys() == NINE
    low = {model: pair for model, pair in shares.items() if pair[0] < least or pair[0] < 3 * pair[1]}
    assert not low


def test_captions_need_their_own_image(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select model_id, avg(caption_loss_image), avg(caption_loss_shuffled) from samples group by model_id"
    ).fetchall()
    assert {model for model, _, _ in rows} >= NINE
    assert not {model: (own, other) for model, own, other in rows if own > other / 2}


def test_a_second_run_computes_nothing_again(demo: Path) -> None:
    def stamps() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in results_of(demo).rglob("*.parquet")}

    before = stamps()
    page = (demo / "site" / "index.html").read_bytes()
    assert run(demo) == 0
    assert stamps() == before
    assert (demo / "site" / "index.html").read_bytes() == page
