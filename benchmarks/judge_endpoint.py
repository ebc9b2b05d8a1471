"""Judging many lists against an endpoint that fails: is every one accounted for, and what does it take?

    python -m benchmarks.judge_endpoint --lists 10000 --faults 0.05

Makes up results of one model, starts the endpoint of `benchmarks.judge_server` in this process, lets `vlens
judge run` ask it in another, kills that once in the middle and starts it again. Prints counts from three
sides: the plan, the endpoint's own books, and the tables.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image

from benchmarks.judge_server import MODEL, JudgeServer, at_random
from data_pipeline.judges.planning import PlanSettings, make_plan
from data_pipeline.manifest import Expected, Manifest, StudyInfo
from data_pipeline.schema import LENSES, TABLES
from data_pipeline.store import Results, ResultsWriter

ROOT = Path(__file__).parents[1]
ROWS, COLS, CELL = 8, 8, 28
LAYERS = (0, 4, 8, 12)
MODEL_ID = "made-up"
JUDGE = "benchmark"
TIMEOUT = 10


def write_results(folder: Path, cells: int) -> None:
    """Results of one model on so many images that `cells` cells can be drawn; words are drawn by chance."""
    rng = random.Random(0)  # noqa: S311
    images = [f"image-{number:03}" for number in range(cells // (ROWS * COLS) + 1)]
    words = [
        f" {a}{b}{c}" for a in "bdfglmnprst" for b in "aeiou" for c in ("le", "rn", "st", "nd", "ck", "mp")
    ]
    manifest = Manifest(StudyInfo("made-up", "Made up"), [Expected(MODEL_ID, LENSES, LAYERS, tuple(images))])
    writer = ResultsWriter(folder, manifest)
    model = {
        "model_id": MODEL_ID, "position": 0, "title": "Made up", "group": "main", "llm": "none",
        "vision_encoder": "none", "connector": "none", "num_layers": 12, "vision_layers": list(LAYERS),
        "text_layers": [], "config_hash": "0" * 16,
    }  # fmt: skip
    writer.write_part("models/models.parquet", _table("models", [model]))
    sources = [
        {"image_id": name, "position": place, "width": 224, "height": 224, "sha256": name}
        for place, name in enumerate(images)
    ]
    writer.write_part("images/images.parquet", _table("images", sources))
    writer.write_part("canvases/all.parquet", _table("canvases", map(_canvas, images)))
    seen = [{"model_id": MODEL_ID, "image_id": name, "canvas_id": f"canvas-{name}"} for name in images]
    writer.write_part("samples/all.parquet", _table("samples", seen))
    for lens in LENSES:
        rows = [
            {
                "model_id": MODEL_ID, "image_id": name, "lens": lens, "vision_layer": layer, "cell": cell,
                "rank": rank, "token": rng.choice(words), "score": 1 / rank,
            }
            for name in images
            for layer in LAYERS
            for cell in range(ROWS * COLS)
            for rank in range(1, 6)
        ]  # fmt: skip
        writer.write_part(f"neighbors/{MODEL_ID}/{lens}.parquet", _table("neighbors", rows))


def _canvas(name: str) -> dict[str, Any]:
    rng = random.Random(name)  # noqa: S311
    small = Image.frombytes("RGB", (14, 14), rng.randbytes(14 * 14 * 3))
    buffer = io.BytesIO()
    small.resize((COLS * CELL, ROWS * CELL)).save(buffer, "PNG")
    return {
        "canvas_id": f"canvas-{name}", "image_id": name, "media_type": "image/png",
        "bytes": buffer.getvalue(),
        "width": COLS * CELL, "height": ROWS * CELL, "rows": ROWS, "cols": COLS, "cell_width": CELL,
        "cell_height": CELL, "grid_x": 0, "grid_y": 0, "affine": [], "padding": [],
    }  # fmt: skip


def _table(name: str, rows: Any) -> pa.Table:
    schema = TABLES[name].schema
    return pa.Table.from_pylist([{c: row.get(c) for c in schema.names} for row in rows], schema=schema)


def ask(folder: Path, server: JudgeServer, concurrency: int) -> subprocess.Popen[str]:
    """Start `vlens judge run`."""
    where = ["--model", MODEL, "--base-url", server.url, "--judge", JUDGE]
    options = ["--timeout", str(TIMEOUT), "--concurrency", str(concurrency)]
    prices = ["--price-in", "1.25", "--price-out", "10"]
    return subprocess.Popen(
        [sys.executable, "-m", "vlens", "judge", "run", str(folder), *where, *options, *prices],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def main() -> None:
    """Print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lists", type=int, default=10_000)
    parser.add_argument("--faults", type=float, default=0.05)
    parser.add_argument("--concurrency", type=int, default=16)
    options = parser.parse_args()
    each = len(LENSES) * len(LAYERS)
    cells = -(-options.lists // each)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "results"
        write_results(folder, cells)
        planned = make_plan(folder, PlanSettings(patches=cells)).lists
        with JudgeServer(at_random(options.faults), hang=TIMEOUT + 1, retry_after="1") as server:
            begin = time.perf_counter()
            first = ask(folder, server, options.concurrency)
            while server.counts.paid.total() < planned // 2 and first.poll() is None:
                time.sleep(0.05)
            first.kill()
            first.communicate()
            stored = _answers(folder)
            time.sleep(1)
            lost = server.counts.paid.total() - stored
            second = ask(folder, server, options.concurrency)
            said, _ = second.communicate()
            seconds = time.perf_counter() - begin
            _print(folder, server, planned, lost, seconds)
        print(said.strip())


def _answers(folder: Path) -> int:
    path = folder / "judge_answers" / JUDGE / "answers.jsonl"
    lines = [line for line in path.read_bytes().split(b"\n") if line.endswith(b"}")]
    return sum("content" in json.loads(line) for line in lines)


def _print(folder: Path, server: JudgeServer, planned: int, lost: int, seconds: float) -> None:
    counts = server.counts
    rows = [row for row in Results(folder).read("judgments").to_pylist() if row["judge"] == JUDGE]
    status = Counter(row["status"] for row in rows)
    faults = {name: count for name, count in sorted(counts.faults.items()) if name != "ok"}
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    stored = _answers(folder)
    tokens = sum(row["tokens"] or 0 for row in rows)
    facts = {
        "lists in the plan": planned,
        "rows in table judgments": f"{len(rows)} ({dict(status)})",
        "different questions asked": len(counts.asked),
        "requests": counts.requests,
        "faults met": f"{sum(faults.values())} {faults}",
        "answers charged": counts.paid.total(),
        "answers in the journal": stored,
        "on their way when killed": lost,
        "charged = in the journal + on their way": f"{counts.paid.total()} = {stored} + {lost}",
        "in the journal = questions + broken answers": f"{len(rows)} + {stored - len(rows)}",
        "tokens in the table": f"{tokens} = {tokens // 1700} answers",
        "seconds": f"{seconds:.0f} ({counts.requests / seconds:.0f} requests/s)",
        "most memory of vlens judge run": f"{memory:.0f} MiB",
    }
    for name, value in facts.items():
        print(f"{name:52} {value}")


if __name__ == "__main__":
    main()
