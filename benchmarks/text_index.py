"""The text index beside bare matrix products, bare forward passes and, where it is installed, `latentlens`.

    python -m benchmarks.text_index search [--contexts 40000 --width 4096]
    python -m benchmarks.text_index build [--sentences 20000]

`search` makes up rows with what makes real hidden states hard: a common mean, clusters, a few massive
columns, and text layers that resemble each other, so that many rows are nearly as good as the best. Bare
float32 products and searches take turns. `build` lets a small LLM with random weights read the toy corpus.
Each measurement has a process of its own, so that its memory is its own; the processor's time counts, so that
a busy machine matters little.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import click
import numpy as np
import torch
from tokenizers import ByteLevelBPETokenizer
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from data_pipeline.block_outputs import decoder_of
from data_pipeline.corpus import Corpus, toy_captions
from data_pipeline.text_index.contexts import Context, tokenize
from data_pipeline.text_index.header import Origin
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.layer_files import bytes_of_vector
from data_pipeline.text_index.reading import Reader
from data_pipeline.text_index.settings import BuildSettings
from data_pipeline.text_index.storing import store_index
from data_pipeline.unit_vectors import unit_rows

TOP = 5
_MASSIVE_COLUMNS, _MASSIVE = 4, 60.0


def has_peer() -> bool:
    """Whether the package to compare with is installed."""
    return importlib.util.find_spec("latentlens") is not None


class MadeUpStates:
    """Hidden states of many contexts at some text layers, made anew whenever they are asked for."""

    def __init__(self, contexts: int, width: int, noise: float) -> None:
        self.contexts, self.width, self._noise = contexts, width, noise
        random = torch.Generator().manual_seed(0)
        common = torch.randn(width, generator=random)
        centres = torch.randn(500, width, generator=random)
        chosen = torch.randint(500, (contexts,), generator=random)
        self._own = torch.randn(contexts, width, generator=random).add_(centres[chosen]).add_(common)

    def layer(self, layer: int) -> Tensor:
        """(context, width) rows of length 1."""
        random = torch.Generator().manual_seed(1000 + layer)
        states = torch.randn(self.contexts, self.width, generator=random).mul_(0.7).add_(self._own)
        return unit_rows(self._massive(states))

    def queries(self, count: int) -> Tensor:
        """Rows with as much noise, so that top cosines are like those of vision tokens; (count, width)."""
        random = torch.Generator().manual_seed(1)
        chosen = self._own[torch.randint(self.contexts, (count,), generator=random)]
        noise = torch.randn(chosen.shape, generator=random) * self._noise * chosen.std()
        return unit_rows(self._massive(chosen + noise))

    def _massive(self, states: Tensor) -> Tensor:
        states[:, :_MASSIVE_COLUMNS] *= _MASSIVE
        return states


def origin_of(contexts: int, layers: int, width: int) -> Origin:
    """Of an index that no model has made."""
    numbers = tuple(range(1, layers + 1))
    return Origin("made up", "none", contexts, "none", "none", contexts, numbers, 1, 1, 0, width)


def store(folder: Path, contexts: int, layers: int, width: int, noise: float) -> float:
    """Write the index; the mean of 1 - cosine between what is stored and what it stands for."""
    states = MadeUpStates(contexts, width, noise)
    texts = [Context(f"text {number}", 1, number, 0, 4) for number in range(contexts)]
    vectors = {layer: states.layer(layer) for layer in range(1, layers + 1)}
    store_index(folder, origin_of(contexts, layers, width), texts, vectors)
    index = TextIndex.load(folder, whole=False)
    return float((1 - (index.vectors(1) * vectors[1]).sum(dim=1)).mean())


def time_search(
    folder: Path, contexts: int, width: int, queries: int, noise: float, rounds: int, threads: int
) -> list[tuple[float, float]]:
    """Processor seconds of the bare products of all layers, and of the search, round by round."""
    torch.set_num_threads(threads)
    index = TextIndex.load(folder, whole=False)
    asked = MadeUpStates(contexts, width, noise).queries(queries)
    layer = index.vectors(1)
    space = torch.empty(queries, len(layer))

    def bare() -> None:
        for _ in index.layers:
            torch.mm(asked, layer.T, out=space)

    index.search(asked, TOP)
    return [(_seconds(bare), _seconds(lambda: index.search(asked, TOP))) for _ in range(rounds)]


def search_alone(folder: Path, asked: np.ndarray, threads: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Contexts and text layers found, and bytes of memory at most."""
    torch.set_num_threads(threads)
    before = _peak()
    found = TextIndex.load(folder, whole=False).search(torch.from_numpy(asked), TOP)
    return found.contexts, found.text_layers, _peak() - before


