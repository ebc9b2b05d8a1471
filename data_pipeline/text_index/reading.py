"""A language model reads sentences: the hidden states of chosen places, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from data_pipeline.batches import Batches
from data_pipeline.block_outputs import decoder_of, recorded_layers
from data_pipeline.errors import InputError
from data_pipeline.finite_weights import cause
from data_pipeline.progress import Progress
from data_pipeline.text_index.contexts import ChosenContexts


@dataclass(frozen=True, eq=False)
class Read:
    """What a batch gave: numbers of contexts (n,), states by layer (n, hidden), texts read so far."""

    contexts: np.ndarray
    states: dict[int, Tensor]
    done: int


@dataclass(frozen=True, eq=False)
class Reader:
    """An LLM that reads the sentences of `chosen` contexts; `llm_id` is what errors call it."""

    llm: nn.Module
    llm_id: str
    chosen: ChosenContexts
    layers: tuple[int, ...]
    batch_size: int
    progress: Progress

    @cached_property
    def order(self) -> np.ndarray:
        """The sentences to read, those of like length together, so that little is padding."""
        sentences = np.unique(self.chosen.sentences)
        return sentences[np.argsort(self.chosen.corpus.lengths[sentences], kind="stable")]

    @cached_property
    def _contexts(self) -> tuple[np.ndarray, np.ndarray]:
        """Contexts in the order in which they are read, and where those of each sentence of `order` begin."""
        place = np.empty(len(self.chosen.corpus.texts), np.int64)
        place[self.order] = np.arange(len(self.order))
        read_at = place[self.chosen.sentences]
        contexts = np.argsort(read_at, kind="stable")
        return contexts, np.searchsorted(read_at[contexts], np.arange(len(self.order) + 1))

    def sample(self, most: int) -> dict[int, Tensor]:
        """States by layer of about `most` sentences, which are spread over all lengths."""
        parts = list(self._over(np.arange(0, len(self.order), max(1, len(self.order) // most))))
        return {layer: torch.cat([part.states[layer] for part in parts]) for layer in self.layers}

    def read(self, begun: int) -> Iterator[Read]:
        """All sentences of `order` but the first `begun`, in batches that do not depend on where it begins.

        Raises:
            InputError: a hidden state is not finite, or one sentence does not fit into memory.
        """
        for part in self._over(np.arange(begun, len(self.order))):
            yield replace(part, done=begun + part.done)

    def _over(self, places: np.ndarray) -> Iterator[Read]:
        def work(batch: range) -> Read:
            return self._read(places[batch.start : batch.stop], batch.stop)

        return self._batches.over(len(places), work)

    @cached_property
    def _batches(self) -> Batches:
        weights = next(self.llm.parameters())
        how = "text", self.batch_size, weights.device, weights.dtype, self.progress
        return Batches(f"text index of {self.llm_id}", *how)

    def _read(self, places: np.ndarray, done: int) -> Read:
        contexts, starts = self._contexts
        counts = starts[places + 1] - starts[places]
        numbers = np.concatenate([contexts[starts[place] : starts[place + 1]] for place in places])
        rows = torch.from_numpy(np.repeat(np.arange(len(places)), counts))
        positions = torch.from_numpy(self.chosen.positions[numbers])

        def keep(_: int, state: Tensor) -> Tensor:
            return state[rows.to(state.device), positions.to(state.device)].float().cpu()

        with recorded_layers(self.llm, self.layers, keep) as states:
            self._forward(self.order[places])
        for layer, state in states.items():
            self._check_finite(layer, state, numbers)
        return Read(numbers, dict(states), done)

    @torch.no_grad()
    def _forward(self, sentences: np.ndarray) -> None:
        """Padding is on the right, where a causal model's real tokens cannot see it."""
        corpus = self.chosen.corpus
        lengths = corpus.lengths[sentences]
        mask = np.arange(lengths.max()) < lengths[:, None]
        ids = np.zeros(mask.shape, np.int64)
        ids[mask] = np.concatenate([corpus.ids[corpus.starts[s] : corpus.starts[s + 1]] for s in sentences])
        device = next(self.llm.parameters()).device
        tensors = (torch.from_numpy(array).to(device) for array in (ids, mask.astype(np.int64)))
        decoder_of(self.llm)(
            **dict(zip(("input_ids", "attention_mask"), tensors, strict=True)), use_cache=False
        )

    def _check_finite(self, layer: int, states: Tensor, numbers: np.ndarray) -> None:
        finite = torch.isfinite(states).all(dim=-1)
        if bool(finite.all()):
            return
        number = numbers[int((~finite).nonzero()[0, 0])]
        text = self.chosen.corpus.texts[self.chosen.sentences[number]]
        raise InputError(
            f"{self.llm_id}: hidden state at text layer {layer}, position {self.chosen.positions[number]} "
            f"of {text!r} is not finite; {cause([('', self.llm)], next(self.llm.parameters()).dtype)}"
        )
