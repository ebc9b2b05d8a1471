"""`python -m benchmarks.text_index build`: a small LLM reads, bare, for an index and for `latentlens`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import click
import torch
from tokenizers import ByteLevelBPETokenizer
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from benchmarks import measuring
from benchmarks.idle_llm import IdleLLM
from data_pipeline.block_outputs import decoder_of
from data_pipeline.corpus import Corpus, toy_captions
from data_pipeline.text_index.contexts import tokenize
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.reading import Reader
from data_pipeline.text_index.settings import BuildSettings


@click.command()
@click.option("--sentences", default=20_000, show_default=True)
@click.option("--width", default=256, show_default=True)
@click.option("--blocks", default=6, show_default=True)
@click.option("--threads", default=1, show_default=True)
@click.option("--idle", is_flag=True, help="With an LLM that does nothing: all that is left is beyond it.")
def build(sentences: int, width: int, blocks: int, threads: int, idle: bool) -> None:
    """Build an index, and leave it on disk.

    Bare forward passes are over all sentences, those of like length together. What a build takes beyond its
    own forward passes is measured around these: sampling a layer's columns counts as beyond.
    """
    how = sentences, width, blocks, threads, idle
    what = "an idle LLM" if idle else "an LLM"
    click.echo(f"{sentences} sentences, {what} of width {width} with {blocks} blocks, {threads} threads")
    if idle:
        click.echo(f"build             {measuring.apart(own_build, *how)[0]:.2f} s")
        if measuring.has_peer():
            click.echo(f"latentlens        {measuring.apart(peer_build, *how)[0]:.2f} s")
        return
    bare = measuring.apart(bare_passes, *how)
    click.echo(f"bare forward      {bare:.1f} s")
    ours = measuring.apart(own_build, *how)
    click.echo(f"build             {_against(bare, *ours)}")
    if measuring.has_peer():
        theirs = measuring.apart(peer_build, *how)
        click.echo(f"latentlens        {_against(bare, *theirs)}")
        times = (theirs[0] - theirs[1]) / max(ours[0] - ours[1], 1e-3)
        click.echo(f"beyond its own    {times:.1f} times as fast")
        if ours[0] > bare:  # else the machine was too busy to tell
            click.echo(f"beyond the bare   {(theirs[0] - bare) / (ours[0] - bare):.1f} times as fast")


def _against(bare: float, total: float, inside: float) -> str:
    return (
        f"{total:.1f} s, {total / bare:.2f} x the bare forward passes; {inside:.2f} s in its own and "
        f"{total - inside:.2f} s beyond"
    )


def sentences_of(count: int) -> list[str]:
    """The peer's own sentences about concepts where it is installed, else captions of the toy world."""
    if not measuring.has_peer():
        return list(toy_captions(count).texts)
    from latentlens.extract import load_corpus

    return load_corpus("concepts.txt")[:count]


def small_llm(sentences: list[str], width: int, blocks: int, idle: bool) -> tuple[Any, Any]:
    """With random weights or an idle one, and a byte-level tokenizer trained on the sentences."""
    backend = ByteLevelBPETokenizer()
    backend.train_from_iterator(sentences, 16_000, show_progress=False)
    special = dict.fromkeys(("eos_token", "pad_token"), "</s>")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend._tokenizer, **special)
    torch.manual_seed(0)
    if idle:
        return IdleLLM(len(tokenizer), width, blocks), tokenizer
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=blocks,
        num_attention_heads=8,
        num_key_value_heads=8,
    )
    return LlamaForCausalLM(config).eval(), tokenizer


def own_build(sentences: int, width: int, blocks: int, threads: int, idle: bool) -> tuple[float, float]:
    """Processor seconds of the build, and of those its forward passes, without those of the sample."""
    torch.set_num_threads(threads)
    texts = sentences_of(sentences)
    llm, tokenizer = small_llm(texts, width, blocks, idle)
    corpus = Corpus.of("sentences", texts)
    forward, sample = measuring.Timed(Reader._forward), Reader.sample

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
        total = measuring.seconds(lambda: _build(Path(folder), llm, tokenizer, corpus, blocks))
    return total, forward.seconds


def _build(folder: Path, llm: nn.Module, tokenizer: Any, corpus: Corpus, blocks: int) -> None:
    TextIndex.build(folder, llm, tokenizer, corpus, BuildSettings(range(1, blocks + 1), "small", "none"))


@torch.no_grad()
def bare_passes(sentences: int, width: int, blocks: int, threads: int, idle: bool) -> float:
    """Processor seconds of forward passes over all sentences, those of like length together, and no more."""
    torch.set_num_threads(threads)
    lines = sentences_of(sentences)
    llm, tokenizer = small_llm(lines, width, blocks, idle)
    texts = tokenize(tokenizer, Corpus.of("sentences", lines), 512)
    read = [texts.ids[start:end].tolist() for start, end in pairwise(texts.starts)]
    read.sort(key=len)
    batches = [read[start : start + 64] for start in range(0, len(read), 64)]
    padded = [
        torch.tensor([(*ids, *[0] * (len(batch[-1]) - len(ids))) for ids in batch]) for batch in batches
    ]
    decoder = decoder_of(llm)
    return measuring.seconds(lambda: [decoder(input_ids=ids, use_cache=False) for ids in padded])


def peer_build(sentences: int, width: int, blocks: int, threads: int, idle: bool) -> tuple[float, float]:
    """Processor seconds of `latentlens.build_index` and of saving, and of those its forward passes."""
    from latentlens import extract

    torch.set_num_threads(threads)
    texts = sentences_of(sentences)
    llm, tokenizer = small_llm(texts, width, blocks, idle)
    forward = measuring.Timed(extract.get_hidden_states)
    how = {"layers": list(range(1, blocks + 1)), "show_progress": False, "model": llm, "tokenizer": tokenizer}
    with patch.object(extract, "get_hidden_states", forward), TemporaryDirectory() as folder:
        total = measuring.seconds(lambda: extract.build_index("small", texts, **how).save(folder))
    return total, forward.seconds
