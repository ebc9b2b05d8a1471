"""The logit lens: what the model would say next if a hidden state were its last block's output.

Final norm and head are applied at every layer and the softmax runs over the full vocabulary, all in float32
whatever type the model runs in: the states are the model's own, the reading of them is not rounded. The same
logits give the entropy of each state and its KL divergence from the final layer, so these cost nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from data_pipeline.capture import Capture
from data_pipeline.language_models import LanguageModel
from data_pipeline.lenses.ranking import best

NOTE = "final norm, head and softmax over the full vocabulary, all in float32"
LOGITS_AT_ONCE = 32_000_000
"""Multiplied at once: with what is made of them, at most `COPIES` times as many numbers in float32."""
COPIES = 4
_LOGITS_IN_CACHE = 1 << 19
"""Read at once on a CPU: what is made of them does not leave the processor's cache."""


@dataclass(frozen=True, eq=False)
class LogitReading:
    """What the lens says of n states: the k best tokens and two numbers in nats.

    `logits`, `probabilities` and `ids` are (n, k), best first; `entropy` and `kl_to_final` are (n,). The
    divergence is KL(final layer ‖ this layer), never below 0.
    """

    logits: Tensor
    probabilities: Tensor
    ids: Tensor
    entropy: Tensor
    kl_to_final: Tensor


@torch.no_grad()
def read_logits(
    language: LanguageModel, captured: Capture, layers: tuple[int, ...], k: int
) -> dict[int, LogitReading]:
    """A reading of all images' cells, flattened (n = images * cells), for each of `layers`."""
    parts: dict[int, list[LogitReading]] = {layer: [] for layer in layers}
    for chunk in _chunks(captured.final.flatten(0, 1).shape[0], language.vocab_size):
        for layer, reading in _chunk_readings(language, captured, chunk, layers, k):
            parts[layer].append(reading)
    return {layer: _joined(readings) for layer, readings in parts.items()}


def _chunk_readings(
    language: LanguageModel, captured: Capture, chunk: slice, layers: tuple[int, ...], k: int
) -> Iterator[tuple[int, LogitReading]]:
    logits = language.unembed(captured.final.flatten(0, 1)[chunk])
    final = logits.log_softmax(-1)
    for layer in sorted(layers, reverse=True):
        if layer != captured.last_layer:
            del logits  # before the next ones take as much
            logits = language.unembed(captured.states[layer].flatten(0, 1)[chunk])
        yield layer, _reading(logits, final, k)


def _chunks(count: int, vocab_size: int) -> Iterator[slice]:
    step = max(1, LOGITS_AT_ONCE // vocab_size)
    for start in range(0, count, step):
        yield slice(start, start + step)


def _reading(logits: Tensor, final: Tensor, k: int) -> LogitReading:
    """`logits` and the final layer's log-probabilities `final`: (n, vocabulary)."""
    rows = max(1, _LOGITS_IN_CACHE // logits.shape[1]) if logits.device.type == "cpu" else len(logits)
    pieces = zip(logits.split(rows), final.split(rows), strict=True)
    return _joined([_small_reading(*piece, k) for piece in pieces])


def _small_reading(logits: Tensor, final: Tensor, k: int) -> LogitReading:
    values, ids = best(logits, k)
    log_probabilities = logits.log_softmax(-1)
    probabilities = log_probabilities.gather(1, ids).exp()
    entropy = -_expected(log_probabilities, log_probabilities)
    divergence = _expected(final, torch.sub(final, log_probabilities, out=log_probabilities))  # in its place
    return LogitReading(values, probabilities, ids, entropy.clamp(min=0), divergence.clamp(min=0))


def _expected(log_probabilities: Tensor, values: Tensor) -> Tensor:
    """Mean of `values` under a distribution, (n,); a probability of 0 adds nothing, even times inf."""
    probabilities = log_probabilities.exp()
    mean = probabilities.mul_(values).sum(-1)
    if torch.isfinite(mean).all():
        return mean
    probabilities = log_probabilities.exp()
    return (probabilities * values).masked_fill_(probabilities == 0, 0).sum(-1)


def _joined(readings: list[LogitReading]) -> LogitReading:
    names = LogitReading.__dataclass_fields__
    return LogitReading(
        **{name: torch.cat([getattr(reading, name) for reading in readings]) for name in names}
    )