def peer_search(
    folder: Path, asked: np.ndarray, threads: int, rounds: int
) -> tuple[np.ndarray, np.ndarray, int, float]:
    """The same with `latentlens` over the vectors as they are stored, and its processor seconds."""
    from latentlens import ContextualIndex

    torch.set_num_threads(threads)
    before = _peak()
    stored = TextIndex.load(folder, whole=False)
    facts = [{"token_id": number} for number in range(len(stored.contexts))]
    layers = stored.origin.text_layers
    index = ContextualIndex(
        {layer: {"embeddings": stored.vectors(layer), "metadata": facts} for layer in layers}
    )
    queries = torch.from_numpy(asked)
    lists = index.search(queries, top_k=TOP)
    seconds = statistics.median(_seconds(lambda: index.search(queries, top_k=TOP)) for _ in range(rounds))
    contexts = np.array([[one.token_id for one in found] for found in lists])
    numbers = np.array([[one.contextual_layer for one in found] for found in lists])
    return contexts, numbers, _peak() - before, seconds


def overlap_with_originals(
    contexts: int, layers: int, width: int, noise: float, found: np.ndarray, asked: np.ndarray
) -> float:
    """The share of the k nearest contexts by float32 vectors that were found."""
    states = MadeUpStates(contexts, width, noise)
    queries = torch.from_numpy(asked)
    best = torch.full((len(queries), contexts), -1.0)
    for layer in range(1, layers + 1):
        torch.maximum(best, queries @ states.layer(layer).T, out=best)
    nearest = best.topk(TOP).indices.numpy()
    return float(np.mean([len({*one} & {*other}) / TOP for one, other in zip(nearest, found, strict=True)]))


@click.group()
def main() -> None:
    """Measure the text index."""


@main.command()
@click.option("--contexts", default=40_000, show_default=True)
@click.option("--layers", default=8, show_default=True)
@click.option("--width", default=4096, show_default=True)
@click.option("--queries", default=576, show_default=True)
@click.option("--noise", default=1.0, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--threads", default=1, show_default=True)
def search(
    contexts: int, layers: int, width: int, queries: int, noise: float, rounds: int, threads: int
) -> None:
    """Search for the nearest contexts of all text layers."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "index"
        error = _apart(store, folder, contexts, layers, width, noise)
        asked = MadeUpStates(contexts, width, noise).queries(queries).numpy()
        times = _apart(time_search, folder, contexts, width, queries, noise, rounds, threads)
        found, numbers, memory = _apart(search_alone, folder, asked, threads)
        click.echo(f"{contexts} contexts x {layers} layers x {width}, {queries} queries, {threads} threads")
        ratios = [ours / bare for bare, ours in times]
        bare = statistics.median(bare for bare, _ in times)
        click.echo(
            f"search            {statistics.median(ratios):.2f} x the bare float32 products "
            f"({min(ratios):.2f} to {max(ratios):.2f}; {bare:.1f} s)"
        )
        click.echo(f"memory            {memory / 2**20:.0f} MiB")
        if has_peer():
            theirs, layers_of_theirs, peak, seconds = _apart(peer_search, folder, asked, threads, rounds)
            click.echo(f"latentlens        {seconds / bare:.2f} x the bare products, {peak / 2**20:.0f} MiB")
            click.echo(f"memory            {memory / peak:.2f} of that")
            same = _same_first(found, numbers, theirs, layers_of_theirs)
            click.echo(f"same nearest      {same:.2%} of the queries, over the same vectors")
        share = _apart(overlap_with_originals, contexts, layers, width, noise, found, asked)
        click.echo(
            f"float32 originals {share:.2%} of the top {TOP} found, 1 - cosine {error:.1e} at the mean"
        )
        click.echo(f"bytes a vector    {bytes_of_vector(width)}")


@main.command()
@click.option("--sentences", default=20_000, show_default=True)
@click.option("--width", default=256, show_default=True)
@click.option("--blocks", default=6, show_default=True)
@click.option("--threads", default=1, show_default=True)
def build(sentences: int, width: int, blocks: int, threads: int) -> None:
    """Build an index.

    Bare forward passes are over all sentences, those of like length together. What a build takes beyond its
    own forward passes is measured around these: sampling a layer's columns counts as beyond.
    """
    how = sentences, width, blocks, threads
    bare = _apart(bare_passes, *how)
    click.echo(f"{sentences} sentences, an LLM of width {width} with {blocks} blocks, {threads} threads")
    click.echo(f"bare forward      {bare:.1f} s")
    ours = _apart(own_build, *how)
    click.echo(f"build             {_against(bare, *ours)}")
    if has_peer():
        theirs = _apart(peer_build, *how)
        click.echo(f"latentlens        {_against(bare, *theirs)}")
        times = (theirs[0] - theirs[1]) / max(ours[0] - ours[1], 1e-3)
        click.echo(f"beyond its own    {times:.1f} times as fast")
        times = (theirs[0] - bare) / max(ours[0] - bare, 1e-3)
        click.echo(f"beyond the bare   {times:.1f} times as fast")


def _against(bare: float, total: float, inside: float) -> str:
    return (
        f"{total:.1f} s, {total / bare:.2f} x the bare forward passes; {inside:.2f} s in its own and "
        f"{total - inside:.2f} s beyond"
    )


def sentences_of(count: int) -> list[str]:
    """The peer's own sentences about concepts where it is installed, else captions of the toy world."""
    if not has_peer():
        return list(toy_captions(count).texts)
    from latentlens.extract import load_corpus

    return load_corpus("concepts.txt")[:count]


def small_llm(sentences: list[str], width: int, blocks: int) -> tuple[LlamaForCausalLM, Any]:
    """With random weights, and a byte-level tokenizer trained on the sentences."""
    backend = ByteLevelBPETokenizer()
    backend.train_from_iterator(sentences, 16_000, show_progress=False)
    special = dict.fromkeys(("eos_token", "pad_token"), "</s>")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend._tokenizer, **special)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=blocks,
        num_attention_heads=8,
        num_key_value_heads=8,
    )
    return LlamaForCausalLM(config).eval(), tokenizer


