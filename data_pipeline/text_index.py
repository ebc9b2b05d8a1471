"""Contextual text embeddings: hidden states of a language model that reads a corpus, stored and searched.

Each context (a token with what comes before it) has one row per text layer; at layer 0, where nothing has
been mixed yet, all contexts of a token are equal and only the first is kept. A stored index is a folder of
`index.json`, `contexts.parquet` and `embeddings.safetensors`; it knows by hashes which model read which
corpus, and a loader that expects others is refused. Memory: 4 bytes × hidden size × text layers × contexts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from data_pipeline.batches import Batches
from data_pipeline.block_outputs import decoder_of, num_blocks, recorded_layers
from data_pipeline.contexts import Context, TokenizedText, choose_contexts, context_id, tokenize
from data_pipeline.corpus import Corpus
from data_pipeline.errors import InputError
from data_pipeline.neighbor_search import Bank, unit_rows
from data_pipeline.progress import Progress, SilentProgress
from data_pipeline.store import sha256_of, write_atomically

FORMAT = "vlens-text-index-1"
Distinct = Literal["context", "word"]
DISTINCT: tuple[Distinct, ...] = ("context", "word")

MANIFEST_FILE, CONTEXTS_FILE, _EMBEDDINGS = "index.json", "contexts.parquet", "embeddings.safetensors"
_CONTEXT_SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("position", pa.int32()),
        ("token_id", pa.int32()),
        ("char_start", pa.int32()),
        ("char_end", pa.int32()),
    ]
)


@dataclass(frozen=True)
class Origin:
    """What an index was made from."""

    llm: str
    llm_hash: str
    corpus: str
    corpus_hash: str
    text_layers: tuple[int, ...]
    max_per_token: int
    seed: int


@dataclass(frozen=True)
class Neighbors:
    """For n queries their k nearest contexts, best first; each is (n, k)."""

    contexts: np.ndarray  # index into `TextIndex.contexts`
    text_layers: np.ndarray
    scores: np.ndarray  # float32, cosine in [-1, 1]


@dataclass(frozen=True)
class TextIndex:
    """Rows of length 1 for (context, text layer), context by context; see the module."""

    origin: Origin
    contexts: tuple[Context, ...]
    embeddings: Tensor  # (row, hidden) float32, of length 1
    row_contexts: np.ndarray  # (row,) index into contexts, ascending
    row_layers: np.ndarray  # (row,) text layer, ascending within a context

    @classmethod
    def build(
        cls,
        llm: nn.Module,
        tokenizer: Any,
        corpus: Corpus,
        layers: Sequence[int],
        *,
        llm_id: str,
        llm_hash: str,
        max_per_token: int = 50,
        seed: int = 0,
        batch_size: int = 64,
        max_tokens: int = 512,
        progress: Progress | None = None,
    ) -> TextIndex:
        """Let `llm` read `corpus` and keep the hidden states of `layers` (0: what enters the first block).

        Raises:
            InputError: a layer that the model does not have, or a hidden state that is not finite.
        """
        layers = tuple(sorted(set(layers)))
        if not layers or layers[0] < 0 or layers[-1] > num_blocks(llm):
            raise InputError(f"text layers {list(layers)}: {llm_id} has layers 0 to {num_blocks(llm)}")
        texts = tokenize(tokenizer, corpus, max_tokens)
        contexts = choose_contexts(texts, max_per_token, seed)
        if not contexts:
            raise InputError(f"corpus {corpus.title}: no token left for {llm_id} to read")
        states = _read(llm, texts, contexts, layers, batch_size, progress or SilentProgress(), llm_id)
        row_contexts, row_layers = _row_order(contexts, layers)
        flat = row_contexts * len(layers) + np.searchsorted(layers, row_layers)
        embeddings = unit_rows(states.view(-1, states.shape[-1])[torch.from_numpy(flat)])
        origin = Origin(llm_id, llm_hash, corpus.title, corpus.hash, layers, max_per_token, seed)
        return cls(origin, tuple(contexts), embeddings, row_contexts, row_layers)

    def search(self, queries: Tensor, k: int, distinct: Distinct = "context") -> Neighbors:
        """The k nearest rows of all text layers merged, each context or each word at most once.

        Args:
            queries: (n, hidden) hidden states, of any length and floating-point type; the search runs where
                they are, if the rows fit into that memory.
            k: how many neighbours to list.
            distinct: "context": a context once, at its best text layer; "word": each word once, at its best.

        Raises:
            InputError: the index holds fewer than k different contexts or words.
        """
        groups = self._groups(distinct)
        if (count := len(np.unique(groups))) < k:
            raise InputError(f"text index: {count} different {distinct}s, expected at least {k}")
        if distinct not in self._banks:
            self._banks[distinct] = self._bank(groups, queries.device)
        found = self._banks[distinct].search(unit_rows(queries.cpu()), k)
        return Neighbors(self.row_contexts[found.rows], self.row_layers[found.rows], found.scores)

    def _bank(self, groups: np.ndarray, device: torch.device) -> Bank:
        if device.type == "cuda":
            try:
                return Bank(self.embeddings, groups, device=device)
            except torch.OutOfMemoryError:
                pass  # the search takes longer where there is room
        return Bank(self.embeddings, groups)

    def _groups(self, distinct: Distinct) -> np.ndarray:
        return self.row_contexts if distinct == "context" else self.context_words[self.row_contexts]

    @cached_property
    def _banks(self) -> dict[Distinct, Bank]:
        return {}

    @cached_property
    def context_ids(self) -> np.ndarray:
        """(context,) the context's id in table `contexts`, int64."""
        llm = self.origin.llm
        ids = [context_id(llm, context.text, context.position) for context in self.contexts]
        return np.array(ids, dtype=np.int64)

    @cached_property
    def context_words(self) -> np.ndarray:
        """(context,) number of the context's word."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(context.word, len(numbers)) for context in self.contexts])

    def save(self, folder: Path) -> None:
        """Write the index; a kill leaves either a whole index or none that `load` takes."""
        sink = pa.BufferOutputStream()
        pq.write_table(_context_table(self.contexts), sink, compression="zstd")
        write_atomically(folder / CONTEXTS_FILE, sink.getvalue().to_pybytes())
        partial = folder / f"{_EMBEDDINGS}.partial"
        save_file({"embeddings": self.embeddings.contiguous()}, partial)
        partial.replace(folder / _EMBEDDINGS)
        manifest = {
            "format": FORMAT,
            "origin": asdict(self.origin),
            "files": {name: sha256_of(folder / name) for name in (CONTEXTS_FILE, _EMBEDDINGS)},
        }
        write_atomically(folder / MANIFEST_FILE, json.dumps(manifest, indent=1).encode())

    @classmethod
    def load(cls, folder: Path, llm_hash: str, corpus_hash: str | None = None) -> TextIndex:
        """Read an index that was made with this model (and this corpus).

        Raises:
            InputError: no index, a damaged one, or another model's or corpus's; the line names it.
        """
        origin, hashes = _read_manifest(folder / MANIFEST_FILE)
        for what, found, expected in (
            ("model", origin.llm_hash, llm_hash),
            ("corpus", origin.corpus_hash, corpus_hash or origin.corpus_hash),
        ):
            if found != expected:
                raise InputError(f"{folder}: text index of another {what} ({found}), expected {expected}")
        for name, expected in hashes.items():
            _check_file(folder / name, expected)
        try:
            table = pq.read_table(folder / CONTEXTS_FILE, partitioning=None).cast(_CONTEXT_SCHEMA)
            embeddings = load_file(folder / _EMBEDDINGS)["embeddings"]
        except (pa.ArrowException, SafetensorError, KeyError, ValueError) as error:
            raise InputError(f"{folder}: not a text index ({error})") from error
        contexts = tuple(Context(**row) for row in table.to_pylist())
        rows = _row_order(contexts, origin.text_layers)
        if embeddings.shape[0] != len(rows[0]):
            raise InputError(f"{folder}: {embeddings.shape[0]} rows, expected {len(rows[0])}")
        return cls(origin, contexts, embeddings, *rows)


def _read(
    llm: nn.Module,
    texts: Sequence[TokenizedText],
    contexts: Sequence[Context],
    layers: Sequence[int],
    batch_size: int,
    progress: Progress,
    llm_id: str,
) -> Tensor:
    """Hidden states (context, layer, hidden) in float32 on the CPU."""
    places: dict[str, list[int]] = {}
    for number, context in enumerate(contexts):
        places.setdefault(context.text, []).append(number)
    # Texts of like length together, so that little is padding.
    read = sorted(
        (text for text in texts if text.text in places), key=lambda text: (len(text.ids), text.text)
    )

    def read_batch(batch: range) -> tuple[list[int], Tensor]:
        """Numbers of contexts, and their states (context, layer, hidden)."""
        some = read[batch.start : batch.stop]
        wanted = [(row, number) for row, text in enumerate(some) for number in places[text.text]]
        rows = torch.tensor([row for row, _ in wanted])
        positions = torch.tensor([contexts[number].position for _, number in wanted])
        with recorded_layers(llm, layers, lambda _, state: state[rows, positions].float().cpu()) as seen:
            _forward(llm, some)
        picked = torch.stack([seen[layer] for layer in layers], dim=1)
        _check_finite(picked, layers, llm_id, [contexts[number] for _, number in wanted])
        return [number for _, number in wanted], picked

    weights = next(llm.parameters())
    batches = Batches(f"text index of {llm_id}", "text", batch_size, weights.device, weights.dtype, progress)
    states: Tensor | None = None
    with progress.stage(f"text index of {llm_id}", len(read)) as stage:
        for numbers, picked in batches.over(len(read), read_batch):
            if states is None:
                states = torch.empty(len(contexts), len(layers), picked.shape[-1])
            states[numbers] = picked
            stage.advance(len({contexts[number].text for number in numbers}))
    assert states is not None  # noqa: S101  # there is at least one context
    return states


@torch.no_grad()
def _forward(llm: nn.Module, batch: Sequence[TokenizedText]) -> None:
    """Padding is on the right, where a causal model's real tokens cannot see it."""
    longest = max(len(text.ids) for text in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, text in enumerate(batch):
        ids[row, : len(text.ids)] = torch.tensor(text.ids)
        mask[row, : len(text.ids)] = 1
    device = next(llm.parameters()).device
    decoder_of(llm)(input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False)


def _check_finite(states: Tensor, layers: Sequence[int], llm_id: str, contexts: Sequence[Context]) -> None:
    if bool(torch.isfinite(states).all()):
        return
    place, layer = (~torch.isfinite(states).all(dim=-1)).nonzero()[0].tolist()
    raise InputError(
        f"{llm_id}: hidden state at text layer {layers[layer]}, position {contexts[place].position} "
        f"of {contexts[place].text!r} is not finite"
    )


def _row_order(contexts: Sequence[Context], layers: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The (context, text layer) of each row; layer 0 comes with a token's first context only."""
    first_of_token: dict[int, int] = {}
    for number, context in enumerate(contexts):
        first_of_token.setdefault(context.token_id, number)
    rows = [
        (number, layer)
        for number, context in enumerate(contexts)
        for layer in layers
        if layer > 0 or first_of_token[context.token_id] == number
    ]
    order = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return order[:, 0].copy(), order[:, 1].copy()


def _context_table(contexts: Sequence[Context]) -> pa.Table:
    columns = {name: [getattr(context, name) for context in contexts] for name in _CONTEXT_SCHEMA.names}
    return pa.table(columns, schema=_CONTEXT_SCHEMA)


def read_origin(folder: Path) -> Origin:
    """What the index in `folder` was made from; raises `InputError` where there is none."""
    return _read_manifest(folder / MANIFEST_FILE)[0]


def _read_manifest(path: Path) -> tuple[Origin, dict[str, str]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise InputError(f"{path}: format {content['format']!r}, expected {FORMAT!r}")
        origin = Origin(**{**content["origin"], "text_layers": tuple(content["origin"]["text_layers"])})
        return origin, {name: content["files"][name] for name in (CONTEXTS_FILE, _EMBEDDINGS)}
    except OSError as error:
        raise InputError(f"{path}: no text index here ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a text index ({error})") from error


def _check_file(path: Path, expected: str) -> None:
    try:
        found = sha256_of(path)
    except OSError as error:
        raise InputError(f"{path}: missing from the text index ({error.strerror})") from error
    if found != expected:
        raise InputError(f"{path}: not the file that was written; the text index is damaged")
