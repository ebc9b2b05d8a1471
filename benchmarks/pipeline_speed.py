"""How long a model's unit of work takes, as a multiple of its bare forward pass and bare matrix products.

    python -m benchmarks.pipeline_speed
    python -m benchmarks.pipeline_speed --device cuda --size 8b --images 8

A unit is what `vlens run` does with a model and some images: canvases, forward pass, three lenses, cell
statistics, rows, Parquet files. *Bare* are the same model's encoder, connector and LLM without anything that
reads them, and the products that the lenses need at the least: all states with the embedding matrix, the head
and the text index, in float32. The weights are random. Both take turns; on a CPU the processor's time is
measured, so that a busy machine matters little, on a GPU the clock's. Captions and their losses are another
kind of work, several passes and a token at a time, and are timed apart.

The *share of the matrix-product rate* is the time that the counted operations would take if the device did
them as fast as products of large square matrices, the model's in its type and the lenses' in float32, over
the time that the unit took.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.random_models import MODEL_ID, SIZES, RandomModel
from data_pipeline.background_writer import BackgroundWriter
from data_pipeline.capture import capture
from data_pipeline.cell_statistics import cell_statistics
from data_pipeline.forecast.matrix_rate import products_per_second
from data_pipeline.lenses.logit import read_logits
from data_pipeline.manifest import Manifest, StudyInfo
from data_pipeline.measure import Unit
from data_pipeline.models import Look
from data_pipeline.store import ResultsWriter
from data_pipeline.unit_vectors import unit_rows

_IN_A_ROW = 2


class Clock:
    """Seconds of the processor, all threads together; with a GPU, of the clock on the wall."""

    def __init__(self, device: torch.device) -> None:
        self.on_gpu = device.type == "cuda"

    def __call__(self, work: Callable[[], object]) -> float:
        """How long `work` takes."""
        start = self.now()
        work()
        return self.now() - start

    def now(self) -> float:
        """The time, when the device has done what it was told to."""
        if not self.on_gpu:
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()


class Bench:
    """One model, its images, and the pieces of work that are compared."""

    def __init__(self, model: RandomModel, folder: Path) -> None:
        self.model, self.unit = model, model.unit()
        self.shard = model.plan.shards[0]
        self.looks: list[Look] = [self.unit.vlm.look(image.pixels) for image in model.plan.images()]
        self.ids = [image.image_id for image in model.plan.images()]
        self.writer = ResultsWriter(folder, Manifest(StudyInfo("speed", "speed")))
        self.layers, self.top_k = self.unit.model.vision_layers, model.plan.study.top_k
        self.products = self._products()

    def whole(self) -> None:
        """The unit as a run computes it, to the last file, one thing after the other."""
        for name, table in self.unit.tables(self.shard).items():
            self.writer.write_part(_path(name), table())

    def in_a_row(self, background: bool) -> float:
        """Seconds on the wall for an image of several units; with `background`, written as a run does it."""
        start = time.perf_counter()
        with BackgroundWriter(self.writer) as beside:
            for _ in range(_IN_A_ROW):
                if background:
                    for name, table in self.unit.tables(self.shard).items():
                        beside.write_part(_path(name), table, "")
                else:
                    self.whole()
        return (time.perf_counter() - start) / _IN_A_ROW / self.model.images

    @torch.no_grad()
    def forward(self) -> None:
        """Encoder, connector and LLM; the logits of the last position only, as in the pipeline."""
        prompt = self.unit.vlm.prompt(self.looks)
        self.unit.vlm.model(**prompt.inputs, use_cache=False, logits_to_keep=1)

    def bare_products(self) -> None:
        """Every state with every row, in float32, into memory that is there already."""
        for states, matrix, space in self.products:
            torch.mm(states, matrix.T, out=space)

    def _products(self) -> list[tuple[Tensor, Tensor, Tensor]]:
        language, device = self.unit.llm.language, self.model.device
        head = language.causal.get_output_embeddings().weight.float()
        index = self.model.index.vectors().to(device)
        cells = len(self.looks) * self.looks[0].canvas.grid.cells
        states = unit_rows(torch.randn(cells, language.hidden_size)).to(device)
        found = []
        for matrix in (self.unit.llm.embedding_lens.rows, head, index):
            space = torch.empty(cells, len(matrix), device=device)
            found += [(states, matrix, space)] * len(self.layers)
        return found

    @torch.no_grad()
    def parts(self, clock: Clock) -> dict[str, float]:
        """Seconds of each step of the unit, by itself."""
        unit, looks, layers, top_k = self.unit, self.looks, self.layers, self.top_k
        captured = capture(unit.vlm, looks, {0, *layers}, MODEL_ID, self.ids)
        states = [captured.states[layer].flatten(0, 1) for layer in layers]
        work: dict[str, Callable[[], object]] = {
            "canvases": lambda: [look.canvas.encode() for look in looks],
            "forward pass": lambda: capture(unit.vlm, looks, {0, *layers}, MODEL_ID, self.ids),
            "embedding lens": lambda: [unit.llm.embedding_lens.neighbors(each, top_k) for each in states],
            "logit lens, entropy, KL": lambda: read_logits(unit.llm.language, captured, layers, top_k),
            "contextual lens": lambda: [contextual(unit, each, top_k) for each in states],
            "cell statistics": lambda: [
                cell_statistics(captured.states[layer], captured.states[0]) for layer in layers
            ],
        }
        return {name: clock(step) for name, step in work.items()}

    def captions(self) -> None:
        """Writing captions and their losses."""
        images = list(self.model.plan.images(self.shard))
        self.unit._samples(images, self.looks, list(self.shard.indices))

    def operations(self) -> tuple[int, int]:
        """Of one image, multiplications and additions: the model's by its parameters, and the lenses'."""
        vlm, size, cells = self.model.vlm, self.model.size, self.looks[0].canvas.grid.cells
        length = vlm.prompt(self.looks[:1]).length
        llm = sum(weights.numel() for weights in vlm.language.decoder.layers.parameters()) * length
        seen = sum(weights.numel() for part in (vlm.encoder, vlm.connector) for weights in part.parameters())
        rows = size.vocabulary * (len(self.layers) + len({*self.layers, size.blocks}))
        rows += len(self.model.index) * len(self.layers)
        return 2 * (llm + seen * cells), 2 * cells * size.hidden * rows


def contextual(unit: Unit, states: Tensor, k: int) -> object:
    """The contextual lens's neighbours of `states`."""
    assert unit.contextual is not None  # noqa: S101  # the benchmark's units have one
    return unit.contextual(states, k)