def own_build(sentences: int, width: int, blocks: int, threads: int) -> tuple[float, float]:
    """Processor seconds of the build, and of those its forward passes, without those of the sample."""
    torch.set_num_threads(threads)
    texts = sentences_of(sentences)
    llm, tokenizer = small_llm(texts, width, blocks)
    corpus = Corpus.of("sentences", texts)
    forward, sample = _Timed(Reader._forward), Reader.sample

    def untimed(*args: Any) -> Any:
        before = forward.seconds
        found = sample(*args)
        forward.seconds = before
        return found

    with (
        TemporaryDirectory() as folder,
        patch.object(Reader, "_forward", lambda *args: forward(*args)),
        patch.object(Reader, "sample", untimed),
    ):
        total = _seconds(lambda: _build(Path(folder), llm, tokenizer, corpus, blocks))
    return total, forward.seconds


def _build(folder: Path, llm: LlamaForCausalLM, tokenizer: Any, corpus: Corpus, blocks: int) -> None:
    TextIndex.build(folder, llm, tokenizer, corpus, BuildSettings(range(1, blocks + 1), "small", "none"))


@torch.no_grad()
def bare_passes(sentences: int, width: int, blocks: int, threads: int) -> float:
    """Processor seconds of forward passes over all sentences, those of like length together, and no more."""
    torch.set_num_threads(threads)
    lines = sentences_of(sentences)
    llm, tokenizer = small_llm(lines, width, blocks)
    texts = tokenize(tokenizer, Corpus.of("sentences", lines), 512)
    read = [texts.ids[start:end].tolist() for start, end in pairwise(texts.starts)]
    read.sort(key=len)
    batches = [read[start : start + 64] for start in range(0, len(read), 64)]
    padded = [
        torch.tensor([(*ids, *[0] * (len(batch[-1]) - len(ids))) for ids in batch]) for batch in batches
    ]
    decoder = decoder_of(llm)
    return _seconds(lambda: [decoder(input_ids=ids, use_cache=False) for ids in padded])


def peer_build(sentences: int, width: int, blocks: int, threads: int) -> tuple[float, float]:
    """Processor seconds of `latentlens.build_index`, and of those its forward passes."""
    from latentlens import extract

    torch.set_num_threads(threads)
    texts = sentences_of(sentences)
    llm, tokenizer = small_llm(texts, width, blocks)
    forward = _Timed(extract.get_hidden_states)
    how = {"layers": list(range(1, blocks + 1)), "show_progress": False, "model": llm, "tokenizer": tokenizer}
    with patch.object(extract, "get_hidden_states", forward):
        total = _seconds(lambda: extract.build_index("small", texts, **how))
    return total, forward.seconds


class _Timed:
    """A function, and the processor's seconds that it has taken."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work, self.seconds = work, 0.0

    def __call__(self, *args: Any) -> Any:
        start = time.process_time()
        found = self._work(*args)
        self.seconds += time.process_time() - start
        return found


def _same_first(
    ours: np.ndarray, our_layers: np.ndarray, theirs: np.ndarray, their_layers: np.ndarray
) -> float:
    """The share of queries with the same nearest row; later ones may be a context's second in theirs."""
    return float(np.mean((ours[:, 0] == theirs[:, 0]) & (our_layers[:, 0] == their_layers[:, 0])))


def _seconds(work: Callable[[], object]) -> float:
    """The processor's time for `work`, all threads together."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _peak() -> int:
    """Bytes of memory that this process has had at most; `getrusage` would count its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024


def _apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work` returns in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


if __name__ == "__main__":
    main()