def _path(table: str) -> str:
    """The file of a table or of a lens's neighbours."""
    folders = {"canvases": "canvases/speed", "cells": f"cells/{MODEL_ID}"}
    return f"{folders.get(table, f'neighbors/{MODEL_ID}')}/{table}-00000.parquet"


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="mid")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), help="bfloat16 on a GPU, else float32")
    parser.add_argument("--images", type=int, default=1, help="computed in one unit (1)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, help="1 on a CPU, with a GPU all")
    parser.add_argument("--captions", action="store_true", help="time captions and their losses too")
    options = parser.parse_args(arguments)
    before = torch.get_num_threads()
    torch.set_num_threads(options.threads or (1 if options.device == "cpu" else before))
    dtype = getattr(torch, options.dtype or ("float32" if options.device == "cpu" else "bfloat16"))
    model = RandomModel(SIZES[options.size], torch.device(options.device), dtype, options.images)
    with tempfile.TemporaryDirectory() as folder:
        report(Bench(model, Path(folder) / "results"), options.rounds, options.captions)
    torch.set_num_threads(before)


def report(bench: Bench, rounds: int, captions: bool) -> None:
    """Measure in turns and print seconds per image."""
    clock, images, device = Clock(bench.model.device), bench.model.images, bench.model.device
    work = {"forward": bench.forward, "products": bench.bare_products, "unit": bench.whole}
    for run in work.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            times[name].append(clock(run) / images)
    forward, products, unit = (statistics.median(times[name]) for name in work)
    ratios = [u / (f + p) for f, p, u in zip(times["forward"], times["products"], times["unit"], strict=True)]
    print(f"bare forward pass       {forward:9.4f} s an image")
    print(f"bare matrix products    {products:9.4f} s")
    print(f"unit                    {unit:9.4f} s", end="")
    print(f" = {statistics.median(ratios):.2f} x both ({min(ratios):.2f} to {max(ratios):.2f})")
    for name, seconds in bench.parts(clock).items():
        print(f"  {name:23} {seconds / images:7.4f} s")
    if captions:
        print(f"captions and losses     {clock(bench.captions) / images:9.4f} s, apart")
    for name, background in (("written in turn", False), ("written beside", True)):
        print(f"{name:23} {bench.in_a_row(background):9.4f} s on the wall")
    print_shares(bench, forward, unit)
    print(f"peak memory {peak_memory(device) / 2**20:,.0f} MiB")


def print_shares(bench: Bench, forward: float, unit: float) -> None:
    """`forward` and `unit` are seconds for an image."""
    model, lenses = bench.operations()
    device, dtype = bench.model.device.type, bench.model.dtype
    now = Clock(bench.model.device).now
    own, single = (products_per_second(kind, device, now) for kind in (dtype, torch.float32))
    print(
        f"matrix products: {own / 1e12:.3g} x 10^12 a second in {str(dtype).removeprefix('torch.')}, "
        f"{single / 1e12:.3g} in float32; an image: {model / 1e12:.3g} x 10^12 the model, "
        f"{lenses / 1e12:.3g} the lenses"
    )
    print(f"share of the matrix-product rate: forward pass {model / own / forward:.0%}", end="")
    print(f", unit {(model / own + lenses / single) / unit:.0%}")


def peak_memory(device: torch.device) -> int:
    """Bytes: of the process, or on the GPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
